"""ALBL: draws by the weights, and weights that follow the history by the published rule."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from querist.core.errors import ArgumentError, ArgumentTypeError, QueristError
from querist.core.seeds import derive
from querist.core.signals import LABELS, PROBS, Context, Selection, View
from querist.core.types import Round
from querist.strategies.filters.subsample import Subsample
from querist.strategies.methods.albl import Albl
from querist.strategies.parser import parse

P = np.random.default_rng(0).dirichlet(np.ones(3), 40)
IDS = [f"i{k}" for k in range(40)]
TWO = Albl(["margin", "random"])
TAG = "albl([margin, random]): weights and gains "


def context(
    history: Sequence[Round] = (), seed: int = 0, right: Sequence[bool] = (True,), ids: Any = ("x",)
) -> Context:
    """A labelled set on which the model is right as told."""
    known = {PROBS: np.array([[0.9, 0.1, 0.0]] * len(right)), LABELS: np.array([0 if r else 1 for r in right])}
    return Context(
        View(40, {PROBS: P}),
        labelled=View(len(right), known, role="labelled"),
        seed=seed,
        ids=IDS,
        history=tuple(history),
        round=len(history),
        labelled_ids=ids,
    )


def weights(chosen: Selection) -> list[float]:
    assert chosen.arm is not None
    return [float(v) for v in chosen.arm.removeprefix(TAG).split()][:2]


def test_without_a_history_all_play_alike() -> None:
    got = TWO.select(context(seed=1), 6)
    assert weights(got) == [0.5, 0.5]
    assert got.inclusion is not None
    assert got.inclusion.tolist() == pytest.approx([0.5] * 6)  # the two agree on none of these
    assert all("played with probability 0.50" in reason for reason in got.reasons)


def test_the_weights_by_hand() -> None:
    """Batch of 2: q = .5 each, one answered right, one wrong, so r = 1/2; margin gained 4, random 0."""
    past = Round(0, 2, 0.0, arm=f"{TAG}0.5 0.5 4 0", asked=("a", "b"), inclusion=(0.5, 0.5))
    got = weights(TWO.select(context([past], right=[True, False], ids=["a", "b"]), 2))
    doubt = math.sqrt(math.log(2 / 0.1) / (2 * 2)) * 2 / 0.5
    raised = [0.5 * math.exp(0.1 / 4 * (0.5 * gain + doubt)) for gain in (4.0, 0.0)]
    assert got == pytest.approx([r / sum(raised) for r in raised])
    assert got[0] > 0.5


def test_the_accuracy_is_weighted_by_importance_over_all_batches() -> None:
    """Right with q = .1 (weight 10) and wrong with q = .5 (weight 2): r = 10 / 12; what has no answer is left out."""
    first = Round(0, 1, 0.0, arm=f"{TAG}0.5 0.5 1 0", asked=("a",), inclusion=(0.1,))
    second = Round(1, 2, 0.0, arm=f"{TAG}0.5 0.5 3 0", asked=("b", "c"), inclusion=(0.5, 0.2))
    got = weights(TWO.select(context([first, second], right=[True, False], ids=["a", "b"]), 2))
    ratio = math.exp(0.1 / 4 * (10 / 12) * 3)  # both have the same doubt
    assert got[0] / got[1] == pytest.approx(ratio)


def test_nothing_answered_teaches_nothing() -> None:
    past = Round(0, 2, 0.0, arm=f"{TAG}0.7 0.3 4 0", asked=("a", "b"), inclusion=(0.5, 0.5))
    assert weights(TWO.select(context([past]), 2)) == pytest.approx([0.7, 0.3])


def test_rounds_of_others_are_passed_over() -> None:
    own = Round(0, 2, 0.0, arm=f"{TAG}0.5 0.5 4 0", asked=("x",), inclusion=(0.5,))
    other = [Round(1, 2, 0.0, arm="margin"), Round(2, 2, 0.0, arm="albl([margin, entropy]): weights and gains 1 0 1 1")]
    assert weights(TWO.select(context([own]), 2)) == weights(TWO.select(context([own, *other]), 2))


def test_items_that_several_would_pick_are_drawn_by_all_of_them() -> None:
    """Both take the row of largest margin first, so it is drawn for sure."""
    got = Albl(["margin", "margin >> power(beta=1e6)"]).select(context(), 1)
    assert got.inclusion is not None
    assert got.inclusion.tolist() == [1.0]
    assert (got.arm or "").endswith("gains 0.5 0.5 1 1")


def test_members_are_drawn_in_proportion() -> None:
    """Weight .8: the first pick is margin's with probability .9 * .8 + .05."""
    past = Round(0, 2, 0.0, arm=f"{TAG}0.8 0.2 0 0", asked=("a",), inclusion=(0.5,))
    hits = sum("chosen by margin" in TWO.select(context([past], seed=s), 1).reasons[0] for s in range(2000))
    assert abs(hits / 2000 - 0.77) < 4 * math.sqrt(0.77 * 0.23 / 2000)


