"""An LSTM or GRU text classifier from a source of texts, in one line."""

from __future__ import annotations

from typing import Any

from querist.core.errors import ArgumentTypeError, shorten
from querist.data.schema import Schema
from querist.data.source import Source
from querist.models.stochastic.posterior import Posterior
from querist.models.vocabulary import Vocabulary
from querist.training.heads import head_for
from querist.training.recipe import Recipe
from querist.training.torch_learner import TorchLearner

__all__ = ["RECURRENT", "recurrent_learner"]

RECURRENT = Recipe(epochs=40, lr=3e-3, batch_size=32, min_steps=200, grad_clip=5.0)
"""How a recurrent classifier is trained unless told otherwise."""


def recurrent_learner(
    source: Source,
    schema: Schema,
    *,
    kind: str = "lstm",
    vocabulary: Vocabulary | None = None,
    recipe: Recipe | None = None,
    members: int | Posterior = 0,
    device: str = "auto",
    score_batch: int = 256,
    width: int = 64,
    hidden: int = 64,
    layers: int = 1,
    bidirectional: bool = True,
    pooling: str = "max",
    dropout: float = 0.3,
    **more: Any,
) -> TorchLearner:
    """A recurrent classifier that tells probabilities, embeddings, gradient factors and MC dropout members.

    Args:
        source: texts, or lists of tokens.
        schema: what a label may be.
        kind: "lstm" or "gru".
        vocabulary: numbers of words; by default made from the texts of the source, no label being looked at.
        recipe: how it is trained; by default `RECURRENT`.
        members: posterior samples: a posterior, or a number by MC dropout, each one network for all texts; 0 gives none.
        device: auto, cpu, cuda, cuda:N or mps.
        score_batch: texts a forward pass when scoring.
        width: width of a word's row.
        hidden: width of the recurrent layer, each way.
        layers: recurrent layers.
        bidirectional: whether a second one reads from the end.
        pooling: "mean" or "max" over the words, or "last", the state after the last word.
        dropout: of the word rows and of the pooled row.
        **more: see `TorchLearner`.

    Raises:
        ArgumentTypeError: the items are no texts (code ``BadLearner``).
    """
    if source.modality not in ("text", "tokens"):
        raise ArgumentTypeError(
            f"a recurrent classifier reads texts, and {shorten(source.name)} holds items of the kind {source.modality!r}",
            code="BadLearner",
        )
    words = vocabulary or Vocabulary.of(source.take(slice(None)))
    outputs = head_for(schema, more.get("head")).width(schema)

    def make() -> Any:
        from querist.models.rnn import RnnClassifier

        return RnnClassifier(words.size, outputs, kind, width, hidden, layers, bidirectional, pooling, dropout)

    return TorchLearner(
        make,
        source,
        schema,
        recipe=recipe or RECURRENT,
        members=members,
        device=device,
        score_batch=score_batch,
        transform=words,
        **more,
    )
