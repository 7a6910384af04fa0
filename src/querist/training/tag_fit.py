"""How a tagger is trained: batches of sentences of like length, the likelihood of the whole tag sequence."""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.core.optional import torch as _torch
from querist.core.seeds import derive
from querist.training.early_stopping import EarlyStopping
from querist.training.plan import schedule_of
from querist.training.recipe import Recipe

__all__ = ["Ragged", "TaggedSet", "train_tagger"]

_TOGETHER = 8
"""Batches whose sentences are sorted by length before they are parted."""


@dataclass(frozen=True)
class Ragged:
    """Rows of numbers of items of different lengths, one after the other.

    Args:
        flat: (1 + total, F) int64 tensor; row 0 is padding, all 0.
        starts: (N,) int64, where an item begins in ``flat``.
        lengths: (N,) int64, its rows.
    """

    flat: Any
    starts: NDArray[np.int64]
    lengths: NDArray[np.int64]

    @classmethod
    def of(cls, rows: NDArray[np.int64], lengths: NDArray[np.int64]) -> Ragged:
        """From (total, F) rows of N items with (N,) lengths."""
        flat = _torch().from_numpy(np.concatenate([np.zeros((1, rows.shape[1]), dtype=np.int64), rows]))
        return cls(flat, 1 + np.cumsum(lengths) - lengths, lengths)

    def take(self, rows: NDArray[np.int64], device: Any) -> tuple[Any, Any]:
        """(n, T, F) padded with 0, T the longest of ``rows``, and (n,) lengths."""
        torch = _torch()
        lengths = self.lengths[rows]
        places = np.arange(int(lengths.max()))
        index = np.where(places < lengths[:, None], self.starts[rows][:, None] + places, 0)
        return self.flat[torch.from_numpy(index)].to(device), torch.from_numpy(lengths).to(device)


@dataclass(frozen=True)
class TaggedSet:
    """Sentences with their tags, to be trained on.

    Args:
        inputs: features of all items.
        rows: (L,) the labelled items.
        tags: (L, T) their tag numbers.
        weights: (L,) sentence weights, or None.
    """

    inputs: Ragged
    rows: NDArray[np.int64]
    tags: NDArray[np.int64]
    weights: NDArray[np.float64] | None = None

    def losses(self, module: Any, places: NDArray[np.int64], device: Any) -> Any:
        """(n,) negative log-likelihoods of the sentences at ``places`` among the L."""
        features, lengths = self.inputs.take(self.rows[places], device)
        scores, _ = module(features, lengths)
        truth = _torch().from_numpy(self.tags[places][:, : features.shape[1]]).to(device)
        return -module.crf.log_likelihood(scores, lengths, truth)

    def loss(self, module: Any, places: NDArray[np.int64], device: Any) -> Any:
        """Their weighted mean."""
        each = self.losses(module, places, device)
        if self.weights is None:
            return each.mean()
        part = _torch().as_tensor(self.weights[places], dtype=_torch().float32).to(device)
        return (each * part).sum() / part.sum().clamp_min(1e-12)  # a batch may weigh nothing

    def shares(self, group: Sequence[NDArray[np.int64]]) -> list[float]:
        """What each batch counts in one step: together the loss of one large batch."""
        if len(group) == 1:
            return [1.0]
        mass = [float(len(places) if self.weights is None else self.weights[places].sum()) for places in group]
        return [each / max(sum(mass), 1e-12) for each in mass]


def train_tagger(module: Any, data: TaggedSet, recipe: Recipe, seed: int, batch: int, device: Any) -> list[str]:
    """Train a `ChainTagger` in place by the mean log-likelihood of sentences; give back notes worth the user's eye.

    Args:
        module: the network, on its device.
        data: the sentences and their tags.
        recipe: the settings.
        seed: of the order of the sentences and of the validation part.
        batch: sentences a step.
        device: where the network is.
    """
    torch = _torch()
    draw = np.random.Generator(np.random.PCG64(derive(seed, "order")))
    kept, held = _split(len(data.rows), recipe, seed)
    optimizer = _optimizer(module, recipe)
    steps = math.ceil(len(kept) / batch)
    if recipe.drop_last and len(kept) > batch:
        steps = len(kept) // batch
    moves = math.ceil(steps / recipe.accumulate)
    epochs = max(recipe.epochs, math.ceil(recipe.min_steps / moves))
    schedule = schedule_of(optimizer, recipe, epochs * moves)
    stopping = None
    if held is not None and recipe.patience is not None:
        stopping = EarlyStopping(recipe.patience, lambda: copy.deepcopy(module.state_dict()))
    module.train()
    for _ in range(epochs):
        found = _batches(kept, data.inputs.lengths[data.rows], batch, recipe.drop_last, draw)
        for start in range(0, len(found), recipe.accumulate):
            group = found[start : start + recipe.accumulate]
            optimizer.zero_grad(set_to_none=True)
            for places, share in zip(group, data.shares(group), strict=True):
                (data.loss(module, places, device) * share).backward()
            if recipe.grad_clip is not None:
                torch.nn.utils.clip_grad_norm_(module.parameters(), recipe.grad_clip)
            optimizer.step()
            if schedule is not None:
                schedule.step()
        if stopping is not None and held is not None and stopping.stops(_validated(module, data, held, device)):
            break
    if stopping is not None and stopping.state is not None:
        module.load_state_dict(stopping.state)
    module.eval()
    return _notes(recipe, held)


def _validated(module: Any, data: TaggedSet, held: NDArray[np.int64], device: Any) -> float:
    """Mean loss of the sentences set aside, in evaluation mode."""
    module.eval()
    with _torch().no_grad():
        now = float(data.losses(module, held, device).mean())
    module.train()
    return now


def _batches(
    places: NDArray[np.int64],
    lengths: NDArray[np.int64],
    batch: int,
    drop_last: bool,
    draw: np.random.Generator,
) -> list[NDArray[np.int64]]:
    """The places of each batch of an epoch: shuffled, sorted by length within eight batches, and shuffled by batch."""
    mixed = draw.permutation(places)
    found = []
    for start in range(0, len(mixed), batch * _TOGETHER):
        some = mixed[start : start + batch * _TOGETHER]
        some = some[np.argsort(lengths[some], kind="stable")]
        found += [some[a : a + batch] for a in range(0, len(some), batch)]
    if drop_last and len(found) > 1:
        found = [f for f in found if len(f) == batch] or found
    return [found[k] for k in draw.permutation(len(found))]


def _split(count: int, recipe: Recipe, seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64] | None]:
    """Places to train on, and places to validate on where patience is asked for and there are enough labels."""
    order = np.random.Generator(np.random.PCG64(derive(seed, "validation"))).permutation(count)
    aside = round(count * recipe.validation)
    if recipe.patience is None or aside < 1 or count - aside < 1:
        return np.arange(count), None
    return order[aside:], order[:aside]


def _notes(recipe: Recipe, held: object) -> list[str]:
    if recipe.patience is not None and held is None:
        return ["too few labels for a validation part: training runs through all epochs"]
    return []


def _optimizer(module: Any, recipe: Recipe) -> Any:
    optim = _torch().optim
    if recipe.optimizer == "sgd":
        return optim.SGD(module.parameters(), lr=recipe.lr, momentum=0.9, weight_decay=recipe.weight_decay)
    kinds = {"adam": optim.Adam, "adamw": optim.AdamW, "nadam": optim.NAdam}
    more = {} if recipe.optimizer == "nadam" else {"fused": True}  # one pass over the tables of features
    return kinds[recipe.optimizer](module.parameters(), lr=recipe.lr, weight_decay=recipe.weight_decay, **more)
