"""Published methods are the expressions that they say they are."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from querist.core.errors import QueristError
from querist.core.signals import EMBEDDING, MEMBERS, PROBS
from querist.strategies.arrays import select
from querist.strategies.parser import parse
from querist.strategies.recipes import DensityWeighted, PowerBald, PowerMargin

RNG = np.random.default_rng(0)
P = RNG.dirichlet(np.ones(4), 60)
M = RNG.dirichlet(np.ones(4), (60, 5))
E = RNG.standard_normal((60, 6))


@pytest.mark.parametrize(
    ("name", "expression", "signals"),
    [
        ("power_bald", "bald >> power(beta=1)", {"members": M}),
        ("power_bald(beta=8)", "bald >> power(beta=8)", {"members": M}),
        ("power_margin", "margin >> power(beta=1)", {"probs": P}),
        ("power_margin(beta=0.5)", "margin >> power(beta=0.5)", {"probs": P}),
    ],
)
def test_stochastic_batches(name: str, expression: str, signals: dict[str, Any]) -> None:
    for seed in range(5):
        plain, named = select(expression, 9, seed=seed, **signals), select(name, 9, seed=seed, **signals)
        assert named.indices.tolist() == plain.indices.tolist()
        assert named.scores.tolist() == plain.scores.tolist()
        assert named.reasons == plain.reasons


def test_density_weighted_by_hand() -> None:
    """Four unit vectors: the mean cosine of the first three to all is .5; that of the opposite one, -.5, becomes 0."""
    p = np.array([[0.5, 0.5], [0.9, 0.1], [0.75, 0.25], [0.5, 0.5]])
    e = np.array([[1.0, 0.0], [1.0, 0.0], [1.0, 0.0], [-1.0, 0.0]])
    entropy = [math.log(2), -0.9 * math.log(0.9) - 0.1 * math.log(0.1)]
    got = select("density_weighted", 4, probs=p, embedding=e)
    assert got.indices.tolist() == [0, 2, 1, 3]
    np.testing.assert_allclose(got.scores[[0, 2, 3]], [0.5 * entropy[0], 0.5 * entropy[1], 0.0], rtol=1e-6)
    squared = select("density_weighted(beta=2)", 4, probs=p, embedding=e)
    np.testing.assert_allclose(squared.scores[[0, 2, 3]], [0.25 * entropy[0], 0.25 * entropy[1], 0.0], rtol=1e-6)
    assert got.reasons[0] == "entropy * density 0.347"
    assert squared.reasons[0] == "entropy * density^2 0.173"


def test_beta_of_zero_is_entropy() -> None:
    named = select("density_weighted(beta=0)", 9, probs=P, embedding=E)
    assert named.indices.tolist() == select("entropy", 9, probs=P).indices.tolist()


def test_needs_and_text() -> None:
    assert PowerBald().needs.pool == {MEMBERS}
    assert PowerMargin().needs.pool == {PROBS}
    assert DensityWeighted().needs.pool == {PROBS, EMBEDDING}
    for text in ("power_bald", "power_margin(beta=2)", "density_weighted(beta=0.5)"):
        assert str(parse(text)) == text
    assert repr(DensityWeighted(beta=2)) == "DensityWeighted(beta=2)"
    assert str(parse("subsample(9) | power_margin")) == "subsample(9) | power_margin"


@pytest.mark.parametrize("beta", [-1.0, float("nan"), float("inf"), "much", None])
@pytest.mark.parametrize("method", [PowerBald, PowerMargin, DensityWeighted])
def test_bad_beta(method: Any, beta: Any) -> None:
    with pytest.raises(QueristError, match="beta"):
        method(beta=beta)
