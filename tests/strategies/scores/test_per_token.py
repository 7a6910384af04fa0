"""`per_token`: a score for each token read; the same as `cost_ratio` with tokens as the cost."""

from __future__ import annotations

import numpy as np
import pytest

import querist

HALF, NONE = [0.5, 0.5], [0.0, 0.0]
TOKENS = np.array([[HALF, HALF, HALF], [HALF, NONE, NONE], [NONE, NONE, NONE]])
PROBS = np.array([[0.5, 0.5], [0.8, 0.2], [0.7, 0.3]])


def test_by_hand() -> None:
    got = querist.score("per_token(least_confidence)", tokens=TOKENS, probs=PROBS)
    assert got == pytest.approx([0.5 / 3, 0.2, 0.3])
    chosen = querist.select("per_token(least_confidence)", 3, tokens=TOKENS, probs=PROBS)
    assert chosen.reasons[2] == "least_confidence 0.167 a token, 3 tokens to read"


def test_it_is_cost_ratio_with_tokens_as_the_cost() -> None:
    other = querist.score("cost_ratio(least_confidence)", probs=PROBS, cost=np.array([3.0, 1.0, 1.0]))
    assert querist.score("per_token(least_confidence)", tokens=TOKENS, probs=PROBS) == pytest.approx(other)


def test_a_total_a_token_is_a_mean() -> None:
    a = querist.score("per_token(token_entropy(how=sum))", tokens=TOKENS)
    assert a == pytest.approx(querist.score("token_entropy", tokens=TOKENS))


def test_text_form() -> None:
    part = querist.parse("per_token(bald)")
    assert str(part) == "per_token(bald)"
    assert querist.PerToken("bald") == part
