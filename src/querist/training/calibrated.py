"""A learner whose probabilities are brought to the right temperature, on labels that its model was not fitted on.

Without items set aside the temperature is cross-fitted: the learner is fitted once more for each part of the labels, and
tells the part that it did not see. With few labels this is steadier than a small validation part, and the final model
still learns from all of them. Test labels are never looked at.

Source: Guo, Pleiss, Sun and Weinberger, 2017, section 4.2; Platt, Probabilistic Outputs for Support Vector Machines, 1999,
section 2.1, for cross-validated outputs.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from querist.core.errors import ArgumentError, DataError, shorten
from querist.core.large import Filled
from querist.core.ports import Learner
from querist.core.rows import Rows
from querist.core.seeds import derive, generator
from querist.core.signals import AUGMENTED, GRADIENT, MEMBERS, PERTURBED, PROBS, Signal, View
from querist.core.types import Array, FitReport, ItemId, Labels
from querist.data.schema import MultiLabel
from querist.models.calibration.temperature import best_temperature, scaled

__all__ = ["Calibrated"]

_FILE = "calibration.json"
_SCALED = (PROBS, MEMBERS, AUGMENTED, PERTURBED)


class Calibrated:
    """The learner inside with one temperature for all probabilities: probs, members, augmented, perturbed, gradient.

    Args:
        learner: tells probabilities of one class an item.
        folds: parts of the labels for cross-fitting, at least 2; each costs one more fit. With fewer than twice as many
            labels the temperature is 1.
        validation: labelled items set aside for the temperature in place of cross-fitting, neither in the pool nor among
            the test items.

    Raises:
        ArgumentError: the learner tells no probabilities or those of several labels (code ``NeedsCapability``), or fewer
            than 2 parts (``BadValue``).
    """

    def __init__(self, learner: Learner, *, folds: int = 5, validation: Labels | None = None) -> None:
        if isinstance(getattr(learner, "schema", None), MultiLabel):
            raise ArgumentError(
                "one temperature is for one class an item, and the schema allows several labels", code="NeedsCapability"
            )
        if PROBS not in learner.provides:
            raise ArgumentError(
                f"a temperature needs a learner that tells probs; {type(learner).__name__} tells "
                f"{', '.join(sorted(map(str, learner.provides)))}",
                code="NeedsCapability",
            )
        if folds < 2:
            raise ArgumentError(f"folds must be at least 2, got {folds}", code="BadValue")
        self.learner, self.folds, self.validation = learner, folds, validation
        self.temperature = 1.0

    def __getattr__(self, name: str) -> Any:
        """Everything else is the inner learner's."""
        if name == "learner":
            raise AttributeError(name)
        return getattr(self.learner, name)

    @property
    def provides(self) -> frozenset[Signal]:
        """What the learner inside tells."""
        return self.learner.provides

    def fit(self, labels: Labels, *, seed: int, previous: Path | None = None) -> FitReport:
        """Find the temperature, then fit on all labels."""
        temperature, note = 1.0, "too few labels for a temperature: it is 1"
        if self.validation is None and len(labels) >= 2 * self.folds:
            temperature = self._cross_fitted(labels, seed)
            note = f"temperature {temperature:.3g}, cross-fitted on {len(labels)} labels in {self.folds} parts"
        report = self.learner.fit(labels, seed=seed, previous=previous)
        if self.validation is not None and len(self.validation):
            told = self.learner.signals(self.validation.items, frozenset({PROBS}))[PROBS]
            temperature = best_temperature(told, self.validation.targets, self.validation.weights)
            note = f"temperature {temperature:.3g}, on {len(self.validation)} items set aside"
        self.temperature = temperature
        return FitReport(
            labels=report.labels,
            model=f"{report.model}-{temperature:.17g}" if report.model else report.model,
            notes=(*report.notes, note),
        )

    def signals(self, items: Sequence[ItemId], names: frozenset[Signal]) -> View:
        """The inner learner's signals, probabilities at the temperature."""
        asked = names | {PROBS} if GRADIENT in names else names
        view = self.learner.signals(items, asked)
        out: dict[Signal, Any] = {name: view[name] for name in names}
        for name in _SCALED:
            if name in out:
                out[name] = _in_blocks(out[name], lambda block: scaled(block, self.temperature))
        if GRADIENT in out:
            factor = _in_blocks(view[PROBS], lambda block: _factor(scaled(block, self.temperature), block))
            out[GRADIENT] = (factor, out[GRADIENT][1])
        return View(len(items), out)

    def save(self, folder: Path) -> None:
        """The inner learner's files, and the temperature."""
        self.learner.save(folder)
        (folder / _FILE).write_text(json.dumps({"temperature": self.temperature}), encoding="utf-8")

    def load(self, folder: Path) -> None:
        """Take what `save` wrote.

        Raises:
            DataError: there is no temperature (code ``BadWeights``).
        """
        try:
            temperature = float(json.loads((folder / _FILE).read_text(encoding="utf-8"))["temperature"])
        except (OSError, ValueError, LookupError, TypeError) as error:
            raise DataError(f"{folder.name} holds no temperature: {shorten(str(error))}", code="BadWeights") from error
        self.learner.load(folder)
        self.temperature = temperature

    def _cross_fitted(self, labels: Labels, seed: int) -> float:
        """The temperature from what models tell of labels that they did not see."""
        part = generator(seed, "calibrated").permutation(len(labels)) % self.folds
        told: list[Array] = []
        rows: list[Array] = []
        for fold in range(self.folds):
            own = np.flatnonzero(part == fold)
            rest = np.flatnonzero(part != fold)
            self.learner.fit(_some(labels, rest), seed=derive(seed, "calibrated", fold))
            told.append(self.learner.signals(_some(labels, own).items, frozenset({PROBS}))[PROBS])
            rows.append(own)
        held = _some(labels, np.concatenate(rows))
        return best_temperature(np.concatenate(told), held.targets, held.weights)


def _some(labels: Labels, rows: Array) -> Labels:
    items = [labels.items[int(r)] for r in rows]
    weights = None if labels.weights is None else labels.weights[rows]
    provenance = tuple(labels.provenance[int(r)] for r in rows) if labels.provenance else ()
    return Labels(items, labels.targets[rows], weights, provenance)


def _in_blocks(value: Array, work: Callable[[Array], Array]) -> Array:
    """``work`` on an array, block by block where that lies in a file: what comes of it does then, too."""
    if not isinstance(value, np.memmap):
        return work(value)
    out = Filled(len(value), value.dtype)
    for _, block in Rows(value).blocks():
        out.add(work(block))
    return out.done()


def _factor(probs: Array, before: Array) -> Array:
    """Probabilities less one at the predicted class."""
    a = probs.copy()
    a[np.arange(len(a)), before.argmax(axis=1)] -= 1
    return a
