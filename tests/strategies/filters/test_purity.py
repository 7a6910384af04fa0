"""Purity follows what the last batches turned out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import querist
from querist.core.errors import ArgumentError, ArgumentTypeError, QueristError
from querist.core.signals import PROBS, Context, View
from querist.core.types import Round
from querist.strategies.filters.purity import Purity
from querist.testing.strategies import check_strategy

P = np.array([[0.9, 0.05, 0.05], [0.5, 0.4, 0.1], [0.1, 0.2, 0.7], [0.3, 0.3, 0.4]])


def past(labels: int, rejected: int) -> Round:
    return Round(0, labels, float(labels), queried=tuple(str(k) for k in range(labels)), rejected=rejected)


def kept(part: Purity, n: int, *rounds: Round) -> list[int]:
    ctx = replace(Context(View(4, {PROBS: P})), history=rounds)
    rows: list[int] = part.keep(ctx, n).tolist()
    return rows


def test_the_threshold_by_hand() -> None:
    part = Purity(target=0.8, rate=0.5)
    assert part.threshold([]) == 0.8
    assert part.threshold([past(6, 4)]) == pytest.approx(0.9)  # purity 0.6
    assert part.threshold([past(6, 4), past(10, 0)]) == pytest.approx(0.8)
    assert part.threshold([past(0, 10)] * 9) == 1.0
    assert part.threshold([past(10, 0)] * 99) == 0.0
    assert part.threshold([past(0, 0)]) == 0.8  # nothing was measured
    assert Purity(target=0.8, start=0.3).threshold([]) == 0.3


def test_which_rows_stay() -> None:
    wanted = Purity(target=0.5, classes=(0, 1))  # chances 0.95, 0.9, 0.3, 0.6
    assert kept(wanted, 1) == [0, 1, 3]
    assert kept(wanted, 1, past(1, 9)) == [0, 1]  # threshold 0.7
    assert kept(wanted, 1, past(9, 1)) == [0, 1, 2, 3]  # threshold 0.3
    assert kept(wanted, 3, past(1, 9)) == [0, 1, 3]  # the batch stays
    assert kept(Purity(target=0.7), 1) == [0, 2]  # by the largest probability
    assert kept(Purity(target=0.7, score=querist.parse("least_confidence")), 1) == [3]  # type: ignore[arg-type]


def test_the_session_measures_rejections() -> None:
    from sklearn.linear_model import LogisticRegression

    x = np.random.default_rng(0).normal(size=(30, 2))
    session = querist.Session(x, LogisticRegression(), strategy="purity | margin", labels=["a", "b"])
    query = session.ask(6)
    answers = [querist.Answer.label(item, "ab"[k % 2]) for k, item in enumerate(query.items[:4])]
    session.tell(query, [*answers, *(querist.Answer.reject(item) for item in query.items[4:])])
    session.fit()
    (round_,) = session.progress.history
    assert (len(round_.queried), round_.rejected) == (4, 2)
    assert len(session.ask(5)) == 5


def test_text_form_and_contract() -> None:
    text = "purity(target=0.9, classes=[0, 2])"
    assert str(querist.parse(text)) == text
    check_strategy("purity(target=0.4, classes=[0])")


def test_ratings_outside_0_and_1_are_refused() -> None:
    with pytest.raises(ArgumentError, match=r"purity needs a score between 0 and 1; entropy goes .* minmax\(entropy\)"):
        querist.select("purity(score=entropy) | margin", 1, probs=np.full((3, 4), 0.25))
    with pytest.raises(ArgumentError, match="names class 7"):
        querist.select("purity(classes=[7]) | margin", 1, probs=P)


@pytest.mark.parametrize(
    "parameters",
    [{"target": 1.5}, {"start": -0.1}, {"rate": -1.0}, {"classes": (0,), "score": querist.parse("margin")}],
)
def test_bad_values(parameters: dict[str, Any]) -> None:
    with pytest.raises(ArgumentError):
        Purity(**parameters)


@pytest.mark.parametrize(
    "parameters", [{"target": "1"}, {"rate": True}, {"classes": "01"}, {"classes": [0.5]}, {"score": 1}]
)
def test_values_of_the_wrong_kind(parameters: dict[str, Any]) -> None:
    with pytest.raises(QueristError) as error:
        Purity(**parameters)
    assert isinstance(error.value, ArgumentTypeError)
