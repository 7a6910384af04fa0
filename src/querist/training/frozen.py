"""Frozen features: an encoder runs once over the items, and only a small head is trained on what it gave."""

from __future__ import annotations

import hashlib
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np

from querist.core.errors import ArgumentError, DataError, shorten
from querist.core.progress import tell
from querist.core.types import Array
from querist.data.arrays import array_source
from querist.data.schema import Schema
from querist.data.source import Source
from querist.models.guard import rng_kept
from querist.models.stochastic.dropout import need_dropout
from querist.models.stochastic.mc_dropout import MCDropout
from querist.models.stochastic.posterior import Posterior
from querist.training.feature_file import filling, read_features
from querist.training.heads import head_for
from querist.training.progress_bar import progress_bar
from querist.training.recipe import Recipe
from querist.training.torch_learner import TorchLearner

__all__ = ["frozen_features", "frozen_learner", "head_learner"]

_IN_MEMORY = 256 << 20
"""Bytes of features that are kept in memory where there is no cache."""
_KEEP_EVERY = 2.0
"""Seconds of encoding that a killed run may lose."""


def frozen_features(
    source: Source,
    encoder: Callable[[Any], Any],
    *,
    name: str | None = None,
    cache: str | Path | None = None,
    batch: int = 256,
    progress: Callable[[int, int], None] | bool = False,
) -> Source:
    """A source of the features that ``encoder`` gives, with the ids and the truth of ``source``.

    With a cache a killed run goes on where it was, and features are on disk and never all in memory. Without one they
    are in memory, or in a file of the system's temporary folder above 256 MiB.

    Args:
        source: the items.
        encoder: turns a batch of n items, as ``source.take`` gives it, into n rows of D numbers: an array or a tensor.
        name: of the encoder and its version; with the content of the source it is the key of the cache. By default the
            encoder's own ``name``; ours name the digest of the weights and every setting.
        cache: folder that keeps features as ``.npy`` files, or None.
        batch: items a call of the encoder.
        progress: called with the items done and their number after each batch; True shows a bar on stderr.

    Returns:
        A source of (N, D) float32 rows; a memory-map when they come from the cache.

    Raises:
        ArgumentError: ``batch`` is below 1 (code ``BadValue``); an encoder without a name (``MissingKey``).
        DataError: the encoder gives another number of rows (code ``RowMismatch``), no rows of numbers
            (``ShapeMismatch``), NaN or infinite values (``BadFeatures``), or the cached file is damaged (``BadCache``).
    """
    if batch < 1:
        raise ArgumentError(f"batch must be at least 1, got {batch}", code="BadValue")
    called = name if name is not None else getattr(encoder, "name", None)
    if not isinstance(called, str):
        raise ArgumentError(
            "name is missing: say which encoder this is, and of which version, for it is the key of the cache",
            code="MissingKey",
        )
    path = None if cache is None else Path(cache) / _file_name(source, called)
    if path is not None and path.exists():
        features = read_features(path, len(source))
    else:
        with ExitStack() as stack:
            bar = stack.enter_context(progress_bar(f"features by {shorten(called, 40)}")) if progress is True else None
            report = bar or (progress if callable(progress) else None)
            features = _encode(source, encoder, called, batch, report, path)
    return array_source(features, ids=source.ids, truth=source.truth, name=f"{shorten(called)} of {source.name}")


def head_learner(
    features: Source,
    schema: Schema,
    *,
    hidden: Sequence[int] = (),
    recipe: Recipe | None = None,
    members: int | Posterior = 0,
    dropout: float | None = None,
    **more: Any,
) -> TorchLearner:
    """A linear head over frozen features, or an MLP head where ``hidden`` names widths.

    Args:
        features: what `frozen_features` gave, or any source of (N, D) numbers.
        schema: what a label may be.
        hidden: widths of hidden layers; none makes the head linear.
        recipe: how it is trained.
        members: posterior samples: a posterior, or a number by MC dropout; the latter need ``hidden``.
        dropout: probability after each hidden layer; by default .25 with MC dropout and 0 without.
        **more: see `TorchLearner`.

    Raises:
        ArgumentError: members of a linear head (code ``NeedsDropout``).
    """
    width = int(np.prod(np.shape(features.take(np.zeros(1, dtype=np.int64)))[1:]))
    outputs = head_for(schema, more.get("head")).width(schema)
    dropped = isinstance(members, MCDropout) or (isinstance(members, int) and members > 0)
    rate = dropout if dropout is not None else (0.25 if dropped else 0.0)

    def make() -> Any:
        from querist.models.linear import LinearHead
        from querist.models.mlp import MLP

        return MLP(width, outputs, hidden, rate) if hidden else LinearHead(width, outputs)

    return TorchLearner(make, features, schema, recipe=recipe, members=members, **more)


