"""Masked language: some words of a text are hidden, and told from the rest of it.

Source: Devlin, Chang, Lee and Toutanova, BERT: Pre-training of Deep Bidirectional Transformers, 2019, section 3.1. On
the pool of a task: Gururangan, Marasovic, Swayamdipta, Lo, Beltagy, Downey and Smith, Don't Stop Pretraining, 2020.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from querist.core.errors import ArgumentError
from querist.core.optional import torch as _torch
from querist.training.pretraining.text_task import TextTask

if TYPE_CHECKING:
    from querist.models.pretrained.encoder import Backbone
    from querist.models.pretrained.place import Place
    from querist.models.pretrained.tokens import Tokens

__all__ = ["MaskedLanguage", "spoilt"]

_HIDDEN, _RANDOM = 0.8, 0.9


def spoilt(tokens: Any, chosen: Any, draws: Any, others: Any, mask: int) -> Any:
    """The tokens with the chosen ones spoilt: 80 % hidden, 10 % another token, 10 % left as they are.

    Args:
        tokens: (n, T) token numbers.
        chosen: (n, T) which of them are to be told.
        draws: (n, T) uniform numbers from 0 to below 1: below .8 hides, from there to below .9 puts another.
        others: (n, T) the other tokens.
        mask: number of the token that hides.
    """
    torch = _torch()
    hidden = torch.where(chosen & (draws < _HIDDEN), mask, tokens)
    return torch.where(chosen & (draws >= _HIDDEN) & (draws < _RANDOM), others, hidden)


@dataclass(frozen=True)
class MaskedLanguage(TextTask):
    """Cross entropy of the chosen tokens, whose logits are products with the word embeddings (tied).

    The layers before that product are those of the folder where it holds them, else drawn anew and thrown away.

    Args:
        share: probability that a token is chosen; special tokens and padding never are.
    """

    share: float = 0.15

    name: ClassVar[str] = "masked_language"

    def __post_init__(self) -> None:
        """Refuse values out of range.

        Raises:
            ArgumentError: code ``BadValue``.
        """
        if not 0 < self.share < 1:
            raise ArgumentError(f"share must be above 0 and below 1, got {self.share!r}", code="BadValue")

    def helper(self, backbone: Backbone, place: Place, tokens: Tokens) -> Any:
        """See `masked_head`."""
        from querist.models.pretrained.masked_head import masked_head

        return masked_head(place, backbone, tokens)

    def loss(self, backbone: Backbone, helper: Any, batch: Any) -> Any:
        """Mean over the chosen tokens of the batch, in nats; 0 where none was chosen."""
        torch = _torch()
        ids = (batch - 1).clamp_min(0)  # packed: 0 is padding, t + 1 is token t
        chosen = (batch > 0) & helper.ordinary[ids] & (torch.rand(batch.shape, device=batch.device) < self.share)
        words = helper.ordinary.nonzero()[:, 0]
        others = words[torch.randint(len(words), batch.shape, device=batch.device)]
        given = spoilt(ids, chosen, torch.rand(batch.shape, device=batch.device), others, helper.mask)
        rows, _ = backbone.words(torch.where(batch > 0, given + 1, 0))
        if not bool(chosen.any()):
            return rows.sum() * 0.0
        logits = helper(rows[chosen[:, : rows.shape[1]]], backbone.words_table)
        return torch.nn.functional.cross_entropy(logits, ids[chosen])
