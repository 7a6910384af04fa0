"""Files that can run code when they are loaded: known by their ending, and never opened."""

from __future__ import annotations

from pathlib import Path

from querist.core.errors import DataError, shorten_path

__all__ = ["PICKLES", "TORCH_FILES", "refuse_pickle"]

TORCH_FILES = frozenset({".pt", ".pth", ".bin", ".ckpt"})
"""Endings of files of torch, of which `querist convert` makes safetensors."""
PICKLES = TORCH_FILES | {".pkl", ".pickle", ".joblib", ".dill"}
"""Endings of files that are pickles."""


def refuse_pickle(path: Path, instead: str = "") -> None:
    """Refuse a file by its ending.

    Args:
        path: need not be there.
        instead: what else to do, such as another format for data.

    Raises:
        DataError: code ``PickleRefused``, with the way to safetensors.
    """
    suffix = path.suffix.lower()
    if suffix not in PICKLES:
        return
    torch = shorten_path(path) if suffix in TORCH_FILES else "FILE"
    raise DataError(
        f"{shorten_path(path)} is a {suffix} file, which can run code when it is loaded, and is not read; "
        f"{instead + '; ' if instead else ''}weights of torch become safetensors with: querist convert {torch}",
        code="PickleRefused",
    )
