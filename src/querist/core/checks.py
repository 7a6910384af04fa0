"""What is looked at when a signal is first read: shapes, finite numbers, rows that sum to one.

One blocked pass over each array, on first use; arrays that a strategy does not read are not looked at. A kernel that
reads an array in blocks anyway can look at each block while it is in the cache (`in_passing`): one pass instead of two.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from querist.core.errors import ArgumentError, DataError
from querist.core.rows import Rows
from querist.core.signals import (
    AUGMENTED,
    COST,
    CRITIC,
    DISCRIMINATOR,
    EMBEDDING,
    GRADIENT,
    GRAPH,
    GROUP,
    HISTORY,
    LABELS,
    LOSS,
    MEMBERS,
    MULTILABEL,
    NBEST,
    NOISE,
    PERTURBED,
    PREDICTION,
    PROBS,
    TARGETS,
    TOKENS,
    VACUITY,
    Signal,
    View,
)

__all__ = ["Look", "check_signal", "in_passing"]


class Look(Protocol):
    """Called with each block of rows in turn; raises what `check_signal` would raise of the whole."""

    def __call__(self, block: NDArray[Any], unsigned: bool = False, /) -> None:
        """Look at a block. ``unsigned``: no number in it is below 0, as the caller has found by the way."""


TOLERANCE = 1e-3
"""How far a row of probabilities may be from summing to one."""
_BLOCK = 1 << 14
_SHORT = (8, 24)
"""Rows of so many numbers are summed four at a time."""


def check_signal(signal: Signal, value: Any, role: str) -> None:
    """Raise a named error when ``value`` cannot be the signal of ``role``.

    Raises:
        ArgumentError: wrong number of dimensions or kind of numbers (code ``ShapeMismatch``).
        DataError: NaN, infinite, negative or unnormalised values (code ``BadScores`` or ``BadFeatures``).
    """
    name = signal.name if role == "pool" else f"{role} {signal.name}"
    if signal is GRADIENT:
        a, h = value
        _dimensions(a, (2,), f"{name}[0]", "(N, C)")
        _dimensions(h, (2,), f"{name}[1]", "(N, D)")
        _finite(a, f"{name}[0]", "BadScores")
        _finite(h, f"{name}[1]", "BadFeatures")
    elif signal is EMBEDDING:
        _dimensions(value, (2,), name, signal.shape)
        _finite(value, name, "BadFeatures")
    elif signal is PROBS:
        _dimensions(value, (2,), name, signal.shape)
        _simplex(value, name)
    elif signal in (MEMBERS, AUGMENTED, PERTURBED):
        _dimensions(value, (2, 3) if signal is MEMBERS else (3,), name, signal.shape)
        if value.ndim == 3:
            _simplex(value, name)
        else:
            _finite(value, name, "BadScores")
    elif signal in (LABELS, GROUP):
        what = "class numbers" if signal is LABELS else "group numbers"
        if np.asarray(value).dtype.kind not in "iub":
            raise ArgumentError(
                f"{name} must be {what} (whole numbers), got {np.asarray(value).dtype}", code="ShapeMismatch"
            )
        _dimensions(np.asarray(value), (1,), name, signal.shape, "iub")
    elif signal is TOKENS:
        _dimensions(value, (3,), name, signal.shape)
        _simplex(value, name, padded=True)
    elif signal is GRAPH:
        _adjacency(value, name)
    else:
        array = np.asarray(value)
        if signal in _RANKS:
            _dimensions(array, _RANKS[signal], name, signal.shape)
        if signal is HISTORY and array.ndim == 2 and role == "labelled":  # NaN: the item had no label yet
            array = np.nan_to_num(array, nan=0.0, posinf=np.inf, neginf=-np.inf)
        _finite(array, name, "BadScores")
        if signal in _RANGES:
            _within(array, name, *_RANGES[signal])


def in_passing(view: View, signal: Signal) -> tuple[Any, Look | None]:
    """The array of `PROBS` or `MEMBERS`, and what to call with each block of its rows before it is used.

    Once all rows were given the array counts as checked. None instead of a call: it is checked already, or its check is
    no matter of single blocks and was made now.

    Raises:
        ArgumentError: wrong number of dimensions or kind of numbers (code ``ShapeMismatch``).
    """
    value = view.unchecked(signal, check_signal)
    if value is None or signal not in (PROBS, MEMBERS) or value.ndim != (2 if signal is PROBS else 3):
        return view[signal], None
    name = signal.name if view.role == "pool" else f"{view.role} {signal.name}"
    _dimensions(value, (value.ndim,), name, signal.shape)
    if value.size == 0:
        return view[signal], None
    left = len(value)

    def look(block: NDArray[Any], unsigned: bool = False, /) -> None:
        nonlocal left
        with np.errstate(invalid="ignore", over="ignore"):
            if not _adds_up(block.reshape(-1, block.shape[-1]), unsigned):
                _blame(value.reshape(-1, value.shape[-1]), name, value.shape[1] if value.ndim == 3 else 1)
        left -= len(block)
        if left == 0:
            view.checked(signal)

    return value, look


def _adjacency(value: Any, name: str) -> None:
    if not hasattr(value, "tocsr"):
        raise ArgumentError(
            f"{name} must be a SciPy sparse matrix (N, N), got {type(value).__name__}; wrap it in "
            "scipy.sparse.csr_array(...)",
            code="ShapeMismatch",
        )
    if len(value.shape) != 2 or value.shape[0] != value.shape[1]:
        raise ArgumentError(f"{name} must have shape (N, N), got {tuple(value.shape)}", code="ShapeMismatch")
    weights = value.tocsr().data
    if weights.size and not (np.isfinite(weights.sum(dtype=np.float64)) and weights.min() >= 0):
        raise DataError(f"{name} must hold finite weights of at least 0, with 0 for no edge", code="BadScores")


_RANKS: dict[Signal, tuple[int, ...]] = {
    **dict.fromkeys((COST, CRITIC, DISCRIMINATOR, LOSS, NOISE, PREDICTION, TARGETS, VACUITY), (1,)),
    **dict.fromkeys((MULTILABEL, NBEST), (2,)),
    HISTORY: (2, 3),
}
_RANGES: dict[Signal, tuple[float, float]] = {
    MULTILABEL: (0.0, 1.0),
    DISCRIMINATOR: (0.0, 1.0),
    VACUITY: (0.0, 1.0),
    NOISE: (0.0, np.inf),
    NBEST: (-np.inf, 0.0),
}


def _within(value: NDArray[Any], name: str, low: float, high: float) -> None:
    if value.size and (float(value.min()) < low - TOLERANCE or float(value.max()) > high + TOLERANCE):
        raise DataError(
            f"{name} must lie between {low:g} and {high:g}; it goes from {float(value.min()):.4g} to "
            f"{float(value.max()):.4g}",
            code="BadScores",
        )


def _dimensions(value: NDArray[Any], allowed: tuple[int, ...], name: str, shape: str, kinds: str = "fiu") -> None:
    if value.ndim not in allowed:
        raise ArgumentError(f"{name} must have shape {shape}, got {tuple(value.shape)}", code="ShapeMismatch")
    if value.dtype.kind not in kinds:
        raise ArgumentError(f"{name} must be numbers, got {value.dtype}", code="ShapeMismatch")


def _finite(value: NDArray[Any], name: str, code: str) -> None:
    if value.dtype.kind in "iu" or value.size == 0:
        return
    bad: list[int] = []
    total = 0
    with np.errstate(over="ignore", invalid="ignore"):
        for place, block in Rows(value).blocks():  # a memory-map is read, not mapped
            if np.isfinite(block.sum()):  # one cheap pass; a sum is finite only when all of it is
                continue
            rows = np.flatnonzero(~np.isfinite(block).reshape(len(block), -1).all(axis=1))
            total += len(rows)
            bad.extend((rows[:3] + place.start).tolist())
    if total:
        raise DataError(
            f"{name} holds NaN or infinite values in {total} of {len(value)} rows, first rows {bad[:3]}; "
            "remove or repair them",
            code=code,
        )


def _simplex(value: NDArray[Any], name: str, *, padded: bool = False) -> None:
    if value.shape[-1] == 0:
        raise ArgumentError(f"{name} has no classes: shape {tuple(value.shape)}", code="ShapeMismatch")
    per = int(np.prod(value.shape[1:-1], dtype=np.int64))  # rows of probabilities an item has
    cached = (1 << 20) // max(per * value.shape[-1] * value.dtype.itemsize, 1)  # two looks, the second from the cache
    step = max(1, min(_BLOCK // max(per, 1), cached))
    with np.errstate(invalid="ignore", over="ignore"):
        for _, piece in Rows(value).blocks(step):
            block = piece.reshape(-1, value.shape[-1])
            if _adds_up(block):
                continue
            if padded:
                block = block[block.any(axis=1)]  # NaN counts as something
                if _adds_up(block):
                    continue
                _blame(block, name, 1)
            _blame(value.reshape(-1, value.shape[-1]), name, per)


def _adds_up(block: NDArray[Any], unsigned: bool = False) -> bool:
    if not len(block):
        return True
    if block.dtype in (np.float32, np.float64):  # a product with ones is many times faster than sums of short rows
        sums = _row_sums(block)
        if sums.min() >= 1 - TOLERANCE / 2 and sums.max() <= 1 + TOLERANCE / 2 and (unsigned or block.min() >= 0):
            return True
    return bool(np.abs(block.sum(axis=-1, dtype=np.float64) - 1.0).max() <= TOLERANCE and block.min() >= 0)


def _row_sums(block: NDArray[Any]) -> NDArray[Any]:
    """Sums of rows. Rows of about ten numbers are too short for a product of their own: four are summed together."""
    n, classes = block.shape
    kind = block.dtype.str
    if not (_SHORT[0] <= classes <= _SHORT[1] and n >= 8 and block.flags.c_contiguous):
        return np.asarray(block @ _ones(classes, 1, kind)[:, 0])
    out = np.empty(n, dtype=block.dtype)
    whole = n - n % 4
    np.matmul(block[:whole].reshape(-1, 4 * classes), _ones(classes, 4, kind), out=out[:whole].reshape(-1, 4))
    np.sum(block[whole:], axis=1, out=out[whole:])
    return out


@lru_cache(maxsize=32)
def _ones(classes: int, rows: int, kind: str) -> NDArray[Any]:
    """(rows x classes, rows): summing ``rows`` rows of ``classes`` numbers that lie one after another."""
    return np.kron(np.eye(rows, dtype=kind), np.ones((classes, 1), dtype=kind))


def _blame(flat: NDArray[Any], name: str, per: int) -> None:
    """Find the fault that a block showed, over all rows, and say it."""
    with np.errstate(invalid="ignore"):
        sums = flat.sum(axis=-1, dtype=np.float64)
        odd = np.flatnonzero(~np.isfinite(sums))
        if len(odd):
            raise DataError(
                f"{name} holds NaN or infinite values in {len(odd)} of {len(flat)} rows, first rows "
                f"{(odd[:3] // per).tolist()}; check the model's outputs",
                code="BadScores",
            )
        negative = float(flat.min())
        worst = int(np.abs(sums - 1.0).argmax())
        hint = " These look like logits: apply softmax first." if negative < 0 or sums.max() > 1.5 else ""
        raise DataError(
            f"{name} must be probabilities: rows sum to between {sums.min():.4g} and {sums.max():.4g}, the worst is "
            f"row {worst // per} with {sums[worst]:.4g}; the smallest value is {negative:.4g}.{hint} (logits?)",
            code="BadScores",
        )
