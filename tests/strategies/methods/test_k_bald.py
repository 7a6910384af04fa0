"""BALD less what pairs share."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from numpy.typing import NDArray

import querist
from probability_rows import rows
from querist.strategies.arrays import score


def greedy(m: NDArray[np.float64], n: int, before: NDArray[np.float64]) -> list[float]:
    """Gains of the greedy picks, every pair written out."""
    alone = score("bald", members=m)
    pairs = np.stack([score("epig", members=m, reference={"members": other[None]}) for other in m], axis=1)
    now = alone - sum(score("epig", members=m, reference={"members": item[None]}) for item in before)
    out: list[float] = []
    for _ in range(n):
        best = int(now.argmax())
        out.append(float(now[best]))
        now = now - pairs[:, best]
        now[best] = -np.inf
    return out


@pytest.mark.parametrize("waiting", [0, 2])
def test_against_all_pairs_written_out(waiting: int) -> None:
    m = np.random.default_rng(0).dirichlet(np.full(3, 0.5), (60, 6))
    before = m[:waiting]
    pending = {"members": before} if waiting else None
    chosen = querist.select("k_bald", 12, members=m, pending=pending)
    np.testing.assert_allclose(chosen.scores, greedy(m, 12, before), atol=1e-5)


def test_two_picks_are_those_of_batch_bald() -> None:
    m = np.random.default_rng(1).dirichlet(np.full(3, 0.5), (30, 6))
    one, other = (querist.select(name, 2, members=m) for name in ("k_bald", "batch_bald"))
    assert one.indices.tolist() == other.indices.tolist()
    np.testing.assert_allclose(one.scores, other.scores, atol=1e-9)


@settings(max_examples=20, deadline=None)
@given(rows(members=True, most=12))
def test_a_batch_of_one_is_bald(m: NDArray[np.float64]) -> None:
    one, other = (querist.select(name, 1, members=m) for name in ("k_bald", "bald"))
    assert one.indices.tolist() == other.indices.tolist()
    assert one.scores.tolist() == other.scores.tolist()


def test_refusal_and_reason() -> None:
    m = np.array([[[1.0, 0.0], [0.0, 1.0]], [[0.9, 0.1], [0.1, 0.9]]])
    with pytest.raises(querist.ArgumentError, match="k_bald compares items member by member"):
        querist.select("k_bald", 1, members=m, consistent=False)
    assert querist.select("k_bald", 2, members=m).reasons == (
        "an answer tells 0.69 nats about the model, 0 of which the picks before it share",
        "an answer tells 0.37 nats about the model, 0.37 of which the picks before it share",
    )