def frozen_learner(
    source: Source,
    schema: Schema,
    encoder: Callable[[], Callable[[Any], Any]],
    *,
    cache: str | Path | None = None,
    batch: int = 256,
    progress: Callable[[int, int], None] | bool = False,
    hidden: Sequence[int] = (),
    members: int | Posterior = 0,
    **more: Any,
) -> TorchLearner:
    """A head over the features that an encoder gives of the items.

    Args:
        source: the items.
        schema: what a label may be.
        encoder: makes the encoder.
        cache: see `frozen_features`.
        batch: see `frozen_features`.
        progress: see `frozen_features`.
        hidden: widths of hidden layers; none makes the head linear.
        members: posterior samples: a posterior, or a number by MC dropout; these need ``hidden``.
        **more: see `head_learner`.

    Raises:
        ArgumentError: members by MC dropout of a linear head (code ``NeedsDropout``), before anything is encoded.
    """
    if isinstance(members, int) and members and not hidden:
        from querist.models.linear import LinearHead

        need_dropout(LinearHead(1, 1))
    features = frozen_features(source, encoder(), cache=cache, batch=batch, progress=progress)
    return head_learner(features, schema, hidden=hidden, members=members, **more)


def _file_name(source: Source, name: str) -> str:
    key = hashlib.blake2b(f"{source.digest}\x1f{name}".encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
    return f"features-{key}.npy"


def _encode(
    source: Source,
    encoder: Callable[[Any], Any],
    name: str,
    batch: int,
    progress: Callable[[int, int], None] | None,
    path: Path | None,
) -> Array:
    def run(start: int, width: int | None, store: Callable[[int, Array], None]) -> None:
        with rng_kept():
            for at in range(start, len(source), batch):
                stop = min(at + batch, len(source))
                rows = _checked(
                    encoder(source.take(np.arange(at, stop, dtype=np.int64))), name, source, at, stop, width
                )
                width = rows.shape[1]
                store(at, rows)
                tell(f"features by {shorten(name, 40)}", stop, len(source))
                if progress is not None:
                    progress(stop, len(source))

    if path is not None:
        with filling(path, len(source)) as file:
            kept = time.monotonic()

            def append(at: int, rows: Array) -> None:
                nonlocal kept
                file.add(rows)
                if time.monotonic() - kept > _KEEP_EVERY:
                    file.keep()
                    kept = time.monotonic()

            run(file.rows, file.width or None, append)
        return read_features(path, len(source))
    out: list[Array] = []

    def fill(at: int, rows: Array) -> None:
        if not out:
            out.append(_space(len(source), rows.shape[1]))
        out[0][at : at + len(rows)] = rows

    run(0, None, fill)
    return out[0]  # a source is never empty


def _space(count: int, width: int) -> Array:
    """Room for the features: in memory, or in a file without a name where they are many."""
    if count * width * 4 <= _IN_MEMORY:
        return np.empty((count, width), dtype=np.float32)
    with tempfile.TemporaryFile(prefix="querist-features-") as file:
        file.truncate(count * width * 4)
        return np.memmap(file, dtype=np.float32, mode="r+", shape=(count, width))


def _checked(given: Any, name: str, source: Source, start: int, stop: int, width: int | None) -> Array:
    """(n, D) float32 rows for the items from ``start`` to ``stop``, refused by name where they are not."""
    rows = _rows(given, name)
    if len(rows) != stop - start:
        raise DataError(f"{name} gave {len(rows)} rows for {stop - start} items", code="RowMismatch")
    if width is not None and rows.shape[1] != width:
        raise DataError(f"{name} gave {rows.shape[1]} columns after {width}", code="ShapeMismatch")
    bad = np.flatnonzero(~np.isfinite(rows).all(axis=1))
    if len(bad):
        raise DataError(
            f"{name} gave NaN or infinite features for {len(bad)} items of a batch, first "
            f"{source.ids[start + int(bad[0])]}",
            code="BadFeatures",
        )
    return rows


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
