"""How many labels asking has saved against random sampling: the control items' model against that of the asked ones.

Control items are drawn at random, so a model of them alone is what random sampling would have given. It is compared with
models of the first asked items, in order, and the fewest that are as good on the validation items are looked for. How sure
that is says a bootstrap: over the validation items, which all models share, and over which three quarters of the control
items the model was fitted on, as another draw would have given another model. As long as the control items' model is not
surely better than one answer for all, nothing is said: five labels are as good as that.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any

import numpy as np

from querist.core.seeds import generator
from querist.core.types import Array, Labels
from querist.server.trainer.learners import some_labels as _picked

__all__ = ["Saved", "estimate_saved", "too_early"]

LEAST_CONTROLS = 20
LEAST_VALIDATION = 30
_SIZES = 10
_DRAWS = 500
_SUBSETS, _SHARE = 8, 0.75

Good = Callable[[Labels], Array]
"""Fits a model on labels and says how good it is on each validation item: (V,), right or not, or an error below 0."""


@dataclass(frozen=True)
class Saved:
    """An estimate of labels saved.

    Args:
        asked: fewest asked labels that were as good as the control labels, or None where it is too early.
        random: control labels.
        text: in words.
    """

    asked: int | None
    random: int
    text: str

    def to_json(self) -> dict[str, Any]:
        """As the panel shows it."""
        return {"asked": self.asked, "random": self.random, "text": self.text}


def too_early(controls: int, validation: int) -> str:
    """Why no estimate is tried, or ""."""
    if controls < LEAST_CONTROLS or validation < LEAST_VALIDATION:
        return (
            f"Too early to tell: {controls} of {LEAST_CONTROLS} control answers and {validation} of {LEAST_VALIDATION} "
            "validation answers are there."
        )
    return ""


def estimate_saved(
    control: Labels, asked: Labels, good: Good, *, floor: Array, seed: int
) -> Generator[None, None, Saved]:
    """Compare models of the first asked labels with one of the control labels; it stops before each fit.

    Args:
        control: labels of items drawn at random.
        asked: labels of items that the strategy chose, in order of their answers.
        good: fits a model and says how good it is on each validation item.
        floor: (V,) how good the one best answer for all would be.
        seed: of the bootstrap.

    Returns:
        The estimate, when the generator ends.
    """
    random = round(_SHARE * len(control))
    sizes = _sizes(random, len(asked))
    if not sizes:
        return Saved(None, random, "Too early to tell: too few items were asked about by the strategy.")
    chance = generator(seed, "labels saved")
    bases, rows = [], []
    for _ in range(_SUBSETS):
        yield
        bases.append(good(_picked(control, np.sort(chance.permutation(len(control))[:random]))))
    base = np.stack(bases)  # (subsets, V)
    if not _better(base, floor, chance):
        return Saved(
            None,
            random,
            f"Too early to tell: the model of {random} random labels is hardly better than one answer for all.",
        )
    for size in sizes:
        yield
        rows.append(good(_picked(asked, np.arange(size))))
    right = np.stack(rows)  # (sizes, V)
    needed = []
    for _ in range(_DRAWS):
        drawn = chance.integers(0, base.shape[1], base.shape[1])
        one = base[int(chance.integers(_SUBSETS))]
        needed.append(_needed(right[:, drawn].mean(axis=1), float(one[drawn].mean()), sizes))
    needed.sort()
    low, high = needed[int(0.05 * _DRAWS)], needed[int(0.95 * _DRAWS) - 1]
    point = _needed(right.mean(axis=1), float(base.mean()), sizes)
    if not np.isfinite(point) or low <= random <= high:
        span = f"{low:.0f} to {high:.0f}" if np.isfinite(high) else f"{low:.0f} or more"
        return Saved(
            None,
            random,
            f"Too early to tell: {random} random labels are as good as {span} asked ones, which includes {random}.",
        )
    if high < random:
        share = 1 - point / random
        return Saved(
            int(point),
            random,
            f"{point:.0f} asked labels ({low:.0f} to {high:.0f}) were as good as {random} random ones: about {share:.0%} "
            "saved where they are that good.",
        )
    return Saved(
        int(point),
        random,
        f"So far random does better: {point:.0f} asked labels ({low:.0f} or more) were needed to be as good as {random} "
        "random ones. Try another strategy.",
    )


def _better(base: Array, floor: Array, chance: np.random.Generator) -> bool:
    """Whether the control items' models are better than ``floor`` in 95 of 100 draws."""
    lead = []
    for _ in range(_DRAWS):
        drawn = chance.integers(0, base.shape[1], base.shape[1])
        lead.append(float(base[int(chance.integers(_SUBSETS))][drawn].mean()) - float(floor[drawn].mean()))
    return sorted(lead)[int(0.05 * _DRAWS)] > 0


def _sizes(random: int, asked: int) -> list[int]:
    """Sizes of the first asked labels to try: up to three times the control ones."""
    most = min(asked, 3 * random)
    if most < 5:
        return []
    return sorted({int(v) for v in np.geomspace(5, most, _SIZES)} | {min(random, most)})


def _needed(accuracy: Array, wanted: float, sizes: list[int]) -> float:
    """Labels at which the rising curve first reaches ``wanted``, between the sizes by a straight line; inf for never."""
    rising = np.maximum.accumulate(accuracy)
    reached = np.flatnonzero(rising >= wanted - 1e-12)
    if not len(reached):
        return float("inf")
    k = int(reached[0])
    if k == 0 or rising[k] == rising[k - 1]:
        return float(sizes[k])
    share = (wanted - rising[k - 1]) / (rising[k] - rising[k - 1])
    return float(sizes[k - 1] + share * (sizes[k] - sizes[k - 1]))
