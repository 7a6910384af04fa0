"""Values that are equal but for rounding: seen as equal, and settled by key."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["best", "settled", "snapped"]

_OFFSET = 0.3819660112501051
"""Grid lines stand off round values, where exact ties are."""


def snapped(values: NDArray[Any], width: float = 1e-9) -> NDArray[np.float64]:
    """Numbers of a grid of ``width`` relative to the largest absolute value: (N,) -> (N,) whole numbers as floats."""
    wide = np.asarray(values, dtype=np.float64)
    scale = float(np.abs(wide).max(initial=0.0))
    if scale <= 1e-300:
        return np.zeros(len(wide))
    return np.floor(wide / scale / width + _OFFSET)


def best(values: NDArray[Any], keys: NDArray[np.uint64], width: float = 1e-9) -> int:
    """The place of the largest value; among those equal on the grid, the one of lowest key."""
    levels = snapped(values, width)
    equal = np.flatnonzero(levels == levels.max())
    return int(equal[keys[equal].argmin()])


def settled(values: NDArray[Any], scale: float = 0.0) -> NDArray[np.float64]:
    """The values without their last digits, so that rounding makes no order among equals.

    They become multiples of 2^-40 of the largest absolute value, or of ``scale`` where that is larger: the size of what
    was subtracted to get them.
    """
    wide = np.asarray(values, dtype=np.float64)
    scale = max(scale, float(np.abs(wide).max(initial=0.0)))
    if scale <= 1e-290:
        return np.zeros(len(wide))
    unit = 2.0 ** (np.ceil(np.log2(scale)) - 40)
    return np.asarray(np.floor(wide / unit + _OFFSET) * unit)
