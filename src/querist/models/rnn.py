"""A recurrent classifier of texts: LSTM or GRU over word numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from querist.core.errors import ArgumentError, ArgumentTypeError
from querist.core.optional import torch as _torch

if TYPE_CHECKING:
    import torch
    from torch import Tensor
else:
    torch = _torch()
    Tensor = torch.Tensor

__all__ = ["RnnClassifier"]

_KINDS = {"lstm": "LSTM", "gru": "GRU"}
_POOLS = ("mean", "max", "last")


class RnnClassifier(torch.nn.Module):
    """Rows of words, an LSTM or GRU over them, one row a text, dropout and a linear layer; gives logits.

    Words numbered 0 are padding and play no part, however many there are. Dropout takes whole channels of the word rows,
    the same for all words of a text (Gal and Ghahramani, A Theoretically Grounded Application of Dropout in Recurrent
    Neural Networks, 2016), so that members by MC dropout are each one network for texts of all lengths.

    Args:
        inputs: numbers of words, padding included (`Vocabulary.size`).
        outputs: number of logits.
        kind: "lstm" or "gru".
        width: width of a word's row.
        hidden: width of the recurrent layer, each way.
        layers: recurrent layers.
        bidirectional: whether a second one reads from the end.
        pooling: "mean" or "max" over the words, or "last", the state after the last word (from both ends).
        dropout: of the word rows and of the pooled row.

    Raises:
        ArgumentError: an unknown kind or pooling (code ``BadValue``).
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kind: str = "lstm",
        width: int = 64,
        hidden: int = 64,
        layers: int = 1,
        bidirectional: bool = True,
        pooling: str = "max",
        dropout: float = 0.3,
    ) -> None:
        super().__init__()
        if kind not in _KINDS:
            raise ArgumentError(f"kind must be lstm or gru, got {kind!r}", code="BadValue")
        if pooling not in _POOLS:
            raise ArgumentError(f"pooling must be one of {', '.join(_POOLS)}; got {pooling!r}", code="BadValue")
        self.pooling = pooling
        self.words = torch.nn.Embedding(inputs, width, padding_idx=0)
        self.before = torch.nn.Dropout1d(dropout)
        make = getattr(torch.nn, _KINDS[kind])
        self.recurrent = make(width, hidden, num_layers=layers, batch_first=True, bidirectional=bidirectional)
        self.after = torch.nn.Dropout(dropout)
        self.head = torch.nn.Linear(hidden * (2 if bidirectional else 1), outputs)

    def forward(self, words: Tensor) -> Tensor:
        """(N, T) int64 word numbers, padded with 0, to logits (N, outputs).

        Raises:
            ArgumentTypeError: numbers that are no whole ones (code ``BadText``).
        """
        if words.is_floating_point() or words.ndim != 2:
            raise ArgumentTypeError(
                f"a recurrent classifier reads word numbers (N, T) int64, got {words.dtype} of shape {tuple(words.shape)}; "
                "pass transform=Vocabulary.of(texts) to TorchLearner",
                code="BadText",
            )
        rows = self.before(self.words(words).transpose(1, 2)).transpose(1, 2)
        places = torch.arange(1, words.shape[1] + 1, device=words.device)
        lengths = (places * (words != 0)).amax(dim=1).clamp_min(1)
        packed = torch.nn.utils.rnn.pack_padded_sequence(rows, lengths.cpu(), batch_first=True, enforce_sorted=False)
        out, state = self.recurrent(packed)
        logits: Tensor = self.head(self.after(self._pooled(out, state, lengths)))
        return logits

    def _pooled(self, packed: object, state: object, lengths: Tensor) -> Tensor:
        """(N, D) one row a text."""
        if self.pooling == "last":
            last = state[0] if isinstance(state, tuple) else state
            assert isinstance(last, torch.Tensor)
            ways = 2 if self.recurrent.bidirectional else 1
            return last[-ways:].transpose(0, 1).flatten(1)
        out: Tensor = torch.nn.utils.rnn.pad_packed_sequence(packed, batch_first=True)[0]  # type: ignore[arg-type]
        here = (torch.arange(out.shape[1], device=out.device)[None, :] < lengths[:, None])[:, :, None]
        if self.pooling == "max":
            return out.masked_fill(~here, -torch.inf).amax(dim=1)
        return out.masked_fill(~here, 0.0).sum(dim=1) / lengths[:, None]
