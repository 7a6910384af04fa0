"""Texts without a download: hashed words, pairs of words and letter sequences, weighed by rarity, then decomposed.

TF-IDF over hashed n-grams (Weinberger et al., Feature Hashing for Large Scale Multitask Learning, 2009), then latent
semantic analysis (Deerwester et al., 1990) by a randomised decomposition. Letter sequences find words that are inflected
or misspelt. Whole arrays of letters are hashed at once, and no vocabulary is kept: a million texts stream through.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Self
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from querist.core.seeds import derive
from querist.core.types import Array
from querist.models.encoders.base import SAMPLE, Encoder

__all__ = ["HashedText"]

_BITS = 17
_LETTERS = 1 << _BITS
"""Buckets of letter sequences; those of words come behind them, as many again."""
_BUCKETS = 2 * _LETTERS
_MOST_COLUMNS = 30_000
_DECOMPOSED = 10_000
"""Texts that the directions are found on; more make them no better and cost time."""
_LONGEST = 5_000
"""Letters of a text that are looked at."""
_PRIME = np.uint64(0x100000001B3)
_WORD = re.compile(r"\w+|[^\w\s]")
_PIECE = 2_000


class HashedText(Encoder):
    """Texts to unit rows of ``width`` numbers; a text that holds nothing known is a row of zeros.

    Args:
        width: most numbers a text.
        seed: of the decomposition and of the sample.
    """

    kind = "hashed_text"

    def settings(self) -> dict[str, Any]:
        """Width and seed."""
        return {"width": self.width, "seed": self.seed}

    def fit(self, sample: Sequence[str]) -> Self:
        """Learn which n-grams are rare, and the main directions, from at most 20,000 texts."""
        texts = list(sample[:SAMPLE]) or [""]
        counts = _counts(texts)
        frequency = np.bincount(counts.indices, minlength=_BUCKETS)
        least = 2 if len(texts) > 200 else 1
        kept = np.flatnonzero(frequency >= least)
        if len(kept) > _MOST_COLUMNS:
            order = np.argsort(-frequency[kept], kind="stable")[:_MOST_COLUMNS]
            kept = np.sort(kept[order])
        if not len(kept):  # nothing but empty texts: one column that is always 0
            kept = np.zeros(1, dtype=np.int64)
        weight = np.log((1 + len(texts)) / (1 + frequency[kept])) + 1.0
        self._arrays = {"buckets": kept.astype(np.int32), "weight": weight.astype(np.float32)}
        matrix = self._weighed(counts[:_DECOMPOSED])
        components = min(self.width, min(matrix.shape) - 1)
        if components < 1:
            self._arrays["directions"] = np.eye(len(kept), min(self.width, len(kept)), dtype=np.float32)
            return self
        from sklearn.utils.extmath import randomized_svd

        _, _, directions = randomized_svd(
            matrix, components, n_oversamples=10, n_iter=2, random_state=derive(self.seed, "hashed text") % 2**32
        )
        self._arrays["directions"] = np.ascontiguousarray(directions.T, dtype=np.float32)
        return self

    def encode(self, batch: Sequence[str]) -> NDArray[np.float32]:
        """The rows of some texts."""
        directions = self._arrays["directions"]
        out = np.zeros((len(batch), directions.shape[1]), dtype=np.float32)
        for start in range(0, len(batch), _PIECE):
            piece = batch[start : start + _PIECE]
            out[start : start + len(piece)] = self._weighed(_counts(piece)) @ directions
        lengths = np.linalg.norm(out, axis=1, keepdims=True)
        out /= np.where(lengths > 1e-12, lengths, 1.0)
        return out

    def checked(self, learnt: Mapping[str, Any]) -> dict[str, Any]:
        """Nothing beside the arrays."""
        return {}

    def _weighed(self, counts: Any) -> Any:
        """(n, F) unit rows: damped counts of the kept buckets times their rarity; letters and words weigh alike."""
        from scipy.sparse import csr_matrix
        from sklearn.preprocessing import normalize

        buckets, weight = self._arrays["buckets"], self._arrays["weight"]
        place = np.full(_BUCKETS, -1, dtype=np.int32)
        place[buckets] = np.arange(len(buckets), dtype=np.int32)
        column = place[counts.indices]
        known = column >= 0
        row = np.repeat(np.arange(counts.shape[0]), np.diff(counts.indptr))[known]
        column = column[known]
        values = (1.0 + np.log(counts.data[known])) * weight[column]
        letters = buckets[column] < _LETTERS
        for part in (letters, ~letters):
            squares = np.bincount(row[part], weights=values[part] ** 2, minlength=counts.shape[0])
            values[part] /= np.sqrt(np.maximum(squares[row[part]], 1e-12))
        shape = (counts.shape[0], len(buckets))
        return normalize(csr_matrix((values.astype(np.float32), (row, column)), shape=shape), copy=False)


def _counts(texts: Sequence[str]) -> Any:
    """(n, buckets) how often each hashed n-gram stands in each text."""
    from scipy.sparse import csr_matrix

    plain = [" ".join(text[:_LONGEST].lower().split()) for text in texts]
    row_parts: list[Array] = []
    hash_parts: list[Array] = []
    for rows, hashes in (*_letter_hashes(plain), *_word_hashes(plain)):
        row_parts.append(rows)
        hash_parts.append(hashes)
    rows, columns = np.concatenate(row_parts), np.concatenate(hash_parts)
    counts = csr_matrix((np.ones(len(rows), dtype=np.float32), (rows, columns)), shape=(len(texts), _BUCKETS))
    counts.sum_duplicates()
    return counts


def _letter_hashes(texts: Sequence[str]) -> list[tuple[Array, Array]]:
    """Rows and buckets of all sequences of 3, 4 and 5 letters, the borders of a text being blanks."""
    padded = [f" {text} " for text in texts]
    whole = np.frombuffer("".join(padded).encode("utf-32-le", "surrogatepass"), dtype=np.uint32).astype(np.uint64)
    lengths = np.fromiter((len(t) for t in padded), dtype=np.int64, count=len(padded))
    owner = np.repeat(np.arange(len(padded), dtype=np.int32), lengths)
    out = []
    rolling = whole
    with np.errstate(over="ignore"):
        for size in range(2, 6):
            rolling = rolling[:-1] * _PRIME + whole[size - 1 :] if len(rolling) > 1 else rolling[:0]
            if size < 3:
                continue
            inside = owner[: len(rolling)] == owner[size - 1 :] if len(rolling) else np.zeros(0, dtype=np.bool_)
            out.append((owner[: len(rolling)][inside], _bucket(rolling[inside], np.uint64(size), 0)))
    return out


def _word_hashes(texts: Sequence[str]) -> list[tuple[Array, Array]]:
    """Rows and buckets of all words and pairs of neighbouring words."""
    seen: dict[str, int] = {}
    hashes: list[int] = []
    lengths = []
    for text in texts:
        words = _WORD.findall(text)
        lengths.append(len(words))
        for word in words:
            value = seen.get(word)
            if value is None:
                value = seen[word] = crc32(word.encode("utf-8", "surrogatepass"))
            hashes.append(value)
    each = np.asarray(hashes, dtype=np.uint64)
    owner = np.repeat(np.arange(len(texts), dtype=np.int32), lengths)
    with np.errstate(over="ignore"):
        pairs = each[:-1] * _PRIME + each[1:]
    inside = owner[:-1] == owner[1:]
    return [
        (owner, _bucket(each, np.uint64(1), _LETTERS)),
        (owner[:-1][inside], _bucket(pairs[inside], np.uint64(2), _LETTERS)),
    ]


def _bucket(hashes: Array, kind: np.uint64, first: int) -> Array:
    """A bucket of each hash, from ``first`` on."""
    with np.errstate(over="ignore"):
        mixed = (hashes + kind) * np.uint64(0x9E3779B97F4A7C15)
        mixed ^= mixed >> np.uint64(32)
        mixed *= np.uint64(0xBF58476D1CE4E5B9)
    return (mixed >> np.uint64(64 - _BITS)).astype(np.int32) + np.int32(first)
