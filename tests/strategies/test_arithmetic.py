"""Sums, products and multiples of ratings."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from querist.core.errors import ArgumentError, ArgumentTypeError
from querist.strategies.arithmetic import Product, Scaled, Sum
from querist.strategies.arrays import score, select
from querist.strategies.scores.entropy import Entropy
from querist.strategies.scores.margin import Margin

P = np.array([[0.7, 0.3], [0.5, 0.5], [1.0, 0.0]])


def test_values() -> None:
    m, e = score("margin", probs=P), score("entropy", probs=P)
    for text, expected in [
        ("margin + entropy", m + e),
        ("margin - entropy", m - e),
        ("margin * entropy", m * e),
        ("0.25 * margin", 0.25 * m),
        ("margin * 3", 3 * m),
        ("-2 * margin + entropy * margin", -2 * m + e * m),
    ]:
        np.testing.assert_allclose(score(text, probs=P), expected, atol=1e-15, err_msg=text)


def test_operators_build_these_values() -> None:
    assert Margin() + Entropy() == Sum(Margin(), Entropy())
    assert Margin() - Entropy() == Sum(Margin(), Scaled(-1.0, Entropy()))
    assert Margin() * Entropy() == Product(Margin(), Entropy())
    assert 2 * Margin() == Margin() * 2 == Scaled(2.0, Margin())
    assert np.float64(2) * Margin() == Margin() * float(np.float32(2)) == Scaled(2.0, Margin())


@pytest.mark.parametrize("weight", ["2", None, True, [1]])
def test_weights_are_numbers(weight: Any) -> None:
    with pytest.raises(ArgumentTypeError, match="multiplied with a number or a score"):
        Scaled(weight, Margin())


@pytest.mark.parametrize("weight", [float("nan"), float("inf")])
def test_weights_are_finite(weight: float) -> None:
    with pytest.raises(ArgumentError, match="weight of margin must be finite"):
        weight * Margin()


def test_reason() -> None:
    assert select("2 * margin", 1, probs=P).reasons == ("2.0 * margin 2",)
    assert select("margin + margin", 1, probs=P).reasons == ("margin + margin 2",)
