from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from querist.core.signals import LOSS
from querist.core.types import Labels
from querist.models.linear import LinearHead
from querist.models.mlp import MLP
from querist.models.stochastic.ensemble import Ensemble
from querist.training.fitting import Fit
from querist.training.heads import ClassHead, Scale
from querist.training.inputs import Inputs
from querist.training.network import Networks
from querist.training.parts import Parts
from querist.training.plugins.base import Plugin, Shape
from querist.training.recipe import Recipe
from querist.training.scoring import Scorer
from querist.training.torch_learner import TorchLearner
from querist.training.weights import write_weights
from tiny import THREE, labels, print_of_generators, source

CPU = torch.device("cpu")
QUICK = Recipe(epochs=2, batch_size=8, lr=0.01)


def fit(parts: Parts, seed: int = 0, make: Any = None, pool: Any = None, **more: Any) -> Fit:
    of = source()
    settings: dict[str, Any] = {"validation": None, "previous": None, **more}
    return Fit(
        Networks(make or (lambda: LinearHead(4, 3)), 3),
        Scorer(Inputs(of), CPU, 16),
        parts,
        3,
        Shape("single", 3, {None: 4}, (4,), CPU),
        labels(of, range(20)),
        Scale(),
        pool=np.arange(20, 60) if pool is None else pool,
        seed=seed,
        **settings,
    )


def numbers(module: Any) -> Any:
    return torch.cat([p.detach().flatten() for p in module.parameters()])


def test_the_seed_decides_and_nothing_global_moves() -> None:
    before = print_of_generators()
    one, two, other = (fit(Parts(ClassHead(), QUICK), seed).run() for seed in (1, 1, 2))
    assert torch.equal(numbers(one.module), numbers(two.module))
    assert not torch.equal(numbers(one.module), numbers(other.module))
    assert print_of_generators() == before


def test_the_first_network_of_an_ensemble_is_the_plain_one() -> None:
    plain = fit(Parts(ClassHead(), QUICK)).run()
    several = fit(Parts(ClassHead(), QUICK, posterior=Ensemble(3))).run()
    assert torch.equal(numbers(plain.module), numbers(several.module))
    assert plain.kept == {}
    assert set(several.kept) == {"posterior"}


def warm(folder: Path, recipe: Recipe, seed: int = 5) -> tuple[Any, Any, Any]:
    """Saved, fresh and begun weights; a learning rate next to 0 leaves the begun ones in place."""
    saved = LinearHead(4, 3)
    write_weights(folder, {**saved.state_dict(), "plugin x::beside": torch.zeros(2)}, {"kind": "torch"})
    begun = fit(Parts(ClassHead(), recipe), seed, previous=folder).run().module
    fresh = Networks(lambda: LinearHead(4, 3), 3).fresh(seed, 3)
    return numbers(saved), numbers(fresh), numbers(begun)


def still(**more: Any) -> Recipe:
    return Recipe(optimizer="sgd", lr=1e-30, epochs=1, **more)


def test_warm_start_begins_from_the_saved_weights(tmp_path: Path) -> None:
    saved, _, begun = warm(tmp_path, still(warm_start=True))
    assert torch.allclose(begun, saved, atol=1e-7)
    _, fresh, begun = warm(tmp_path, still())
    assert torch.allclose(begun, fresh, atol=1e-7)


@pytest.mark.parametrize(("shrink", "perturb"), [(0.4, 0.1), (0.0, 1.0), (0.5, 0.0)])
def test_shrink_and_perturb_is_a_sum_of_saved_and_fresh(tmp_path: Path, shrink: float, perturb: float) -> None:
    saved, fresh, begun = warm(tmp_path, still(warm_start=True, shrink=shrink, perturb=perturb))
    assert torch.allclose(begun, shrink * saved + perturb * fresh, atol=1e-7)


class Looking(Plugin):
    """Records the unlabelled items it is shown."""

    name, unlabelled, publishes = "looking", True, frozenset({LOSS})

    def __init__(self) -> None:
        self.seen: list[Any] = []

    def loss(self, labelled: Any, unlabelled: Any, outputs: Any) -> Any:
        assert len(unlabelled.inputs) == len(labelled.inputs)
        self.seen.append(unlabelled.inputs)


def test_plugins_see_items_of_the_pool_only() -> None:
    looking = Looking()
    fit(Parts(ClassHead(), QUICK, plugins=(looking,)), pool=np.array([30, 41])).run()
    allowed = source().take(np.array([30, 41]))
    shown = torch.cat(looking.seen).numpy()
    assert len(shown) == 40
    assert all(any(np.array_equal(row, item) for item in allowed) for row in shown)
    assert len(np.unique(shown, axis=0)) == 2


def test_validation_items_decide_when_to_stop() -> None:
    wrong = labels(source(), range(20, 40), targets=(np.arange(20, 40) + 1) % 3)
    recipe = Recipe(epochs=60, batch_size=20, lr=0.1, patience=2)

    class Counting(LinearHead):
        steps = 0

        def forward(self, rows: Any) -> Any:
            self.steps += self.training
            return super().forward(rows)

    stopped = fit(Parts(ClassHead(), recipe), make=lambda: Counting(4, 3), validation=wrong).run().module
    whole = fit(
        Parts(ClassHead(), recipe), make=lambda: Counting(4, 3), validation=labels(source(), range(20, 40))
    ).run()
    assert stopped.steps < 20 < whole.module.steps


@pytest.mark.parametrize("rows", [[4], [0, 3, 6]])
def test_one_label_and_one_class_train_and_say_so(rows: list[int]) -> None:
    def make() -> Any:
        return torch.nn.Sequential(torch.nn.Linear(4, 5), torch.nn.BatchNorm1d(5), torch.nn.Linear(5, 3))

    of = source()
    learner = TorchLearner(make, of, THREE, recipe=Recipe(epochs=3, patience=1, class_weights="balanced"), device="cpu")
    report = learner.fit(labels(of, rows), seed=0)
    assert any("only one class is labelled so far" in note for note in report.notes)


def test_a_class_never_seen_is_trained_with_the_others() -> None:
    of = source()
    recipe = Recipe(epochs=3, class_weights="balanced", sampling="balanced")
    learner = TorchLearner(lambda: MLP(4, 3, hidden=(8,)), of, THREE, recipe=recipe, device="cpu")
    rows = [r for r in range(30) if r % 3 != 1]
    soft = np.eye(3)[np.array(rows) % 3]
    hard = learner.fit(labels(of, rows), seed=0).model
    assert learner.fit(Labels(of.items(np.array(rows)), soft), seed=0).model != ""
    assert learner.fit(labels(of, rows), seed=0).model == hard
