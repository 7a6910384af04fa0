"""The check about the whole catches its faults."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pytest

from querist.core.errors import StateError
from querist.core.signals import EMBEDDING, PROBS, Context, Needs
from querist.core.whole import whole_of
from querist.strategies.algebra import Score
from querist.testing.subject import Subject
from querist.testing.whole import WHOLE_CHECKS


@dataclass(frozen=True, repr=False)
class Apart(Score):
    """Distance to the mean of all items; right."""

    cell: ClassVar[str] = "graph"
    wants: ClassVar[frozenset[Any]] = frozenset({EMBEDDING})

    @property
    def needs(self) -> Needs:
        """Embeddings of the pool, or of the whole."""
        return Needs(pool=frozenset({EMBEDDING}), whole=self.wants)

    def rate(self, ctx: Context) -> Any:
        """(N,) at least 0."""
        whole = whole_of(ctx)
        x = np.asarray(whole.view[EMBEDDING], dtype=np.float64)
        return np.abs(x - x.mean(axis=0)).sum(axis=1).round(6)[whole.pool]


@dataclass(frozen=True, repr=False)
class Peeping(Apart):
    """Looks at what it does not declare."""

    def rate(self, ctx: Context) -> Any:
        """(N,) as before."""
        whole_of(ctx).view[PROBS]
        return super().rate(ctx)


@dataclass(frozen=True, repr=False)
class Idle(Apart):
    """Reads the pool and not the whole."""

    def rate(self, ctx: Context) -> Any:
        """(N,) any."""
        return np.asarray(ctx.pool[EMBEDDING], dtype=np.float64)[:, 0]


@dataclass(frozen=True, repr=False)
class Elsewhere(Apart):
    """Names a signal of the whole that it does not need of the pool."""

    wants: ClassVar[frozenset[Any]] = frozenset({EMBEDDING, PROBS})


@dataclass(frozen=True, repr=False)
class Shifted(Apart):
    """Takes the first rows of the whole for the pool."""

    def rate(self, ctx: Context) -> Any:
        """(N,) of the wrong items."""
        x = np.asarray(whole_of(ctx).view[EMBEDDING], dtype=np.float64)
        return x[: ctx.size, 0]


@dataclass(frozen=True, repr=False)
class Swayed(Apart):
    """Chooses otherwise as soon as there is a whole."""

    def rate(self, ctx: Context) -> Any:
        """(N,) of either sign."""
        return super().rate(ctx) * (1.0 if ctx.whole is None else -1.0)


def check(part: Score) -> None:
    WHOLE_CHECKS["whole"](Subject(part))


def test_a_part_that_keeps_the_rules() -> None:
    check(Apart())


def test_parts_without_a_whole_are_not_looked_at() -> None:
    check(Subject("margin").part)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("part", "words"),
    [
        (Peeping(), "differ in probs"),
        (Idle(), "differ in embedding"),
        (Elsewhere(), "names probs of the whole and not of the pool"),
        (Shifted(), "with the whole reordered"),
        (Swayed(), "a whole that is the pool and no more changes the choice"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Score) else "",
)
def test_each_fault_is_found(part: Score, words: str) -> None:
    with pytest.raises(StateError, match=words):
        check(part)
