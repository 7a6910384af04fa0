"""Sources whose items are lists of tokens: sentences to be tagged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.core.errors import ArgumentTypeError, DataError, shorten
from querist.core.types import LabelValue
from querist.data.ids import Contents, digest_texts
from querist.data.source import Kept, Noticed, Source, row_numbers

__all__ = ["SequenceSource", "sequence_source"]


class SequenceSource(Source):
    """Items are lists of tokens.

    Args:
        sentences: N lists of tokens, none empty.
        contents: (N, 16) digest of each.
        **more: see `Source`.
    """

    def __init__(self, sentences: Sequence[Sequence[str]], contents: Contents, **more: Any) -> None:
        super().__init__(contents, modality="tokens", **more)
        self.sentences = [tuple(s) for s in sentences]
        self.lengths: NDArray[np.int64] = np.fromiter((len(s) for s in self.sentences), np.int64, len(self.sentences))
        """(N,) tokens of each item: what it costs to read it."""

    def take(self, rows: NDArray[np.int64] | slice) -> list[tuple[str, ...]]:
        """The tokens of each item."""
        return [self.sentences[r] for r in row_numbers(rows, len(self))]


def sequence_source(
    sentences: Sequence[Any],
    *,
    ids: Sequence[Any] | None = None,
    truth: Sequence[LabelValue] | None = None,
    name: str = "the sentences",
    dedupe: bool = False,
    noticed: Noticed | None = None,
) -> SequenceSource:
    """A source over lists of tokens.

    Args:
        sentences: N lists of tokens.
        ids: (N,) ids, or None.
        truth: (N,) labels: spans, or tags, one a token; None where one is not known.
        name: for messages.
        dedupe: drop items that repeat the content of an earlier one.
        noticed: what was noticed when reading.

    Raises:
        ArgumentTypeError: an item that is no list of texts (code ``BadSource``).
        DataError: an item without tokens, or an empty token (code ``BadText``), tags that are not as many as the tokens
            (``BadTags``), no items, lengths that differ.
    """
    for row, tokens in enumerate(sentences):
        if not isinstance(tokens, (list, tuple)) or not all(isinstance(t, str) for t in tokens):
            raise ArgumentTypeError(
                f"{name}: row {row} is no list of tokens (texts), but {type(tokens).__name__} {shorten(repr(tokens))}",
                code="BadSource",
            )
        if not tokens or not all(tokens):
            what = "an empty token" if tokens else "no tokens"
            raise DataError(f"{name}: row {row} has {what}; leave it out", code="BadText")
    if truth is not None:
        for row, (tokens, label) in enumerate(zip(sentences, truth, strict=False)):
            tags = isinstance(label, (list, tuple)) and label and isinstance(label[0], str)
            if tags and len(label) != len(tokens):  # type: ignore[arg-type]
                raise DataError(
                    f"{name}: row {row} has {len(label)} tags for {len(tokens)} tokens",  # type: ignore[arg-type]
                    code="BadTags",
                )
    contents = digest_texts("\x1f".join(tokens) for tokens in sentences)
    kept = Kept.of(contents, dedupe, ids=ids, truth=truth, name=name, noticed=noticed)
    chosen = sentences if kept.rows is None else [sentences[r] for r in kept.rows.tolist()]
    return SequenceSource(chosen, kept.contents, ids=kept.ids, truth=kept.truth, name=name, noticed=kept.noticed)
