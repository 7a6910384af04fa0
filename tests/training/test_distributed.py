"""Two processes make the steps of one."""

from __future__ import annotations

import numpy as np
import pytest

from querist.core.errors import ArgumentError, ResourceError
from querist.core.signals import PROBS
from querist.core.types import Labels
from querist.models.mlp import MLP
from querist.training.curriculum import SelfPaced
from querist.training.recipe import Recipe
from querist.training.torch_learner import TorchLearner
from tiny import THREE, all_of, labels, source


def _learner(**more: object) -> TorchLearner:
    recipe = Recipe(optimizer="sgd", lr=0.1, epochs=3, batch_size=7, **more)  # type: ignore[arg-type]
    return TorchLearner(lambda: MLP(4, 3, (8,)), source(), THREE, recipe=recipe, device="cpu")


@pytest.mark.slow
@pytest.mark.parametrize("weighted", [False, True])
def test_two_processes_make_the_steps_of_one(weighted: bool) -> None:
    pytest.importorskip("accelerate", reason="the extra accelerate is not installed")
    told = labels(source(), range(20))
    if weighted:
        told = Labels(told.items, told.targets, np.linspace(0.1, 2.0, 20))
    said = []
    for processes in (1, 2):
        learner = _learner(processes=processes)
        learner.fit(told, seed=0)
        said.append(learner.signals(all_of(learner.source), frozenset({PROBS}))[PROBS])
    np.testing.assert_allclose(said[0], said[1], atol=1e-5)
    assert np.abs(said[0] - 1 / 3).max() > 0.05


def test_without_accelerate_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "accelerate", None)
    with pytest.raises(ResourceError, match=r"querist\[accelerate\]"):
        _learner(processes=2).fit(labels(source(), range(20)), seed=0)


def test_what_looks_on_by_epoch_is_refused() -> None:
    with pytest.raises(ArgumentError, match="processes=2 trains without"):
        TorchLearner(
            lambda: MLP(4, 3), source(), THREE, recipe=Recipe(processes=2), curriculum=SelfPaced(), device="cpu"
        )
