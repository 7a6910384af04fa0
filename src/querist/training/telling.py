"""What a trained network tells about items: one forward pass where one suffices.

The network's own pass is made once, for all that reads it: probabilities, layers, plug-ins, the first network of an
ensemble, the newest entry of a history.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from querist.core.large import Filled
from querist.core.optional import torch as _torch
from querist.core.seeds import derive
from querist.core.signals import EMBEDDING, GRADIENT, MEMBERS, PREDICTION, PROBS, Signal
from querist.core.types import Array
from querist.models.guard import rng_kept
from querist.models.stochastic.posterior import HeadPosterior, Posterior
from querist.training.net import Net
from querist.training.parts import Parts
from querist.training.plugins.base import Forward, Plugin
from querist.training.providers.base import Compute
from querist.training.shards import in_shards

__all__ = ["tell"]


def tell(net: Net, parts: Parts, rows: Array, names: frozenset[Signal]) -> Mapping[Signal, Any]:
    """The named signals of rows of the source; of many rows in shards, see `in_shards`.

    Args:
        net: the trained network.
        parts: what it works with.
        rows: (N,) rows.
        names: signals that it can give.
    """
    asked = {p.gives: p.begin() for p in parts.providers if p.gives in names}
    outputs = 1 + sum(p.outputs for p in parts.providers if p.gives in names) + (GRADIENT in names)
    if parts.posterior is not None and (MEMBERS in names or _averages(parts, names)):
        outputs += parts.posterior.samples
    width = outputs * (8 if net.head.kind == "number" else 4 * net.outputs)
    return in_shards(rows, width, net.scorer.batch, lambda some: _told(net, parts, some, names, asked))


def _told(
    net: Net, parts: Parts, rows: Array, names: frozenset[Signal], asked: Mapping[Signal, Compute]
) -> dict[Signal, Any]:
    """The named signals of the rows of a shard."""
    out: dict[Signal, Any] = {}
    plain = names - asked.keys() - {MEMBERS}
    mean = _averages(parts, names)
    posterior = parts.posterior if mean or MEMBERS in names else None
    headed = isinstance(posterior, HeadPosterior)
    hidden: dict[str | None, Array] = {}
    if plain - mean or headed or getattr(posterior, "own", None) is not None:
        logits, hidden = net.scorer.run(net.module, rows, _layers(parts, plain) | ({None} if headed else set()))
        net = replace(net, passed=logits)
        out.update(_plain(net, parts, rows, plain - mean, logits, hidden))
    if posterior is not None:
        if isinstance(posterior, HeadPosterior):
            members = _headed(net, posterior, rows, hidden[None])
        else:
            members = _samples(net, posterior, rows)
        out.update({MEMBERS: members} if MEMBERS in names else {})
        out.update({signal: members.mean(axis=1) for signal in mean})
    out.update({signal: compute(net, rows) for signal, compute in asked.items()})
    return out


def _averages(parts: Parts, names: frozenset[Signal]) -> frozenset[Signal]:
    """The named signals that are the mean over the members."""
    return names & {PROBS, PREDICTION} if parts.averaged else frozenset()


def _layers(parts: Parts, names: frozenset[Signal]) -> frozenset[str | None]:
    """The layers that the named signals need."""
    layers: set[str | None] = {parts.embedding_layer} if EMBEDDING in names else set()
    layers |= {None} if GRADIENT in names else set()
    return frozenset(layers.union(*(p.layers for p in parts.plugins if p.publishes & names)))


def _plain(
    net: Net, parts: Parts, rows: Array, names: frozenset[Signal], logits: Any, hidden: Mapping[str | None, Array]
) -> dict[Signal, Any]:
    """What one forward pass gives."""
    out: dict[Signal, Any] = dict(parts.head.read(logits, names, net.scale))
    for signal in out.keys() & {PROBS, PREDICTION}:
        out[signal] = net.said(logits)
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


def _samples(net: Net, posterior: Posterior, rows: Array) -> Array:
    """(N, S, C), or (N, S) for numbers: each sample is one network for all items."""
    tensors = net.tensors.get("posterior", {})
    samples = []
    for s in range(posterior.samples):
        if s == getattr(posterior, "own", None):
            samples.append(net.now(rows))
            continue
        with posterior.member(net.module, tensors, s, net.seed):
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
