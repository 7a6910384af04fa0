"""Scores of tokens and of sequences of tokens, (N, T, C) with rows of padding all 0; in blocks, one pass.

A token is a row that is not all 0; padding may stand anywhere. A score of an item without tokens is 0.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.strategies.kernels.blocks import blocks
from querist.strategies.kernels.probabilities import block_entropy, highest, top_two

__all__ = ["HOWS", "best_windows", "entropies", "lengths", "margins", "pooled", "surprises", "uncertain"]

HOWS = ("mean", "sum", "max")
"""How the scores of tokens become the score of an item."""


def lengths(tokens: NDArray[Any]) -> NDArray[np.int64]:
    """(N,) number of tokens of each item."""
    out = np.zeros(len(tokens), dtype=np.int64)
    for rows, block in blocks(tokens):
        out[rows] = block.any(axis=2).sum(axis=1)
    return out


def entropies(tokens: NDArray[Any]) -> NDArray[np.float64]:
    """(N, T) entropy of each token in nats; NaN for padding."""
    return _each(tokens, block_entropy)


def margins(tokens: NDArray[Any]) -> NDArray[np.float64]:
    """(N, T) 1 - (p1 - p2) of each token; NaN for padding."""

    def margin(flat: NDArray[Any]) -> NDArray[Any]:
        first, second = top_two(flat)
        return np.asarray(1.0 - (first - second))

    return _each(tokens, margin)


def uncertain(tokens: NDArray[Any]) -> NDArray[np.float64]:
    """(N, T) 1 - the largest probability of each token; NaN for padding."""
    return _each(tokens, lambda flat: 1.0 - _most(flat))


def surprises(tokens: NDArray[Any]) -> NDArray[np.float64]:
    """(N, T) - log of the largest probability of each token, in nats; NaN for padding."""
    return _each(tokens, lambda flat: np.abs(np.log(_most(flat))))


def pooled(scores: NDArray[np.float64], how: str) -> NDArray[np.float64]:
    """(N,) mean, sum or max of the scores of an item's tokens, from (N, T) with NaN for padding; 0 without tokens."""
    padding = np.isnan(scores)
    count = scores.shape[1] - padding.sum(axis=1)
    if how == "max":
        top = np.where(padding, -np.inf, scores).max(axis=1, initial=-np.inf)
        return np.asarray(np.where(count > 0, top, 0.0))
    total = np.where(padding, 0.0, scores).sum(axis=1)
    return np.asarray(total if how == "sum" else total / np.maximum(count, 1))


def best_windows(
    scores: NDArray[np.float64], shortest: int, longest: int
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
    """The window of highest mean score in each item, by prefix sums.

    Windows are runs of neighbouring tokens, padding left out. An item shorter than ``shortest`` is one window. Among
    equals, to nine digits, the shortest window and then the first one wins.

    Args:
        scores: (N, T), NaN for padding.
        shortest: fewest tokens of a window, at least 1.
        longest: most tokens of a window.

    Returns:
        (N,) mean scores (0 without tokens), (N,) first tokens, (N,) numbers of tokens; tokens counted from 0 without
        padding.
    """
    size = len(scores)
    order = np.argsort(np.isnan(scores), axis=1, kind="stable")  # tokens first, in their order
    count = scores.shape[1] - np.isnan(scores).sum(axis=1)
    dense = np.nan_to_num(np.take_along_axis(scores, order, axis=1))
    sums = np.concatenate([np.zeros((size, 1)), np.cumsum(dense, axis=1)], axis=1)
    best, start = np.full(size, -np.inf), np.zeros(size, dtype=np.int64)
    width = np.minimum(count, shortest)
    everything = np.arange(size)
    short = count < shortest
    best[short] = sums[everything, count][short] / np.maximum(count[short], 1)
    for length in range(shortest, min(longest, scores.shape[1]) + 1):
        means = np.round((sums[:, length:] - sums[:, :-length]) / length, 9)
        means[np.arange(means.shape[1]) + length > count[:, None]] = -np.inf
        place = means.argmax(axis=1)
        high = means[everything, place]
        better = high > best
        best[better], start[better], width[better] = high[better], place[better], length
    return best, start, width


def _most(flat: NDArray[Any]) -> NDArray[np.float64]:
    """The largest probability of each row; a little above 1, as rounding allows, is 1."""
    return np.minimum(highest(flat).astype(np.float64), 1.0)


def _each(tokens: NDArray[Any], rate: Callable[[NDArray[Any]], NDArray[Any]]) -> NDArray[np.float64]:
    """(N, T) a score of each token that is none of padding, NaN elsewhere."""
    out = np.full(tokens.shape[:2], np.nan)
    for rows, block in blocks(tokens):
        real = block.any(axis=2)
        flat = block[real]
        if len(flat):
            part = out[rows]
            part[real] = rate(flat)
    return out
