"""Vacuity as it is told, and from a network with the evidential head to the question."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import querist
from querist.core.errors import ArgumentError, DataError
from querist.core.signals import VACUITY
from querist.core.types import Labels
from querist.models.mlp import MLP
from querist.training.evidential import concentration


def test_the_largest_comes_first_and_says_so() -> None:
    got = querist.select("vacuity", 2, vacuity=np.array([0.25, 1.0, 0.5]))
    assert got.indices.tolist() == [1, 2]
    assert got.scores.tolist() == [1.0, 0.5]
    assert got.reasons[1] == "the model has no evidence for 50% of its belief"


def test_it_is_a_share() -> None:
    with pytest.raises(DataError, match="vacuity must lie between 0 and 1"):
        querist.select("vacuity", 1, vacuity=np.array([0.5, 3.0]))


def network() -> Any:
    return MLP(2, 2, hidden=(32,))


def test_a_session_asks_where_nothing_was_labelled() -> None:
    """Two groups are labelled; a third lies apart, and the boundary between the two has evidence for both."""
    draw = np.random.default_rng(0)
    centres = np.array([[-2.0, 0.0], [2.0, 0.0], [0.0, 0.0], [0.0, 9.0]])
    x = (np.repeat(centres, 20, axis=0) + 0.3 * draw.normal(size=(80, 2))).astype("float32")
    source = querist.read(x, ids=[f"i{k}" for k in range(80)])
    schema = querist.SingleLabel(("left", "right"))
    recipe = querist.Recipe(epochs=150, lr=0.01)
    learner = querist.TorchLearner(network, source, schema, recipe=recipe, head="evidential", device="cpu")
    assert VACUITY in learner.provides
    rows = np.r_[0:15, 20:35, 40:55]
    learner.fit(Labels(source.items(rows), (x[rows, 0] > 0).astype(np.int64)), seed=0)
    view = learner.signals(source.items(), frozenset({VACUITY}))
    with torch.no_grad():
        alpha = concentration(learner._module(torch.as_tensor(x)))
    assert view[VACUITY] == pytest.approx((2 / alpha.sum(dim=1)).numpy())
    by_group = view[VACUITY].reshape(4, 20).mean(axis=1)
    assert by_group.argmin() in (0, 1)
    session = querist.Session(source, learner, strategy="vacuity", labels=schema)
    query = session.ask(4)
    session.tell(query, dict.fromkeys(query.items, "left"))
    session.fit()
    assert len(session.ask(4)) == 4


def test_without_the_head_it_is_refused_by_name() -> None:
    source = querist.read(np.eye(2, dtype="float32"))
    learner = querist.TorchLearner(network, source, querist.SingleLabel(("a", "b")), device="cpu")
    with pytest.raises(ArgumentError, match=r'needs the signal vacuity .* give a TorchLearner head="evidential"'):
        querist.Session(source, learner, strategy="vacuity", labels=["a", "b"])
