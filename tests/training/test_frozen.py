from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from querist.core.errors import ArgumentError, DataError
from querist.core.signals import EMBEDDING, GRADIENT, MEMBERS, PROBS
from querist.data.arrays import array_source
from querist.data.schema import Number
from querist.models.linear import LinearHead
from querist.models.mlp import MLP
from querist.training.frozen import frozen_features, head_learner
from querist.training.recipe import Recipe
from tiny import THREE, all_of, labels, print_of_generators, source


class Encoder:
    """Squares and sums; counts its calls."""

    def __init__(self) -> None:
        self.sizes: list[int] = []

    def __call__(self, batch: Any) -> NDArray[Any]:
        self.sizes.append(len(batch))
        x = np.asarray(batch, dtype=np.float64)
        return np.concatenate([x, x**2, x.sum(axis=1, keepdims=True)], axis=1)


def test_features_keep_ids_and_truth_and_are_those_of_the_encoder() -> None:
    numbers = np.random.default_rng(0).normal(size=(10, 3)).astype(np.float32)
    of = array_source(numbers, ids=[f"i{k}" for k in range(10)], truth=list("ababababab"), name="pool")
    encoder, seen = Encoder(), list[tuple[int, int]]()
    features = frozen_features(of, encoder, name="squares", batch=4, progress=lambda a, b: seen.append((a, b)))
    assert list(features.ids) == list(of.ids)
    assert features.truth == of.truth
    assert features.name == "squares of pool"
    assert encoder.sizes == [4, 4, 2]
    assert seen == [(4, 10), (8, 10), (10, 10)]
    given = features.take(slice(None))
    assert given.dtype == np.float32
    np.testing.assert_allclose(given, Encoder()(numbers), rtol=1e-6)


def test_the_cache_saves_the_second_run_and_is_bitwise_the_first(tmp_path: Path) -> None:
    of, encoder = source(), Encoder()
    folder = tmp_path / "new" / "cache"
    one = frozen_features(of, encoder, name="a", cache=folder)
    two = frozen_features(of, encoder, name="a", cache=folder)
    assert encoder.sizes == [60]
    np.testing.assert_array_equal(one.take(slice(None)), two.take(slice(None)))
    assert list(one.ids) == list(two.ids)
    frozen_features(of, encoder, name="b", cache=folder)
    frozen_features(source(seed=1), encoder, name="a", cache=folder)
    assert encoder.sizes == [60] * 3
    assert len(list(folder.iterdir())) == 3  # and nothing half-written beside


def test_an_encoder_that_fails_leaves_no_file(tmp_path: Path) -> None:
    def fails(batch: Any) -> Any:
        raise KeyError("encoder")

    with pytest.raises(KeyError):
        frozen_features(source(), fails, name="a", cache=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_write_that_fails_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(OSError, match="disk full"):
        frozen_features(source(), Encoder(), name="a", cache=tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", ["cut", "pickle", "other", "empty"])
def test_a_damaged_cache_is_refused_by_name_and_never_unpickled(kind: str, tmp_path: Path) -> None:
    of = source()
    frozen_features(of, Encoder(), name="a", cache=tmp_path)
    (path,) = tmp_path.iterdir()
    if kind == "cut":
        path.write_bytes(path.read_bytes()[:200])
    elif kind == "pickle":
        np.save(path, np.asarray([{"a": 1}], dtype=object), allow_pickle=True)
    elif kind == "other":
        np.save(path, np.zeros((3, 2), dtype=np.float32))
    else:
        path.write_bytes(b"")
    with pytest.raises(DataError, match="delete the file") as caught:
        frozen_features(of, Encoder(), name="a", cache=tmp_path)
    assert caught.value.code == "BadCache"


@pytest.mark.parametrize(
    ("encoder", "code"),
    [
        (lambda b: np.ones((len(b) + 1, 2)), "RowMismatch"),
        (lambda b: np.ones(len(b)), "ShapeMismatch"),
        (lambda b: np.full((len(b), 2), "x"), "ShapeMismatch"),
        (lambda b: np.ones((len(b), 0)), "ShapeMismatch"),
        (lambda b: np.ones((len(b), len(b))), "ShapeMismatch"),
        (lambda b: np.full((len(b), 2), np.nan), "BadFeatures"),
    ],
    ids=["rows", "flat", "texts", "none", "widths", "nan"],
)
def test_an_encoder_that_gives_something_else_is_refused(encoder: Any, code: str) -> None:
    with pytest.raises(DataError, match="mine") as caught:
        frozen_features(source(), encoder, name="mine", batch=50)
    assert caught.value.code == code


def test_a_batch_below_one_is_refused() -> None:
    with pytest.raises(ArgumentError, match="got 0") as caught:
        frozen_features(source(), Encoder(), name="a", batch=0)
    assert caught.value.code == "BadValue"


def test_an_encoder_of_torch_moves_no_generator() -> None:
    layer = torch.nn.Linear(4, 6)

    def encoder(batch: Any) -> Any:
        torch.rand(2)
        return layer(torch.as_tensor(batch))

    before = print_of_generators()
    features = frozen_features(source(), encoder, name="linear")
    assert print_of_generators() == before
    assert features.take(slice(None)).shape == (60, 6)


def test_a_linear_head_has_the_features_as_embedding_and_learns() -> None:
    of = source()
    features = frozen_features(of, Encoder(), name="squares")
    learner = head_learner(features, THREE, recipe=Recipe(epochs=100, lr=0.05), device="cpu")
    assert learner.provides == {PROBS, EMBEDDING, GRADIENT}
    learner.fit(labels(features, range(30)), seed=0)
    assert isinstance(learner._module, LinearHead)
    view = learner.signals(all_of(features), frozenset({PROBS, EMBEDDING}))
    np.testing.assert_array_equal(view[EMBEDDING], features.take(slice(None)))
    assert (view[PROBS].argmax(axis=1) == np.arange(60) % 3).mean() > 0.9


def test_a_hidden_head_may_have_members() -> None:
    features = frozen_features(source(), Encoder(), name="squares")
    learner = head_learner(features, THREE, hidden=(8,), members=3, recipe=Recipe(epochs=1), device="cpu")
    learner.fit(labels(features, range(30)), seed=0)
    assert isinstance(learner._module, MLP)
    assert learner.signals(all_of(features), frozenset({MEMBERS}))[MEMBERS].shape == (60, 3, 3)
    assert head_learner(features, Number(), hidden=(8,), device="cpu")._outputs == 1
    with pytest.raises(ArgumentError) as caught:
        head_learner(features, THREE, members=3, device="cpu")
    assert caught.value.code == "NeedsDropout"
