"""Every architecture with tiny data: what it learns from, and its learner with all signals that it can be equipped with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from querist.core.ports import Learner
from querist.core.types import LabelValue
from querist.data.arrays import array_source
from querist.data.schema import MultiLabel, Number, Schema, SingleLabel
from querist.data.source import Source
from querist.models.resnet import ResNet18
from querist.training.graph_learner import GraphLearner
from querist.training.image_learner import image_learner
from querist.training.plugins.learning_loss import LearningLoss
from querist.training.plugins.vaal import Vaal
from querist.training.plugins.waal import Waal
from querist.training.providers.augmented import Augmented
from querist.training.providers.history import EpochHistory
from querist.training.providers.perturbed import WeightNoise
from querist.training.recipe import Recipe
from querist.training.recurrent import recurrent_learner
from querist.training.sklearn_learner import SklearnLearner
from querist.training.tabular import tabular_learner
from querist.training.tagger import TaggerLearner
from querist.training.text_learner import text_learner
from querist.training.torch_learner import TorchLearner
from rings import blocks
from tagged import SCHEMA as TAGS
from tagged import sentences
from tiny_encoder import GLAD, reviews, tiny_folder

__all__ = ["ARCHITECTURES", "SIZE", "Ready"]

SIZE = 40
"""Items of each source."""
THREE = SingleLabel(("a", "b", "c"))
QUICK = Recipe(optimizer="adamw", lr=5e-3, epochs=3, batch_size=8)
ABLE: dict[str, Any] = {"recipe": QUICK, "device": "cpu"}


@dataclass(frozen=True)
class Ready:
    """An architecture on its data.

    Args:
        source: SIZE items.
        schema: what a label may be.
        truth: the label of each item.
        learner: not fitted yet.
        more: arguments of the session that only this architecture has.
    """

    source: Source
    schema: Schema
    truth: Mapping[str, LabelValue]
    learner: Learner
    more: Mapping[str, Any]


def _extras(*plugins: Any) -> dict[str, Any]:
    """Providers and plug-ins of a network, each made anew."""
    return {"providers": [Augmented(), WeightNoise(3), EpochHistory()], "plugins": [make() for make in plugins]}


def _numbers() -> tuple[Source, Any]:
    """(SIZE, 4) numbers around three centres, and the centre of each."""
    rng = np.random.default_rng(0)
    y = np.arange(SIZE) % 3
    return array_source((3 * np.eye(3, 4)[y] + rng.normal(size=(SIZE, 4))).astype(np.float32)), y


def _ready(source: Source, schema: Schema, labels: Any, learner: Learner, **more: Any) -> Ready:
    return Ready(source, schema, dict(zip(source.ids, labels, strict=True)), learner, more)


def _classes(make: Callable[[Source, Schema], Learner]) -> Ready:
    source, y = _numbers()
    return _ready(source, THREE, ["abc"[c] for c in y], make(source, THREE))


def _answers(make: Callable[[Source, Schema], Learner]) -> Ready:
    source, y = _numbers()
    answers = y * 2.0 + np.asarray(source.take(slice(None)))[:, 3]
    return _ready(source, Number(), [float(v) for v in answers], make(source, Number()))


def forest(_: Path) -> Ready:
    """A scikit-learn classifier."""
    from sklearn.ensemble import RandomForestClassifier

    return _classes(lambda source, schema: SklearnLearner(RandomForestClassifier(4), source, schema))


def forest_of_numbers(_: Path) -> Ready:
    """A scikit-learn regressor."""
    from sklearn.ensemble import RandomForestRegressor

    return _answers(lambda source, schema: SklearnLearner(RandomForestRegressor(4), source, schema))


def skorch_net(_: Path) -> Ready:
    """A skorch net."""
    skorch = pytest.importorskip("skorch", reason="the extra skorch is not installed")
    import torch

    net = skorch.NeuralNetClassifier(
        torch.nn.Linear, module__in_features=4, module__out_features=3, criterion=torch.nn.CrossEntropyLoss, lr=0.1,
        max_epochs=5, verbose=0, train_split=None,
    )  # fmt: skip
    return _classes(lambda source, schema: SklearnLearner(net, source, schema))


def mlp(_: Path) -> Ready:
    """An MLP on a table, with all that a network can be equipped with."""
    more = {**ABLE, **_extras(LearningLoss, Vaal, Waal), "members": 4, "dropout": 0.2, "hidden": (8, 8)}
    return _classes(lambda source, schema: tabular_learner(source, schema, **more))


def mlp_of_numbers(_: Path) -> Ready:
    """An MLP that predicts mean and variance of a number."""
    more = {**ABLE, "head": "normal", "members": 4, "dropout": 0.2, "hidden": (8,)}
    return _answers(lambda source, schema: tabular_learner(source, schema, **more))


def mlp_of_several(_: Path) -> Ready:
    """An MLP with several labels an item."""
    source, y = _numbers()
    schema = MultiLabel(("odd", "large"))
    labels = [[name for name, on in (("odd", c == 1), ("large", c > 0)) if on] for c in y]
    return _ready(source, schema, labels, tabular_learner(source, schema, hidden=(8,), **ABLE))


def gaussian_process(_: Path) -> Ready:
    """A Gaussian process on features of a small network."""
    pytest.importorskip("gpytorch", reason="gpytorch is not installed: the extra bayes")
    from querist.training.gp_learner import GPLearner

    return _answers(lambda source, schema: GPLearner(source, schema, hidden=(8,), width=2, members=4, steps=5))


def _pictures(make: Callable[[Source], Learner]) -> Ready:
    rng = np.random.default_rng(0)
    y = np.arange(SIZE) % 3
    images = rng.integers(0, 80, (SIZE, 1, 8, 8), dtype=np.uint8)
    for k in range(SIZE):
        images[k, :, 2 * y[k] : 2 * y[k] + 2] += 150
    source = array_source(images, modality="image")
    return _ready(source, THREE, ["abc"[c] for c in y], make(source))


def small_cnn(_: Path) -> Ready:
    """A small CNN, with all that a network can be equipped with."""
    more = {**ABLE, **_extras(LearningLoss, Vaal, Waal), "members": 4}
    return _pictures(lambda source: image_learner(source, THREE, "small_cnn", **more))


def resnet18(_: Path) -> Ready:
    """ResNet-18, narrow: some strategies take the cube of the embedding's width."""
    network = partial(ResNet18, 1, 3, width=2, dropout=0.2)
    return _pictures(lambda source: TorchLearner(network, source, THREE, members=4, **ABLE))


