"""Cohen's kappa: how far two lists of predictions agree beyond chance.

J. Cohen, "A coefficient of agreement for nominal scales", Educational and Psychological Measurement 20 (1960).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from querist.core.errors import ArgumentError

__all__ = ["kappa"]


def kappa(a: ArrayLike, b: ArrayLike) -> float:
    """Cohen's kappa of two lists of classes, from -1 to 1.

    Args:
        a: (N,) class numbers or names.
        b: (N,) class numbers or names of the same items.

    Returns:
        (observed - expected) / (1 - expected) agreement. Where both lists hold one and the same class throughout,
        chance alone agrees fully and the quotient is 0 / 0; it is 1 then, for the lists are equal.

    Raises:
        ArgumentError: not two lists of equal length (code ``LengthMismatch``), or empty ones (``EmptyLists``).

    >>> kappa([0, 0, 1, 1], [0, 0, 1, 0])
    0.5
    """
    first, second = np.asarray(a), np.asarray(b)
    if first.ndim != 1 or first.shape != second.shape:
        raise ArgumentError(
            f"kappa compares two lists of equal length; got shapes {first.shape} and {second.shape}",
            code="LengthMismatch",
        )
    n = len(first)
    if n == 0:
        raise ArgumentError("kappa of two empty lists has no meaning; compare at least one item", code="EmptyLists")
    classes, numbers = np.unique(np.concatenate([first, second]), return_inverse=True)
    ours, theirs = numbers[:n], numbers[n:]
    shares_a, shares_b = _shares(ours, len(classes)), _shares(theirs, len(classes))
    expected = float(shares_a @ shares_b)
    if len(classes) == 1:
        return 1.0
    observed = float(np.count_nonzero(ours == theirs)) / n
    return (observed - expected) / (1.0 - expected)


def _shares(numbers: NDArray[Any], classes: int) -> NDArray[np.float64]:
    return np.bincount(numbers, minlength=classes) / len(numbers)
