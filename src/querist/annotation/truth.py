"""The true label of an item, looked up in a mapping or asked of a function; and the price of an answer."""

from __future__ import annotations

import math
import numbers
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np

from querist.core.errors import ArgumentError, ArgumentTypeError, UnknownNameError, nearest, shorten
from querist.core.types import ItemId, LabelValue

__all__ = ["Price", "Truth", "check_price", "check_truth", "price_of", "true_label"]

Truth: TypeAlias = Mapping[ItemId, LabelValue] | Callable[[ItemId], LabelValue]
"""The true labels: a mapping from item id, or a function of it; None means that nobody knows."""
Price: TypeAlias = float | Mapping[ItemId, float]
"""What an answer costs: one price, or a price per item."""

_SEARCHED = 10_000


def check_truth(truth: object) -> None:
    """Refuse what is neither a mapping nor a function.

    Raises:
        ArgumentTypeError: it is neither (code ``BadTruth``).
    """
    if not isinstance(truth, Mapping) and not callable(truth):
        raise ArgumentTypeError(
            f"truth must be a mapping from item id to label, or a function of the id; got {type(truth).__name__}",
            code="BadTruth",
        )


def true_label(truth: Truth, item: ItemId, who: str) -> LabelValue:
    """The true label of ``item`` as plain Python, or None where it is not known.

    Raises:
        UnknownNameError: the mapping has no such item (code ``UnknownItem``).
    """
    if not isinstance(truth, Mapping):
        return _plain(truth(item))
    try:
        return _plain(truth[item])
    except KeyError:
        known = [str(key) for key, _ in zip(truth, range(_SEARCHED))]
        near = nearest(str(item), known)
        hint = f"did you mean {near[0]!r}?" if near else f"it knows {len(truth)} items, e.g. {shorten(known[:3])}"
        raise UnknownNameError(
            f"annotator {who!r} does not know item {shorten(item)!r}: its truth has no such id; {hint}",
            code="UnknownItem",
        ) from None


def _plain(value: Any) -> LabelValue:
    """NumPy's scalars and arrays as Python's own, so that every answer is JSON."""
    if isinstance(value, (np.generic, np.ndarray)):
        return _plain(value.tolist())
    if isinstance(value, str):
        return str(value)
    if isinstance(value, Mapping):
        return {str(k): float(v) for k, v in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        if any(isinstance(v, (list, tuple)) for v in value):
            return [_span(v) for v in value]
        return [str(v) for v in (sorted(value) if isinstance(value, (set, frozenset)) else value)]
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, numbers.Real):
        return float(value)
    raise ArgumentTypeError(
        f"a true label is a class name, several names, shares over names or a number; got {type(value).__name__} "
        f"{shorten(value)}",
        code="BadTruth",
    )


def _span(value: Any) -> list[int | str]:
    """A span (first token, token after the last, type) as plain Python."""
    try:
        start, stop, kind = value
        return [int(start), int(stop), str(kind)]
    except (TypeError, ValueError) as error:
        raise ArgumentTypeError(
            f"a span is (first token, token after the last, type); got {shorten(repr(value))}", code="BadTruth"
        ) from error


def check_price(cost: object) -> Price:
    """``cost`` as a price: a finite number of at least 0, or a mapping from item id to such numbers.

    Raises:
        ArgumentTypeError: something else (code ``BadCost``).
        ArgumentError: negative or not finite (code ``BadCost``).
    """
    if isinstance(cost, Mapping):
        return {str(item): _one_price(price, f"cost of item {item!r}") for item, price in cost.items()}
    return _one_price(cost, "cost")


def _one_price(price: object, name: str) -> float:
    if isinstance(price, (bool, np.bool_)) or not isinstance(price, (numbers.Real, np.number)):
        raise ArgumentTypeError(f"{name} must be a number, got {type(price).__name__} {shorten(price)}", code="BadCost")
    number = float(price)
    if not math.isfinite(number) or number < 0:
        raise ArgumentError(f"{name} must be a finite number ≥ 0, got {price}", code="BadCost")
    return number


def price_of(cost: Price, item: ItemId, who: str) -> float:
    """What an answer about ``item`` costs.

    Raises:
        UnknownNameError: the mapping has no such item (code ``UnknownItem``).
    """
    if not isinstance(cost, Mapping):
        return cost
    try:
        return cost[item]
    except KeyError:
        raise UnknownNameError(
            f"annotator {who!r} has no price for item {shorten(item)!r}; give one for every item, or one number",
            code="UnknownItem",
        ) from None
