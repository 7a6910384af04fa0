"""Weights on disk: safetensors and JSON, never pickle."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from querist.core.errors import DataError, shorten

__all__ = ["read_config", "read_weights", "state_digest", "write_weights"]

WEIGHTS, CONFIG = "model.safetensors", "config.json"


def write_weights(folder: Path, state: Mapping[str, Any], config: Mapping[str, Any]) -> None:
    """Write a state dict and its description."""
    from safetensors.torch import save_file

    save_file({k: v.detach().cpu().contiguous().clone() for k, v in state.items()}, folder / WEIGHTS)
    (folder / CONFIG).write_text(json.dumps(config, indent=1, sort_keys=True), encoding="utf-8")


def read_weights(folder: Path, kind: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The state dict and the description.

    Raises:
        DataError: files of another kind, or none (code ``BadWeights``).
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    config = read_config(folder, kind)
    try:
        return load_file(folder / WEIGHTS), config
    except (OSError, ValueError, SafetensorError) as error:
        raise DataError(f"{folder.name} holds no weights that can be read: {error}", code="BadWeights") from error


def read_config(folder: Path, kind: str) -> dict[str, Any]:
    """The description that lies beside saved weights.

    Raises:
        DataError: of another kind, or none (code ``BadWeights``).
    """
    try:
        config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"{folder.name} holds no learner: {shorten(str(error))}", code="BadWeights") from error
    found = config.get("kind") if isinstance(config, dict) else None
    if found != kind:
        raise DataError(f"{folder.name} holds {shorten(repr(found))}, not {kind!r}", code="BadWeights")
    return dict(config)


def state_digest(state: Mapping[str, Any]) -> str:
    """Digest of the weights: names, shapes, types and bytes."""
    h = hashlib.blake2b(digest_size=16)
    for name in sorted(state):
        tensor = state[name].detach().cpu().contiguous()
        h.update(f"{name}:{tuple(tensor.shape)}:{tensor.dtype};".encode())
        h.update(tensor.numpy().tobytes())
    return h.hexdigest()
