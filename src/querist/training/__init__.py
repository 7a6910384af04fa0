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
    for name, factory in _FACTORIES.items():
        registry.add("plugin", name, factory)
