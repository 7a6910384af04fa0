"""`mmc` by hand: expected wrong labels of the likely label set."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import querist

P = np.array([[0.9, 0.6, 0.2], [0.1, 0.2, 0.3]])


def test_by_hand() -> None:
    assert querist.score("mmc", multilabel=P) == pytest.approx([0.1 + 0.4 + 0.2, 0.7 + 0.2 + 0.1])
    chosen = querist.select("mmc", 1, multilabel=P)
    assert chosen.indices.tolist() == [1]
    assert chosen.reasons == ("1.00 wrong labels expected with the 1 most probable",)


def test_it_is_the_formula_of_the_paper_and_an_expectation() -> None:
    p = np.random.default_rng(0).random(4)
    m = max(1, round(float(p.sum())))
    y = -np.ones(4)
    y[np.argsort(-p)[:m]] = 1
    want = ((1 - y * (2 * p - 1)) / 2).sum()
    wrong = 0.0
    for bits in itertools.product([1, -1], repeat=4):
        chance = np.prod(np.where(np.array(bits) == 1, p, 1 - p))
        wrong += float(chance * (np.array(bits) != y).sum())
    assert want == pytest.approx(wrong)
    assert querist.score("mmc", multilabel=p[None]) == pytest.approx([want])
