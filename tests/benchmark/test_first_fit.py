"""The first fit is shared by labels, seed and settings; everything after it is not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression

import querist
from querist.benchmark.first_fit import FirstFit
from querist.core.signals import PROBS
from querist.core.types import Labels
from querist.data.schema import SingleLabel


class Counting(querist.SklearnLearner):
    """Counts its fits."""

    fits = 0

    def fit(self, labels: Labels, **more: Any) -> Any:
        type(self).fits += 1
        return super().fit(labels, **more)


def made(folder: Path, key: str = "k") -> tuple[FirstFit, Any]:
    x = np.random.default_rng(0).normal(size=(40, 3))
    source = querist.read(x, ids=[f"i{k}" for k in range(40)])
    return FirstFit(Counting(LogisticRegression(), source, SingleLabel(("a", "b"))), folder, key), source


def labels(source: Any, rows: list[int]) -> Labels:
    return Labels(source.items(np.array(rows)), np.array([r % 2 for r in rows]))


def test_shared_once_and_bitwise_the_same(tmp_path: Path) -> None:
    Counting.fits = 0
    first, source = made(tmp_path)
    second, other = made(tmp_path)
    first.fit(labels(source, [0, 1, 2, 3]), seed=5)
    report = second.fit(labels(other, [0, 1, 2, 3]), seed=5)
    assert Counting.fits == 1
    assert "first fit shared" in report.notes
    names = frozenset({PROBS})
    ours, theirs = first.signals(source.items(), names)[PROBS], second.signals(other.items(), names)[PROBS]
    assert (ours == theirs).all()
    second.fit(labels(other, [0, 1, 2, 3]), seed=5)
    assert Counting.fits == 2, "the second fit is its own"


def test_other_labels_seeds_and_keys_are_not_mixed_up(tmp_path: Path) -> None:
    Counting.fits = 0
    for rows, seed, key in (([0, 1], 0, "k"), ([0, 3], 0, "k"), ([0, 1], 1, "k"), ([0, 1], 0, "other")):
        learner, source = made(tmp_path, key)
        learner.fit(labels(source, rows), seed=seed)
    assert Counting.fits == 4


def test_it_is_a_learner_in_every_other_way(tmp_path: Path) -> None:
    learner, source = made(tmp_path)
    assert learner.provides == learner.learner.provides
    assert learner.untrained == getattr(learner.learner, "untrained", None)
    learner.fit(labels(source, [0, 1]), seed=0)
    (tmp_path / "kept").mkdir()
    learner.save(tmp_path / "kept")
    again, _ = made(tmp_path / "elsewhere")
    again.load(tmp_path / "kept")
    assert again.signals(source.items(), frozenset({PROBS}))[PROBS].shape == (40, 2)
