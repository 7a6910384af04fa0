"""Saved estimators: bitwise equal after loading, and files that name anything but scikit-learn's estimators are refused."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_digits, load_iris
from sklearn.ensemble import BaggingClassifier, ExtraTreesRegressor, GradientBoostingClassifier, RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, Ridge, SGDClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from querist.core.errors import DataError, StateError
from querist.training.sklearn_state import load_estimator, save_estimator

DIGITS = load_digits(return_X_y=True)
X, Y = DIGITS[0][::5], DIGITS[1][::5]

SAVEABLE = [
    LogisticRegression(max_iter=500),
    SVC(),
    SVC(kernel="linear"),
    RandomForestClassifier(5, random_state=0),
    ExtraTreesRegressor(3, random_state=0),
    BaggingClassifier(n_estimators=3, random_state=0),
    DecisionTreeClassifier(max_leaf_nodes=9, random_state=0),
    GaussianNB(),
    KNeighborsClassifier(algorithm="brute"),
    make_pipeline(StandardScaler(), LogisticRegression(max_iter=500)),
    Ridge(),
    SGDClassifier(random_state=0),
    MLPClassifier((4,), solver="lbfgs", max_iter=5000, random_state=np.random.RandomState(0)),
]


def answers(estimator: Any, x: Any) -> Any:
    for name in ("predict_proba", "decision_function", "predict"):
        if hasattr(estimator, name):
            return getattr(estimator, name)(x)
    raise AssertionError


@pytest.mark.parametrize("estimator", SAVEABLE, ids=lambda e: type(e).__name__)
def test_a_loaded_estimator_answers_bitwise_the_same(estimator: Any, tmp_path: Path) -> None:
    estimator.fit(X, Y)
    save_estimator(estimator, tmp_path)
    loaded = load_estimator(tmp_path)
    assert type(loaded) is type(estimator)
    np.testing.assert_array_equal(answers(loaded, X), answers(estimator, X))


def test_the_order_in_memory_is_kept(tmp_path: Path) -> None:
    estimator = Ridge()
    estimator.kept = np.asfortranarray(np.arange(6.0).reshape(2, 3))
    save_estimator(estimator, tmp_path)
    kept = load_estimator(tmp_path).kept
    assert kept.flags.f_contiguous
    assert not kept.flags.c_contiguous
    np.testing.assert_array_equal(kept, estimator.kept)


def test_values_of_every_kind_come_back(tmp_path: Path) -> None:
    estimator = Ridge()
    values: dict[str, Any] = {
        "nothing": None,
        "yes": True,
        "whole": 2**70,
        "odd": [float("inf"), -0.0, 1e-320],
        "pair": (1, ("a", 2.5)),
        "table": {1: "one", "1": "text", (2, 3): np.float32(0.1)},
        "words": np.asarray(["ab", "c"]),
        "things": np.asarray(["ab", None, 3], dtype=object),
        "number_type": np.float32,
        "empty": np.zeros((0, 3)),
        "zero_d": np.asarray(4),
    }
    for name, value in values.items():
        setattr(estimator, name, value)
    save_estimator(estimator, tmp_path)
    loaded = vars(load_estimator(tmp_path))
    for name, value in values.items():
        if isinstance(value, np.ndarray):
            assert loaded[name].dtype == value.dtype
            np.testing.assert_array_equal(loaded[name], value)
        else:
            assert loaded[name] == value
            assert type(loaded[name]) is type(value)


def test_a_pipeline_over_texts_can_be_saved(tmp_path: Path) -> None:
    texts = ["red green", "green blue", "blue blue red", "red red"]
    estimator = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(texts, [0, 1, 1, 0])
    save_estimator(estimator, tmp_path)
    np.testing.assert_array_equal(load_estimator(tmp_path).predict_proba(texts), estimator.predict_proba(texts))


def test_the_same_forest_gives_the_same_files(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        save_estimator(RandomForestClassifier(3, random_state=0).fit(X, Y), tmp_path / name)
    for file in ("estimator.json", "estimator.safetensors"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


@pytest.mark.parametrize(
    ("estimator", "part"),
    [
        (KNeighborsClassifier(algorithm="kd_tree"), "KDTree"),
        (GradientBoostingClassifier(n_estimators=1), "HalfMultinomialLoss"),
        (make_pipeline(FunctionTransformer(np.log1p), GaussianNB()), "ufunc"),
    ],
    ids=["neighbours", "boosting", "function"],
)
def test_what_has_no_form_without_pickle_is_refused_by_name(estimator: Any, part: str, tmp_path: Path) -> None:
    x, y = load_iris(return_X_y=True)
    with pytest.raises(StateError, match=part) as caught:
        save_estimator(estimator.fit(x, y), tmp_path)
    assert caught.value.code == "NotSaveable"


class Mine(GaussianNB):  # type: ignore[misc]
    """An estimator that is not scikit-learn's."""


def test_a_class_from_elsewhere_is_not_saved(tmp_path: Path) -> None:
    with pytest.raises(StateError, match="Mine"):
        save_estimator(Mine().fit(X, Y), tmp_path)


# -- files made by an enemy ----------------------------------------------------------------------------------------------


