"""Frozen features: an encoder runs once over the items, and only a small head is trained on what it gave."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from querist.core.errors import ArgumentError, DataError, shorten
from querist.core.types import Array
from querist.data.arrays import array_source
from querist.data.schema import Number, Schema
from querist.data.source import Source
from querist.models.guard import rng_kept
from querist.training.recipe import Recipe
from querist.training.torch_learner import TorchLearner

__all__ = ["frozen_features", "head_learner"]


def frozen_features(
    source: Source,
    encoder: Callable[[Any], Any],
    *,
    name: str,
    cache: Path | None = None,
    batch: int = 256,
    progress: Callable[[int, int], None] | None = None,
) -> Source:
    """A source of the features that ``encoder`` gives, with the ids and the truth of ``source``.

    Args:
        source: the items.
        encoder: turns a batch of n items, as ``source.take`` gives it, into n rows of D numbers: an array or a tensor.
        name: of the encoder and its version; with the content of the source it is the key of the cache.
        cache: folder that keeps features as ``.npy`` files, or None.
        batch: items a call of the encoder.
        progress: called with the items done and their number after each batch.

    Returns:
        A source of (N, D) float32 rows; a memory-map when they come from the cache.

    Raises:
        ArgumentError: ``batch`` is below 1 (code ``BadValue``).
        DataError: the encoder gives another number of rows (code ``RowMismatch``), no rows of numbers
            (``ShapeMismatch``), NaN or infinite values (``BadFeatures``), or the cached file is damaged (``BadCache``).
    """
    if batch < 1:
        raise ArgumentError(f"batch must be at least 1, got {batch}", code="BadValue")
    path = None if cache is None else cache / _file_name(source, name)
    if path is not None and path.exists():
        features = _cached(path, len(source))
    else:
        features = _encode(source, encoder, name, batch, progress)
        if path is not None:
            _keep(path, features)
    return array_source(features, ids=source.ids, truth=source.truth, name=f"{name} of {source.name}")


def head_learner(
    features: Source,
    schema: Schema,
    *,
    hidden: Sequence[int] = (),
    recipe: Recipe | None = None,
    members: int = 0,
    dropout: float | None = None,
    **more: Any,
) -> TorchLearner:
    """A linear head over frozen features, or an MLP head where ``hidden`` names widths.

    Args:
        features: what `frozen_features` gave, or any source of (N, D) numbers.
        schema: what a label may be.
        hidden: widths of hidden layers; none makes the head linear.
        recipe: how it is trained.
        members: posterior samples by MC dropout; these need ``hidden``.
        dropout: probability after each hidden layer; by default .25 with ``members`` and 0 without.
        **more: see `TorchLearner`.

    Raises:
        ArgumentError: members of a linear head (code ``NeedsDropout``).
    """
    width = int(np.prod(np.shape(features.take(np.zeros(1, dtype=np.int64)))[1:]))
    outputs = 1 if isinstance(schema, Number) else len(schema.classes)  # type: ignore[attr-defined]
    rate = dropout if dropout is not None else (0.25 if members else 0.0)

    def make() -> Any:
        from querist.models.linear import LinearHead
        from querist.models.mlp import MLP

        return MLP(width, outputs, hidden, rate) if hidden else LinearHead(width, outputs)

    return TorchLearner(make, features, schema, recipe=recipe, members=members, **more)


def _file_name(source: Source, name: str) -> str:
    key = hashlib.blake2b(f"{source.digest}\x1f{name}".encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
    return f"features-{key}.npy"


def _encode(
    source: Source,
    encoder: Callable[[Any], Any],
    name: str,
    batch: int,
    progress: Callable[[int, int], None] | None,
) -> Array:
    count = len(source)
    out: Array | None = None
    with rng_kept():
        for start in range(0, count, batch):
            stop = min(start + batch, count)
            rows = _rows(encoder(source.take(np.arange(start, stop, dtype=np.int64))), name)
            if len(rows) != stop - start:
                raise DataError(f"{name} gave {len(rows)} rows for {stop - start} items", code="RowMismatch")
            if out is None:
                out = np.empty((count, rows.shape[1]), dtype=np.float32)
            if rows.shape[1] != out.shape[1]:
                raise DataError(f"{name} gave {rows.shape[1]} columns after {out.shape[1]}", code="ShapeMismatch")
            bad = np.flatnonzero(~np.isfinite(rows).all(axis=1))
            if len(bad):
                raise DataError(
                    f"{name} gave NaN or infinite features for {len(bad)} items of a batch, first "
                    f"{source.ids[start + int(bad[0])]}",
                    code="BadFeatures",
                )
            out[start:stop] = rows
            if progress is not None:
                progress(stop, count)
    assert out is not None  # a source is never empty
    return out


def _rows(given: Any, name: str) -> Array:
    """(n, D) float32 from what an encoder gave."""
    if hasattr(given, "detach"):
        given = given.detach().float().cpu().numpy()
    rows = np.asarray(given)
    if rows.ndim != 2 or rows.dtype.kind not in "fiub" or not rows.shape[1]:
        raise DataError(
            f"{name} must give (n, D) numbers for n items; it gave {rows.dtype} of shape {rows.shape}",
            code="ShapeMismatch",
        )
    return rows.astype(np.float32)


def _cached(path: Path, count: int) -> Array:
    try:
        features = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise DataError(
            f"the cached features {path.name} cannot be read ({shorten(str(error))}); delete the file to compute them "
            "again",
            code="BadCache",
        ) from error
    if features.ndim != 2 or len(features) != count or features.dtype != np.float32:
        raise DataError(
            f"the cached features {path.name} are {features.dtype} of shape {features.shape} and not float32 for {count} "
            "items; delete the file to compute them again",
            code="BadCache",
        )
    return np.asanyarray(features)


def _keep(path: Path, features: Array) -> None:
    """Write beside, then rename: a reader sees the whole file or none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, beside = tempfile.mkstemp(dir=path.parent, prefix=".features-", suffix=".npy")
    try:
        with os.fdopen(handle, "wb") as file:
            np.save(file, features, allow_pickle=False)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise
