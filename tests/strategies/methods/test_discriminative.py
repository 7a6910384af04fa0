"""Discriminative active learning: what is unlike the labelled items, part by part."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import querist
from querist.core.errors import ArgumentError, ArgumentTypeError, QueristError
from querist.strategies.methods.discriminative import Discriminative

RNG = np.random.default_rng(0)
CENTRES = np.array([[0.0, 0.0], [9.0, 0.0], [0.0, 9.0]])
X = np.concatenate([c + RNG.normal(size=(30, 2)) * 0.4 for c in CENTRES])
WHERE = np.repeat([0, 1, 2], 30)
HOME = {"embedding": CENTRES[:1] + RNG.normal(size=(8, 2)) * 0.4}


@pytest.mark.parametrize("seed", range(4))
def test_each_part_goes_where_nothing_is_labelled(seed: int) -> None:
    """Labelled in the first cloud: the first pick is in one of the others, the second in the one that is left."""
    got = querist.select("discriminative(sub_batches=2)", 2, embedding=X, labelled=HOME, seed=seed)
    assert sorted(WHERE[got.indices].tolist()) == [1, 2]
    assert (got.scores > 0.5).all()
    assert got.reasons[1].startswith("told from what is labelled with probability")
    assert "part 2, a network" in got.reasons[1]


def test_pending_items_count() -> None:
    near = {"embedding": np.concatenate([c + RNG.normal(size=(8, 2)) * 0.4 for c in CENTRES[:2]])}
    got = querist.select("discriminative", 3, embedding=X, pending=near)
    assert set(WHERE[got.indices]) == {2}


def test_nothing_labelled() -> None:
    got = querist.select("discriminative(sub_batches=3)", 3, embedding=X)
    assert np.isnan(got.scores[0])
    assert "drawn by the seed" in got.reasons[0]
    assert WHERE[got.indices[1]] != WHERE[got.indices[0]]
    first = {int(querist.select("discriminative(epochs=1)", 1, embedding=X, seed=s).indices[0]) for s in range(30)}
    assert len(first) > 10


def test_ten_candidates_for_each_labelled_item() -> None:
    """One labelled item: only ten of ninety are looked at, drawn anew by each seed."""
    one = {"embedding": CENTRES[:1]}
    first = {
        int(querist.select("discriminative(epochs=5)", 1, embedding=X, labelled=one, seed=s).indices[0])
        for s in range(12)
    }
    assert len(first) > 6


@pytest.mark.parametrize("n", [1, 7, 45, 90])
def test_batches_of_any_size(n: int) -> None:
    got = querist.select("discriminative(sub_batches=4, epochs=2)", n, embedding=X, labelled=HOME)
    assert len(set(got.indices.tolist())) == n


def test_reordering_the_pool_changes_no_bit() -> None:
    ids = [f"i{k}" for k in range(90)]
    order = np.random.default_rng(1).permutation(90)
    plain = querist.select("discriminative(epochs=9)", 12, embedding=X, labelled=HOME, ids=ids)
    mixed = querist.select(
        "discriminative(epochs=9)", 12, embedding=X[order], labelled=HOME, ids=[ids[i] for i in order]
    )
    assert list(mixed.ids) == list(plain.ids)
    assert np.array_equal(mixed.scores, plain.scores)


@pytest.mark.parametrize(
    ("arguments", "kind", "words"),
    [
        ((0,), ArgumentError, "sub_batches must be ≥ 1, got 0"),
        (("many",), ArgumentTypeError, "sub_batches must be a whole number ≥ 1"),
        ((2, 0), ArgumentError, "epochs must be ≥ 1, got 0"),
    ],
)
def test_bad_parameters(arguments: tuple[Any, ...], kind: type[QueristError], words: str) -> None:
    with pytest.raises(kind, match=words):
        Discriminative(*arguments)
