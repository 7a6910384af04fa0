"""What the methods of the last layer read: factors of gradients of pool, labelled, pending and reference items."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.core.errors import DataError
from querist.core.signals import EMBEDDING, LABELS, PROBS, Context, Signal, View
from querist.strategies.kernels.influence import guesses, residuals

__all__ = ["answered", "guessed", "has", "known_embedding", "labelled_classes", "sample_rows"]


def answered(view: View) -> tuple[NDArray[Any], NDArray[Any], NDArray[np.int64]]:
    """Probabilities (M, C), features (M, D) and labels (M,) of a role.

    Raises:
        DataError: a label names no class of ``probs`` (code ``BadLabel``), or a reference set has no item (code
            ``EmptyReference``).
    """
    probs, (h, labels) = view[PROBS], labelled_classes(view)
    wrong = np.flatnonzero((labels < 0) | (labels >= probs.shape[1]))
    if len(wrong):
        raise DataError(
            f"labels of the {view.role} must lie in 0..{probs.shape[1] - 1}, the columns of probs; row {wrong[0]} has "
            f"{labels[wrong[0]]}",
            code="BadLabel",
        )
    return probs, h, labels


def labelled_classes(view: View) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Features (M, D) and labels (M,) of a role.

    Raises:
        DataError: there is no item in a reference set (code ``EmptyReference``).
    """
    h, labels = view[EMBEDDING], np.asarray(view[LABELS]).astype(np.int64)
    if len(labels) == 0 and view.role == "reference":
        raise DataError(f"the {view.role} set has 0 items: pass at least one with its label", code="EmptyReference")
    return h, labels


def guessed(view: View) -> tuple[NDArray[np.float64], NDArray[Any]]:
    """Factors p - onehot(likeliest class) (N, C) and h (N, D) of the gradients at the model's own guess."""
    probs = view[PROBS]
    return residuals(probs, guesses(probs)), view[EMBEDDING]


def known_embedding(ctx: Context) -> NDArray[Any]:
    """(L + M, D) features of labelled and pending items, where they are given."""
    found = [np.asarray(v[EMBEDDING]) for v in (ctx.labelled, ctx.pending) if len(v) and EMBEDDING in v]
    return np.concatenate(found) if found else np.zeros((0, ctx.pool[EMBEDDING].shape[1]))


def sample_rows(ctx: Context, most: int, name: str) -> NDArray[np.int64]:
    """At most ``most`` rows of the pool, sorted: those of lowest key, so that order in the pool decides nothing."""
    if most >= ctx.size:
        return np.arange(ctx.size, dtype=np.int64)
    keys = ctx.keys(name)
    return np.sort(np.argpartition(keys, most)[:most]).astype(np.int64)


def has(view: View, *signals: Signal) -> bool:
    """Whether a role has items and all of the signals."""
    return len(view) > 0 and all(signal in view for signal in signals)