def test_the_gains_are_unbiased() -> None:
    """The mean of [k would have picked it] / q over draws is 1 for each member."""
    gains = [[float(v) for v in (TWO.select(context(seed=s), 1).arm or "").split()[-2:]] for s in range(2000)]
    assert np.mean(gains, axis=0) == pytest.approx([1, 1], abs=0.1)


def play(rounds: int, seed: int) -> list[float]:
    """A model that is right after margin has chosen and wrong after random."""
    history: list[Round] = []
    right: dict[str, bool] = {}
    for turn in range(rounds):
        got = TWO.select(context(history, derive(seed, turn), list(right.values()) or [True], list(right) or ["x"]), 5)
        asked = tuple(f"{turn}-{k}" for k in range(5))
        share = sum("chosen by margin" in reason for reason in got.reasons) / 5
        right = {**dict.fromkeys(right, share > 0.5), **dict.fromkeys(asked, share > 0.5)}
        inclusion = None if got.inclusion is None else tuple(got.inclusion.tolist())
        history.append(Round(turn, 5 * turn + 5, 0.0, arm=got.arm, asked=asked, inclusion=inclusion))
    return weights(TWO.select(context(history, right=list(right.values()), ids=list(right)), 5))


def test_the_arm_after_which_the_model_is_right_gains() -> None:
    assert np.mean([play(25, seed)[0] for seed in range(6)]) > 0.65


def test_it_survives_a_restart() -> None:
    past = Round(0, 2, 0.0, arm=f"{TAG}0.61 0.39 4 1", asked=("a", "b"), inclusion=(0.5, 0.25))
    again = parse(str(TWO))
    assert isinstance(again, Albl)
    one, other = (s.select(context([past], right=[True], ids=["a"]), 7) for s in (TWO, again))
    assert one.indices.tolist() == other.indices.tolist()
    assert one.arm == other.arm


def test_to_the_right_of_a_filter_all_answers_count_alike() -> None:
    past = Round(0, 2, 0.0, arm=f"{TAG}0.5 0.5 4 0", asked=("a", "b"), inclusion=None)
    got = weights((Subsample(30) | TWO).select(context([past], right=[True, False], ids=["a", "b"]), 2))
    assert got[0] / got[1] == pytest.approx(math.exp(0.1 / 4 * 0.5 * 4))


def test_text() -> None:
    assert str(Albl(["margin", "random"], explore=0.2)) == "albl([margin, random], explore=0.2)"
    assert repr(TWO) == "Albl([Margin(), Random()])"


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        ("albl([margin])", ArgumentTypeError, "albl takes a list of at least two strategies"),
        ("albl([margin, random], explore=0)", ArgumentError, "explore must be a number above 0 and at most 1, got 0"),
        ("albl([margin, random], delta=2)", ArgumentError, "delta must be a number above 0 and at most 1, got 2"),
        ("albl([margin, random], explore='much')", ArgumentTypeError, "explore must be .* got str much"),
    ],
)
def test_bad_parameters(text: str, kind: type[QueristError], words: str) -> None:
    with pytest.raises(kind, match=words):
        parse(text)
