"""A temporal ensemble is a score on averaged outputs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import querist
from querist.core.errors import ArgumentError, ArgumentTypeError, QueristError
from querist.core.signals import EMBEDDING, HISTORY
from querist.strategies.scores.temporal_ensemble import TemporalEnsemble

Q = np.random.default_rng(0).dirichlet(np.ones(3), (20, 4))
X = np.random.default_rng(1).normal(size=(20, 2))


def test_by_hand() -> None:
    """Weights .5 and 1 of the older and the newer, over 1.5: margin of (.6, .4) is .8."""
    history = np.array([[[0.4, 0.6], [0.7, 0.3]], [[1.0, 0.0], [1.0, 0.0]]])
    got = querist.select("temporal_ensemble(margin, decay=0.5)", 2, history=history)
    assert got.indices.tolist() == [0, 1]
    assert got.scores == pytest.approx([0.8, 0.0])
    assert got.reasons[0].endswith("; averaged over 2 outputs")


def test_its_ends() -> None:
    last = querist.score("margin", probs=Q[:, -1])
    assert np.array_equal(querist.score("temporal_ensemble(margin, decay=0)", history=Q), last)
    near = querist.score("temporal_ensemble(margin, decay=0.999999)", history=Q)
    assert near == pytest.approx(querist.score("margin", probs=Q.mean(axis=1)), abs=1e-5)


def test_other_signals_are_passed_on() -> None:
    part = querist.parse("temporal_ensemble(rank(margin) + rank(density))")
    assert part.needs.pool == {HISTORY, EMBEDDING}
    got = querist.score(part, history=Q[:, :1], embedding=X)
    assert np.array_equal(got, querist.score("rank(margin) + rank(density)", probs=Q[:, 0], embedding=X))


def test_text() -> None:
    assert str(TemporalEnsemble()) == "temporal_ensemble"
    text = "temporal_ensemble(score=margin, decay=0.9)"
    assert str(querist.parse(text)) == text


@pytest.mark.parametrize(
    ("arguments", "kind", "words"),
    [
        (("density",), ArgumentTypeError, "density reads none"),
        (("margin", 1.0), ArgumentError, "decay must be a number from 0 to below 1, got 1.0"),
        (("margin", "slow"), ArgumentTypeError, "got str slow"),
    ],
)
def test_bad_parameters(arguments: tuple[Any, ...], kind: type[QueristError], words: str) -> None:
    with pytest.raises(kind, match=words):
        TemporalEnsemble(*arguments)
