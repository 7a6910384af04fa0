"""Self-supervised training of graph networks: hide the features of some nodes and tell them from the rest of the graph.

Hou, Liu, Cen, Dong, Yang, Wang and Tang, GraphMAE: Self-Supervised Masked Graph Autoencoders, 2022. As there: hidden rows
of the hidden nodes are hidden again before a decoder of one graph convolution (re-mask), and the loss is the scaled cosine
error (equation 2). Other than there a hidden node has features 0 in place of a learnt token, so that sparse features stay
sparse, and the decoder is a graph convolution whatever the encoder is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.core.errors import ArgumentError, ArgumentTypeError, DataError
from querist.core.optional import torch as _torch
from querist.core.seeds import derive
from querist.data.source import Source
from querist.models.device import choose_device, threads
from querist.models.embedding import last_linear
from querist.models.gcn import GCN
from querist.models.graph_input import mix
from querist.models.guard import rng_kept, untouched
from querist.training.graph_inputs import GraphInputs
from querist.training.recipe import Recipe

__all__ = ["MaskedTraining", "mask_features", "scaled_cosine"]


@dataclass(frozen=True)
class MaskedTraining:
    """What came of `mask_features`.

    Args:
        features: (N, width) float32, the hidden rows of all nodes with nothing hidden.
        weights: those of the encoder by name, for ``GraphLearner(begin=...)``; the last layer is not among them.
        losses: (epochs,) loss of each epoch, from 0 (told exactly) to 2^power.
    """

    features: NDArray[np.float32]
    weights: dict[str, Any]
    losses: NDArray[np.float64]


def mask_features(
    source: Source,
    model: Callable[[int, int], Any] | None = None,
    *,
    graph: Any = None,
    share: float = 0.5,
    power: float = 2.0,
    recipe: Recipe | None = None,
    seed: int = 0,
    device: str = "auto",
) -> MaskedTraining:
    """Train the hidden layers of a graph network without labels.

    Args:
        source: the nodes with their features, as `graph_source` makes them.
        model: a function of (width of the features, number of logits) that makes a network with ``encode(x, graph)``, as
            `GCN` and `APPNP` have; by default a `GCN` of two hidden layers of 128.
        graph: as of `GraphLearner`.
        share: of the nodes, hidden in each epoch, drawn anew; above 0 and below 1.
        power: how much nodes that are told well already count less; 1 or more.
        recipe: optimiser, lr, weight_decay, epochs, grad_clip and threads are used; by default Adam, .001, 300 epochs.
        seed: the only source of randomness.
        device: auto, cpu, cuda, cuda:N or mps.

    Raises:
        ArgumentTypeError: a network without ``encode`` (code ``BadLearner``).
        ArgumentError: share or power out of range (code ``BadValue``).
        DataError: no node has features (code ``BadFeatures``).
    """
    if not 0 < share < 1 or not power >= 1:
        raise ArgumentError(
            f"share must be between 0 and 1 and power 1 or more; got {share!r}, {power!r}", code="BadValue"
        )
    torch = _torch()
    recipe = recipe or Recipe(lr=1e-3, epochs=300)
    inputs, where = GraphInputs(source, graph), choose_device(device)
    with threads(recipe.threads), rng_kept(derive(seed, "masking, weights")):
        module = (model or _default)(inputs.width, 1)
        if not hasattr(module, "encode"):
            raise ArgumentTypeError(
                f"{type(module).__name__} has no encode(x, graph), which gives hidden rows; use gcn or appnp, or give your "
                "network one",
                code="BadLearner",
            )
        module = module.to(where)
        x, edges = inputs.tensors(module, where)
        adjacency = inputs.tensors(_Mixing, where)[1]
        with untouched(module), torch.no_grad():
            width = module.encode(x, edges).shape[1]
        decoder = torch.nn.Linear(width, inputs.width, bias=False).to(where)  # else it tells the mean of all
        losses = _train(
            module, decoder, (x, edges, adjacency), inputs.tensors(_Full, where)[0], share, power, recipe, seed
        )
        with untouched(module), torch.no_grad():
            features = module.encode(x, edges).float().cpu().numpy()
    head = last_linear(module)
    weights = {k: v.detach().cpu().clone() for k, v in module.state_dict().items() if not k.startswith(f"{head}.")}
    return MaskedTraining(features, weights, np.array(losses))


class _Mixing:
    """Asks for the adjacency."""

    takes = "adjacency"


class _Full:
    """Asks for full features."""


def _default(inputs: int, outputs: int) -> Any:
    return GCN(inputs, outputs, hidden=128, layers=3, dropout=0.2)


def _train(
    module: Any,
    decoder: Any,
    given: tuple[Any, Any, Any],
    target: Any,
    share: float,
    power: float,
    recipe: Recipe,
    seed: int,
) -> list[float]:
    torch = _torch()
    x, edges, adjacency = given
    able = target.abs().sum(dim=1) > 0  # a direction is needed to be told
    if not bool(able.any()):
        raise DataError("no node has features: all of them are 0", code="BadFeatures")
    count = max(1, round(share * len(target)))
    draw = torch.Generator().manual_seed(derive(seed, "masking"))
    kinds = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW, "nadam": torch.optim.NAdam, "sgd": torch.optim.SGD}
    parameters = [*module.parameters(), *decoder.parameters()]
    optimizer = kinds[recipe.optimizer](parameters, lr=recipe.lr, weight_decay=recipe.weight_decay)
    losses = []
    module.train()
    for _ in range(recipe.epochs):
        hidden = torch.randperm(len(target), generator=draw)[:count].to(target.device)
        kept = torch.ones(len(target), device=target.device)
        kept[hidden] = 0
        told = hidden[able[hidden]]
        rows = module.encode(_rows_scaled(x, kept), edges) * kept[:, None]
        guess = decoder(mix(adjacency, rows)[told])
        loss = scaled_cosine(guess, target[told], power)
        optimizer.zero_grad()
        loss.backward()
        if recipe.grad_clip is not None:
            torch.nn.utils.clip_grad_norm_(parameters, recipe.grad_clip)
        optimizer.step()
        losses.append(float(loss.detach()))
    module.eval()
    return losses


def scaled_cosine(guess: Any, target: Any, power: float) -> Any:
    """Mean of (1 - cosine)^power over rows; 0 where there are none. Equation 2 of GraphMAE."""
    if not len(target):
        return guess.sum() * 0
    away = 1 - _torch().nn.functional.cosine_similarity(guess, target, dim=1)
    return away.clamp_min(0).pow(power).mean()


def _rows_scaled(x: Any, factor: Any) -> Any:
    """(N, D) rows times (N,) factors, sparse or dense."""
    torch = _torch()
    if x.layout == torch.strided:
        return x * factor[:, None]
    starts = x.crow_indices()
    values = x.values() * factor.repeat_interleave(starts[1:] - starts[:-1])
    return torch.sparse_csr_tensor(starts, x.col_indices(), values, x.shape, check_invariants=False)
