"""What scores of sequences share: pooling, padding, reasons."""

from __future__ import annotations

import numpy as np
import pytest

import querist
from querist.core.errors import ArgumentError, DataError
from querist.strategies.scores.token_entropy import TokenEntropy
from querist.strategies.scores.token_score import check_how

HALF, SURE, NONE = [0.5, 0.5], [1.0, 0.0], [0.0, 0.0]
TOKENS = np.array([[HALF, SURE, NONE], [HALF, NONE, NONE], [SURE, SURE, SURE], [NONE, NONE, NONE]])


def test_padding_does_not_count() -> None:
    log2 = np.log(2)
    assert querist.score("token_entropy", tokens=TOKENS) == pytest.approx([log2 / 2, log2, 0, 0])
    assert querist.score("token_entropy(how=sum)", tokens=TOKENS) == pytest.approx([log2, log2, 0, 0])
    assert querist.score("token_entropy(max)", tokens=TOKENS) == pytest.approx([log2, log2, 0, 0])


def test_reasons_name_the_tokens() -> None:
    assert querist.select("token_entropy", 1, tokens=TOKENS).reasons[0] == "mean entropy 0.69 of 1 tokens"
    assert querist.select("token_entropy(sum)", 4, tokens=TOKENS).reasons[3].startswith("total entropy 0.00 of")


def test_bad_how() -> None:
    check_how("mean")
    with pytest.raises(ArgumentError, match="how must be one of mean, sum, max; got 'median'"):
        TokenEntropy(how="median")


def test_rows_that_are_neither_probabilities_nor_padding_are_refused() -> None:
    with pytest.raises(DataError, match="tokens must be probabilities"):
        querist.score("token_entropy", tokens=TOKENS * 0.7)
