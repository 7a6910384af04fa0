"""Attacks on the input: how far an item is from the nearest other label.

DeepFool: Moosavi-Dezfooli, Fawzi and Frossard, DeepFool: a Simple and Accurate Method to Fool Deep Neural Networks, 2016,
algorithm 2 (multi-class, Euclidean). BIM: Kurakin, Goodfellow and Bengio, Adversarial Examples in the Physical World, 2017,
section 2.2: small steps along the sign of the gradient.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from querist.core.errors import ArgumentError
from querist.core.optional import torch as _torch
from querist.core.types import Array
from querist.models.guard import untouched
from querist.training.memory import with_smaller_batches
from querist.training.net import Net

__all__ = ["attack_lengths"]

_OVERSHOOT = 0.02
_STEPS = 50
_BATCH = 256


def attack_lengths(net: Net, rows: Array, attack: str) -> Array:
    """(N,) Euclidean lengths of the smallest change found; infinite where the label did not change.

    Args:
        net: the trained network; one class an item.
        rows: (N,) rows of the source.
        attack: "deepfool" or "bim".

    Raises:
        ArgumentError: another attack (code ``BadValue``).
    """
    kinds = {"deepfool": _deepfool, "bim": _bim}
    if attack not in kinds:
        raise ArgumentError(f"attack must be one of {', '.join(kinds)}; got {attack!r}", code="BadValue")
    step = kinds[attack]
    scorer = net.scorer

    def work(batch: int, device: Any) -> Array:
        torch = _torch()
        module = net.module.to(device)
        lengths = [np.zeros(0)]
        with untouched(module), torch.enable_grad():
            for p in module.parameters():
                p.requires_grad_(False)
            for start in range(0, len(rows), batch):
                x = scorer.inputs.take(rows[start : start + batch]).to(device)
                lengths.append(step(module, x).double().cpu().numpy())
        return np.concatenate(lengths)

    return with_smaller_batches(work, min(scorer.batch, _BATCH), scorer.device, to_cpu=scorer.to_cpu)


def _deepfool(module: Any, x: Any) -> Any:
    """Step to the nearest boundary of the linearised network, again and again, until the label changes."""
    torch = _torch()
    moved = torch.zeros_like(x)
    with torch.no_grad():
        label = module(x).argmax(dim=1)
    open_ = torch.ones(len(x), dtype=torch.bool, device=x.device)
    for _ in range(_STEPS):
        at = open_.nonzero()[:, 0]
        if not len(at):
            break
        here = (x[at] + (1 + _OVERSHOOT) * moved[at]).requires_grad_(True)
        outputs = module(here)
        crossed = outputs.argmax(dim=1) != label[at]
        open_[at[crossed]] = False
        own = outputs.gather(1, label[at][:, None])
        best = torch.full((len(at),), torch.inf, device=x.device)
        move = torch.zeros_like(here)
        for k in range(outputs.shape[1]):  # the boundary to each other class, linearised
            gap = (outputs[:, k] - own[:, 0]).sum()
            (w,) = torch.autograd.grad(gap, here, retain_graph=True)
            norm = w.flatten(1).norm(dim=1)
            f = (outputs[:, k] - own[:, 0]).detach().abs()
            far = torch.where((label[at] == k) | (norm <= 1e-12), torch.inf, f / norm.clamp_min(1e-12))
            nearer = far < best
            best = torch.where(nearer, far, best)
            scale = ((f + 1e-6) / norm.clamp_min(1e-12).square()).reshape(-1, *[1] * (x.ndim - 1))
            move = torch.where(nearer.reshape(-1, *[1] * (x.ndim - 1)), scale * w, move)
        going = (~crossed & best.isfinite()).reshape(-1, *[1] * (x.ndim - 1))
        moved[at] += torch.where(going, move, 0.0).detach()
        open_[at[~crossed & ~best.isfinite()]] = False  # flat: no direction changes the label
    return _lengths(module, x, (1 + _OVERSHOOT) * moved, label)


def _bim(module: Any, x: Any) -> Any:
    """Small equal steps along the sign of the gradient of the loss, until the label changes.

    A step is 0.02 of the spread of the item's own numbers. The gradient is that of the log-odds against the label, which
    points where that of the cross entropy does and does not vanish where the network is sure.
    """
    torch = _torch()
    spread = x.flatten(1).std(dim=1, correction=0)
    size = (0.02 * torch.where(spread > 0, spread, 1.0)).reshape(-1, *[1] * (x.ndim - 1))
    moved = torch.zeros_like(x)
    with torch.no_grad():
        label = module(x).argmax(dim=1)
    open_ = torch.ones(len(x), dtype=torch.bool, device=x.device)
    for _ in range(2 * _STEPS):
        at = open_.nonzero()[:, 0]
        if not len(at):
            break
        here = (x[at] + moved[at]).requires_grad_(True)
        outputs = module(here)
        crossed = outputs.argmax(dim=1) != label[at]
        open_[at[crossed]] = False
        own = torch.nn.functional.one_hot(label[at], outputs.shape[1]).bool()
        odds = outputs.masked_fill(own, -torch.inf).logsumexp(dim=1) - outputs[own]
        (w,) = torch.autograd.grad(odds.sum(), here)
        going = (~crossed).reshape(-1, *[1] * (x.ndim - 1))
        moved[at] += torch.where(going, size[at] * w.sign(), 0.0).detach()
    return _lengths(module, x, moved, label)


def _lengths(module: Any, x: Any, moved: Any, label: Any) -> Any:
    """Lengths of the changes that did change the label, infinite for the others."""
    torch = _torch()
    with torch.no_grad():
        changed = module(x + moved).argmax(dim=1) != label
    return torch.where(changed, moved.flatten(1).norm(dim=1), torch.inf)
