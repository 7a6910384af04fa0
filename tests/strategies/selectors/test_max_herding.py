"""`max_herding` beside the objective written out; bad parameters."""

from __future__ import annotations

import numpy as np
import pytest

import querist
from querist.core.errors import ArgumentError


def test_scores_add_up_to_the_coverage() -> None:
    rng = np.random.default_rng(0)
    x, known = rng.normal(size=(50, 3)), rng.normal(size=(6, 3))
    chosen = querist.select("max_herding(sigma=0.8)", 8, embedding=x, labelled={"embedding": known})

    def coverage(points: np.ndarray) -> float:
        d2 = ((x[:, None] - points[None]) ** 2).sum(-1)
        return float(np.exp(-d2 / (2 * 0.8**2)).max(axis=1).sum())

    both = np.concatenate([known, x[chosen.indices]])
    assert chosen.scores.sum() == pytest.approx(coverage(both) - coverage(known))
    swaps = [coverage(np.concatenate([known, x[[row]]])) for row in range(50)]
    assert int(np.argmax(swaps)) == chosen.indices[0]


def test_sigma_from_labelled_items_stands_in_the_reason() -> None:
    x = np.arange(20.0)[:, None]
    chosen = querist.select("max_herding", 1, embedding=x, labelled={"embedding": np.array([[0.0], [3.0]])})
    assert chosen.reasons[0].endswith("(sigma 3)")


def test_bad_parameters() -> None:
    with pytest.raises(ArgumentError, match="sigma must be a number > 0"):
        querist.parse("max_herding(sigma=-1)")
