"""What all pre-training shares: checked rows, where batches start and stop, a folder that is whole or not there."""

from __future__ import annotations

import math
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from querist.core.errors import ArgumentError, shorten
from querist.core.types import Array
from querist.data.source import Source

__all__ = ["checked", "cuts", "keep"]


def checked(source: Source, rows: Array, name: str, least: int, epochs: int, batch: int, lr: float) -> Array:
    """The rows in order and once each.

    Args:
        source: the items.
        rows: those that may be looked at.
        name: of the task, for messages.
        least: items that its batches must have.
        epochs: passes over the rows.
        batch: items a step.
        lr: learning rate.

    Raises:
        ArgumentError: too few rows, rows that are not there, or numbers out of range (code ``BadValue``).
    """
    found = np.unique(np.asarray(rows, dtype=np.int64))
    if len(found) < max(least, 2):
        raise ArgumentError(f"{name} needs at least {max(least, 2)} items and got {len(found)}", code="BadValue")
    if found[0] < 0 or found[-1] >= len(source):
        raise ArgumentError(
            f"rows must be from 0 to {len(source) - 1} for {source.name}, got {found[0]} to {found[-1]}",
            code="BadValue",
        )
    if epochs < 1 or batch < least or not 0 < lr < math.inf:
        raise ArgumentError(
            f"epochs must be at least 1, batch at least {least} and lr above 0; got {shorten((epochs, batch, lr))}",
            code="BadValue",
        )
    return found


def cuts(n: int, batch: int, least: int) -> list[tuple[int, int]]:
    """Where batches start and stop; a last one of fewer than ``least`` goes with the one before."""
    found = [(start, min(start + batch, n)) for start in range(0, n, batch)]
    if len(found) > 1 and found[-1][1] - found[-1][0] < least:
        found = [*found[:-2], (found[-2][0], n)]
    return found


def keep(save: Callable[[Path], None], folder: Path) -> None:
    """Let ``save`` write beside, then rename: a reader sees the whole folder or none."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".encoder-"))
    try:
        save(beside)
        os.replace(beside, folder)
    except OSError:
        if not folder.exists():  # another process may have been first
            raise
    finally:
        shutil.rmtree(beside, ignore_errors=True)