def recurrent(_: Path) -> Ready:
    """A GRU on texts."""
    source = reviews(SIZE)
    learner = recurrent_learner(source, GLAD, kind="gru", members=4, width=8, hidden=8, recipe=QUICK)
    return _ready(source, GLAD, ["glad", "sad"] * (SIZE // 2), learner)


def _texts(folder: Path, tune: Any, **more: Any) -> Ready:
    pytest.importorskip("transformers", reason="transformers is not installed: the extra text")
    if tune == "lora":
        pytest.importorskip("peft", reason="peft is not installed: the extra text")
    source = reviews(SIZE)
    learner = text_learner(source, GLAD, tiny_folder(folder / "tiny"), tune, members=4, **ABLE, **more)
    return _ready(source, GLAD, ["glad", "sad"] * (SIZE // 2), learner)


def encoder_frozen(folder: Path) -> Ready:
    """A head on the features of a pre-trained encoder, with all that a network can be equipped with."""
    return _texts(folder, "frozen", hidden=(8,), **_extras(LearningLoss))


def encoder_lora(folder: Path) -> Ready:
    """Adapters in a pre-trained encoder."""
    return _texts(folder, "lora")


def encoder_full(folder: Path) -> Ready:
    """A pre-trained encoder, trained whole."""
    return _texts(folder, "full")


def _graph(model: str, **more: Any) -> Ready:
    if model in ("sage", "gat"):
        pytest.importorskip("torch_geometric", reason="the extra graph is not installed", exc_type=ImportError)
    source, y = blocks((14, 14, 12))
    recipe = Recipe(lr=0.05, epochs=5)
    learner = GraphLearner(model, source, THREE, recipe=recipe, device="cpu", **more)
    return _ready(source, THREE, ["abc"[c] for c in y], learner, graph=source.graph)


def _tags(network: str, **more: Any) -> Ready:
    source = sentences(SIZE)
    assert source.truth is not None
    schema = TAGS.of(source)
    labels = [schema.decode(schema.encode(t, i)) for t, i in zip(source.truth, source.ids, strict=True)]
    recipe = Recipe(epochs=3, lr=2e-2, batch_size=8)
    learner = TaggerLearner(source, TAGS, network=network, recipe=recipe, members=3, best=4, **more)
    return _ready(source, schema, labels, learner)


ARCHITECTURES: Mapping[str, Callable[[Path], Ready]] = {
    "scikit-learn, classes": forest,
    "scikit-learn, numbers": forest_of_numbers,
    "skorch": skorch_net,
    "MLP, classes": mlp,
    "MLP, numbers": mlp_of_numbers,
    "MLP, several labels": mlp_of_several,
    "Gaussian process": gaussian_process,
    "small CNN": small_cnn,
    "ResNet-18": resnet18,
    "GRU": recurrent,
    "encoder, frozen": encoder_frozen,
    "encoder, LoRA": encoder_lora,
    "encoder, full": encoder_full,
    "SGC": lambda _: _graph("sgc"),
    "APPNP": lambda _: _graph("appnp", members=3),
    "GCN": lambda _: _graph("gcn", members=3),
    "GraphSAGE": lambda _: _graph("sage", members=3),
    "GAT": lambda _: _graph("gat", members=3),
    "window CRF": lambda _: _tags("window_crf", width=8, buckets=64),
    "BiLSTM-CRF": lambda _: _tags("bilstm_crf", word_width=8, hidden=8),
}
"""Name to a function of a scratch folder."""
