"""A learner for tables: features standardised over the pool, then an MLP."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from querist.core.rows import Rows
from querist.core.types import Array
from querist.data.schema import Schema
from querist.data.source import Source
from querist.training.heads import head_for
from querist.training.recipe import Recipe
from querist.training.torch_learner import TorchLearner

__all__ = ["TABULAR", "tabular_learner"]

TABULAR = Recipe(optimizer="adamw", lr=3e-3, weight_decay=1e-4, epochs=100, batch_size=64, min_steps=300)
"""How an MLP on a table is trained unless told otherwise: enough steps also on few labels."""


def tabular_learner(
    source: Source,
    schema: Schema,
    *,
    hidden: Sequence[int] = (128, 128),
    dropout: float = 0.0,
    activation: str = "relu",
    recipe: Recipe | None = None,
    **more: Any,
) -> TorchLearner:
    """An MLP on standardised features, for classes or numbers; means and deviations are those of all items, no label used.

    Args:
        source: items of numbers; for mixed columns see `querist.models.tabular.tabular_features`.
        schema: what a label may be.
        hidden: widths of the hidden layers.
        dropout: probability after each of them.
        activation: relu, tanh, gelu or silu.
        recipe: how it is trained; by default `TABULAR`.
        **more: see `TorchLearner`.
    """
    mean, deviation = _moments(source)
    outputs = head_for(schema, more.get("head")).width(schema)

    def make() -> Any:
        import torch

        from querist.models.mlp import MLP
        from querist.models.standardise import Standardise

        mlp = MLP(len(mean), outputs, hidden, dropout, activation)
        return torch.nn.Sequential(Standardise(mean, deviation), mlp)

    return TorchLearner(make, source, schema, recipe=recipe or TABULAR, **more)


def _moments(source: Source) -> tuple[Array, Array]:
    """(D,) means and standard deviations over all items, a block at a time."""
    array = getattr(source, "array", None)
    rows = Rows(array) if isinstance(array, np.ndarray) else None
    count, total, squares, step = len(source), np.zeros(1), np.zeros(1), 1 << 16
    first: Array | None = None
    for start in range(0, count, step):
        part = slice(start, min(start + step, count))
        block = source.take(part) if rows is None else rows.block(part)
        dense = np.asarray(block.toarray() if hasattr(block, "toarray") else block, dtype=np.float64)
        if np.asarray(block).dtype == np.uint8:
            dense = dense / 255.0  # as the learner reads it
        dense = dense.reshape(len(dense), -1)
        first = dense[0].copy() if first is None else first
        total = total + (dense - first).sum(axis=0)
        squares = squares + np.square(dense - first).sum(axis=0)
    assert first is not None  # a source is never empty
    shift = total / count
    return first + shift, np.sqrt(np.maximum(squares / count - shift**2, 0.0))
