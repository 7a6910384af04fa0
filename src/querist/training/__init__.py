"""ROOM 5: how it learns from few labels: learners, recipes, weights without pickle."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from querist.core.registry import Registry

__all__ = ["register"]


def _sklearn(*arguments: Any, **parameters: Any) -> Any:
    from querist.training.sklearn_learner import SklearnLearner

    return SklearnLearner(*arguments, **parameters)


def _torch(*arguments: Any, **parameters: Any) -> Any:
    from querist.training.torch_learner import TorchLearner

    return TorchLearner(*arguments, **parameters)


def _recurrent(*arguments: Any, **parameters: Any) -> Any:
    from querist.training.recurrent import recurrent_learner

    return recurrent_learner(*arguments, **parameters)


def _tagger(*arguments: Any, **parameters: Any) -> Any:
    from querist.training.tagger import TaggerLearner

    return TaggerLearner(*arguments, **parameters)


def _gp(*arguments: Any, **parameters: Any) -> Any:
    from querist.training.gp_learner import GPLearner

    return GPLearner(*arguments, **parameters)


def _calibrated(*arguments: Any, **parameters: Any) -> Any:
    from querist.training.calibrated import Calibrated

    return Calibrated(*arguments, **parameters)


def _graph(*arguments: Any, **parameters: Any) -> Any:
    from querist.training.graph_learner import GraphLearner

    return GraphLearner(*arguments, **parameters)


def _plugin(module: str, name: str) -> Any:
    def make(**parameters: Any) -> Any:
        from importlib import import_module

        return getattr(import_module(f"querist.training.plugins.{module}"), name)(**parameters)

    make.__module__ = f"querist.training.plugins.{module}"
    return make


_PLUGINS = {"learning_loss": "LearningLoss", "tod": "Tod", "vaal": "Vaal", "waal": "Waal"}
_FACTORIES = {module: _plugin(module, name) for module, name in _PLUGINS.items()}


def register(registry: Registry) -> None:
    """The door of this room."""
    registry.add("learner", "sklearn", _sklearn)
    registry.add("learner", "torch", _torch)
    registry.add("learner", "recurrent", _recurrent)
    registry.add("learner", "tagger", _tagger)
    registry.add("learner", "gp", _gp)
    registry.add("learner", "calibrated", _calibrated)
    registry.add("learner", "graph", _graph)
    for name, factory in _FACTORIES.items():
        registry.add("plugin", name, factory)
