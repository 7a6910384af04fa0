"""`tcm`: TypiClust, which needs no model, then margin."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from querist.core.errors import QueristError
from querist.core.signals import EMBEDDING, PROBS, Context, View
from querist.strategies.methods.tcm import Tcm
from querist.strategies.methods.typiclust import TypiClust
from querist.strategies.parser import parse

RNG = np.random.default_rng(0)
POOL = View(40, {PROBS: RNG.dirichlet(np.ones(3), 40), EMBEDDING: RNG.normal(size=(40, 3))})


def test_the_round_decides() -> None:
    ctx = Context(POOL, seed=3)
    early, late = (
        Tcm(after=2).select(dataclasses.replace(ctx, round=1), 5),
        Tcm(after=2).select(dataclasses.replace(ctx, round=2), 5),
    )
    assert early.indices.tolist() == TypiClust().select(ctx, 5).indices.tolist()
    p = np.sort(POOL[PROBS], axis=1)
    assert late.indices.tolist() == np.argsort(p[:, -1] - p[:, -2], kind="stable")[:5].tolist()
    assert Tcm().needs_at(2).pool == frozenset({EMBEDDING})
    assert Tcm().needs_at(3).pool == frozenset({PROBS})
    assert Tcm().needs.pool == frozenset({EMBEDDING, PROBS})


def test_text_and_refusals() -> None:
    assert parse("tcm(after=5)") == Tcm(after=5)
    for bad in (-1, 1.5, True):
        with pytest.raises(QueristError, match="after must be a whole number of rounds"):
            Tcm(after=bad)  # type: ignore[arg-type]
