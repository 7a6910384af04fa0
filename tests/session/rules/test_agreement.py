"""Cohen's kappa: by hand, against scikit-learn, and at its edges."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from querist.core.errors import ArgumentError
from querist.session.rules.agreement import kappa


def test_by_hand() -> None:
    # 10 items: both say 1 four times, both say 0 three times, 2 + 1 disagreements.
    a = [1, 1, 1, 1, 0, 0, 0, 1, 1, 0]
    b = [1, 1, 1, 1, 0, 0, 0, 0, 0, 1]
    # observed .7; a says 1 in 6 of 10, b in 5 of 10: expected .6 * .5 + .4 * .5 = .5; (.7 - .5) / .5 = .4
    assert kappa(a, b) == pytest.approx(0.4, abs=1e-15)


def test_full_disagreement_is_minus_one() -> None:
    assert kappa([0, 1, 0, 1], [1, 0, 1, 0]) == -1.0


def test_equal_lists_are_one() -> None:
    assert kappa(["a", "b", "c"], ["a", "b", "c"]) == 1.0


def test_both_constant_and_equal_is_one() -> None:
    assert kappa([3, 3, 3], [3, 3, 3]) == 1.0
    assert kappa(["cat"], ["cat"]) == 1.0


def test_both_constant_and_different_is_zero() -> None:
    # expected 0, observed 0: nothing agrees, and chance would not either
    assert kappa([0, 0], [1, 1]) == 0.0


def test_one_constant_is_zero() -> None:
    assert kappa([0, 0, 0, 0], [0, 1, 0, 1]) == 0.0


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=60))
def test_like_scikit_learn(pairs: list[tuple[int, int]]) -> None:
    from sklearn.metrics import cohen_kappa_score

    a, b = [p[0] for p in pairs], [p[1] for p in pairs]
    if len(set(a + b)) == 1:
        assert kappa(a, b) == 1.0  # scikit-learn gives NaN here
        return
    assert kappa(a, b) == pytest.approx(float(cohen_kappa_score(a, b)), abs=1e-12)
    assert kappa(b, a) == pytest.approx(kappa(a, b), abs=1e-12)


@pytest.mark.parametrize("a, b", [([1, 2], [1]), ([[1, 2]], [[1, 2]]), (np.zeros((2, 2)), [1, 2])])
def test_refuses_other_shapes(a: object, b: object) -> None:
    with pytest.raises(ArgumentError, match="equal length") as caught:
        kappa(a, b)  # type: ignore[arg-type]
    assert caught.value.code == "LengthMismatch"


def test_refuses_empty_lists() -> None:
    with pytest.raises(ArgumentError) as caught:
        kappa([], [])
    assert caught.value.code == "EmptyLists"
