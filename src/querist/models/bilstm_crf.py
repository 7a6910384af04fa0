"""Sequence taggers: an encoder of tokens, a linear layer to scores of tags, and a chain over them.

Sources: Huang, Xu and Yu, Bidirectional LSTM-CRF Models for Sequence Tagging, 2015; Ma and Hovy, End-to-end Sequence
Labeling via Bi-directional LSTM-CNNs-CRF, 2016 (letters by convolution). Dropout takes whole channels for all tokens of
an item at once (Gal and Ghahramani, A Theoretically Grounded Application of Dropout in Recurrent Neural Networks, 2016),
so that a mask is one network whatever the length of an item.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from querist.core.optional import torch as _torch
from querist.models.crf import LinearChainCrf
from querist.models.token_features import LETTERS

if TYPE_CHECKING:
    import torch
    from torch import Tensor
else:
    torch = _torch()
    Tensor = torch.Tensor

__all__ = ["BiLstmCrf", "ChainTagger", "WindowCrf"]


class ChainTagger(torch.nn.Module, ABC):
    """What taggers share: hidden rows of tokens, scores of tags, a chain.

    Args:
        width: numbers a hidden row has.
        tags: number of tags C.
        dropout: probability that a channel of the hidden rows is left out.
        first: (C,) bool, tags that may come first; None allows all.
        steps: (C, C) bool, whether one tag may follow another; None allows all.
    """

    def __init__(self, width: int, tags: int, dropout: float, first: Any = None, steps: Any = None) -> None:
        super().__init__()
        self.dropout = torch.nn.Dropout1d(dropout)
        self.head = torch.nn.Linear(width, tags)
        self.crf = LinearChainCrf(tags, first, steps)

    @abstractmethod
    def hidden(self, features: Tensor, lengths: Tensor) -> Tensor:
        """(n, T, D) hidden rows of (n, T, F) int64 features; (n,) lengths."""

    def forward(self, features: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Scores of tags (n, T, C), and the hidden rows (n, T, D) that they come from."""
        hidden = self.hidden(features, lengths)
        scores: Tensor = self.head(channels(self.dropout, hidden))
        return scores, hidden


def channels(dropout: Any, rows: Tensor) -> Tensor:
    """Leave channels of (n, T, D) rows out, the same for all tokens of an item."""
    kept: Tensor = dropout(rows.transpose(1, 2)).transpose(1, 2)
    return kept


class BiLstmCrf(ChainTagger):
    """Word, shape and letters of a token, a bidirectional LSTM over them, and a chain.

    Args:
        words: numbers of words, padding included.
        shapes: numbers of shapes, padding included.
        tags: number of tags C.
        word_width: width of a word's row.
        hidden: width of the LSTM, each way.
        dropout: of the channels of what goes into the LSTM and of what comes out.
        first: see `ChainTagger`.
        steps: see `ChainTagger`.
    """

    def __init__(
        self,
        words: int,
        shapes: int,
        tags: int,
        word_width: int = 64,
        hidden: int = 64,
        dropout: float = 0.3,
        first: Any = None,
        steps: Any = None,
    ) -> None:
        super().__init__(2 * hidden, tags, dropout, first, steps)
        self.word = torch.nn.Embedding(words, word_width, padding_idx=0)
        self.shape = torch.nn.Embedding(shapes, 16, padding_idx=0)
        self.letter = torch.nn.Embedding(LETTERS, 16, padding_idx=0)
        self.convolution = torch.nn.Conv1d(16, 32, 3, padding=1)
        self.before = torch.nn.Dropout1d(dropout)
        self.lstm = torch.nn.LSTM(word_width + 16 + 32, hidden, batch_first=True, bidirectional=True)
        with torch.no_grad():
            for table in (self.word, self.shape, self.letter):
                table.weight.mul_(0.3)

    def hidden(self, features: Tensor, lengths: Tensor) -> Tensor:
        """(n, T, 2 hidden): features are word, shape, letters."""
        n, longest, _ = features.shape
        letters = self.letter(features[:, :, 2:].reshape(n * longest, -1)).transpose(1, 2)
        spelled = self.convolution(letters).amax(dim=2).reshape(n, longest, -1)
        rows = torch.cat([self.word(features[:, :, 0]), self.shape(features[:, :, 1]), spelled], dim=2)
        packed = torch.nn.utils.rnn.pack_padded_sequence(
            channels(self.before, rows), lengths.cpu(), batch_first=True, enforce_sorted=False
        )
        out, _ = self.lstm(packed)
        unpacked: Tensor = torch.nn.utils.rnn.pad_packed_sequence(out, batch_first=True, total_length=longest)[0]
        return unpacked


class WindowCrf(ChainTagger):
    """A sum of rows of hashed features of a token and its neighbours, and a chain: fits in about a second.

    Args:
        buckets: numbers of features, padding included.
        tags: number of tags C.
        width: width of a feature's row.
        dropout: of the channels of the sum.
        first: see `ChainTagger`.
        steps: see `ChainTagger`.
    """

    def __init__(
        self, buckets: int, tags: int, width: int = 32, dropout: float = 0.3, first: Any = None, steps: Any = None
    ) -> None:
        super().__init__(width, tags, dropout, first, steps)
        self.rows = torch.nn.EmbeddingBag(buckets, width, mode="sum", padding_idx=0)
        with torch.no_grad():
            self.rows.weight.zero_()  # a feature that no label has shown says nothing

    def hidden(self, features: Tensor, lengths: Tensor) -> Tensor:
        """(n, T, width)."""
        n, longest, count = features.shape
        summed: Tensor = self.rows(features.reshape(n * longest, count)).reshape(n, longest, -1)
        return torch.tanh(summed)
