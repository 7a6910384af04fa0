"""ROOM 2: what predicts and what it can tell. Networks are loaded when they are first used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from querist.core.registry import Registry

__all__ = ["register"]


def _small_cnn(**parameters: Any) -> Any:
    from querist.models.cnn import SmallCNN

    return SmallCNN(**parameters)


def _strided_cnn(**parameters: Any) -> Any:
    from querist.models.strided_cnn import StridedCNN

    return StridedCNN(**parameters)


def _mlp(**parameters: Any) -> Any:
    from querist.models.mlp import MLP

    return MLP(**parameters)


def _linear(**parameters: Any) -> Any:
    from querist.models.linear import LinearHead

    return LinearHead(**parameters)


def register(registry: Registry) -> None:
    """The door of this room."""
    registry.add("model", "small_cnn", _small_cnn)
    registry.add("model", "strided_cnn", _strided_cnn)
    registry.add("model", "mlp", _mlp)
    registry.add("model", "linear", _linear)
