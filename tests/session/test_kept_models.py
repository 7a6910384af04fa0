"""Weights are kept by digest and found again; where nothing is kept there is nothing to find."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from querist.core.errors import StateError
from querist.session.kept_models import KeptModels
from querist.storage.artifacts import Artifacts


class Saved:
    """Writes a number, or refuses by a code."""

    def __init__(self, code: str | None = None) -> None:
        self.code = code

    def save(self, folder: Path) -> None:
        if self.code is not None:
            raise StateError("it cannot be saved", code=self.code)
        (folder / "number").write_text("7")


def test_kept_and_found(tmp_path: Path) -> None:
    models = KeptModels(Artifacts(tmp_path))
    learner: Any = Saved()
    digest = models.keep(learner)
    assert digest
    folder = models.find(digest)
    assert folder is not None
    assert (folder / "number").read_text() == "7"
    assert models.keep(learner) == digest
    assert models.find(None) is models.find("") is models.find("0" * len(digest)) is None


def test_what_cannot_be_saved_is_not_kept_and_other_faults_are_faults(tmp_path: Path) -> None:
    models = KeptModels(Artifacts(tmp_path))
    unsaveable: Any = Saved("NotSaveable")
    assert models.keep(unsaveable) is None
    unfitted: Any = Saved("NotFitted")
    with pytest.raises(StateError, match="cannot be saved"):
        models.keep(unfitted)


def test_without_a_place_nothing_is_kept() -> None:
    learner: Any = Saved("NotFitted")
    assert KeptModels(None).keep(learner) is None
    assert KeptModels(None).find("abc") is None
