"""Mismatches before all others, farthest first inside each."""

from __future__ import annotations

import numpy as np
import pytest

import querist

X = np.array([[0.0], [1.0], [4.0], [9.0], [5.0]])
P = np.array([[0.9, 0.1], [0.1, 0.9], [0.2, 0.8], [0.9, 0.1], [0.3, 0.7]])
KNOWN = {"embedding": np.array([[0.0], [8.0]]), "labels": np.array([0, 1])}
"""Propagated: 0, 0, 0 (4 is as near to both: the earlier), 1, 1; predicted 0, 1, 1, 0, 1: rows 1, 2, 3 mismatch."""


def test_by_hand() -> None:
    sel = querist.select("mismatch_first", 5, probs=P, embedding=X, labelled=KNOWN)
    # distances of 1, 2, 3 are 1, 4, 1; row 2 first, then 1 and 3 tie at 1; then row 4 (1 from row 2), row 0
    assert sel.indices[0] == 2
    assert set(sel.indices[1:3].tolist()) == {1, 3}
    assert sel.indices[3:].tolist() == [4, 0]
    assert sel.scores == pytest.approx([4.0, 1.0, 1.0, 1.0, 0.0])
    assert sel.reasons[0] == "predicted 1, nearest labelled item 0; distance 4 to what is labelled or chosen"


def test_pending_count_as_taken() -> None:
    sel = querist.select("mismatch_first", 1, probs=P, embedding=X, labelled=KNOWN, pending={"embedding": X[[2, 3]]})
    assert sel.indices.tolist() == [1]


def test_without_mismatch_it_is_farthest_first() -> None:
    agree = np.array([[0.9, 0.1]] * 5)
    one = {"embedding": np.array([[0.0]]), "labels": np.array([0])}
    plain = querist.select("k_center", 4, embedding=X, labelled={"embedding": one["embedding"]})
    named = querist.select("mismatch_first", 4, probs=agree, embedding=X, labelled=one)
    assert named.indices.tolist() == plain.indices.tolist()
