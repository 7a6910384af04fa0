"""querist: deep active learning. Give it an unlabelled pool and a budget, and it asks for the labels that help most.

Everything is loaded when it is first used: importing this package loads no torch, NumPy, scikit-learn or pydantic.
Every registered part is here under its Python name too: ``querist.Margin() >> querist.KMeans()``.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from querist.annotation.noisy import NoisyAnnotator
    from querist.annotation.simulated import SimulatedAnnotator
    from querist.assembly.session import Session
    from querist.core.errors import (
        ArgumentError,
        ArgumentTypeError,
        DataError,
        QueristError,
        QueristWarning,
        ResourceError,
        StateError,
        UnknownNameError,
    )
    from querist.core.registry import registry
    from querist.core.types import Answer, Query
    from querist.data.graph import graph_source
    from querist.data.read import read
    from querist.data.schema import MultiLabel, Number, SingleLabel
    from querist.data.sequence_files import read_sequences
    from querist.data.spans import Spans
    from querist.session.run import run
    from querist.strategies.arrays import score, select
    from querist.strategies.parser import parse
    from querist.strategies.stream import StreamSampler
    from querist.training.frozen import frozen_features
    from querist.training.gp_learner import GPLearner
    from querist.training.graph_learner import GraphLearner
    from querist.training.image_learner import image_learner
    from querist.training.recipe import Recipe
    from querist.training.recurrent import recurrent_learner
    from querist.training.sklearn_learner import SklearnLearner
    from querist.training.tabular import tabular_learner
    from querist.training.tagger import TaggerLearner
    from querist.training.text_learner import text_learner
    from querist.training.torch_learner import TorchLearner

__version__ = "0.1.0"

_HOMES = {
    "Answer": "querist.core.types",
    "ArgumentError": "querist.core.errors",
    "ArgumentTypeError": "querist.core.errors",
    "DataError": "querist.core.errors",
    "GPLearner": "querist.training.gp_learner",
    "GraphLearner": "querist.training.graph_learner",
    "MultiLabel": "querist.data.schema",
    "NoisyAnnotator": "querist.annotation.noisy",
    "Number": "querist.data.schema",
    "Query": "querist.core.types",
    "QueristError": "querist.core.errors",
    "QueristWarning": "querist.core.errors",
    "Recipe": "querist.training.recipe",
    "ResourceError": "querist.core.errors",
    "Session": "querist.assembly.session",
    "SimulatedAnnotator": "querist.annotation.simulated",
    "SingleLabel": "querist.data.schema",
    "SklearnLearner": "querist.training.sklearn_learner",
    "Spans": "querist.data.spans",
    "StateError": "querist.core.errors",
    "StreamSampler": "querist.strategies.stream",
    "TaggerLearner": "querist.training.tagger",
    "TorchLearner": "querist.training.torch_learner",
    "UnknownNameError": "querist.core.errors",
    "graph_source": "querist.data.graph",
    "frozen_features": "querist.training.frozen",
    "image_learner": "querist.training.image_learner",
    "parse": "querist.strategies.parser",
    "read": "querist.data.read",
    "read_sequences": "querist.data.sequence_files",
    "recurrent_learner": "querist.training.recurrent",
    "registry": "querist.core.registry",
    "run": "querist.session.run",
    "score": "querist.strategies.arrays",
    "select": "querist.strategies.arrays",
    "tabular_learner": "querist.training.tabular",
    "text_learner": "querist.training.text_learner",
}

__all__ = [  # noqa: RUF022
    "Answer",
    "ArgumentError",
    "ArgumentTypeError",
    "DataError",
    "GPLearner",
    "GraphLearner",
    "MultiLabel",
    "NoisyAnnotator",
    "Number",
    "Query",
    "QueristError",
    "QueristWarning",
    "Recipe",
    "ResourceError",
    "Session",
    "SimulatedAnnotator",
    "SingleLabel",
    "SklearnLearner",
    "Spans",
    "StateError",
    "StreamSampler",
    "TaggerLearner",
    "TorchLearner",
    "UnknownNameError",
    "__version__",
    "graph_source",
    "frozen_features",
    "image_learner",
    "parse",
    "read",
    "read_sequences",
    "recurrent_learner",
    "registry",
    "run",
    "score",
    "select",
    "tabular_learner",
    "text_learner",
]


def __getattr__(name: str) -> Any:
    """Load a public name, or a registered part by its Python name, when it is first used."""
    if name in _HOMES:
        value = getattr(importlib.import_module(_HOMES[name]), name)
        globals()[name] = value
        return value
    if not name.startswith("_") and name[:1].isupper():
        for entry in importlib.import_module("querist.core.registry").registry.entries():
            if getattr(entry.factory, "__name__", "") == name:
                return entry.factory
    raise AttributeError(f"module 'querist' has no attribute {name!r}")


def __dir__() -> list[str]:
    """The public names."""
    return sorted(__all__)
