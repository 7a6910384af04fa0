"""A part under test: the strategy it makes, the arrays it is given, and how two answers are compared."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from querist.core.contract import choose
from querist.core.errors import ArgumentError, QueristError, StateError
from querist.core.signals import HISTORY, MEMBERS, Context, Needs, Selection
from querist.strategies.algebra import AnyPart, Filter, Part, Recipe, Strategy, as_strategy
from querist.strategies.arrays import context
from querist.strategies.limits import Limit
from querist.strategies.parser import parse
from querist.testing.capabilities import STAND_INS
from querist.testing.pools import ROLES, Pool, make_pool, pools, restrict

__all__ = ["Subject", "fault", "fingerprint", "pieces", "same"]


class Subject:
    """A part, ready to be run on pools.

    Args:
        part: a part or its text.
        capabilities: stand-ins for abilities of a learner that the part needs, by name, beside `STAND_INS`.
    """

    def __init__(self, part: AnyPart | str, capabilities: Mapping[str, Any] | None = None) -> None:
        self.part: AnyPart = parse(part) if isinstance(part, str) else part
        self.strategy: Strategy = as_strategy("random") if isinstance(self.part, Filter) else as_strategy(self.part)
        if isinstance(self.part, Filter):
            self.strategy = self.part | self.strategy
        wanted = self.strategy.needs.capabilities
        self.capabilities = {name: STAND_INS[name] for name in wanted if name in STAND_INS} | dict(capabilities or {})
        self.needs: Needs = dataclasses.replace(self.strategy.needs, plugin=None, capabilities=frozenset())
        inside = list(pieces(self.part))
        self.equivariant = all(piece.equivariant for piece in inside)
        self.filters = any(isinstance(piece, (Filter, Limit)) for piece in inside)
        self.regression = MEMBERS in self.needs.pool and self._refuses_classes()
        self.outputs = HISTORY in self.needs.pool and self._refuses_classes()

    def __str__(self) -> str:
        """The part's text."""
        return str(self.part)

    def pools(self, *, dtype: Any = np.float32) -> Iterator[Pool]:
        """The pools of the suite with what the part needs; those without labelled or pending items as well."""
        for pool in pools(dtype=dtype, regression=self.regression, outputs=self.outputs):
            yield restrict(pool, self.needs)
            if self.needs.uses and pool.size > 10:
                bare = restrict(pool, self.needs, others=False)
                yield dataclasses.replace(bare, name=f"{bare.name}, nothing labelled")

    def pool(self, kind: str = "generic", size: int = 60, classes: int = 4, *, whole: bool = False) -> Pool:
        """One pool; with ``whole`` every signal of the catalogue, needed or not."""
        pool = make_pool(kind, size, classes, regression=self.regression, outputs=self.outputs)
        return pool if whole else restrict(pool, self.needs)

    def context(self, pool: Pool, *, seed: int = 0, round: int = 0, demand: bool = True, **other: Any) -> Context:
        """The pool as a context; ``other`` replaces arguments of `querist.select`.

        With ``demand=False`` nothing is asked for at the door; what is missing is found when it is read.
        """
        given = {"labelled": None, "pending": None, "reference": None, **pool.arguments(), **other}
        ctx = context(self.needs if demand else Needs(), seed=seed, **given)
        return dataclasses.replace(ctx, round=round, capabilities=self.capabilities)

    def run(self, pool: Pool, n: int, *, seed: int = 0, **other: Any) -> Selection:
        """Choose n rows, held to the contract of `querist.core.contract.choose`."""
        ctx = self.context(pool, seed=seed, **other)
        chosen = choose(self.strategy, ctx, n)
        ids = ctx.ids or range(ctx.size)
        return dataclasses.replace(chosen, ids=[ids[int(row)] for row in chosen.indices])

    def attempt(self, pool: Pool, n: int, **other: Any) -> Selection | None:
        """The same, or None where a named error says that the rule cannot serve this pool.

        A filter or a limit may leave too few; a rule about labelled items may refuse when there are none.
        """
        try:
            return self.run(pool, n, **other)
        except QueristError as error:
            few = self.filters and error.code == "NothingAvailable"
            none = bool(self.needs.uses) and not (pool.labelled or pool.pending) and error.code == "MissingSignal"
            if few or none:
                return None
            raise

    def _refuses_classes(self) -> bool:
        """Whether the shapes that pools have by default are not those that the part reads."""
        pool = make_pool("generic", 7, 3)
        try:
            self.run(restrict(pool, self.needs), 1)
        except ArgumentError as error:
            return error.code == "ShapeMismatch"
        return False


def pieces(value: object) -> Iterator[Part]:
    """A part and all parts inside it."""
    if isinstance(value, Part):
        yield value
        for field in dataclasses.fields(value):
            yield from pieces(getattr(value, field.name))
        if isinstance(value, Recipe):
            yield from pieces(value.expression())
    elif isinstance(value, (tuple, list)):
        for item in value:
            yield from pieces(item)


def same(a: Selection, b: Selection, *, bitwise: bool = True) -> bool:
    """Whether two selections name the same items in the same order, with the same scores."""
    if list(a.ids) != list(b.ids):
        return False
    if bitwise:
        return np.array_equal(a.scores, b.scores, equal_nan=True) and a.reasons == b.reasons
    return np.allclose(a.scores, b.scores, rtol=1e-3, atol=1e-5, equal_nan=True)


def fingerprint(pool: Pool) -> str:
    """A digest of every array of a pool."""
    digest = hashlib.blake2b(digest_size=16)
    for role in ROLES:
        for name, value in sorted(pool.role(role).items()):
            digest.update(name.encode())
            if hasattr(value, "tocsr"):
                value = (value.data, value.indices, value.indptr)
            for array in value if isinstance(value, tuple) else (value,):
                digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def fault(subject: Subject, pool: Pool | None, what: str) -> StateError:
    """The finding of a check, as an error to raise (code ``Contract``)."""
    where = f" on {pool.name}" if pool is not None else ""
    return StateError(f"{subject}{where}: {what}", code="Contract")
