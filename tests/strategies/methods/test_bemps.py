"""BEMPS in batches."""

from __future__ import annotations

import numpy as np
import pytest

import querist
from querist.strategies.arrays import score
from querist.strategies.parser import parse

A = [[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 1.0]]
B = [[1.0, 0.0], [0.0, 1.0], [1.0, 0.0], [0.0, 1.0]]
WEAK = [[0.45, 0.55], [0.55, 0.45], [0.45, 0.55], [0.55, 0.45]]
KNOWN = [[0.5, 0.5]] * 4
M = np.array([A, A, A, B, WEAK, KNOWN, KNOWN, KNOWN])
REFERENCE = {"members": np.array([A, A, B])}


@pytest.mark.parametrize("rule", ["core_mse", "core_log"])
def test_picks_that_improve_different_items(rule: str) -> None:
    """Three rows like A lead the ratings; the fourth improves another reference item and comes into the batch."""
    ratings = score(rule, members=M, reference=REFERENCE)
    assert ratings.argsort()[::-1][3] == 3
    for seed in range(5):
        chosen = querist.select(f"bemps(score={rule})", 2, members=M, reference=REFERENCE, seed=seed)
        assert 3 in chosen.indices
        assert set(chosen.indices.tolist()) & {0, 1, 2}
        np.testing.assert_allclose(chosen.scores, ratings[chosen.indices])


def test_only_the_share_with_the_highest_ratings_may_come() -> None:
    chosen = querist.select("bemps(share=0.25)", 2, members=M, reference=REFERENCE)
    assert set(chosen.indices.tolist()) <= {0, 1, 2}
    assert "among the 2 items of highest core_mse (0.33)" in chosen.reasons[0]


@pytest.mark.parametrize("text", ["bemps(score=entropy)", "bemps(share=0)", "bemps(share=1.5)", "bemps(share='half')"])
def test_bad_parameters(text: str) -> None:
    with pytest.raises(
        (querist.ArgumentError, querist.ArgumentTypeError, querist.QueristError), match=r"score must|share must"
    ):
        parse(text)


def test_members_drawn_anew_are_refused() -> None:
    with pytest.raises(querist.ArgumentError, match="consistent=False"):
        querist.select("bemps", 1, members=M, reference=REFERENCE, consistent=False)
