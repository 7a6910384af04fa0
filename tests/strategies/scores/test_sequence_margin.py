"""`sequence_margin` by hand."""

from __future__ import annotations

import numpy as np
import pytest

import querist


def test_by_hand() -> None:
    nbest = np.log([[0.6, 0.1, 0.05], [0.3, 0.25, 0.2]])
    assert querist.score("sequence_margin", nbest=nbest) == pytest.approx([0.5, 0.95])
    chosen = querist.select("sequence_margin", 1, nbest=nbest)
    assert chosen.indices.tolist() == [1]
    assert chosen.reasons == ("two best label sequences 0.3 / 0.25",)


def test_one_sequence_only() -> None:
    got = querist.score("sequence_margin", nbest=np.log([[0.6], [0.3]]))
    assert got == pytest.approx(querist.score("sequence_least_confidence", nbest=np.log([[0.6], [0.3]])))
