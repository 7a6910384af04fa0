"""What is told of many items goes shard by shard to files: the same numbers, and little memory."""

from __future__ import annotations

import tempfile
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from querist.core import large
from querist.core.rows import Rows
from querist.core.signals import (
    AUGMENTED,
    EMBEDDING,
    GRADIENT,
    HISTORY,
    INPUT_GRAD,
    LOSS,
    MEMBERS,
    MULTILABEL,
    NBEST,
    NOISE,
    PERTURBED,
    PREDICTION,
    PROBS,
    TOKENS,
    Signal,
)
from querist.core.types import Labels
from querist.data.arrays import array_source
from querist.data.schema import MultiLabel, Number, SingleLabel
from querist.data.source import Source
from querist.models.mlp import MLP
from querist.models.stochastic.ensemble import Ensemble
from querist.models.stochastic.laplace import LastLayerLaplace
from querist.training import gp_learner, shards, sklearn_learner
from querist.training.calibrated import Calibrated
from querist.training.gp_learner import GPLearner
from querist.training.plugins.learning_loss import LearningLoss
from querist.training.providers.augmented import Augmented
from querist.training.providers.history import EpochHistory
from querist.training.providers.input_gradient import InputGradient
from querist.training.providers.perturbed import WeightNoise
from querist.training.recipe import Recipe
from querist.training.shards import in_shards
from querist.training.sklearn_learner import SklearnLearner
from querist.training.tagger import TaggerLearner
from querist.training.torch_learner import TorchLearner
from tagged import SCHEMA, sentences

N = 4_000
CLASSES = ("a", "b", "c", "d")
SHARD, SPILL = 1 << 14, 1 << 15


@pytest.fixture(scope="module")
def source() -> Source:
    return array_source(np.random.default_rng(0).normal(size=(N, 4)).astype(np.float32))


def labels(source: Source, targets: Any = None) -> Labels:
    return Labels(source.items(np.arange(40)), np.arange(40) % 4 if targets is None else targets)


def network(source: Source, **more: Any) -> TorchLearner:
    given = {"schema": SingleLabel(CLASSES), "members": 6, "recipe": Recipe(epochs=6), **more}
    schema, outputs = given.pop("schema"), given.pop("outputs", 4)
    return TorchLearner(
        lambda: MLP(4, outputs, hidden=(8,), dropout=0.2),
        source,
        schema,
        device="cpu",
        score_batch=250,
        **given,
    )


def forest(source: Source, schema: Any) -> SklearnLearner:
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

    kind = RandomForestRegressor if isinstance(schema, Number) else RandomForestClassifier
    return SklearnLearner(kind(6, max_depth=3), source, schema)


PARTS = [Augmented(times=3), WeightNoise(times=3), EpochHistory(3), InputGradient()]
OF_A_NETWORK = (PROBS, EMBEDDING, GRADIENT, MEMBERS, AUGMENTED, PERTURBED, HISTORY, INPUT_GRAD)
NUMBER = {"schema": Number(), "outputs": 1, "members": LastLayerLaplace(6)}


def parts(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,)


