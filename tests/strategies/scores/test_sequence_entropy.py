"""`sequence_entropy` by hand, with and without the rest."""

from __future__ import annotations

import numpy as np
import pytest

import querist
from querist.core.errors import ArgumentTypeError
from querist.strategies.scores.sequence_entropy import SequenceEntropy


def test_by_hand() -> None:
    nbest = np.log([[0.5, 0.25], [0.9, 0.05]])
    want = [0.5 * np.log(2) + 0.25 * np.log(4), -0.9 * np.log(0.9) - 0.05 * np.log(0.05)]
    assert querist.score("sequence_entropy", nbest=nbest) == pytest.approx(want)
    p = np.array([2 / 3, 1 / 3])
    assert querist.score("sequence_entropy(True)", nbest=nbest)[0] == pytest.approx(-(p * np.log(p)).sum())
    assert querist.select("sequence_entropy", 1, nbest=nbest).reasons == (
        "entropy 0.69 nats over its 2 best label sequences",
    )


def test_over_all_sequences_it_is_the_sum_of_the_token_entropies() -> None:
    p = np.random.default_rng(0).dirichlet(np.ones(3), (4, 2))
    every = np.log((p[:, 0, :, None] * p[:, 1, None, :]).reshape(4, 9))
    want = querist.score("token_entropy(how=sum)", tokens=p)
    assert querist.score("sequence_entropy", nbest=every) == pytest.approx(want)
    assert querist.score("sequence_entropy(renormalise=True)", nbest=every) == pytest.approx(want)


def test_improbable_sequences() -> None:
    nbest = np.array([[-2000.0, -2000.0], [-1e-9, -3000.0]])
    assert querist.score("sequence_entropy", nbest=nbest) == pytest.approx([0, 0], abs=1e-8)
    assert querist.score("sequence_entropy(renormalise=True)", nbest=nbest) == pytest.approx([np.log(2), 0])


def test_bad_parameter() -> None:
    with pytest.raises(ArgumentTypeError, match="renormalise must be True or False"):
        SequenceEntropy(renormalise=1)  # type: ignore[arg-type]
