"""`binary_minimum` by hand."""

from __future__ import annotations

import numpy as np
import pytest

import querist

P = np.array([[0.9, 0.6, 0.2], [0.1, 0.05, 0.99]])


def test_the_label_nearest_to_its_boundary() -> None:
    assert querist.score("binary_minimum", multilabel=P) == pytest.approx([0.8, 0.2])
    chosen = querist.select("binary_minimum", 2, multilabel=P)
    assert chosen.indices.tolist() == [0, 1]
    assert chosen.reasons == ("label 1 is undecided (probability 0.60)", "label 0 is undecided (probability 0.10)")


def test_one_label_is_margin() -> None:
    p = np.random.default_rng(0).random(20)
    both = np.stack([p, 1 - p], axis=1)
    got = querist.score("binary_minimum", multilabel=p[:, None])
    assert got == pytest.approx(querist.score("margin", probs=both))
