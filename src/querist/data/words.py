"""A text cut into tokens: words with the marks that belong to their letters, and signs."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["word_places"]

_PIECE = re.compile(r"\w+|[^\w\s]")
_JOINERS = ("\u200c", "\u200d")
"""Between the letters of a word, and between the parts of one picture."""


def word_places(text: str) -> list[tuple[int, int]]:
    """Where each token begins and ends, in code points, end exclusive.

    A token is a run of letters, digits and underscores with the combining marks on them, or one other sign with its
    marks. Nothing but white space lies between tokens.

    >>> word_places("Ada, hi")
    [(0, 3), (3, 4), (5, 7)]
    >>> [len("cafe\\u0301s"), *word_places("cafe\\u0301s")]  # a decomposed letter in a word
    [6, (0, 6)]
    """
    if text.isascii():
        return [m.span() for m in _PIECE.finditer(text)]
    out: list[tuple[int, int]] = []
    end, word = -1, False
    for found in _PIECE.finditer(text):
        start, stop = found.span()
        first = text[start]
        letters = first == "_" or first.isalnum()
        mark = not letters and (first in _JOINERS or unicodedata.category(first)[0] == "M")
        goes_on = (letters and word) or text[
            end - 1 : end
        ] == "\u200d"  # a word behind its marks, a picture's next part
        if start == end and (mark or goes_on):
            out[-1] = out[-1][0], stop
        else:
            out.append((start, stop))
            word = letters
        end = stop
    return out
