"""`variance_reduction`: the first step of BAIT for each item."""

from __future__ import annotations

import numpy as np
import pytest

import querist
from querist.core.errors import ArgumentError
from strategies.dense_fisher import information
from strategies.last_layer_pools import signals


@pytest.mark.parametrize("role", ["labelled", "pending"])
def test_against_dense_matrices(role: str) -> None:
    pool, known = signals(0, 15), signals(1, 9)
    each = information(pool["probs"], pool["embedding"])
    fisher = each.mean(0)
    m = 0.5 * np.eye(12) + information(known["probs"], known["embedding"]).sum(0)
    want = [np.trace(np.linalg.solve(m, fisher)) - np.trace(np.linalg.solve(m + x, fisher)) for x in each]
    other: dict[str, dict[str, np.ndarray]] = {role: known}
    got = querist.score(
        "variance_reduction(ridge=0.5)", **pool, labelled=other.get("labelled"), pending=other.get("pending")
    )
    assert got == pytest.approx(want, rel=1e-9)


def test_its_best_is_the_first_step_of_bait() -> None:
    """`bait` of one item goes forward to two; the first of them has the largest score here."""
    pool = signals(2, 40)
    got = querist.score("variance_reduction", **pool)
    assert querist.select("bait", 40, **pool).indices[0] == got.argmax()


def test_pieces_make_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    from querist.strategies.kernels import bait

    pool = signals(3, 30)
    whole = querist.score("variance_reduction", **pool)
    monkeypatch.setattr(bait, "_PIECE", 7)
    assert querist.score("variance_reduction", **pool) == pytest.approx(whole, rel=1e-9)


def test_bad_ridge() -> None:
    with pytest.raises(ArgumentError, match="ridge must be a number > 0, got -1"):
        querist.VarianceReduction(ridge=-1)
