"""What a trained network tells about items: one forward pass where one suffices."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from querist.core.optional import torch as _torch
from querist.core.seeds import derive
from querist.core.signals import EMBEDDING, GRADIENT, MEMBERS, PREDICTION, PROBS, Signal
from querist.core.types import Array
from querist.models.guard import rng_kept
from querist.models.stochastic.posterior import HeadPosterior
from querist.training.large import Filled
from querist.training.net import Net
from querist.training.parts import Parts
from querist.training.plugins.base import Forward, Plugin

__all__ = ["tell"]


def tell(net: Net, parts: Parts, rows: Array, names: frozenset[Signal]) -> dict[Signal, Any]:
    """The named signals of rows of the source.

    Args:
        net: the trained network.
        parts: what it works with.
        rows: (N,) rows.
        names: signals that it can give.
    """
    out: dict[Signal, Any] = {}
    members = passed = None
    plain = names - {p.gives for p in parts.providers} - {MEMBERS}
    if MEMBERS in names or (parts.averaged and names & {PROBS, PREDICTION}):
        if isinstance(parts.posterior, HeadPosterior):
            passed = net.scorer.run(net.module, rows, _layers(parts, plain) | {None})
            members = _headed(net, parts.posterior, rows, passed[1][None])
        else:
            members = _samples(net, parts, rows)
        out.update({MEMBERS: members} if MEMBERS in names else {})
    if plain:
        passed = passed or net.scorer.run(net.module, rows, _layers(parts, plain))
        out.update(_plain(net, parts, rows, plain, passed, members if parts.averaged else None))
    for provider in parts.providers:
        if provider.gives in names:
            out[provider.gives] = provider.compute(net, rows)
    return out


def _layers(parts: Parts, names: frozenset[Signal]) -> frozenset[str | None]:
    """The layers that the named signals need."""
    layers: set[str | None] = {parts.embedding_layer} if EMBEDDING in names else set()
    layers |= {None} if GRADIENT in names else set()
    return frozenset(layers.union(*(p.layers for p in parts.plugins if p.publishes & names)))


def _plain(
    net: Net,
    parts: Parts,
    rows: Array,
    names: frozenset[Signal],
    passed: tuple[Any, dict[str | None, Array]],
    members: Array | None,
) -> dict[Signal, Any]:
    """What one forward pass gives; predictions are the mean over ``members`` where there are any."""
    logits, hidden = passed
    out: dict[Signal, Any] = dict(parts.head.read(logits, names, net.scale))
    for signal in out.keys() & {PROBS, PREDICTION}:
        out[signal] = net.said(logits) if members is None else members.mean(axis=1)
    if EMBEDDING in names:
        out[EMBEDDING] = hidden[parts.embedding_layer]
    if GRADIENT in names:
        out[GRADIENT] = (_outer_factor(net, logits), hidden[None])
    for plugin in [p for p in parts.plugins if p.publishes & names]:
        out.update(_published(net, plugin, rows, logits, hidden, names))
    return out


def _outer_factor(net: Net, logits: Any) -> Array:
    """The factor a of the last layer's gradient: p - onehot(argmax p), or 1 where the answer is a number."""
    if net.head.kind == "number":
        return np.ones((len(logits), 1), dtype=np.float32)
    a = net.said(logits).copy()
    a[np.arange(len(a)), a.argmax(axis=1)] -= 1.0
    return a


def _published(
    net: Net, plugin: Plugin, rows: Array, logits: Any, hidden: Mapping[str | None, Array], names: frozenset[Signal]
) -> dict[Signal, Array]:
    torch, device, step = _torch(), net.scorer.device, net.scorer.batch
    out = {signal: Filled(len(rows)) for signal in plugin.publishes & names}
    with rng_kept(derive(net.seed, "plugin", plugin.name)), torch.no_grad():
        for start in range(0, max(len(rows), 1), step):
            part = slice(start, start + step)
            told = {layer: torch.as_tensor(np.array(values[part])).to(device) for layer, values in hidden.items()}
            inputs = net.scorer.inputs.take(rows[part]).to(device)
            said = plugin.signals(inputs, Forward(logits[part].to(device), told))
            for signal, filled in out.items():
                filled.add(said[signal].float().cpu().numpy())
    return {signal: filled.done() for signal, filled in out.items()}


def _samples(net: Net, parts: Parts, rows: Array) -> Array:
    """(N, S, C), or (N, S) for numbers: each sample is one network for all items."""
    assert parts.posterior is not None
    tensors = net.tensors.get("posterior", {})
    samples = []
    for s in range(parts.posterior.samples):
        with parts.posterior.member(net.module, tensors, s, net.seed):
            samples.append(net.predicted(rows))
    return np.stack(samples, axis=1)


def _headed(net: Net, posterior: HeadPosterior, rows: Array, hidden: Array) -> Array:
    """The same from the inputs (N, D) of the last linear layer, in the batches of a pass: no further pass is needed."""
    torch, device, step = _torch(), net.scorer.device, net.scorer.batch
    tensors = net.tensors.get("posterior", {})
    samples = []
    with torch.inference_mode():
        for s in range(posterior.samples):
            head = [None if v is None else v.to(device) for v in posterior.heads(net.module, tensors, s, net.seed)]
            told = []
            for start in range(0, max(len(hidden), 1), step):
                part = torch.as_tensor(np.array(hidden[start : start + step])).to(device)
                told.append(torch.nn.functional.linear(part, *head).float().cpu())
            outputs = torch.cat(told)
            net.scorer.finite(net.module, outputs, rows)
            samples.append(net.said(outputs))
    return np.stack(samples, axis=1)
