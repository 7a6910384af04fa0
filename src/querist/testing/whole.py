"""Conformance checks about the whole: what a rule on a graph sees beside the pool, and that only the pool is chosen."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.core.checks import check_signal
from querist.core.contract import choose
from querist.core.seeds import id_hashes
from querist.core.signals import CATALOGUE, Context, Selection, View
from querist.core.whole import Whole
from querist.testing.pools import Pool, restrict, take
from querist.testing.subject import Subject, fault, same

__all__ = ["WHOLE_CHECKS"]

_SHARES = {"pool": 0.6, "labelled": 0.2, "pending": 0.1}


def check_whole(subject: Subject) -> None:
    """Signals of the whole are read as declared; the pool alone is its own whole; its order decides nothing."""
    if not subject.needs.whole or subject.needs.labelled:
        return
    if extra := subject.needs.whole - subject.needs.pool:
        raise fault(subject, None, f"names {', '.join(map(str, extra))} of the whole and not of the pool")
    big = subject.pool(size=50, whole=True)
    rng = np.random.default_rng(5)
    order = rng.permutation(big.size)
    cuts = np.cumsum([int(share * big.size) for share in _SHARES.values()])
    pool, labelled, pending, _ = np.split(order, cuts)
    parts = tuple(np.sort(rows) for rows in (pool, labelled, pending))
    ctx = _within(subject, big, *parts)
    first = _chosen(subject, ctx, 7)
    assert ctx.whole is not None
    read = ctx.whole.view.read | _also_read(subject, big, parts)
    if (strange := read - subject.needs.whole) or (idle := subject.needs.whole - read):
        names = strange or idle
        raise fault(subject, big, f"needs of the whole and what is read differ in {', '.join(map(str, names))}")
    mixed = rng.permutation(big.size)
    place = np.argsort(mixed)
    again = _chosen(subject, _within(subject, big.take(mixed), *(place[rows] for rows in parts)), 7)
    if subject.equivariant and not same(first, again, bitwise=False):
        raise fault(subject, big, f"with the whole reordered it chose {list(again.ids)} instead of {list(first.ids)}")
    every = np.arange(big.size)
    alone = _within(subject, big, every, every[:0], every[:0])
    plain = subject.run(restrict(big, subject.needs, others=False), 7)
    if not same(plain, _chosen(subject, alone, 7)):
        raise fault(subject, big, "a whole that is the pool and no more changes the choice")


def _also_read(subject: Subject, big: Pool, parts: tuple[NDArray[np.int64], ...]) -> set[Any]:
    """What is read over further seeds and rounds."""
    read: set[Any] = set()
    for seed in range(6):
        for round in (0, 3):
            ctx = dataclasses.replace(_within(subject, big, *parts), seed=seed, round=round)
            subject.strategy.select(ctx, 3)
            assert ctx.whole is not None
            read |= ctx.whole.view.read
    return read


def _within(
    subject: Subject, big: Pool, pool: NDArray[np.int64], labelled: NDArray[np.int64], pending: NDArray[np.int64]
) -> Context:
    """A context whose pool, labelled and pending items are rows of one big pool, which is the whole."""
    signals = {CATALOGUE[name]: value for name, value in big.arrays.items()}
    small = restrict(big.take(pool), subject.needs)
    ctx = subject.context(dataclasses.replace(small, labelled={}, pending={}))
    known = {s: signals[s] for s in subject.needs.uses & signals.keys()}

    def view(rows: NDArray[np.int64], role: str) -> View:
        return View(len(rows), {s: take(v, rows) for s, v in known.items()}, role=role, check=check_signal)

    whole = Whole(
        View(big.size, signals, role="whole", check=check_signal), pool, labelled, pending, id_hashes(list(big.ids))
    )
    return dataclasses.replace(ctx, labelled=view(labelled, "labelled"), pending=view(pending, "pending"), whole=whole)


def _chosen(subject: Subject, ctx: Context, n: int) -> Selection:
    chosen = choose(subject.strategy, ctx, n)
    ids = ctx.ids or range(ctx.size)
    return dataclasses.replace(chosen, ids=[ids[int(row)] for row in chosen.indices])


WHOLE_CHECKS: dict[str, Callable[[Subject], None]] = {"whole": check_whole}
"""Checks by name."""
