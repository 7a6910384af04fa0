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
    members = None
    if MEMBERS in names or (parts.averaged and names & {PROBS, PREDICTION}):
        members = _samples(net, parts, rows)
        out.update({MEMBERS: members} if MEMBERS in names else {})
    plain = names - {p.gives for p in parts.providers} - {MEMBERS}
    if plain:
        out.update(_plain(net, parts, rows, plain, members if parts.averaged else None))
    for provider in parts.providers:
        if provider.gives in names:
            out[provider.gives] = provider.compute(net, rows)
    return out


def _plain(net: Net, parts: Parts, rows: Array, names: frozenset[Signal], members: Array | None) -> dict[Signal, Any]:
    """What one forward pass gives; predictions are the mean over ``members`` where there are any."""
    publishing = [p for p in parts.plugins if p.publishes & names]
    layers: set[str | None] = {parts.embedding_layer} if EMBEDDING in names else set()
    layers |= {None} if GRADIENT in names else set()
    logits, hidden = net.scorer.run(net.module, rows, frozenset(layers.union(*(p.layers for p in publishing))))
    out: dict[Signal, Any] = dict(parts.head.read(logits, names, net.scale))
    for signal in out.keys() & {PROBS, PREDICTION}:
        out[signal] = net.said(logits) if members is None else members.mean(axis=1)
    if EMBEDDING in names:
        out[EMBEDDING] = hidden[parts.embedding_layer]
    if GRADIENT in names:
        out[GRADIENT] = (_outer_factor(net, logits), hidden[None])
    for plugin in publishing:
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
