"""Ratings made comparable."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from querist.core.errors import ArgumentTypeError, DataError
from querist.strategies.arrays import score
from querist.strategies.fusion import CostRatio, Minmax, Rank, Zscore
from querist.strategies.scores.margin import Margin


def probs(lc: list[float]) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Two classes with these values of least_confidence (0 to 0.5)."""
    return np.column_stack([1 - np.array(lc), lc])


TIED = probs([0.1, 0.4, 0.1, 0.3, 0.1])


def test_rank_shares_the_mean_place() -> None:
    """Places 1, 2, 3 share 2; (2 - 1) / 4 = 0.25."""
    assert score("rank(least_confidence)", probs=TIED).tolist() == [0.25, 1.0, 0.25, 0.75, 0.25]
    assert score("rank(margin)", probs=probs([0.2])).tolist() == [1.0]
    assert score("rank(margin)", probs=probs([0.2] * 4)).tolist() == [0.5] * 4


def test_zscore_and_minmax() -> None:
    lc = np.array([0.1, 0.4, 0.1, 0.3, 0.1])
    expected = (lc - 0.2) / np.sqrt(0.08 / 5)
    np.testing.assert_allclose(score("zscore(least_confidence)", probs=TIED), expected, atol=1e-12)
    np.testing.assert_allclose(score("minmax(least_confidence)", probs=TIED), [0, 1, 0, 2 / 3, 0], atol=1e-12)


@pytest.mark.parametrize("name", ["zscore", "minmax"])
@pytest.mark.parametrize("n", [1, 2, 7])
def test_constant_scores_are_all_zero(name: str, n: int) -> None:
    assert score(f"{name}(margin)", probs=probs([0.1] * n)).tolist() == [0.0] * n


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from([0.0, 0.1, 0.1 + 2**-40, 0.3, 0.5]), min_size=1, max_size=30))
def test_rank_against_counting(values: list[float]) -> None:
    p = probs(values)
    lc = score("least_confidence", probs=p).tolist()
    n = len(lc)
    below = [sum(w < v for w in lc) for v in lc]
    equal = [sum(w == v for w in lc) for v in lc]
    expected = [(b + (e - 1) / 2) / (n - 1) if n > 1 else 1.0 for b, e in zip(below, equal, strict=True)]
    np.testing.assert_allclose(score("rank(least_confidence)", probs=p), expected, atol=1e-14)


def test_cost_ratio() -> None:
    got = score("cost_ratio(margin)", probs=probs([0.25, 0.5]), cost=np.array([2.0, 10.0]))
    np.testing.assert_allclose(got, [0.25, 0.1])


@pytest.mark.parametrize("cost", [0.0, -1.0])
def test_cost_must_be_above_zero(cost: float) -> None:
    with pytest.raises(DataError, match="cost must be above 0, row 1 has") as error:
        score("cost_ratio(margin)", probs=probs([0.2, 0.3]), cost=np.array([1.0, cost]))
    assert error.value.code == "BadCost"


@pytest.mark.parametrize("part", [Rank, Zscore, Minmax, CostRatio])
def test_the_score_may_be_text(part: type[Rank]) -> None:
    assert part("margin") == part(Margin())  # type: ignore[arg-type]
    with pytest.raises(ArgumentTypeError, match=r"a score .* is needed here"):
        part("top_k")  # type: ignore[arg-type]
