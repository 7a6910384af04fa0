from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from querist.core.errors import ArgumentError
from querist.core.types import Labels
from querist.data.arrays import array_source
from querist.data.schema import SingleLabel
from querist.models.linear import LinearHead
from querist.training.curriculum import ByDifficulty, SelfPaced
from querist.training.recipe import Recipe
from querist.training.torch_learner import TorchLearner

LOSSES = np.array([0.4, 0.1, 0.3, 0.2])
IDS = ["a", "b", "c", "d"]


def test_self_paced_hard_weights_by_hand() -> None:
    paced = SelfPaced(first=0.5, full=0.5)
    assert paced.needs_losses
    assert paced.weigh(0.0, LOSSES, IDS).tolist() == [0, 1, 0, 1]
    assert paced.weigh(0.25, LOSSES, IDS).tolist() == [0, 1, 1, 1]  # a portion of .75
    assert paced.weigh(0.5, LOSSES, IDS).tolist() == [1, 1, 1, 1]
    assert SelfPaced(first=0.01).weigh(0.0, LOSSES, IDS).tolist() == [0, 1, 0, 0]  # never nothing at all
    assert SelfPaced(first=0.25).weigh(0.0, np.array([1.0, 1.0, 2.0, 3.0]), IDS).tolist() == [1, 1, 0, 0]


def test_self_paced_linear_weights_by_hand() -> None:
    paced = SelfPaced(first=0.5, full=0.5, weights="linear")
    assert paced.weigh(0.0, LOSSES, IDS) == pytest.approx([0.0, 1 - 0.5 * 0.999, 0.0, 0.001])
    assert paced.weigh(0.0, np.zeros(4), IDS).tolist() == [1, 1, 1, 1]
    assert paced.weigh(0.9, LOSSES, IDS).tolist() == [1, 1, 1, 1]


def test_losses_below_zero_give_weights_from_zero_to_one() -> None:
    weights = SelfPaced(first=0.75, weights="linear").weigh(0.0, np.array([-2.0, -1.0, 0.5, -3.0]), IDS)
    assert weights == pytest.approx([1 - 0.5 * 0.999, 0.001, 0.0, 1.0])


def test_by_difficulty_by_hand() -> None:
    by = ByDifficulty({"a": 3.0, "b": 1.0, "c": 2.0}, first=0.25, full=0.5)
    assert not by.needs_losses
    assert by.weigh(0.0, None, IDS).tolist() == [0, 1, 0, 0]
    assert by.weigh(0.25, None, IDS).tolist() == [1, 1, 1, 0]  # a portion of .625: three of four
    assert by.weigh(0.5, None, IDS).tolist() == [1, 1, 1, 1]  # the missing one last
    longest = ByDifficulty(lambda items: np.array([len(i) for i in items]), first=0.5)
    assert longest.weigh(0.0, None, ["aaa", "a", "aa", "aaaa"]).tolist() == [0, 1, 1, 0]


def test_a_difficulty_that_is_not_a_number_is_the_hardest_and_still_comes() -> None:
    by = ByDifficulty({"a": float("nan"), "b": 1.0, "c": 2.0, "d": 0.0}, first=0.5)
    assert by.weigh(0.0, None, IDS).tolist() == [0, 1, 0, 1]
    assert by.weigh(0.9, None, IDS).tolist() == [1, 1, 1, 1]


@pytest.mark.parametrize(
    "make",
    [
        lambda: SelfPaced(first=0.0),
        lambda: SelfPaced(full=1.5),
        lambda: ByDifficulty({}, first=2.0),
        lambda: SelfPaced(weights="soft"),  # type: ignore[arg-type]
    ],
)
def test_what_is_out_of_range_is_refused(make: Any) -> None:
    with pytest.raises(ArgumentError):
        make()


X = np.random.default_rng(0).normal(size=(12, 4)).astype(np.float32)
Y = np.arange(12) % 3
SCHEMA = SingleLabel(("x", "y", "z"))


def fitted(curriculum: Any, epochs: int = 6, weights: Any = None, **recipe: Any) -> tuple[TorchLearner, str]:
    source = array_source(X, ids=[f"i{k}" for k in range(12)])
    settings = Recipe(optimizer="sgd", lr=0.1, epochs=epochs, batch_size=12, **recipe)
    learner = TorchLearner(lambda: LinearHead(4, 3), source, SCHEMA, recipe=settings, curriculum=curriculum)
    return learner, learner.fit(Labels(list(source.ids), Y, weights), seed=1).model


class Watched:
    """Records what a curriculum is told."""

    needs_losses = True

    def __init__(self) -> None:
        self.told: list[tuple[float, Any, list[str]]] = []

    def weigh(self, share: float, losses: Any, items: Any) -> Any:
        self.told.append((share, losses, list(items)))
        return np.ones(len(items))


def test_a_learner_tells_its_curriculum_share_losses_and_items() -> None:
    watched = Watched()
    learner, model = fitted(watched, epochs=4)
    assert [share for share, _, _ in watched.told] == [0.0, 0.25, 0.5, 0.75]
    assert all(items == [f"i{k}" for k in range(12)] for _, _, items in watched.told)
    assert all(losses.shape == (12,) for _, losses, _ in watched.told)
    assert watched.told[-1][1].mean() < watched.told[0][1].mean()
    assert learner.fit(Labels(list(learner.source.ids), Y), seed=1).model == model


def test_what_is_validated_on_has_no_part_in_a_curriculum() -> None:
    watched = Watched()
    fitted(watched, epochs=3, patience=5, validation=0.25)
    assert {len(items) for _, _, items in watched.told} == {9}
    assert all(len(losses) == 9 for _, losses, _ in watched.told)


def test_a_curriculum_of_all_is_none_and_one_of_some_is_their_weights() -> None:
    def outputs(learner: TorchLearner) -> Any:
        return np.concatenate([p.detach().numpy().ravel() for p in learner._module.parameters()])

    everyone = fitted(ByDifficulty(dict.fromkeys((f"i{k}" for k in range(12)), 1.0)))[0]
    assert outputs(everyone) == pytest.approx(outputs(fitted(None)[0]), abs=1e-6)
    order = {f"i{k}": float(k) for k in range(12)}
    some = fitted(ByDifficulty(order, first=0.5, full=1.0), epochs=1)[0]
    weighed = fitted(None, epochs=1, weights=np.array([1.0] * 6 + [0.0] * 6))[0]
    assert outputs(some) == pytest.approx(outputs(weighed), abs=1e-6)
    assert outputs(some) != pytest.approx(outputs(everyone), abs=1e-4)


@pytest.mark.parametrize("weights", ["hard", "linear"])
def test_self_paced_learning_learns(weights: Any) -> None:
    learner, _ = fitted(SelfPaced(weights=weights), epochs=200)
    plain, _ = fitted(None, epochs=200)
    from querist.core.signals import PROBS

    ids = list(learner.source.ids)
    ours, theirs = (m.signals(ids, frozenset({PROBS}))[PROBS] for m in (learner, plain))
    assert (ours.argmax(1) == Y).mean() >= (theirs.argmax(1) == Y).mean() - 0.1
