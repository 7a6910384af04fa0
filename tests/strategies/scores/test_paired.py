"""What scores over a reference set refuse."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

import querist
from querist.core.signals import MEMBERS, Context, View
from querist.strategies.algebra import Score
from querist.strategies.arrays import score
from querist.strategies.parser import parse

M = np.full((3, 2, 2), 0.5)
NAMES = ["epig", "core_mse", "core_log"]


@pytest.mark.parametrize("name", NAMES)
def test_members_drawn_anew_for_each_item_are_refused(name: str) -> None:
    with pytest.raises(
        querist.ArgumentError, match=f"{name} compares items member by member.*consistent=False"
    ) as caught:
        score(name, members=M, reference={"members": M}, consistent=False)
    assert caught.value.code == "InconsistentMembers"
    assert score("bald", members=M, consistent=False).tolist() == [0.0] * 3


@pytest.mark.parametrize("name", NAMES)
def test_other_members_are_refused(name: str) -> None:
    with pytest.raises(querist.ArgumentError, match="members of the reference has rows of shape"):
        score(name, members=M, reference={"members": np.full((3, 5, 2), 0.5)})
    part = parse(name)
    assert isinstance(part, Score)
    ctx = Context(
        pool=View(3, {MEMBERS: M}), reference=View(3, {MEMBERS: np.full((3, 5, 2), 0.5)}, role="reference")
    )  # as a session would make it
    with pytest.raises(querist.ArgumentError, match="sample s must be one model in both sets") as caught:
        part.rate(ctx)
    assert caught.value.code == "ShapeMismatch"
    with pytest.raises(querist.ArgumentError, match="reference set") as caught:
        part.rate(dataclasses.replace(ctx, reference=None))
    assert caught.value.code == "MissingSignal"


@pytest.mark.parametrize("name", NAMES)
def test_members_of_a_regression_are_refused(name: str) -> None:
    with pytest.raises(querist.ArgumentError, match="classifier") as caught:
        score(name, members=np.zeros((3, 2)), reference={"members": np.zeros((3, 2))})
    assert caught.value.code == "ShapeMismatch"
