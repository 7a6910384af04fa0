from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import sparse
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.ensemble import BaggingClassifier, BaggingRegressor, RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from querist.core.errors import ArgumentError, DataError, StateError
from querist.core.signals import EMBEDDING, GRADIENT, MEMBERS, PREDICTION, PROBS
from querist.core.types import Items, Labels
from querist.data.arrays import array_source, sparse_source, text_source
from querist.data.schema import MultiLabel, Number, SingleLabel
from querist.training.sklearn_learner import SklearnLearner, _blocks
from real_data import table
from tiny import THREE, all_of, digits, labels, pollute, print_of_generators, source

FOUR = SingleLabel(("a", "b", "c", "d"))


def test_a_class_never_seen_has_probability_zero_in_its_place() -> None:
    of = source()
    rows = [r for r in range(30) if r % 3 != 1]
    learner = SklearnLearner(LogisticRegression(), of, FOUR)
    learner.fit(labels(of, rows), seed=0)
    probs = learner.signals(all_of(of), frozenset({PROBS}))[PROBS]
    assert probs.shape == (60, 4)
    assert (probs[:, [1, 3]] == 0).all()
    plain = LogisticRegression().fit(of.take(np.asarray(rows)), np.asarray(rows) % 3)
    np.testing.assert_array_equal(probs[:, [0, 2]], plain.predict_proba(of.take(slice(None))))


def test_a_class_added_later_has_its_place_at_once() -> None:
    of = source()
    learner = SklearnLearner(GaussianNB(), of, THREE)
    learner.fit(labels(of, range(30)), seed=0)
    before = learner.signals(all_of(of), frozenset({PROBS}))[PROBS]
    learner.take_schema(FOUR)
    after = learner.signals(all_of(of), frozenset({PROBS}))[PROBS]
    np.testing.assert_array_equal(after[:, :3], before)
    assert (after[:, 3] == 0).all()
    learner.fit(labels(of, range(31), [*(np.arange(30) % 3), 3]), seed=0)
    assert (learner.signals(all_of(of), frozenset({PROBS}))[PROBS][30]).argmax() == 3


@pytest.mark.parametrize("estimator", [LogisticRegression(), RandomForestClassifier(3)], ids=["plain", "forest"])
def test_one_class_is_noted_and_every_item_gets_it(estimator: Any, tmp_path: Path) -> None:
    of = source()
    learner = SklearnLearner(estimator, of, THREE)
    report = learner.fit(labels(of, [1, 4]), seed=0)
    assert report.notes == ("only one class is labelled so far (b): every item gets it",)
    names = learner.provides
    view = learner.signals(all_of(of), names)
    np.testing.assert_array_equal(view[PROBS], np.tile([0.0, 1.0, 0.0], (60, 1)))
    if MEMBERS in names:
        assert view[MEMBERS].shape == (60, 2, 3)
    learner.save(tmp_path)
    other = SklearnLearner(estimator, of, THREE)
    other.load(tmp_path)
    np.testing.assert_array_equal(other.signals(all_of(of), frozenset({PROBS}))[PROBS], view[PROBS])


def test_nothing_to_fit_on_is_named() -> None:
    of = source()
    learner = SklearnLearner(GaussianNB(), of, THREE)
    for given in (labels(of, []), labels(of, [0, 1], weights=[0, 0])):
        with pytest.raises(StateError) as caught:
            learner.fit(given, seed=0)
        assert caught.value.code == "NoLabels"
    with pytest.raises(StateError) as caught:
        learner.signals(all_of(of), frozenset({PROBS}))
    assert caught.value.code == "NotFitted"


# -- targets and weights -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("estimator", [LogisticRegression(), KNeighborsClassifier(), RandomForestClassifier(5)])
def test_soft_targets_that_are_certain_equal_hard_ones(estimator: Any) -> None:
    of = source()
    hard, soft = SklearnLearner(estimator, of, THREE), SklearnLearner(estimator, of, THREE)
    hard.fit(labels(of, range(24)), seed=1)
    soft.fit(labels(of, range(24), np.eye(3)[np.arange(24) % 3]), seed=1)
    for name in hard.provides:
        np.testing.assert_array_equal(
            np.asarray(hard.signals(all_of(of), frozenset({name}))[name][0]),
            np.asarray(soft.signals(all_of(of), frozenset({name}))[name][0]),
        )


