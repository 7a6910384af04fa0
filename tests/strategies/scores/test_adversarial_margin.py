"""The adversarial margin: what the learner's attack found, nearest to the boundary first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

import querist
from querist.core.errors import ArgumentError, ArgumentTypeError, DataError, QueristError
from querist.core.signals import Context, View
from querist.strategies.algebra import as_strategy
from querist.strategies.scores.adversarial_margin import AdversarialMargin

LENGTHS = {"a": 3.0, "b": 0.5, "c": float("inf"), "d": 1.0}


def context(attack: Any, ids: Sequence[str] = tuple(LENGTHS)) -> Context:
    return Context(View(len(ids)), ids=ids, capabilities={"adversarial_margin": attack})


def test_by_hand() -> None:
    asked: list[tuple[list[str], str]] = []

    def attack(items: Sequence[str], attack: str) -> list[float]:
        asked.append((list(items), attack))
        return [LENGTHS[item] for item in items]

    got = as_strategy("adversarial_margin").select(context(attack), 4)
    assert got.indices.tolist() == [1, 3, 0, 2]
    assert got.scores.tolist()[:3] == [-0.5, -1.0, -3.0]
    assert np.isfinite(got.scores).all()
    assert got.reasons[0] == "an attack of length 0.5 changes its label (deepfool)"
    assert asked == [(["a", "b", "c", "d"], "deepfool")]
    narrowed = context(attack).take(np.array([2, 0], dtype=np.int64))
    assert as_strategy("adversarial_margin(attack=bim)").select(narrowed, 1).indices.tolist() == [1]
    assert asked[1] == (["c", "a"], "bim")


def test_no_attack_succeeds() -> None:
    got = AdversarialMargin().rate(context(lambda items, attack: np.full(4, np.inf)))
    assert len(set(got.tolist())) == 1
    assert np.isfinite(got).all()


@pytest.mark.parametrize("lengths", [[1.0], [1.0, -1.0, 0.0, 0.0], [1.0, float("nan"), 0.0, 0.0]])
def test_bad_lengths_are_refused(lengths: list[float]) -> None:
    with pytest.raises(DataError, match="adversarial_margin of the learner must give 4 lengths ≥ 0"):
        AdversarialMargin().rate(context(lambda items, attack: lengths))


def test_arrays_alone_do_not_do() -> None:
    with pytest.raises(ArgumentError, match="needs adversarial_margin of a learner") as error:
        querist.select("adversarial_margin", 1, probs=np.full((3, 2), 0.5))
    assert error.value.code == "NeedsCapability"
    with pytest.raises(ArgumentError, match="needs the capability 'adversarial_margin'"):
        AdversarialMargin().rate(Context(View(3)))


@pytest.mark.parametrize(("attack", "kind"), [("pgd", ArgumentError), (3, ArgumentTypeError)])
def test_bad_parameters(attack: Any, kind: type[QueristError]) -> None:
    with pytest.raises(kind, match="attack must be one of deepfool, bim"):
        AdversarialMargin(attack)
