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


def _resnet18(**parameters: Any) -> Any:
    from querist.models.resnet import ResNet18

    return ResNet18(**parameters)


def _linear(**parameters: Any) -> Any:
    from querist.models.linear import LinearHead

    return LinearHead(**parameters)


def _lstm(**parameters: Any) -> Any:
    from querist.models.rnn import RnnClassifier

    return RnnClassifier(**{"kind": "lstm", **parameters})


def _gru(**parameters: Any) -> Any:
    from querist.models.rnn import RnnClassifier

    return RnnClassifier(**{"kind": "gru", **parameters})


def _bilstm_crf(**parameters: Any) -> Any:
    from querist.models.bilstm_crf import BiLstmCrf

    return BiLstmCrf(**parameters)


def _window_crf(**parameters: Any) -> Any:
    from querist.models.bilstm_crf import WindowCrf

    return WindowCrf(**parameters)


def _sgc(**parameters: Any) -> Any:
    from querist.models.sgc import SGC

    return SGC(**parameters)


def _appnp(**parameters: Any) -> Any:
    from querist.models.appnp import APPNP

    return APPNP(**parameters)


def _gcn(**parameters: Any) -> Any:
    from querist.models.gcn import GCN

    return GCN(**parameters)


def _sage(**parameters: Any) -> Any:
    from querist.models.sage import SAGE

    return SAGE(**parameters)


def _gat(**parameters: Any) -> Any:
    from querist.models.gat import GAT

    return GAT(**parameters)


def register(registry: Registry) -> None:
    """The door of this room."""
    registry.add("model", "small_cnn", _small_cnn)
    registry.add("model", "strided_cnn", _strided_cnn)
    registry.add("model", "mlp", _mlp)
    registry.add("model", "linear", _linear)
    registry.add("model", "lstm", _lstm)
    registry.add("model", "gru", _gru)
    registry.add("model", "bilstm_crf", _bilstm_crf)
    registry.add("model", "window_crf", _window_crf)
    registry.add("model", "sgc", _sgc)
    registry.add("model", "appnp", _appnp)
    registry.add("model", "gcn", _gcn)
    registry.add("model", "sage", _sage)
    registry.add("model", "gat", _gat)
    registry.add("model", "resnet18", _resnet18)