def test_soft_targets_weigh_by_their_shares() -> None:
    of = source()
    learner = SklearnLearner(LogisticRegression(), of, THREE)
    targets = np.eye(3)[np.arange(12) % 3]
    targets[0] = [0.6, 0.4, 0.0]
    learner.fit(labels(of, range(12), targets), seed=0)
    rows = [0, 0, *range(1, 12)]
    plain = LogisticRegression().fit(
        of.take(np.asarray(rows)), [0, 1, *(np.arange(1, 12) % 3)], sample_weight=[0.6, 0.4] + [1.0] * 11
    )
    probs = learner.signals(all_of(of), frozenset({PROBS}))[PROBS]
    np.testing.assert_allclose(probs, plain.predict_proba(of.take(slice(None))), atol=1e-12)


@pytest.mark.parametrize(
    "estimator",
    [LogisticRegression(), make_pipeline(StandardScaler(), GaussianNB()), RandomForestClassifier(4)],
    ids=["plain", "pipeline", "forest"],
)
def test_an_item_of_weight_zero_is_as_left_out(estimator: Any) -> None:
    of = source()
    weighted, without = SklearnLearner(estimator, of, THREE), SklearnLearner(estimator, of, THREE)
    weighted.fit(labels(of, range(20), weights=[0.5] * 15 + [0] * 5), seed=3)
    without.fit(labels(of, range(15), weights=[0.5] * 15), seed=3)
    one, two = (e.signals(all_of(of), frozenset({PROBS}))[PROBS] for e in (weighted, without))
    np.testing.assert_array_equal(one, two)


def test_weights_for_an_estimator_that_takes_none_are_refused() -> None:
    of = source()
    learner = SklearnLearner(KNeighborsClassifier(), of, THREE)
    with pytest.raises(ArgumentError, match="KNeighborsClassifier takes no weights") as caught:
        learner.fit(labels(of, range(9), weights=[0.5] * 9), seed=0)
    assert caught.value.code == "NeedsCapability"


def test_several_classes_an_item_with_one_on_all_and_one_on_none() -> None:
    of = source()
    schema = MultiLabel(("x", "all", "none"))
    targets = np.stack([np.arange(30) % 2, np.ones(30), np.zeros(30)], axis=1)
    learner = SklearnLearner(RandomForestClassifier(5), of, schema)
    learner.fit(labels(of, range(30), targets), seed=0)
    assert learner.provides == {PROBS, EMBEDDING}
    probs = learner.signals(all_of(of), frozenset({PROBS}))[PROBS]
    assert probs.shape == (60, 3)
    np.testing.assert_array_equal(probs[:, 1], 1.0)
    np.testing.assert_array_equal(probs[:, 2], 0.0)
    assert ((probs[:30, 0] > 0.5) == (np.arange(30) % 2 == 1)).mean() > 0.9


# -- signals -------------------------------------------------------------------------------------------------------------


def holes(count: int, every: int) -> NDArray[np.int64]:
    return np.asarray([r for r in range(count) if r % every], dtype=np.int64)