@pytest.mark.parametrize(
    ("make", "targets", "signals"),
    [
        (lambda s: network(s, providers=PARTS), None, [(name,) for name in OF_A_NETWORK]),
        (lambda s: network(s, providers=PARTS), None, [OF_A_NETWORK]),
        (lambda s: network(s, members=Ensemble(3)), None, [(PROBS, MEMBERS, EMBEDDING)]),
        (lambda s: network(s, members=LastLayerLaplace(6)), None, [(MEMBERS, GRADIENT)]),
        (lambda s: network(s, plugins=[LearningLoss()]), None, [(LOSS, PROBS)]),
        (lambda s: network(s, schema=MultiLabel(CLASSES)), np.eye(4)[np.arange(40) % 4], [(MULTILABEL, MEMBERS)]),
        (
            lambda s: network(s, **NUMBER, providers=[EpochHistory(3)]),
            np.arange(40.0),
            [(PREDICTION, MEMBERS, HISTORY)],
        ),
        (lambda s: Calibrated(network(s, providers=PARTS[:1])), None, [(GRADIENT, PROBS, AUGMENTED)]),
        (lambda s: forest(s, SingleLabel(CLASSES)), None, [(PROBS, MEMBERS, EMBEDDING)]),
        (lambda s: forest(s, Number()), np.arange(40.0), [(PREDICTION, MEMBERS)]),
    ],
)
def test_every_signal_goes_to_a_file_beyond_the_size_and_is_bitwise_the_same(
    make: Callable[[Source], Any],
    targets: Any,
    signals: list[tuple[Signal, ...]],
    source: Source,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    learner = make(source)
    learner.fit(labels(source, targets), seed=0)
    for asked in signals:
        names = frozenset(asked)
        whole = {name: learner.signals(source.items(), names)[name] for name in asked}
        assert not list(tmp_path.glob("querist-*"))
        with monkeypatch.context() as small:
            small.setattr(sklearn_learner, "_STEP", 250)
            small.setattr(shards, "SHARD_BYTES", SHARD)
            small.setattr(large, "SPILL_BYTES", SPILL)
            view = learner.signals(source.items(), names)
        for name in asked:
            assert isinstance(view[name], tuple) == isinstance(whole[name], tuple)
            for told, wanted in zip(parts(view[name]), parts(whole[name]), strict=True):
                assert (told.dtype, told.shape) == (wanted.dtype, wanted.shape), name
                if MULTILABEL in asked:  # a sigmoid rounds the last few numbers of an array in another way
                    np.testing.assert_allclose(told, wanted, rtol=1e-6)
                else:
                    assert np.array_equal(told, wanted), name
                assert isinstance(told, np.memmap) == (wanted.nbytes > SPILL), name
                assert not isinstance(told, np.memmap) or Rows(told).streams
        del view, told
        assert not list(tmp_path.glob("querist-*"))


@pytest.mark.parametrize("signal", [MEMBERS, HISTORY, AUGMENTED, PERTURBED])
def test_little_is_in_memory_at_once(signal: Signal, source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    more = [Augmented(times=48), WeightNoise(times=48), EpochHistory(47)]
    learner = network(source, members=48, providers=more, recipe=Recipe(epochs=48))
    learner.fit(labels(source), seed=0)
    size = N * 48 * 4 * 4

    def peak() -> int:
        tracemalloc.start()
        value = learner.signals(source.items(), frozenset({signal}))[signal]
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert value.nbytes == size
        return found

    assert peak() > size
    monkeypatch.setattr(shards, "SHARD_BYTES", 1 << 17)
    monkeypatch.setattr(large, "SPILL_BYTES", 1 << 18)
    assert peak() < 0.4 * size


def test_a_tagger_too(monkeypatch: pytest.MonkeyPatch) -> None:
    source = sentences(60)
    learner = TaggerLearner(source, SCHEMA, members=3, score_batch=8, recipe=Recipe(epochs=2, lr=0.01), device="cpu")
    assert source.truth is not None
    tags = SCHEMA.of(source).stack([SCHEMA.of(source).encode(source.truth[r]) for r in range(20)])
    learner.fit(Labels(source.items(np.arange(20)), tags), seed=0)
    names = frozenset({TOKENS, NBEST, EMBEDDING, MEMBERS})
    whole = learner.signals(source.items(), names)
    monkeypatch.setattr(shards, "SHARD_BYTES", 1)
    monkeypatch.setattr(large, "SPILL_BYTES", 64)
    told = learner.signals(source.items(), names)
    for name in names:
        assert isinstance(told[name], np.memmap)
        np.testing.assert_allclose(told[name], whole[name], rtol=1e-4, atol=1e-5)


def test_a_process_too(source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("gpytorch", reason="the extra bayes is not installed")
    learner = GPLearner(source, Number(), members=4, steps=3)
    learner.fit(labels(source, np.arange(40.0)), seed=0)
    names = frozenset({PREDICTION, NOISE, EMBEDDING, MEMBERS})
    monkeypatch.setattr(gp_learner, "_BLOCK", 1024)
    whole = learner.signals(source.items(), names)
    monkeypatch.setattr(shards, "SHARD_BYTES", 1)
    monkeypatch.setattr(large, "SPILL_BYTES", 64)
    told = learner.signals(source.items(), names)
    for name in names:
        assert isinstance(told[name], np.memmap)
        assert np.array_equal(told[name], whole[name])


def test_a_shard_is_a_whole_number_of_batches_and_few_items_are_one() -> None:
    seen: list[int] = []

    def tell(rows: Any) -> dict[Signal, Any]:
        seen.append(len(rows))
        return {PROBS: rows[:, None].astype(np.float32), NOISE: rows.astype(np.float64)}

    rows = np.arange(1000)[::-1].copy()
    monkey = pytest.MonkeyPatch()
    with monkey.context() as small:
        small.setattr(shards, "SHARD_BYTES", 1000)
        out = in_shards(rows, 4, 96, tell)  # 250 items fit, and two batches of 96 are 192
        assert seen == [192] * 5 + [40]
        assert np.array_equal(out[PROBS][:, 0], rows)
        assert out[NOISE].dtype == np.float64
        seen.clear()
        in_shards(rows[:192], 4, 96, tell)
        in_shards(rows[:0], 4, 96, tell)
        in_shards(rows[:200], 10_000, 96, tell)  # one item is too much: a batch is the least
        assert seen == [192, 0, 96, 96, 8]


def test_what_fails_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(shards, "SHARD_BYTES", 64)
    monkeypatch.setattr(large, "SPILL_BYTES", 64)

    def tell(rows: Any) -> dict[Signal, Any]:
        assert len(list(tmp_path.iterdir())) == (0 if rows[0] == 0 else 1)
        if rows[0] > 32:
            raise OSError("no more")
        return {PROBS: rows[:, None].astype(np.float32)}

    with pytest.raises(OSError, match="no more"):
        in_shards(np.arange(100), 4, 1, tell)
    assert not list(tmp_path.iterdir())