def made(name: str, **values: Any) -> dict[str, Any]:
    return {"~": "object", "class": name, "v": [[k, v] for k, v in values.items()]}


def poisoned(folder: Path, tree: Any) -> None:
    save_estimator(GaussianNB(), folder)
    (folder / "estimator.json").write_text(tree if isinstance(tree, str) else json.dumps(tree))


POISON: dict[str, Any] = {
    "system": made("os.system"),
    "eval": made("builtins.eval"),
    "subprocess": made("subprocess.Popen", args=["true"]),
    "prefix only": made("sklearnx.evil.Thing"),
    "bare prefix": made("sklearn."),
    "module": made("sklearn.base"),
    "through a module": made("sklearn.utils._joblib.joblib.load"),
    "other library in it": made("sklearn.base.np.ndarray"),
    "borrowed class": made("sklearn.base.defaultdict"),
    "borrowed os": made("sklearn.externals._packaging.version.os.system"),
    "function": made("sklearn.base.clone"),
    "joblib hash": made("sklearn.utils._joblib.Memory"),
    "no estimator": made("sklearn.utils.Bunch"),
    "missing class": made("sklearn.svm.NoSuchThing"),
    "missing module": made("sklearn.no_such_module.Thing"),
    "dunder in name": made("sklearn.svm.SVC.__class__"),
    "dunder attribute": made("sklearn.svm.SVC", __class__="x"),
    "dunder reduce": made("sklearn.svm.SVC", __reduce__="x"),
    "dunder nested": made("sklearn.pipeline.Pipeline", steps=[made("sklearn.svm.SVC", __dict__=1)]),
    "called eval": {"~": "called", "class": "builtins.eval", "arguments": ["1"], "v": {}},
    "called estimator": {"~": "called", "class": "sklearn.svm.SVC", "arguments": [], "v": {}},
    "unknown kind": {"~": "reduce", "class": "os.system"},
    "no kind": {"v": 1},
    "key is no text": {"~": "object", "class": "sklearn.svm.SVC", "v": [[1, 2]]},
    "class is no text": {"~": "object", "class": ["os", "system"], "v": []},
    "array not there": {"~": "array", "at": "nowhere", "fortran": False, "shape": [1]},
    "object type": {"~": "number type", "v": "O"},
    "object records": {"~": "records", "at": "x", "fields": [["a", "|O", 0]], "size": 8, "shape": [1]},
    "huge records": {"~": "records", "at": "x", "fields": [["a", "<i8", 10**30]], "size": 8, "shape": [1]},
    "unhashable key": {"~": "dict", "v": [[[1], 2]]},
    "not json": "{",
    "deep": "[" * 100_000,
}


WATCHED = frozenset({"os.system", "subprocess.Popen", "os.exec", "os.posix_spawn", "socket.connect", "exec"})
started: list[str] = []
watching = [False]


def watch(event: str, arguments: Any) -> None:
    if not watching[0] or event not in WATCHED:
        return
    code = arguments[0] if event == "exec" else None
    if getattr(code, "co_name", "") != "<module>" or "site-packages" not in getattr(code, "co_filename", ""):
        started.append(event)  # importing a module of scikit-learn executes that module and nothing else


@pytest.fixture(scope="module", autouse=True)
def _watched() -> None:
    sys.addaudithook(watch)


@pytest.mark.parametrize("tree", POISON.values(), ids=POISON.keys())
def test_poison_is_refused_and_runs_nothing(tree: Any, tmp_path: Path) -> None:
    poisoned(tmp_path, tree)
    started.clear()
    watching[0] = True
    try:
        with pytest.raises(DataError) as caught:
            load_estimator(tmp_path)
    finally:
        watching[0] = False
    assert caught.value.code == "BadWeights"
    assert started == []


def test_the_watch_sees_what_runs() -> None:
    watching[0] = True
    try:
        compiled = compile("1", "elsewhere", "exec")
        exec(compiled)  # noqa: S102
    finally:
        watching[0] = False
    assert started == ["exec"]
    started.clear()


def test_damaged_arrays_are_refused(tmp_path: Path) -> None:
    save_estimator(GaussianNB().fit(X, Y), tmp_path)
    (tmp_path / "estimator.safetensors").write_bytes(b"\x80\x04cos\nsystem\n")
    with pytest.raises(DataError) as caught:
        load_estimator(tmp_path)
    assert caught.value.code == "BadWeights"


@pytest.mark.parametrize(
    ("field", "value"),
    [("left_child", 10**6), ("right_child", 0), ("left_child", -7), ("feature", 64), ("feature", -1)],
)
def test_a_tree_that_leaves_its_arrays_is_refused(field: str, value: int, tmp_path: Path) -> None:
    from safetensors.numpy import load_file, save_file

    save_estimator(DecisionTreeClassifier(random_state=0).fit(X, Y), tmp_path)
    path = tmp_path / "estimator.safetensors"
    arrays = load_file(path)
    (name,) = [n for n in arrays if n.endswith(f":{field}")]
    arrays[name][0] = value
    save_file(arrays, path)
    with pytest.raises(DataError, match="out of place"):
        load_estimator(tmp_path)