@pytest.mark.parametrize(
    "rows",
    [holes(60, 5), holes(60, 2), np.arange(60)[::-1], np.arange(10, 50), np.asarray([7]), np.asarray([5, 5, 2]), []],
    ids=["few holes", "many holes", "backwards", "range", "one", "twice", "none"],
)
def test_probabilities_are_the_estimators_on_a_pool_with_holes(rows: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("querist.training.sklearn_learner._BLOCK", 16)
    of = source()
    at = np.asarray(rows, dtype=np.int64)
    learner = SklearnLearner(RandomForestClassifier(5, n_jobs=1), of, THREE)
    learner.fit(labels(of, range(20)), seed=0)
    view = learner.signals(Items(of.ids, at), frozenset({PROBS, MEMBERS, GRADIENT, EMBEDDING}))
    assert view[PROBS].shape == (len(at), 3)
    assert view[MEMBERS].shape == (len(at), 5, 3)
    x = of.take(at)
    np.testing.assert_array_equal(view[EMBEDDING], x)
    if len(at):
        np.testing.assert_array_equal(view[PROBS], learner._fitted.predict_proba(x))
        np.testing.assert_allclose(view[MEMBERS].mean(axis=1), view[PROBS], atol=1e-12)


def test_a_pool_with_few_holes_is_taken_as_views() -> None:
    of = source(1000)
    whole = of.take(slice(None))
    taken = [of.take(take) for _, take in _blocks(holes(1000, 10), 1000)]
    assert taken
    assert all(np.shares_memory(t, whole) for t in taken)


def test_blocks_cover_every_row_once_and_in_order() -> None:
    rng = np.random.default_rng(0)
    for share in (0.2, 0.6, 0.8, 1.0):
        for size in (1, 2, 50, 70_000):
            rows = np.flatnonzero(rng.random(size) < share).astype(np.int64)
            everything = np.arange(size)
            parts = [everything[take] if want is None else everything[take][want] for want, take in _blocks(rows, size)]
            np.testing.assert_array_equal(np.concatenate(parts) if parts else rows[:0], rows)


def test_scoring_leaves_source_estimator_and_generators_alone() -> None:
    of = source()
    estimator = RandomForestClassifier(3)
    learner = SklearnLearner(estimator, of, THREE)
    pollute(1)
    before = print_of_generators(), of.take(slice(None)).copy()
    learner.fit(labels(of, range(9)), seed=0)
    first = learner.signals(all_of(of), learner.provides)
    second = learner.signals(all_of(of), learner.provides)
    for name in (PROBS, MEMBERS, EMBEDDING):
        np.testing.assert_array_equal(first[name], second[name])
    first[EMBEDDING][:] = -1
    assert print_of_generators() == before[0]
    np.testing.assert_array_equal(of.take(slice(None)), before[1])
    assert estimator.random_state is None
    assert not hasattr(estimator, "classes_")


def test_a_seed_decides_the_fit() -> None:
    of = source()

    def fitted(seed: int) -> NDArray[Any]:
        pollute(seed + 100)
        learner = SklearnLearner(make_pipeline(StandardScaler(), RandomForestClassifier(5)), of, THREE)
        learner.fit(labels(of, range(20)), seed=seed)
        return np.asarray(learner.signals(all_of(of), frozenset({PROBS}))[PROBS])

    one = fitted(1)
    pollute(77)
    np.testing.assert_array_equal(one, fitted(1))
    assert not np.array_equal(one, fitted(2))


def test_without_probabilities_the_decision_is_ranked() -> None:
    of = source()
    learner = SklearnLearner(SVC(), of, THREE)
    learner.fit(labels(of, [r for r in range(30) if r % 3 != 2]), seed=0)
    probs = learner.signals(all_of(of), frozenset({PROBS}))[PROBS]
    decision = learner._fitted.decision_function(of.take(slice(None)))
    np.testing.assert_allclose(probs[:, 1], 1 / (1 + np.exp(-decision)))
    np.testing.assert_allclose(probs.sum(axis=1), 1)


def test_parts_of_a_bagging_are_mapped_by_their_own_classes_and_columns() -> None:
    of = source(60, width=6)
    learner = SklearnLearner(
        BaggingClassifier(KNeighborsClassifier(1), n_estimators=12, max_samples=4, max_features=0.5), of, FOUR
    )
    targets = np.asarray([0, 2, 3])[np.arange(30) % 3]  # class 1 is never seen, and small parts miss more
    learner.fit(labels(of, range(30), targets), seed=0)
    assert {len(m.classes_) for m in learner._fitted.estimators_} != {3}
    view = learner.signals(all_of(of), frozenset({PROBS, MEMBERS}))
    assert (view[MEMBERS][:, :, 1] == 0).all()
    np.testing.assert_allclose(view[MEMBERS].mean(axis=1), view[PROBS], atol=1e-12)


def test_numbers_and_their_members() -> None:
    of = source(60, width=6)
    learner = SklearnLearner(BaggingRegressor(n_estimators=4, max_features=0.5), of, Number())
    assert learner.provides == {PREDICTION, MEMBERS, EMBEDDING}
    learner.fit(labels(of, range(30), np.arange(30) / 7), seed=0)
    view = learner.signals(all_of(of), frozenset({PREDICTION, MEMBERS}))
    assert view[MEMBERS].shape == (60, 4)
    np.testing.assert_allclose(view[MEMBERS].mean(axis=1), view[PREDICTION])


def test_texts_and_sparse_rows() -> None:
    from sklearn.feature_extraction.text import CountVectorizer

    of = text_source(["red", "blue", "red red", "blue blue", "green"])
    learner = SklearnLearner(make_pipeline(CountVectorizer(), LogisticRegression()), of, THREE)
    assert learner.provides == {PROBS}
    learner.fit(labels(of, [0, 1], [0, 1]), seed=0)
    np.testing.assert_array_equal(
        learner.signals(all_of(of), frozenset({PROBS}))[PROBS].argmax(axis=1)[:4], [0, 1, 0, 1]
    )
    rows = sparse_source(sparse.csr_matrix(np.eye(6)))
    learner = SklearnLearner(LogisticRegression(), rows, THREE)
    assert learner.provides == {PROBS}
    learner.fit(labels(rows, range(4)), seed=0)
    assert learner.signals(all_of(rows), frozenset({PROBS}))[PROBS].shape == (6, 3)


# -- what is refused -----------------------------------------------------------------------------------------------------


class Odd(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A classifier that gives what it is told."""

    def __init__(self, kind: str = "") -> None:
        self.kind = kind

    def fit(self, x: Any, y: Any) -> Odd:
        self.classes_ = np.unique(y)
        return self

    def predict(self, x: Any) -> Any:
        return np.zeros(len(x))

    def predict_proba(self, x: Any) -> Any:
        out = np.full((len(x), 3), 1 / 3)
        if self.kind == "nan":
            out[3:5] = np.nan
        return {"rows": out[1:], "columns": out[:, :2]}.get(self.kind, out)


@pytest.mark.parametrize(
    ("kind", "code", "words"),
    [
        ("nan", "BadScores", "Odd gave NaN or infinite outputs for 2 of 60 items, first "),
        ("rows", "RowMismatch", "gave 59 rows for 60 items"),
        ("columns", "ShapeMismatch", "Odd gives 2 columns for its 3 classes"),
    ],
)
def test_odd_answers_of_a_model_are_named(kind: str, code: str, words: str) -> None:
    of = source()
    learner = SklearnLearner(Odd(kind), of, THREE)
    learner.fit(labels(of, range(6)), seed=0)
    with pytest.raises(DataError, match=words) as caught:
        learner.signals(all_of(of), frozenset({PROBS}))
    assert caught.value.code == code
    assert kind != "nan" or f"{of.ids[3]}, {of.ids[4]}" in str(caught.value)


@pytest.mark.parametrize(
    ("estimator", "schema", "word"),
    [
        (object(), THREE, "object has no fit"),
        (LogisticRegression, THREE, "LogisticRegression is a class"),
        (Ridge(), THREE, "classes need a classifier, and Ridge"),
        (GaussianNB(), Number(), "numbers need a regressor"),
        (StandardScaler(), THREE, "no predict"),
    ],
)
def test_what_cannot_learn_these_labels_is_refused_at_once(estimator: Any, schema: Any, word: str) -> None:
    with pytest.raises(ArgumentError, match=word) as caught:
        SklearnLearner(estimator, source(), schema)
    assert caught.value.code == "BadLearner"


def test_a_signal_it_cannot_give_is_named() -> None:
    learner = SklearnLearner(GaussianNB(), source(), THREE)
    with pytest.raises(ArgumentError, match="GaussianNB does not provide members") as caught:
        learner.signals([], frozenset({MEMBERS}))
    assert caught.value.code == "NeedsCapability"


# -- keeping -------------------------------------------------------------------------------------------------------------

KEPT: list[Any] = [
    LogisticRegression(max_iter=500),
    SVC(),
    RandomForestClassifier(5),
    GaussianNB(),
    KNeighborsClassifier(),
    make_pipeline(StandardScaler(), LogisticRegression(max_iter=500)),
]


@pytest.mark.parametrize("estimator", KEPT, ids=lambda e: type(e).__name__)
def test_a_fresh_learner_that_loads_gives_bitwise_the_same_signals(estimator: Any, tmp_path: Path) -> None:
    of, schema, targets = digits()
    learner, other = SklearnLearner(estimator, of, schema), SklearnLearner(estimator, of, schema)
    learner.fit(labels(of, range(300), targets[:300]), seed=4)
    learner.save(tmp_path)
    other.load(tmp_path)
    pool = Items(of.ids, np.arange(300, 600))
    one, two = learner.signals(pool, learner.provides), other.signals(pool, other.provides)
    for name in learner.provides - {GRADIENT}:
        np.testing.assert_array_equal(one[name], two[name])


def test_a_ridge_is_kept(tmp_path: Path) -> None:
    of = source()
    learner, other = SklearnLearner(Ridge(), of, Number()), SklearnLearner(Ridge(), of, Number())
    learner.fit(labels(of, range(30), np.arange(30.0)), seed=0)
    learner.save(tmp_path)
    other.load(tmp_path)
    one, two = (e.signals(all_of(of), frozenset({PREDICTION}))[PREDICTION] for e in (learner, other))
    np.testing.assert_array_equal(one, two)


def test_neighbours_in_a_tree_cannot_be_kept(tmp_path: Path) -> None:
    of = source()
    learner = SklearnLearner(KNeighborsClassifier(algorithm="kd_tree"), of, THREE)
    with pytest.raises(StateError) as caught:
        learner.save(tmp_path)
    assert caught.value.code == "NotFitted"
    learner.fit(labels(of, range(30)), seed=0)
    with pytest.raises(StateError) as caught:
        learner.save(tmp_path)
    assert caught.value.code == "NotSaveable"


def test_another_estimators_files_are_refused_and_the_learner_stays_as_it_was(tmp_path: Path) -> None:
    of = source()
    learner, other = SklearnLearner(GaussianNB(), of, THREE), SklearnLearner(LogisticRegression(), of, THREE)
    for e in (learner, other):
        e.fit(labels(of, range(30)), seed=0)
    before = other.signals(all_of(of), frozenset({PROBS}))[PROBS]
    learner.save(tmp_path)
    with pytest.raises(DataError, match="holds a GaussianNB, not a LogisticRegression") as caught:
        other.load(tmp_path)
    assert caught.value.code == "BadWeights"
    configs: list[Any] = [{"kind": "torch"}, {"kind": "sklearn", "only": "x"}, {"kind": "sklearn", "only": -1}, []]
    for config in configs:
        (tmp_path / "config.json").write_text(json.dumps(config))
        with pytest.raises(DataError) as caught:
            other.load(tmp_path)
        assert caught.value.code == "BadWeights"
    np.testing.assert_array_equal(other.signals(all_of(of), frozenset({PROBS}))[PROBS], before)


def test_features_of_another_width_are_refused(tmp_path: Path) -> None:
    narrow, wide = source(60, 4), source(60, 5)
    learner, other = SklearnLearner(GaussianNB(), narrow, THREE), SklearnLearner(GaussianNB(), wide, THREE)
    learner.fit(labels(narrow, range(30)), seed=0)
    learner.save(tmp_path)
    other.load(tmp_path)
    with pytest.raises(ArgumentError, match="5 columns and the model was fitted on 4") as caught:
        other.signals(all_of(wide), frozenset({PROBS}))
    assert caught.value.code == "FeatureMismatch"


def test_real_digits_are_learnt() -> None:
    of, schema, targets = digits()
    learner = SklearnLearner(LogisticRegression(max_iter=1000), of, schema)
    rows = np.arange(0, 1600, 4)
    learner.fit(labels(of, rows.tolist(), targets[rows]), seed=0)
    rest = np.setdiff1d(np.arange(len(of)), rows)
    probs = learner.signals(Items(of.ids, rest), frozenset({PROBS}))[PROBS]
    assert (probs.argmax(axis=1) == targets[rest]).mean() >= 0.9


def test_everything_may_be_asked_of_no_items() -> None:
    of = source()
    learner = SklearnLearner(RandomForestClassifier(2), of, THREE)
    learner.fit(Labels(of.items(np.arange(9)), np.arange(9) % 3), seed=0)
    view = learner.signals([], learner.provides)
    assert view[PROBS].shape == (0, 3)
    assert view[MEMBERS].shape == (0, 2, 3)


def test_a_skorch_net_is_an_estimator() -> None:
    skorch = pytest.importorskip("skorch", reason="the extra skorch is not installed")
    import torch

    of = source(60, 4)
    x = np.asarray(of.take(slice(None)))
    narrow = array_source(x.astype(np.float32))
    net = skorch.NeuralNetClassifier(
        torch.nn.Linear, module__in_features=4, module__out_features=3, criterion=torch.nn.CrossEntropyLoss, lr=0.1,
        max_epochs=15, verbose=0,
    )  # fmt: skip
    before = torch.get_rng_state()
    probs = []
    for _ in range(2):
        learner = SklearnLearner(net, narrow, THREE)
        learner.fit(labels(narrow, range(40)), seed=3)
        probs.append(learner.signals(all_of(narrow), frozenset({PROBS}))[PROBS])
    np.testing.assert_array_equal(probs[0], probs[1])
    assert torch.equal(before, torch.get_rng_state())


def test_real_tables_are_learnt() -> None:
    """200 labels. Vehicles: .69 to .75 of 4 classes, the commonest .28; power plant: an error of .31 to .32 deviations."""
    of, y = table("pool_al/vehicle", 400)
    for estimator in (RandomForestClassifier(30), make_pipeline(StandardScaler(), LogisticRegression(max_iter=500))):
        learner: Any = SklearnLearner(estimator, of, FOUR)
        learner.fit(Labels(of.items(np.arange(200)), y[:200]), seed=0)
        p = learner.signals(of.items(np.arange(200, 400)), frozenset({PROBS}))[PROBS]
        assert (p.argmax(axis=1) == y[200:]).mean() > 0.6
    of, y = table("power_plant", 600)
    learner = SklearnLearner(RandomForestRegressor(30), of, Number())
    learner.fit(Labels(of.items(np.arange(200)), y[:200]), seed=0)
    said = learner.signals(of.items(np.arange(200, 600)), frozenset({PREDICTION}))[PREDICTION]
    assert np.sqrt(np.mean((said - y[200:]) ** 2)) < 0.4 * y[200:].std()


def test_a_skorch_net_learns_a_real_table() -> None:
    """200 labels of vehicles: .69 to .70 in four fits, where the commonest of 4 classes has a share of .28."""
    skorch = pytest.importorskip("skorch", reason="the extra skorch is not installed")
    import torch

    of, y = table("pool_al/vehicle", 400)
    net = skorch.NeuralNetClassifier(
        lambda: torch.nn.Sequential(torch.nn.Linear(18, 32), torch.nn.ReLU(), torch.nn.Linear(32, 4)),
        criterion=torch.nn.CrossEntropyLoss, lr=0.1, max_epochs=60, batch_size=32, verbose=0,
    )  # fmt: skip
    learner = SklearnLearner(make_pipeline(StandardScaler(), net), of, FOUR)
    learner.fit(Labels(of.items(np.arange(200)), y[:200]), seed=0)
    p = learner.signals(of.items(np.arange(200, 400)), frozenset({PROBS}))[PROBS]
    assert (p.argmax(axis=1) == y[200:]).mean() > 0.6
