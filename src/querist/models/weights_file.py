"""Weights of a network from a file that somebody else wrote, without running what may be in it."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from querist.core.errors import DataError, shorten
from querist.core.optional import torch as _torch
from querist.core.pickles import refuse_pickle

__all__ = ["fill", "read_state", "unsafe"]


def read_state(path: Path) -> tuple[dict[str, Any], str]:
    """The tensors of a ``.safetensors`` file by name, and the digest of the file.

    Raises:
        DataError: a pickle, such as a ``.pth`` file (code ``PickleRefused``), or a file that cannot be read
            (``UnsafeWeights``).
    """
    _torch()
    refuse_pickle(path)
    try:
        from safetensors.torch import load_file

        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        return load_file(path), digest
    except Exception as error:  # readers raise many classes on bad files
        raise unsafe(path, error) from error


def unsafe(path: Path, error: Exception) -> DataError:
    """The named error of a file whose weights cannot be read."""
    cause = shorten((str(error).splitlines() or [""])[0], 120)
    return DataError(
        f"{path.name} holds no weights that can be read safely ({cause}); save a state dict with "
        "safetensors.torch.save_file",
        code="UnsafeWeights",
    )


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
