"""Items that are like others: by the cosine of their features, which the trainer made and which lie on the disk.

The trainer says in ``features/in-use.json`` which files hold the features of the encoder in use, and what that encoder
makes of the names of the classes where it reads texts for their meaning. The server maps the files into memory and looks
through them block by block, so that a million items need little memory; it loads no model.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.core.errors import DataError, StateError, shorten
from querist.core.types import Array
from querist.data.atomic import write_whole
from querist.training.feature_file import read_features

__all__ = ["IN_USE", "InUse", "most_alike", "read_in_use", "write_in_use"]

IN_USE = "in-use.json"
_BLOCK_BYTES = 16 << 20
_LATER = "the features of the items are not made yet; the page shows how far they are, try again in a while"


@dataclass(frozen=True)
class InUse:
    """The features in use.

    Args:
        encoder: name of what made them.
        files: (name of the file, first row, row behind the last) of each part, in order of rows.
        names: what the encoder makes of class names, by name; empty where it does not read them for their meaning.
    """

    encoder: str
    files: tuple[tuple[str, int, int], ...]
    names: Mapping[str, Sequence[float]] = field(default_factory=dict)


def write_in_use(folder: Path, said: InUse) -> None:
    """Keep it beside the files, in one step."""
    folder.mkdir(mode=0o700, exist_ok=True)
    made = {"encoder": said.encoder, "files": said.files, "names": {k: list(v) for k, v in said.names.items()}}
    write_whole(folder / IN_USE, json.dumps(made, ensure_ascii=False).encode(), private=True)


def read_in_use(folder: Path) -> InUse:
    """What the trainer said last.

    Raises:
        StateError: nothing yet, or what cannot be read (code ``NoFeatures``).
    """
    try:
        made: Any = json.loads((folder / IN_USE).read_text(encoding="utf-8"))
        files = tuple((str(name), int(first), int(stop)) for name, first, stop in made["files"])
        names = {str(k): [float(x) for x in v] for k, v in made["names"].items()}
        if not files or any(Path(name).name != name for name, _, _ in files):
            raise ValueError("a name of a file that is none of ours")
        return InUse(str(made["encoder"]), files, names)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise StateError(_LATER, code="NoFeatures") from error


def most_alike(
    folder: Path, count: int, *, rows: Sequence[int] = (), vector: Sequence[float] | None = None
) -> list[int]:
    """The rows most like an example, best first; the example rows themselves are left out.

    Args:
        folder: of the features.
        count: how many at most.
        rows: examples; several are one by the mean of their directions.
        vector: an example that is no item.

    Raises:
        StateError: the features of an example, or any, are not made yet (code ``NoFeatures``).
    """
    parts = _parts(folder)
    examples = [_row(parts, row) for row in rows]
    if vector is not None:
        examples.append(np.asarray(vector, dtype=np.float32))
    width = parts[0][1].shape[1]
    if not examples or any(len(one) != width for one in examples):
        raise StateError(_LATER, code="NoFeatures")
    directions = np.stack([one / max(float(np.linalg.norm(one)), 1e-12) for one in examples])
    example: Array = np.asarray(directions.mean(axis=0), dtype=np.float32)
    best: NDArray[np.int64] = np.zeros(0, dtype=np.int64)
    likeness = np.zeros(0, dtype=np.float32)
    step = max(_BLOCK_BYTES // (4 * width), 1)
    for first, part in parts:
        for at in range(0, len(part), step):
            found = _likeness(part[at : at + step], example)
            inside = np.arange(first + at, first + at + len(found))
            found[np.isin(inside, rows)] = -np.inf
            best, likeness = _top(np.append(best, inside), np.append(likeness, found), count)
    return [int(row) for row in best[np.isfinite(likeness)]]


def _likeness(block: Array, example: Array) -> Array:
    """(n,) the cosine of each row of a block with the example, but for the example's own length."""
    lengths = np.sqrt(np.einsum("ij,ij->i", block, block))
    return np.asarray(block @ example / np.maximum(lengths, np.float32(1e-12)))


def _top(rows: NDArray[np.int64], likeness: Array, count: int) -> tuple[NDArray[np.int64], Array]:
    """The ``count`` rows of highest likeness, best first, the lower row first of equals."""
    if len(rows) > count:
        least = np.partition(likeness, len(rows) - count)[len(rows) - count]
        near = np.flatnonzero(likeness >= least)
        rows, likeness = rows[near], likeness[near]
    order = np.lexsort((rows, -likeness))[:count]
    return rows[order], likeness[order]


def _parts(folder: Path) -> list[tuple[int, Array]]:
    """First row and memory-map of each file."""
    said = read_in_use(folder)
    try:
        found = [(first, read_features(folder / name, stop - first)) for name, first, stop in said.files]
    except DataError as error:
        raise StateError(f"{_LATER} ({shorten(str(error), 120)})", code="NoFeatures") from error
    if len({part.shape[1] for _, part in found}) != 1:
        raise StateError(_LATER, code="NoFeatures")
    return found


def _row(parts: Sequence[tuple[int, Array]], row: int) -> Array:
    for first, part in parts:
        if first <= row < first + len(part):
            return np.array(part[row - first])
    raise StateError(_LATER, code="NoFeatures")
