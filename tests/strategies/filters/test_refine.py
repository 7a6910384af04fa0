"""`refine`: a union of proposals, again and again."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import querist
from querist.core.errors import QueristError
from querist.core.signals import PROBS, Context, View
from querist.strategies.filters.refine import Refine
from querist.strategies.parser import parse

RNG = np.random.default_rng(0)
P = RNG.dirichlet(np.ones(3), 400)
CTX = Context(View(400, {PROBS: P}), seed=2)
MARGIN = np.argsort(np.diff(np.sort(P, axis=1)[:, -2:], axis=1).ravel(), kind="stable")


def test_one_strategy_on_all_of_the_pool_keeps_its_batch() -> None:
    kept = Refine(["margin"], depth=1, batches=1).keep(CTX, 7)
    assert kept.tolist() == sorted(MARGIN[:7].tolist())
    both = Refine(["margin", "entropy"], depth=1, batches=2).keep(CTX, 7)
    entropy = np.argsort((P * np.log(P)).sum(axis=1), kind="stable")[:7]
    assert both.tolist() == sorted(set(MARGIN[:7].tolist()) | set(entropy.tolist()))


def test_parts_bring_variety_and_turns_narrow_it() -> None:
    sizes = [len(Refine(["margin"], depth=d, batches=20, first=60).keep(CTX, 7)) for d in (1, 2, 4)]
    assert 7 < sizes[1] < sizes[0] <= 140
    assert 7 <= sizes[2] < sizes[1]
    wide = Refine(["margin"], depth=1, batches=20, first=60).keep(CTX, 7)
    narrow = Refine(["margin"], depth=4, batches=20, first=60).keep(CTX, 7)
    place = np.empty(400)
    place[MARGIN] = np.arange(400)
    assert place[narrow].mean() < place[wide].mean()
    assert len(Refine(["random"], depth=1, batches=20, largest=25).keep(CTX, 7)) == 25


def test_in_an_expression() -> None:
    sel = querist.select("refine([margin, random], depth=2, batches=4) | entropy", 5, probs=P)
    assert "proposed by 2 strategies over 2 turns" in sel.reasons[0]
    again = querist.select("refine([margin, random], depth=2, batches=4) | entropy", 5, probs=P)
    assert sel.indices.tolist() == again.indices.tolist()


def test_text_and_refusals() -> None:
    assert parse("refine([margin, random], share=0.5)") == Refine(["margin", "random"], share=0.5)
    bad: Any
    for bad in ("margin", [], 3):
        with pytest.raises(QueristError, match="refine takes a list of strategies"):
            Refine(bad)
    wrong: Any
    for wrong in ({"depth": 0}, {"batches": 1.5}, {"first": True}, {"largest": 0}, {"share": 0}, {"share": "x"}):
        with pytest.raises(QueristError) as error:
            Refine(["margin"], **wrong)
        assert error.value.code == "BadParameter"
