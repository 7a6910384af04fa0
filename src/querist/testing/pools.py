"""Synthetic pools: small, nasty and the same everywhere, with every signal of the catalogue.

Kinds: ``generic`` (all rows different), ``ties`` (few different rows), ``duplicates`` (every row twice or more),
``constant`` (all rows alike), ``sure`` (one-hot probabilities). Labelled, pending and reference sets stand beside each.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.core.seeds import generator
from querist.core.signals import (
    AUGMENTED,
    CATALOGUE,
    COST,
    CRITIC,
    DISCRIMINATOR,
    EMBEDDING,
    GRADIENT,
    GRAPH,
    GROUP,
    HISTORY,
    INPUT_GRAD,
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
    Needs,
    Signal,
)
from querist.core.types import Array

__all__ = ["KINDS", "ROLES", "Pool", "make_pool", "pools", "restrict"]

KINDS = ("generic", "ties", "duplicates", "constant", "sure")
ROLES = ("pool", "labelled", "pending", "reference")
_WIDTH = 5
_MEMBERS = 4
_OTHERS = {"labelled": 6, "pending": 3, "reference": 7}


@dataclass(frozen=True)
class Pool:
    """Arrays by role, as `querist.select` takes them.

    Args:
        name: what it is, for messages.
        size: rows of the pool.
        arrays: signals of the pool by name.
        labelled: signals of the labelled items by name, with ``labels``.
        pending: signals of the pending items by name.
        reference: signals of the reference set by name.
        ids: ids of the pool's rows.
    """

    name: str
    size: int
    arrays: dict[str, Any]
    labelled: dict[str, Any]
    pending: dict[str, Any]
    reference: dict[str, Any]
    ids: tuple[str, ...]

    def arguments(self) -> dict[str, Any]:
        """Keyword arguments for `querist.select`."""
        roles = {"labelled": self.labelled, "pending": self.pending, "reference": self.reference}
        return {**self.arrays, **{k: v for k, v in roles.items() if v}, "ids": list(self.ids)}

    def role(self, name: str) -> dict[str, Any]:
        """The signals of "pool", "labelled", "pending" or "reference"."""
        return {"pool": self.arrays, "labelled": self.labelled, "pending": self.pending}.get(name, self.reference)

    def using(self, name: str, signals: dict[str, Any]) -> Pool:
        """The same pool with the signals of one role replaced."""
        roles = {role: self.role(role) for role in ROLES} | {name: signals}
        return replace(
            self,
            arrays=roles["pool"],
            labelled=roles["labelled"],
            pending=roles["pending"],
            reference=roles["reference"],
        )

    def take(self, rows: NDArray[np.int64]) -> Pool:
        """The same pool with its rows chosen or reordered."""
        arrays = {name: take(value, rows) for name, value in self.arrays.items()}
        return replace(self, size=len(rows), arrays=arrays, ids=tuple(self.ids[int(r)] for r in rows))


def take(value: Any, rows: NDArray[np.int64]) -> Any:
    """Rows of a signal: of both factors of a pair, of both sides of a graph."""
    if isinstance(value, tuple):
        return tuple(part[rows] for part in value)
    if hasattr(value, "tocsr"):
        return value.tocsr()[rows][:, rows]
    return value[rows]


def make_pool(
    kind: str,
    size: int,
    classes: int,
    *,
    seed: int = 0,
    dtype: Any = np.float32,
    regression: bool = False,
    outputs: bool = False,
) -> Pool:
    """A pool with every signal of the catalogue.

    Args:
        kind: one of `KINDS`.
        size: rows of the pool, at least 1.
        classes: number of classes, at least 1.
        seed: the same seed gives the same numbers.
        dtype: of all floating arrays; they are drawn in float32, so that both precisions hold the same numbers.
        regression: members of shape (N, S) instead of (N, S, C).
        outputs: history of shape (N, T, C), rows of probabilities, instead of (N, T).
    """
    rng = generator(seed, "pool", kind, size, classes)
    cast = np.dtype(dtype)

    def role(rows: int, kind: str) -> dict[str, Any]:
        signals = _signals(rng, kind, rows, classes, regression)
        if outputs:  # the members of another draw, so that the numbers of all other signals stay as they are
            signals[HISTORY] = _signals(rng, kind, rows, classes, False)[PERTURBED]
        return {s.name: _cast(v, cast) for s, v in signals.items()}

    arrays = role(size, kind)
    others = {name: role(rows, "generic") for name, rows in _OTHERS.items()}
    for name, signals in others.items():
        signals.pop(GRAPH.name)
        signals[LABELS.name] = rng.integers(0, classes, _OTHERS[name])
        signals[TARGETS.name] = rng.standard_normal(_OTHERS[name])
    for name in (LABELS.name, TARGETS.name):
        arrays.pop(name, None)
        others["pending"].pop(name)
    name = f"{kind} pool of {size} rows, {classes} classes, {cast}"
    return Pool(name, size, arrays, **others, ids=tuple(f"item-{i:03d}" for i in range(size)))


def pools(seed: int = 0, *, dtype: Any = np.float32, regression: bool = False, outputs: bool = False) -> Iterator[Pool]:
    """The pools of the suite: sizes 1 to 60, 1 to 6 classes, every kind."""
    shapes = (("generic", 60, 4), ("generic", 13, 1), ("generic", 7, 2), ("generic", 1, 3), ("ties", 41, 6))
    more = (("ties", 12, 2), ("duplicates", 24, 3), ("duplicates", 2, 2), ("constant", 20, 3), ("constant", 3, 1))
    for kind, size, classes in (*shapes, *more, ("sure", 30, 5), ("sure", 5, 2)):
        yield make_pool(kind, size, classes, seed=seed, dtype=dtype, regression=regression, outputs=outputs)


def restrict(pool: Pool, needs: Needs, *, others: bool = True) -> Pool:
    """Only what ``needs`` names; with ``others=False`` labelled and pending items only where they must be there."""
    known = needs.labelled | (needs.uses if others else frozenset())
    waiting = needs.uses - {LABELS} if others else frozenset()
    return replace(
        pool,
        arrays=_only(pool.arrays, needs.pool | needs.optional | (needs.uses & {COST, GROUP})),
        labelled=_only(pool.labelled, known),
        pending=_only(pool.pending, waiting),
        reference=_only(pool.reference, needs.reference),
    )


def _only(arrays: dict[str, Any], names: frozenset[Signal] | set[Signal]) -> dict[str, Any]:
    return {name: value for name, value in arrays.items() if CATALOGUE[name] in names}


def _signals(rng: np.random.Generator, kind: str, rows: int, classes: int, regression: bool) -> dict[Signal, Any]:
    """Every signal of ``rows`` items; the kind decides how many different items there are."""
    different = {"generic": rows, "sure": rows, "ties": 4, "duplicates": max(1, rows // 2), "constant": 1}[kind]
    which = np.arange(rows) if different == rows else rng.integers(0, different, rows)
    probs = _rows(rng, (different,), classes)
    if kind == "sure":
        probs = np.eye(classes, dtype=np.float32)[rng.integers(0, classes, different)]
    members = _rows(rng, (different, _MEMBERS), classes)
    if kind == "sure":
        members = np.eye(classes, dtype=np.float32)[rng.integers(0, classes, (different, _MEMBERS))]
    if regression:
        members = rng.standard_normal((different, _MEMBERS)).astype(np.float32)
    embedding = rng.standard_normal((different, _WIDTH)).astype(np.float32)
    a = probs.copy()
    a[np.arange(different), probs.argmax(axis=1)] -= 1.0
    links = rng.random((rows, rows)) < 0.2
    if kind == "constant":
        links[:] = True  # in a complete graph the nodes are alike too
    out: dict[Signal, Any] = {
        PROBS: probs[which],
        MEMBERS: members[which],
        EMBEDDING: embedding[which],
        GRADIENT: (a[which], embedding[which]),
        PREDICTION: rng.standard_normal(different).astype(np.float32)[which],
        AUGMENTED: _rows(rng, (different, 3), classes)[which],
        PERTURBED: _rows(rng, (different, 3), classes)[which],
        INPUT_GRAD: rng.standard_normal((different, _WIDTH)).astype(np.float32)[which],
        HISTORY: rng.random((different, 3)).astype(np.float32)[which],
        LOSS: rng.random(different).astype(np.float32)[which],
        COST: (rng.random(different) + 0.5).astype(np.float32)[which],
        GROUP: rng.integers(0, 4, different)[which],
        DISCRIMINATOR: rng.random(different).astype(np.float32)[which],
        CRITIC: rng.standard_normal(different).astype(np.float32)[which],
        MULTILABEL: (rng.random((different, 4)) * 0.98 + 0.01).astype(np.float32)[which],
        TOKENS: _tokens(rng, different, classes)[which],
        NBEST: -np.sort(rng.exponential(size=(different, 3)), axis=1).astype(np.float32)[which],
        NOISE: (rng.random(different) + 0.1).astype(np.float32)[which],
        VACUITY: (1.0 - rng.random(different)).astype(np.float32)[which],
    }
    out[GRAPH] = _graph(links | links.T)
    return out


def _rows(rng: np.random.Generator, shape: tuple[int, ...], classes: int) -> NDArray[np.float32]:
    """Rows of probabilities, float32, all above 0."""
    raw = rng.random((*shape, classes)) ** 3 + 1e-3
    return np.asarray(raw / raw.sum(axis=-1, keepdims=True), dtype=np.float32)


def _tokens(rng: np.random.Generator, rows: int, classes: int) -> NDArray[np.float32]:
    """Sentences of one to four tokens, padded with zeros."""
    out = _rows(rng, (rows, 4), classes)
    out[np.arange(4) >= rng.integers(1, 5, rows)[:, None]] = 0.0
    return out


def _graph(links: Array) -> Any:
    from scipy.sparse import csr_array

    np.fill_diagonal(links, False)
    return csr_array(links.astype(np.float32))


def _cast(value: Any, dtype: np.dtype[Any]) -> Any:
    if isinstance(value, tuple):
        return tuple(part.astype(dtype) for part in value)
    return value if value.dtype.kind in "iu" else value.astype(dtype)
