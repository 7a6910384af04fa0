"""`label_entropy` by hand, in its three forms."""

from __future__ import annotations

import numpy as np
import pytest

import querist
from querist.core.errors import ArgumentError
from querist.strategies.scores.label_entropy import LabelEntropy

P = np.array([[0.5, 1.0], [0.5, 0.5], [0.0, 1.0]])


def test_by_hand() -> None:
    log2 = np.log(2)
    assert querist.score("label_entropy", multilabel=P) == pytest.approx([log2 / 2, log2, 0])
    assert querist.score("label_entropy(how=sum)", multilabel=P) == pytest.approx([log2, 2 * log2, 0])
    assert querist.score("label_entropy(how=max)", multilabel=P) == pytest.approx([log2, log2, 0])
    assert querist.select("label_entropy", 1, multilabel=P).reasons == ("mean entropy 0.69 nats of 2 labels",)


def test_the_sum_is_the_entropy_of_the_label_set() -> None:
    p = np.random.default_rng(0).random((6, 2))
    sets = np.stack([p[:, 0] * p[:, 1], p[:, 0] * (1 - p[:, 1]), (1 - p[:, 0]) * p[:, 1], (1 - p).prod(axis=1)], axis=1)
    got = querist.score("label_entropy(how=sum)", multilabel=p)
    assert got == pytest.approx(querist.score("entropy", probs=sets))


def test_bad_how() -> None:
    with pytest.raises(ArgumentError, match="how must be one of mean, sum, max"):
        LabelEntropy(how="min")
