"""Spans: texts cut into tokens, answers in characters brought to them, and a tagger that fits in about a second.

The page counts characters and a tagger counts tokens. A span of an answer becomes the tokens that it touches.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from copy import copy
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from querist.core.errors import shorten
from querist.core.signals import TOKENS
from querist.core.types import AnswerKind, Array, Labels
from querist.data.ledger import ItemState, Ledger
from querist.data.sequences import sequence_source
from querist.data.spans import Spans
from querist.data.words import word_places
from querist.server.trainer.learners import some_labels
from querist.server.trainer.snapshot import Snapshot

if TYPE_CHECKING:
    from querist.training.tagger import TaggerLearner

__all__ = ["MOST_TEXTS", "Tagging", "token_places", "token_spans"]

MOST_TEXTS = 20_000
"""Of more texts the tagger's features would fill the memory: spans are then asked about in random order."""
_LONGEST = 400
"""Tokens of a text that are looked at; spans behind them are kept and teach nothing."""
_MOST_WORDS = 300
"""Characters of a guess."""
_AT_ONCE = 200
"""Texts whose token probabilities are held at once."""
_NOTHING = "\u2205"


def token_places(text: str) -> list[tuple[int, int]]:
    """Where each token begins and ends, in characters.

    >>> token_places("Ada, hi")
    [(0, 3), (3, 4), (5, 7)]
    """
    return word_places(text)[:_LONGEST]


def token_spans(value: Sequence[Sequence[object]], places: Sequence[tuple[int, int]]) -> list[list[object]]:
    """Spans of characters as spans of tokens; those that touch no token, or one that is taken, are left out.

    >>> token_spans([[0, 3, "person"], [4, 5, "person"]], [(0, 3), (3, 4), (5, 7)])
    [[0, 1, 'person']]
    """
    out: list[list[object]] = []
    taken = 0
    for start, stop, name in sorted((int(str(a)), int(str(b)), str(c)) for a, b, c in value):
        touched = [k for k, (a, b) in enumerate(places) if a < stop and b > start and k >= taken]
        if touched:
            out.append([touched[0], touched[-1] + 1, name])
            taken = touched[-1] + 1
    return out


class Tagging:
    """A tagger on the texts of a project.

    Args:
        snapshot: the project; its labels are spans.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        from querist.training.tagger import TaggerLearner

        texts = [item.text or "" for batch in snapshot.items.batches() for item in batch][: len(snapshot.pool)]
        self._texts, self._places = texts, [token_places(text) for text in texts]
        tokens = [
            [text[a:b] for a, b in places] or [_NOTHING] for text, places in zip(texts, self._places, strict=True)
        ]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # equal texts are no news
            source = sequence_source(tokens, ids=snapshot.pool.ids)
        self.schema = Spans(snapshot.classes).of(source)
        self.learner = TaggerLearner(source, self.schema, network="window_crf", device="cpu")

    def labels(self, ledger: Ledger) -> Labels:
        """The labels of a ledger as tags of tokens."""
        rows = ledger.rows(ItemState.LABELLED)
        encoded: list[Array | float | int] = []
        for row in rows.tolist():
            item = ledger.source.ids[row]
            last = next(a for a in reversed(ledger.answers(item)) if a.kind is AnswerKind.LABEL)
            value = last.value if isinstance(last.value, (list, tuple)) else []
            spans = token_spans([v for v in value if not isinstance(v, str)], self._places[row])
            encoded.append(self.schema.encode(spans, item=item))
        return Labels(ledger.items(rows), self.schema.stack(encoded))

    def hits(self, labels: Labels) -> NDArray[np.bool_]:
        """Whether all spans of an item are guessed, and no other, item by item."""
        said = self.learner.tag(labels.items)
        width = max(said.shape[1], labels.targets.shape[1])
        return np.asarray((_wide(said, width) == _wide(labels.targets, width)).all(axis=1))

    def faults(self, since: Labels, truth: Labels) -> Array:
        """(n,) how many spans of each text a tagger that learns from ``since`` misses or finds beside the true ones."""
        trial = self._second(since)
        said = [{tuple(s) for s in self.schema.decode(row)} for row in np.asarray(trial.tag(truth.items))]
        true = [{tuple(s) for s in self.schema.decode(row)} for row in truth.targets]
        return np.array([float(len(a ^ b)) for a, b in zip(said, true, strict=True)])

    def spans_of(self, targets: Array) -> Array:
        """(n,) how many spans each row of tags has."""
        return np.array([float(len(self.schema.decode(row))) for row in targets])

    def tags(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """(T,) tags of all tokens of some items, one item after the other."""
        items = [self.learner.source.ids[row] for row in rows.tolist()]
        said = self.learner.tag(items)
        inside = np.arange(said.shape[1]) < np.asarray(self.learner.source.lengths)[rows][:, None]
        return said[inside]

    def guesses(self, items: Sequence[str]) -> dict[str, tuple[tuple[str, None], ...]]:
        """The spans of each item in words, e.g. ``“Ada” person``; of the tokens that are looked at."""
        rows = self._rows(items)
        return {
            item: ((self._words(row, spans), None),)
            for item, row, spans in zip(items, rows, self.learner.spans(items), strict=True)
        }

    def probable(self, since: Labels, asked: Labels, names: Sequence[str]) -> Array:
        """How probable each type is for a text, at the token outside its spans where it is most so.

        Args:
            since: answers that a second tagger learns from.
            asked: the texts, with the spans that they have.
            names: types.

        Returns:
            (n, len(names)) float.
        """
        trial = self._second(since)
        out = np.zeros((len(asked), len(names)))
        for start in range(0, len(asked), _AT_ONCE):
            some = some_labels(asked, slice(start, start + _AT_ONCE))
            tokens = trial.signals(some.items, frozenset({TOKENS}))[TOKENS]
            outside = _wide(some.targets, tokens.shape[1]) == 0
            for k, name in enumerate(names):
                mine = [n for n, tag in enumerate(self.schema.tags) if tag.partition("-")[2] == name]
                out[start : start + len(some), k] = (tokens[:, :, mine].sum(axis=2) * outside).max(axis=1, initial=0.0)
        return out

    def _second(self, since: Labels) -> TaggerLearner:
        """Another tagger, of these labels; it shares the texts."""
        trial = copy(self.learner)
        trial.fit(since, seed=0)
        return trial

    def _rows(self, items: Sequence[str]) -> list[int]:
        return [int(row) for row in self.learner.source.rows_of(items)]

    def _words(self, row: int, spans: Sequence[Sequence[int | str]]) -> str:
        text, places = self._texts[row], self._places[row]
        found = []
        for first, after, name in spans:
            cut = text[places[int(first)][0] : places[int(after) - 1][1]] if places else ""
            found.append(f"“{cut}” {name}")
        return shorten(", ".join(found), _MOST_WORDS) if found else "no spans"


def _wide(tags: Array, width: int) -> Array:
    return np.pad(tags, ((0, 0), (0, width - tags.shape[1])))
