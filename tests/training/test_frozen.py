from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from querist.core.errors import ArgumentError, DataError
from querist.core.progress import listening
from querist.core.signals import EMBEDDING, GRADIENT, MEMBERS, NOISE, PROBS
from querist.data.arrays import array_source
from querist.data.schema import Number
from querist.models.linear import LinearHead
from querist.models.mlp import MLP
from querist.training import frozen
from querist.training.frozen import frozen_features, frozen_learner, head_learner
from querist.training.recipe import Recipe
from tiny import THREE, all_of, labels, print_of_generators, source


class Encoder:
    """Squares and sums; counts its calls."""

    name: str | None = None

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


def test_a_write_that_fails_leaves_nothing_that_is_taken_for_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError("disk full")

    with monkeypatch.context() as broken:
        broken.setattr("os.replace", full)
        with pytest.raises(OSError, match="disk full"):
            frozen_features(source(), Encoder(), name="a", cache=tmp_path)
    assert list(tmp_path.glob("*.npy")) == []
    encoder = Encoder()
    whole = frozen_features(source(), encoder, name="a", cache=tmp_path)
    np.testing.assert_array_equal(whole.take(slice(None)), Encoder()(source().take(slice(None))).astype(np.float32))
    assert [p.suffix for p in tmp_path.iterdir()] == [".npy"]


class Failing(Encoder):
    """Fails at its third batch."""

    def __call__(self, batch: Any) -> NDArray[Any]:
        if len(self.sizes) == 2:
            raise KeyError("power cut")
        return super().__call__(batch)


def test_a_run_that_was_cut_goes_on_where_it_was_and_gives_bitwise_the_same(tmp_path: Path) -> None:
    with pytest.raises(KeyError):
        frozen_features(source(), Failing(), name="a", cache=tmp_path, batch=16)
    encoder, seen = Encoder(), list[int]()
    second = frozen_features(
        source(), encoder, name="a", cache=tmp_path, batch=16, progress=lambda done, _: seen.append(done)
    )
    assert encoder.sizes == [16, 12], "32 of 60 items were kept"
    assert seen == [48, 60]
    unbroken = frozen_features(source(), Encoder(), name="a", batch=16)
    np.testing.assert_array_equal(second.take(slice(None)), unbroken.take(slice(None)))
    assert [p.suffix for p in tmp_path.iterdir()] == [".npy"]


def test_a_killed_process_loses_seconds_and_not_the_run(tmp_path: Path) -> None:
    code = f"""
import os, sys, types
import numpy as np
from pathlib import Path
from querist.data.arrays import array_source
from querist.training import frozen
frozen._KEEP_EVERY = 0.0
calls = []
def encoder(batch):
    calls.append(1)
    if len(calls) == 4:
        os.kill(os.getpid(), 9)
    return np.asarray(batch) * 2
of = array_source(np.arange(40, dtype=np.float32).reshape(20, 2))
frozen.frozen_features(of, encoder, name="twice", cache=Path({str(tmp_path)!r}), batch=4)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert sorted(p.suffix for p in tmp_path.iterdir()) == [".mark", ".part"], done.stderr
    sizes: list[int] = []

    def encoder(batch: Any) -> NDArray[Any]:
        sizes.append(len(batch))
        return np.asarray(batch) * 2

    of = array_source(np.arange(40, dtype=np.float32).reshape(20, 2))
    features = frozen_features(of, encoder, name="twice", cache=tmp_path, batch=4)
    assert sum(sizes) == 8
    np.testing.assert_array_equal(features.take(slice(None)), np.arange(40, dtype=np.float32).reshape(20, 2) * 2)


def test_the_name_is_the_encoders_own_or_is_asked_for(tmp_path: Path) -> None:
    encoder: Any = Encoder()
    with pytest.raises(ArgumentError, match="key of the cache") as caught:
        frozen_features(source(), encoder, cache=tmp_path)
    assert caught.value.code == "MissingKey"
    encoder.name = "squares 1"
    frozen_features(source(), encoder, cache=tmp_path)
    frozen_features(source(), encoder, name="squares 1", cache=str(tmp_path))
    assert encoder.sizes == [60]


def test_many_features_without_a_cache_are_in_a_file_and_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    small = frozen_features(source(), Encoder(), name="a", batch=16).take(slice(None))
    monkeypatch.setattr("querist.training.frozen._IN_MEMORY", 100)
    large = frozen_features(source(), Encoder(), name="a", batch=16)
    assert isinstance(frozen._space(60, 9), np.memmap)
    np.testing.assert_array_equal(large.take(slice(None)), small)


def test_who_listens_hears_how_far_it_is() -> None:
    heard: list[tuple[str, int, int]] = []
    with listening(lambda what, done, total: heard.append((what, done, total))):
        frozen_features(source(), Encoder(), name="a", batch=40)
    assert heard == [("features by a", 40, 60), ("features by a", 60, 60)]


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


def test_a_learner_over_an_encoder_refuses_members_of_a_linear_head_before_anything_is_encoded() -> None:
    of = array_source(np.random.default_rng(0).normal(size=(10, 3)).astype(np.float32))
    encoder = Encoder()
    with pytest.raises(ArgumentError, match="LinearHead has none") as error:
        frozen_learner(of, Number(), lambda: encoder, members=5, device="cpu")
    assert error.value.code == "NeedsDropout"
    assert encoder.sizes == []
    encoder.name = "squares"
    learner = frozen_learner(
        of, Number(), lambda: encoder, members=5, hidden=(4,), head="normal", batch=4, device="cpu"
    )
    assert encoder.sizes == [4, 4, 2]
    assert {MEMBERS, NOISE} <= learner.provides, "mean and variance are two outputs"
