"""Texts to one tensor of whole numbers, and back to what an encoder takes.

A learner moves one tensor an item about. A token number and whether it counts are packed into one number: 0 is padding
and t + 1 is token t. So the mask never depends on which number a model pads with, and a model without one works too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from querist.core.errors import ArgumentTypeError, shorten
from querist.core.optional import need
from querist.core.optional import torch as _torch
from querist.models.pretrained.place import Place

__all__ = ["Tokens", "unpacked"]


class Tokens:
    """Turns texts into packed tokens; pads to the longest of the batch.

    Args:
        place: the model whose tokeniser is used.
        max_length: most tokens of a text, special ones included; what is longer is cut.
    """

    def __init__(self, place: Place, max_length: int) -> None:
        _torch()
        transformers = need("transformers", "text", "the tokeniser")
        self.max_length = max_length
        self._tokeniser = transformers.AutoTokenizer.from_pretrained(
            str(place.folder), local_files_only=True, trust_remote_code=False
        )

    @property
    def mask(self) -> int | None:
        """Number of the token that hides another, or None."""
        found = self._tokeniser.mask_token_id
        return None if found is None else int(found)

    @property
    def special(self) -> frozenset[int]:
        """Numbers of the tokens that stand for no part of a text."""
        return frozenset(int(k) for k in self._tokeniser.all_special_ids)

    def lists(self, texts: Sequence[str]) -> list[list[int]]:
        """Token numbers of each text.

        Raises:
            ArgumentTypeError: something is no text (code ``BadText``).
        """
        given = list(texts)
        for text in given:
            if not isinstance(text, str):
                raise ArgumentTypeError(
                    f"texts are needed, got {type(text).__name__} {shorten(text)}; give the learner a source of texts",
                    code="BadText",
                )
        if not given:
            return []
        found = self._tokeniser([_whole(t) for t in given], truncation=True, max_length=self.max_length, padding=False)
        return [list(ids) for ids in found["input_ids"]]

    def __call__(self, texts: Sequence[str]) -> Any:
        """N texts to (N, T) int64 packed tokens, T at least 1."""
        return packed(self.lists(texts))


def packed(lists: Sequence[Sequence[int]]) -> Any:
    """Lists of token numbers to (N, T) int64, padded on the right with 0."""
    width = max((len(ids) for ids in lists), default=0)
    out = np.zeros((len(lists), max(width, 1)), dtype=np.int64)
    for row, ids in enumerate(lists):
        out[row, : len(ids)] = np.asarray(ids, dtype=np.int64) + 1
    return _torch().from_numpy(out)


def unpacked(tokens: Any, pad: int) -> tuple[Any, Any]:
    """(N, T) packed tokens to token numbers and a mask of 0 and 1, both (N, t); columns that are all padding go.

    Args:
        tokens: what `Tokens` gives.
        pad: the number that the model pads with.
    """
    mask = tokens != 0
    longest = max(int(mask.sum(dim=1).max()), 1) if len(tokens) else 1
    mask = mask[:, :longest]
    return _torch().where(mask, tokens[:, :longest] - 1, pad), mask.long()


def _whole(text: str) -> str:
    """The text without halves of surrogate pairs, which no tokeniser takes."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text
