"""Words as numbers: frequent words by themselves, rare ones in hashed buckets. No label is looked at."""

from __future__ import annotations

import json
import re
import zlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.core.errors import ArgumentError, ArgumentTypeError, DataError, shorten
from querist.core.optional import torch as _torch
from querist.core.types import Json

__all__ = ["Vocabulary", "bucket", "words_of"]

_WORD = re.compile(r"\w+|[^\w\s]")


def words_of(item: str | Sequence[str]) -> Sequence[str]:
    """The words of a text, each sign by itself; a list of tokens stays as it is.

    >>> words_of("It's 5 o'clock.")
    ['It', "'", 's', '5', 'o', "'", 'clock', '.']
    """
    return _WORD.findall(item) if isinstance(item, str) else item


def bucket(word: str, count: int) -> int:
    """A number from 0 to ``count`` - 1 that belongs to the word, the same on every machine."""
    return zlib.crc32(word.encode("utf-8", "surrogatepass")) % count


@dataclass(frozen=True)
class Vocabulary:
    """Numbers for words: 0 is padding, then ``words`` in order, then ``buckets`` numbers for all other words.

    Calling it turns texts, or lists of tokens, into an int64 tensor (n, T), T the longest of them, padded with 0: it is
    what ``TorchLearner(transform=...)`` takes. An item without words is one padding.

    Args:
        words: known words, all different; in lower case where ``lower``.
        buckets: numbers that rare words share by their hash.
        lower: whether case is dropped first.
        longest: words of an item that are read; the rest is cut off. None reads all.

    Raises:
        ArgumentError: no bucket, no length, or a word twice (code ``BadValue``).

    >>> Vocabulary(("good", "film"), buckets=2)(["A good film", "good"]).tolist()
    [[4, 1, 2], [1, 0, 0]]
    """

    words: tuple[str, ...]
    buckets: int = 64
    lower: bool = True
    longest: int | None = 256

    def __post_init__(self) -> None:
        """Check the sizes."""
        for name, value in (("buckets", self.buckets), ("longest", self.longest)):
            if value is None and name == "longest":
                continue
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise ArgumentError(f"{name} must be a whole number of 1 or more, got {value!r}", code="BadValue")
        if len(set(self.words)) != len(self.words):
            twice = next(w for w, n in Counter(self.words).items() if n > 1)
            raise ArgumentError(f"word {shorten(twice)!r} stands twice in the vocabulary", code="BadValue")

    @classmethod
    def of(
        cls,
        items: Iterable[str | Sequence[str]],
        *,
        most: int = 20_000,
        least: int = 2,
        buckets: int = 64,
        lower: bool = True,
        longest: int | None = 256,
    ) -> Vocabulary:
        """The words of texts or token lists, most frequent first, then by alphabet.

        Args:
            items: texts, or lists of tokens.
            most: words that get a number of their own.
            least: how often such a word must stand there.
            buckets: see `Vocabulary`.
            lower: see `Vocabulary`.
            longest: see `Vocabulary`.
        """
        counts: Counter[str] = Counter()
        for item in items:
            counts.update(w.lower() if lower else w for w in words_of(item))
        frequent = sorted((w for w, n in counts.items() if n >= least), key=lambda w: (-counts[w], w))
        return cls(tuple(frequent[:most]), buckets, lower, longest)

    @property
    def size(self) -> int:
        """How many numbers there are, padding included: rows of an embedding."""
        return 1 + len(self.words) + self.buckets

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {word: k for k, word in enumerate(self.words, start=1)}

    def number(self, word: str) -> int:
        """The number of a word."""
        word = word.lower() if self.lower else word
        known = self._numbers.get(word)
        return 1 + len(self.words) + bucket(word, self.buckets) if known is None else known

    def numbers(self, item: str | Sequence[str]) -> list[int]:
        """The numbers of the words of a text or of tokens, at most ``longest``."""
        if not isinstance(item, (str, list, tuple)):
            raise ArgumentTypeError(
                f"a vocabulary reads texts or lists of tokens, got {type(item).__name__} {shorten(repr(item))}",
                code="BadText",
            )
        return [self.number(word) for word in words_of(item)[: self.longest]]

    def rows(self, items: Sequence[str | Sequence[str]]) -> NDArray[np.int64]:
        """(n, T) int64 numbers, 0 beyond an item's last word."""
        found = [self.numbers(item) for item in items]
        out = np.zeros((len(found), max([1, *map(len, found)])), dtype=np.int64)
        for place, numbers in enumerate(found):
            out[place, : len(numbers)] = numbers
        return out

    def __call__(self, items: Sequence[str | Sequence[str]]) -> Any:
        """The same as a tensor."""
        return _torch().from_numpy(self.rows(items))

    def to_json(self) -> dict[str, Json]:
        """A JSON object that `from_json` reads back."""
        return {"words": list(self.words), "buckets": self.buckets, "lower": self.lower, "longest": self.longest}

    @classmethod
    def from_json(cls, data: Json) -> Vocabulary:
        """The vocabulary that `to_json` wrote.

        Raises:
            DataError: something else (code ``BadVocabulary``).
        """
        try:
            words = tuple(data["words"])
            if not all(isinstance(w, str) for w in words) or not isinstance(data["lower"], bool):
                raise TypeError("words must be texts")
            return cls(words, data["buckets"], data["lower"], data["longest"])
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(f"this is no vocabulary: {shorten(str(error))}", code="BadVocabulary") from error

    def save(self, path: Path) -> None:
        """Write it as JSON."""
        path.write_text(json.dumps(self.to_json(), ensure_ascii=False), encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> Vocabulary:
        """Read what `save` wrote.

        Raises:
            DataError: a file that cannot be read, or holds something else (code ``BadVocabulary``).
        """
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise DataError(f"{path.name} holds no vocabulary: {shorten(str(error))}", code="BadVocabulary") from error
        return cls.from_json(data)
