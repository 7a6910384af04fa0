"""Generated sentences with spans, for tests of taggers."""

from __future__ import annotations

from functools import cache

import numpy as np

from querist.data.sequences import SequenceSource, sequence_source
from querist.data.spans import Spans

__all__ = ["SCHEMA", "sentences"]

SCHEMA = Spans(("person", "place"))
_NAMES = ("Anna", "Boris", "Clara", "David", "Emma", "Felix", "Greta", "Hugo")
_PLACES = ("Paris", "London", "Oslo", "Rome", "Madrid", "Vienna")
_WORDS = ("the", "dog", "runs", "and", "a", "cat", "sleeps", "today", "very", "often", ",", "quick")


@cache
def sentences(count: int = 60, seed: int = 0) -> SequenceSource:
    """Sentences of 1 to 14 tokens, all different, with person and place spans of one or two tokens; ids s0, s1, ..."""
    rng = np.random.default_rng(seed)
    found: dict[tuple[str, ...], list[str]] = {}
    while len(found) < count:
        tokens: list[str] = []
        tags: list[str] = []
        for _ in range(int(rng.integers(1, 6))):
            tokens += [str(rng.choice(_WORDS)) for _ in range(int(rng.integers(0, 3)))]
            tags += ["O"] * (len(tokens) - len(tags))
            if rng.random() < 0.5:
                kind, names = ("person", _NAMES) if rng.random() < 0.5 else ("place", _PLACES)
                tokens.append("mr" if kind == "person" else "in")
                tags.append("O")
                for k in range(int(rng.integers(1, 3))):
                    tokens.append(str(rng.choice(names)))
                    tags.append(f"{'I' if k else 'B'}-{kind}")
        tokens.append(".")
        tags.append("O")
        found.setdefault(tuple(tokens), tags)
    return sequence_source(list(found), ids=[f"s{k}" for k in range(count)], truth=list(found.values()))
