"""The suite for learners: what is registered passes, and each check catches its fault."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.svm import SVC

from querist.core.errors import StateError
from querist.core.registry import registry
from querist.core.signals import PROBS, Signal, View
from querist.core.types import FitReport, ItemId, Labels
from querist.models.mlp import MLP
from querist.testing.learners import LEARNER_CHECKS, Make, check_learner
from querist.training.frozen import head_learner
from querist.training.recipe import Recipe
from querist.training.sklearn_learner import SklearnLearner
from querist.training.torch_learner import TorchLearner

QUICK = Recipe(epochs=60, batch_size=8, lr=0.02)
LEARNERS: dict[str, tuple[str, Make]] = {
    "logistic regression": ("sklearn", lambda source, schema: SklearnLearner(LogisticRegression(), source, schema)),
    "svm": ("sklearn", lambda source, schema: SklearnLearner(SVC(), source, schema)),
    "naive Bayes": ("sklearn", lambda source, schema: SklearnLearner(GaussianNB(), source, schema)),
    "forest": (
        "sklearn",
        lambda source, schema: SklearnLearner(RandomForestClassifier(n_estimators=10), source, schema),
    ),
    "network": (
        "torch",
        lambda source, schema: TorchLearner(
            lambda: MLP(4, 3, hidden=(16,), dropout=0.2), source, schema, recipe=QUICK, members=3, device="cpu"
        ),
    ),
    "head": ("torch", lambda source, schema: head_learner(source, schema, recipe=QUICK)),
}


@pytest.mark.parametrize("name", LEARNERS)
def test_learners_keep_the_contract(name: str) -> None:
    assert check_learner(LEARNERS[name][1]) == tuple(check.__name__ for check in LEARNER_CHECKS)


ELSEWHERE = {
    "calibrated": ("training/test_calibrated.py", "Calibrated"),
    "graph": ("training/test_graph_learner.py", "GraphLearner"),
    "recurrent": ("training/test_recurrent.py", "RnnClassifier"),
}
"""Learners of other data or of extras: the test file in which a test holds them to the suite, and what it makes there."""
BY_HAND = {
    "gp": (
        "training/test_gp_learner.py",
        {
            "says_what_it_provides": "test_it_predicts_and_knows_noise_in_the_units_of_the_answers",
            "refuses_what_it_cannot": "test_refusals",
            "signals_are_sound": "test_the_members_have_gpytorchs_mean_and_covariance",
            "reports_its_fit": "test_bitwise_same_after_saving_and_for_the_same_seed",
            "same_seed_same_model": "test_bitwise_same_after_saving_and_for_the_same_seed",
            "scoring_changes_nothing": "test_items_stand_for_themselves_and_scoring_moves_nothing",
            "items_stand_for_themselves": "test_items_stand_for_themselves_and_scoring_moves_nothing",
            "saved_is_loaded": "test_bitwise_same_after_saving_and_for_the_same_seed",
            "few_labels_work": "test_one_label_and_constant_answers",
            "classes_keep_their_places": "",  # it has none
        },
    ),
    "tagger": (
        "training/test_tagger.py",
        {
            "says_what_it_provides": "test_it_says_what_it_provides_before_training",
            "refuses_what_it_cannot": "test_it_refuses_what_it_cannot",
            "signals_are_sound": "test_signals_are_sound",
            "reports_its_fit": "test_a_fit_is_reported_and_models_are_told_apart",
            "same_seed_same_model": "test_one_seed_gives_one_model_whatever_the_global_generators_hold",
            "scoring_changes_nothing": "test_scoring_changes_nothing",
            "items_stand_for_themselves": "test_sentences_stand_for_themselves",
            "saved_is_loaded": "test_saved_is_loaded_bitwise",
            "few_labels_work": "test_few_labels_work",
            "classes_keep_their_places": "test_it_learns_and_tags_spans",
        },
    ),
}
"""Learners that the suite, made for one class an item, cannot hold: the test that stands for each of its checks."""


def functions_of(file: str) -> dict[str, ast.FunctionDef]:
    """The test functions of a file by name."""
    tree = ast.parse((Path(__file__).parents[1] / file).read_text(encoding="utf-8"))
    return {n.name: n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name.startswith("test_")}


def calls(node: ast.AST) -> set[str]:
    """Names of the functions and methods that are called there."""
    made = [n.func for n in ast.walk(node) if isinstance(n, ast.Call)]
    return {f.id if isinstance(f, ast.Name) else f.attr for f in made if isinstance(f, (ast.Name, ast.Attribute))}


def test_every_registered_learner_is_held_to_the_contract_somewhere() -> None:
    here = {kind for kind, _ in LEARNERS.values()}
    assert {entry.name for entry in registry.entries("learner")} == here | ELSEWHERE.keys() | BY_HAND.keys()
    for file, makes in ELSEWHERE.values():
        held = [node for node in functions_of(file).values() if "check_learner" in calls(node)]
        named = {n.id for node in held for n in ast.walk(node) if isinstance(n, ast.Name)}
        assert makes in named, f"no test of {file} gives a {makes} to check_learner"
    for file, tests in BY_HAND.values():
        assert list(tests) == [check.__name__ for check in LEARNER_CHECKS], f"{file}: a check without its test"
        found = functions_of(file)
        for check, name in tests.items():
            if name:
                assert name in found, f"{file}: {name}, for {check}, is not there"
                looks = any(isinstance(n, ast.Assert) for n in ast.walk(found[name]))
                assert looks or calls(found[name]) & {"raises", "same", "check_signal"}, f"{name} looks at nothing"


class Broken(SklearnLearner):
    """A sound learner; those below break one rule each."""

    def __init__(self, source: Any, schema: Any) -> None:
        super().__init__(LogisticRegression(), source, schema)


class Boasts(Broken):
    def __init__(self, source: Any, schema: Any) -> None:
        super().__init__(source, schema)
        self.provides = self.provides | {Signal("luck", "(N,)", "float", "", "")}


class TellsUnfitted(Broken):
    def signals(self, items: Sequence[ItemId], names: frozenset[Signal]) -> View:
        try:
            return super().signals(items, names)
        except StateError:
            return View(len(items), {s: np.zeros((len(items), 3)) for s in names})


class Unnormalised(Broken):
    def signals(self, items: Sequence[ItemId], names: frozenset[Signal]) -> View:
        view = super().signals(items, names)
        return View(len(items), {s: view[s] * 2.0 if s is PROBS else view[s] for s in names})


class Silent(Broken):
    def fit(self, labels: Labels, *, seed: int, previous: Path | None = None) -> FitReport:
        super().fit(labels, seed=seed, previous=previous)
        return FitReport(labels=len(labels), model="always")


class Moody(Broken):
    """Reads the global generator when it is fitted."""

    shift = 0.0

    def fit(self, labels: Labels, *, seed: int, previous: Path | None = None) -> FitReport:
        report = super().fit(labels, seed=seed, previous=previous)
        legacy = np.random.get_state(legacy=True)  # noqa: NPY002
        assert isinstance(legacy, tuple)
        self.shift = float(legacy[1].astype(np.uint64).sum() % 9973) / 1e5
        return report

    def signals(self, items: Sequence[ItemId], names: frozenset[Signal]) -> View:
        view = super().signals(items, names)
        mixed = {s: (1 - self.shift) * view[s] + self.shift / 3 if s is PROBS else view[s] for s in names}
        return View(len(items), mixed)


class Counting(Broken):
    calls = 0

    def signals(self, items: Sequence[ItemId], names: frozenset[Signal]) -> View:
        view = super().signals(items, names)
        self.calls += 1
        return View(len(items), {s: np.roll(view[s], self.calls, axis=1) if s is PROBS else view[s] for s in names})


class MovesTorch(Broken):
    def signals(self, items: Sequence[ItemId], names: frozenset[Signal]) -> View:
        torch.rand(1)
        return super().signals(items, names)


class Relative(Broken):
    def signals(self, items: Sequence[ItemId], names: frozenset[Signal]) -> View:
        view = super().signals(items, names)
        out = {s: view[s] for s in names}
        if PROBS in out:
            out[PROBS] = (out[PROBS] + out[PROBS].mean(axis=0)) / 2
        return View(len(items), out)


class Pickles(Broken):
    def save(self, folder: Path) -> None:
        super().save(folder)
        (folder / "model.pkl").write_bytes(b"")


class Forgets(Broken):
    def load(self, folder: Path) -> None:
        super().load(folder)
        self._fitted.coef_ = self._fitted.coef_ * 0.5


class NeedsTwo(Broken):
    def fit(self, labels: Labels, *, seed: int, previous: Path | None = None) -> FitReport:
        if 0 < len(labels) < 2:
            raise ValueError("two, please")
        return super().fit(labels, seed=seed, previous=previous)


class Shuffled(Broken):
    def signals(self, items: Sequence[ItemId], names: frozenset[Signal]) -> View:
        view = super().signals(items, names)
        return View(len(items), {s: view[s][:, [0, 2, 1]] if s is PROBS else view[s] for s in names})


@pytest.mark.parametrize(
    ("make", "check"),
    [
        (Boasts, "says_what_it_provides"),
        (TellsUnfitted, "refuses_what_it_cannot"),
        (Unnormalised, "signals_are_sound"),
        (Silent, "reports_its_fit"),
        (Moody, "same_seed_same_model"),
        (Counting, "scoring_changes_nothing"),
        (MovesTorch, "scoring_changes_nothing"),
        (Relative, "items_stand_for_themselves"),
        (Pickles, "saved_is_loaded"),
        (Forgets, "saved_is_loaded"),
        (NeedsTwo, "few_labels_work"),
        (Shuffled, "classes_keep_their_places"),
    ],
)
def test_each_fault_is_caught(make: Callable[[Any, Any], Any], check: str) -> None:
    with pytest.raises(StateError, match=f"^{check}: ") as error:
        check_learner(make)
    assert error.value.code == "Contract"
