"""Weights of a network from a file that somebody else wrote, without running what may be in it."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from querist.core.errors import DataError, shorten
from querist.core.optional import torch as _torch

__all__ = ["fill", "read_state"]


def read_state(path: Path) -> tuple[dict[str, Any], str]:
    """The tensors of a ``.safetensors``, ``.pt`` or ``.pth`` file by name, and the digest of the file.

    Raises:
        DataError: it cannot be read, or holds more than tensors (code ``UnsafeWeights``).
    """
    torch = _torch()
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            return load_file(path), digest
        held = torch.load(path, map_location="cpu", weights_only=True)  # tensors only: code in the file is never run
    except Exception as error:  # readers raise many classes on bad files
        cause = shorten((str(error).splitlines() or [""])[0], 120)
        raise DataError(
            f"{path.name} holds no weights that can be read safely ({cause}); save a state dict with "
            "safetensors.torch.save_file",
            code="UnsafeWeights",
        ) from error
    for key in ("state_dict", "model"):
        if isinstance(held, dict) and isinstance(held.get(key), dict):
            held = held[key]
    if not isinstance(held, dict) or not all(isinstance(v, torch.Tensor) for v in held.values()):
        raise DataError(f"{path.name} holds {type(held).__name__} and no state dict", code="UnsafeWeights")
    return dict(held), digest


def fill(module: Any, state: dict[str, Any], name: str) -> None:
    """Put weights into a network. Those of a head that is not there are left out; every other must fit.

    Raises:
        DataError: names or shapes that do not fit (code ``BadWeights``).
    """
    own = module.state_dict()
    fits = {k: v for k, v in state.items() if k in own and own[k].shape == v.shape}
    missing = [k for k in own if k not in fits and not k.endswith("num_batches_tracked")]
    if missing:
        raise DataError(
            f"{name} lacks {len(missing)} of the {len(own)} tensors of {type(module).__name__}, or has them in another "
            f"shape, first {missing[0]}: these are weights of another network",
            code="BadWeights",
        )
    module.load_state_dict(fits, strict=False)
