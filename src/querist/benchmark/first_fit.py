"""Share the first fit: strategies of one seed start from the same labels, so one first model serves them all."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from querist.core.errors import StateError
from querist.core.ports import Learner
from querist.core.signals import Signal, View
from querist.core.types import FitReport, ItemId, Labels

__all__ = ["FirstFit"]


class FirstFit:
    """A learner whose first fit is looked up by (what it is, labels, seed) and computed only when nobody has it.

    Fits are deterministic, so a loaded model is bitwise the one that would have been fitted.

    Args:
        learner: the learner inside.
        folder: where first fits are kept; processes share it.
        key: text that names the learner and its settings.
    """

    def __init__(self, learner: Learner, folder: Path, key: str) -> None:
        self.learner = learner
        self.provides: frozenset[Signal] = learner.provides
        self._folder = folder
        self._key = key
        self._fits = 0

    def __getattr__(self, name: str) -> Any:
        """Everything else is the inner learner's."""
        return getattr(self.learner, name)

    def fit(self, labels: Labels, *, seed: int, previous: Path | None = None) -> FitReport:
        """As the inner learner, but the first fit is shared."""
        self._fits += 1
        if self._fits > 1 or previous is not None:
            return self.learner.fit(labels, seed=seed, previous=previous)
        place = self._folder / self._digest(labels, seed)
        if (place / "report.json").is_file():
            self.learner.load(place / "model")
            notes = json.loads((place / "report.json").read_text(encoding="utf-8"))["notes"]
            return FitReport(labels=len(labels), notes=(*notes, "first fit shared"))
        report = self.learner.fit(labels, seed=seed, previous=None)
        self._share(place, report)
        return report

    def signals(self, items: Sequence[ItemId], names: frozenset[Signal]) -> View:
        """The inner learner's."""
        return self.learner.signals(items, names)

    def save(self, folder: Path) -> None:
        """The inner learner's."""
        self.learner.save(folder)

    def load(self, folder: Path) -> None:
        """The inner learner's; a loaded model is past its first fit."""
        self._fits += 1
        self.learner.load(folder)

    def _digest(self, labels: Labels, seed: int) -> str:
        h = hashlib.blake2b(digest_size=16)
        h.update(f"{self._key}\x1f{seed}\x1f".encode())
        h.update("\x1f".join(labels.items).encode())
        h.update(np.ascontiguousarray(labels.targets).tobytes())
        return h.hexdigest()

    def _share(self, place: Path, report: FitReport) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(dir=self._folder, prefix=".making-"))
        (made / "model").mkdir()
        try:
            self.learner.save(made / "model")
        except StateError as error:
            if error.code != "NotSaveable":
                raise
            return
        (made / "report.json").write_text(json.dumps({"notes": list(report.notes)}), encoding="utf-8")
        try:
            os.rename(made, place)
        except OSError:  # another process was first; its model is the same
            if not (place / "report.json").is_file():
                raise
