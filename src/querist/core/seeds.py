"""One root seed, named independent streams, and the tie key.

Every random draw of querist comes from a generator made here from the root seed and the *name* of the draw, so that
adding a part moves nobody else's stream, and nothing global is read or moved.

The tie key of an item is a 64-bit hash of (seed, name of the draw, item id). It depends on the item and not on its
place, so that reordering a pool changes no tie (permutation equivariance).
"""

from __future__ import annotations

import hashlib
import numbers
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.core.errors import ArgumentError, ArgumentTypeError, shorten

__all__ = ["check_seed", "derive", "generator", "id_hashes", "tie_keys", "uniform"]

_BLOCK = 1 << 16
_U = np.uint64


def check_seed(seed: object) -> int:
    """Give ``seed`` back as an int in [0, 2**63), or raise a named error that says what is accepted."""
    accepted = "seed must be a whole number from 0 to 2**63 - 1"
    if isinstance(seed, (bool, np.bool_)) or not isinstance(seed, (numbers.Integral, np.integer)):
        if isinstance(seed, float):
            raise ArgumentError(f"{accepted}; got {seed!r}", code="BadSeed")
        raise ArgumentTypeError(f"{accepted}; got {type(seed).__name__} {shorten(seed)}", code="BadSeed")
    value = int(seed)
    if not 0 <= value < 2**63:
        raise ArgumentError(f"{accepted}; got {value}", code="BadSeed")
    return value


def _digest(seed: int, names: Sequence[object]) -> bytes:
    text = "\x1f".join([str(int(seed)), *(f"{type(n).__name__}:{n}" for n in names)])
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=32).digest()


def derive(seed: int, *names: str | int) -> int:
    """A seed in [0, 2**63) that belongs to ``names`` under ``seed``.

    >>> derive(0, "fit", 3) == derive(0, "fit", 3) != derive(0, "fit", 4)
    True
    """
    return int.from_bytes(_digest(seed, names)[:8], "little") >> 1


def generator(seed: int, *names: str | int) -> np.random.Generator:
    """A generator of its own for the draw called ``names`` under ``seed``."""
    words = np.frombuffer(_digest(seed, names), dtype=np.uint32)
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([int(w) for w in words])))


def _mix(x: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The finaliser of splitmix64: a bijection of 64-bit words that scatters them well."""
    x = (x ^ (x >> _U(30))) * _U(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> _U(27))) * _U(0x94D049BB133111EB)
    return x ^ (x >> _U(31))


def _mixed(words: NDArray[np.uint64], *, add: np.uint64 = _U(0), flip: np.uint64 = _U(0)) -> NDArray[np.uint64]:  # noqa: B008
    """`_mix` of (words + add) ^ flip, in place and block by block: no second array as long as the pool."""
    with np.errstate(over="ignore"):
        for start in range(0, len(words), _BLOCK):
            block = words[start : start + _BLOCK]
            block[:] = _mix((block + add) ^ flip)
    return words


def id_hashes(ids: Sequence[Any] | NDArray[Any] | int) -> NDArray[np.uint64]:
    """A 64-bit hash of each id, shape (N,); row numbers where only a count is given.

    Args:
        ids: (N,) strings or whole numbers, or N itself, which stands for the row numbers 0 to N - 1.

    Returns:
        (N,) uint64. It depends on each id alone, not on the others nor on the order.
    """
    with np.errstate(over="ignore"):
        if isinstance(ids, (int, np.integer)):
            return _mixed(np.arange(int(ids), dtype=np.uint64), add=_U(0x9E3779B97F4A7C15))
        array = np.asarray(ids)
        if array.ndim != 1:
            raise ArgumentError(f"ids must have one dimension, got shape {array.shape}", code="ShapeMismatch")
        if array.dtype.kind in "iu":
            return _mixed(array.astype(np.int64).view(np.uint64), add=_U(0x9E3779B97F4A7C15))
        out = np.empty(len(array), dtype=np.uint64)
        for start in range(0, len(array), _BLOCK):
            block = array[start : start + _BLOCK].astype(np.str_)
            width = max(block.dtype.itemsize // 4, 1)
            words = np.ascontiguousarray(block).view(np.uint32).reshape(len(block), width)
            h = np.full(len(block), 0x243F6A8885A308D3, dtype=np.uint64)
            for column in range(width):  # trailing zeros are padding: skipped, so the width of the block plays no part
                word = words[:, column].astype(np.uint64)
                h = np.where(word != 0, _mix(h ^ word) + _U(0x9E3779B97F4A7C15), h)
            out[start : start + _BLOCK] = h
        return out


def tie_keys(hashes: NDArray[np.uint64], seed: int, name: str) -> NDArray[np.uint64]:
    """The tie key of each item for one draw: (N,) uint64 from its id's hash, the seed and the draw's name."""
    salt = _U(int.from_bytes(_digest(seed, ("tie", name))[:8], "little"))
    return _mixed(hashes.copy(), flip=salt)


def uniform(keys: NDArray[np.uint64]) -> NDArray[np.float64]:
    """Numbers in the open interval (0, 1), one for each key: (N,) float64."""
    return ((keys >> _U(11)).astype(np.float64) + 0.5) * 2.0**-53
