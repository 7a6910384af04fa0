"""`best_span`: the run of tokens that an item is rated by, and that its reason names."""

from __future__ import annotations

import numpy as np
import pytest

import querist
from querist.core.errors import ArgumentError
from querist.strategies.scores.best_span import BestSpan

HALF, SURE, NONE = [0.5, 0.5], [1.0, 0.0], [0.0, 0.0]
TOKENS = np.array([[SURE, HALF, HALF, SURE], [HALF, SURE, HALF, NONE], [HALF, NONE, NONE, NONE], [NONE] * 4])


def test_the_best_run() -> None:
    log2 = np.log(2)
    got = querist.score("best_span(shortest=2, longest=2)", tokens=TOKENS)
    assert got == pytest.approx([log2, log2 / 2, log2, 0])
    got = querist.score("best_span(shortest=3, longest=3)", tokens=TOKENS)
    assert got == pytest.approx([log2 * 2 / 3, log2 * 2 / 3, log2, 0])


def test_the_reason_names_the_run() -> None:
    chosen = querist.select("best_span(shortest=2, longest=3)", 4, tokens=TOKENS)
    reasons = dict(zip(chosen.indices.tolist(), chosen.reasons, strict=True))
    assert reasons[0] == "tokens 2 to 3: mean entropy 0.69"
    assert reasons[1] == "tokens 1 to 3: mean entropy 0.46"
    assert reasons[2] == "tokens 1 to 1: mean entropy 0.69"


def test_other_scores_of_tokens() -> None:
    tokens = np.array([[[0.6, 0.3, 0.1], [0.5, 0.5, 0.0]]])
    assert querist.score("best_span(by=margin, shortest=1, longest=1)", tokens=tokens) == pytest.approx([1.0])
    assert querist.score("best_span(by=least_confidence, shortest=2, longest=9)", tokens=tokens) == pytest.approx(
        [0.45]
    )


def test_whole_items_give_the_mean() -> None:
    rng = np.random.default_rng(0)
    tokens = rng.dirichlet(np.ones(4), (10, 5))
    got = querist.score("best_span(shortest=5, longest=5)", tokens=tokens)
    assert got == pytest.approx(querist.score("token_entropy", tokens=tokens))


def test_bad_parameters() -> None:
    with pytest.raises(ArgumentError, match="by must be one of entropy, margin, least_confidence; got 'x'"):
        BestSpan(by="x")
    with pytest.raises(ArgumentError, match="shortest must be a whole number"):
        BestSpan(shortest=0)
    with pytest.raises(ArgumentError, match="longest must be at least shortest, got 2 and 3"):
        BestSpan(longest=2)
