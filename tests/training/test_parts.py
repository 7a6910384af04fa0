from __future__ import annotations

from typing import Any

import pytest

from querist.core.errors import ArgumentError
from querist.core.signals import CRITIC, LOSS
from querist.models.stochastic.mc_dropout import MCDropout
from querist.training.heads import ClassHead, LabelsHead, NumberHead
from querist.training.parts import Parts, posterior_of
from querist.training.plugins.base import Plugin
from querist.training.recipe import Recipe


class Telling(Plugin):
    """Publishes two signals."""

    publishes = frozenset({LOSS, CRITIC})


@pytest.mark.parametrize(
    ("head", "setting", "words"),
    [
        (LabelsHead(), {"class_weights": "balanced"}, "class_weights='balanced' is for one class"),
        (NumberHead(), {"class_weights": "balanced"}, "kind 'number'"),
        (LabelsHead(), {"sampling": "balanced"}, "kind 'multi'"),
        (NumberHead(), {"sampling": "balanced"}, "sampling"),
        (NumberHead(), {"label_smoothing": 0.1}, "set it to 0"),
    ],
)
def test_settings_that_mean_nothing_are_refused(head: Any, setting: Any, words: str) -> None:
    with pytest.raises(ArgumentError, match=words):
        Parts(head, Recipe(**setting))
    Parts(ClassHead(), Recipe(**setting))


def test_signals_that_two_parts_give_come_twice() -> None:
    assert sorted(map(str, Parts(ClassHead(), Recipe(), plugins=(Telling(), Telling())).more)) == [
        "critic",
        "critic",
        "loss",
        "loss",
    ]


def test_a_number_of_members_is_dropout() -> None:
    assert posterior_of(0) is None
    assert posterior_of(7) == MCDropout(7)
    given = MCDropout(3)
    assert posterior_of(given) is given
    assert not Parts(ClassHead(), Recipe()).averaged
