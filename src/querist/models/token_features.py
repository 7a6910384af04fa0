"""What a tagger sees of a token: its word, shape and letters; or hashed features of it and its neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from querist.core.types import Json
from querist.models.vocabulary import Vocabulary, bucket

__all__ = ["LETTERS", "Sentences", "WindowFeatures", "WordFeatures", "word_shape"]

Sentences = Sequence[Sequence[str]]
LETTERS = 193
"""Numbers of letters: 0 is padding, then the 128 of ASCII, then 64 that all others share."""


def word_shape(token: str) -> str:
    """The token with runs of capitals as X, of small letters as x, of digits as d; other signs stay.

    >>> word_shape("McDonald's"), word_shape("1,024"), word_shape("#NYC")
    ("XxXx'x", 'd,d', '#X')
    """
    kinds = ("X" if c.isupper() else "x" if c.isalpha() else "d" if c.isdigit() else c for c in token)
    return "".join(kind for kind, _ in groupby(kinds))


@dataclass(frozen=True)
class WordFeatures:
    """(tokens, 2 + letters) numbers: the word, its shape, its first and last letters.

    Args:
        vocabulary: numbers of words.
        shapes: numbers that shapes share by their hash; 0 stays for padding.
        letters: letters that are read; of longer words the first and the last half.
    """

    vocabulary: Vocabulary
    shapes: int = 64
    letters: int = 12

    @property
    def width(self) -> int:
        """Numbers a token."""
        return 2 + self.letters

    def __call__(self, sentences: Sentences) -> NDArray[np.int64]:
        """One row a token, sentence after sentence."""
        known: dict[str, list[int]] = {}
        rows = []
        for tokens in sentences:
            for token in tokens:
                if token not in known:
                    known[token] = self._row(token)
                rows.append(known[token])
        return np.asarray(rows, dtype=np.int64).reshape(-1, self.width)

    def _row(self, token: str) -> list[int]:
        half = self.letters // 2
        read = token if len(token) <= self.letters else token[: self.letters - half] + token[-half:]
        letters = [1 + ord(c) if ord(c) < 128 else 129 + bucket(c, 64) for c in read]
        shape = 1 + bucket(word_shape(token), self.shapes - 1)
        return [self.vocabulary.number(token), shape, *letters, *[0] * (self.letters - len(letters))]

    def to_json(self) -> dict[str, Json]:
        """What the numbers rest on."""
        return {"vocabulary": self.vocabulary.to_json(), "shapes": self.shapes, "letters": self.letters}


@dataclass(frozen=True)
class WindowFeatures:
    """(tokens, 16) hashed features of a token and of two neighbours on each side.

    Args:
        buckets: numbers that features share by their hash; 0 stays for padding.
    """

    buckets: int = 1 << 14

    @property
    def width(self) -> int:
        """Numbers a token."""
        return 16

    def __call__(self, sentences: Sentences) -> NDArray[np.int64]:
        """One row a token, sentence after sentence."""
        numbers: dict[str, int] = {"": 0}  # number 0 stands beyond the ends of a sentence
        flat: list[int] = [0, 0]
        places: list[int] = []
        for tokens in sentences:
            for token in tokens:
                places.append(len(flat))
                flat.append(numbers.setdefault(token, len(numbers)))
            flat += [0, 0]
        ids, at = np.asarray(flat, dtype=np.int64), np.asarray(places, dtype=np.int64)
        own = np.asarray([self._own(t) for t in numbers], dtype=np.int64)
        parts = [own[ids[at]]]
        for step in (-1, 1):
            table = np.asarray([self._hash(step, w=t.lower(), s=word_shape(t)) for t in numbers], dtype=np.int64)
            parts.append(table[ids[at + step]])
        for step in (-2, 2):
            table = np.asarray([self._hash(step, w=t.lower()) for t in numbers], dtype=np.int64)
            parts.append(table[ids[at + step]])
        return np.concatenate(parts, axis=1)

    def _own(self, token: str) -> list[int]:
        low = token.lower()
        known = {"t": token, "w": low, "s": word_shape(token), "p1": token[:1], "p2": low[:2], "p3": low[:3]}
        known |= {"e1": low[-1:], "e2": low[-2:], "e3": low[-3:], "n": str(min(len(token), 12))}
        return self._hash(0, **known)

    def _hash(self, step: int, **features: str) -> list[int]:
        return [1 + bucket(f"{step}{name}={value}", self.buckets - 1) for name, value in features.items()]

    def to_json(self) -> dict[str, Json]:
        """What the numbers rest on."""
        return {"buckets": self.buckets}
