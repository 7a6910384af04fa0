"""One call from images to a learner: a network of our own, or one of torchvision or timm, trained whole or frozen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np

from querist.core.errors import ArgumentError, ArgumentTypeError, shorten
from querist.data.schema import Schema
from querist.data.source import Source
from querist.models.stochastic.posterior import Posterior
from querist.training.frozen import frozen_learner
from querist.training.heads import head_for
from querist.training.recipe import Recipe
from querist.training.torch_learner import TorchLearner

__all__ = ["HEAD", "SCRATCH", "TRAINED", "image_learner", "image_recipe"]

SCRATCH = Recipe(
    optimizer="sgd",
    lr=0.05,
    weight_decay=5e-4,
    epochs=30,
    batch_size=64,
    min_steps=200,
    schedule="cosine",
    grad_clip=5.0,
)
"""For networks whose weights are drawn at random."""
TRAINED = Recipe(
    optimizer="adamw",
    lr=3e-4,
    weight_decay=0.01,
    epochs=15,
    batch_size=32,
    min_steps=100,
    schedule="cosine",
    grad_clip=1.0,
)
"""For all weights of a pre-trained network."""
HEAD = Recipe(
    optimizer="adamw", lr=1e-2, weight_decay=0.01, epochs=30, batch_size=128, min_steps=150, schedule="cosine"
)
"""For a linear head over frozen features."""


def image_recipe(tune: str, weights: object = None) -> Recipe:
    """How a learner of images is trained unless told otherwise.

    Args:
        tune: full or frozen.
        weights: None where they are drawn at random.
    """
    if tune == "frozen":
        return HEAD
    return SCRATCH if weights is None else TRAINED


def image_learner(
    source: Source,
    schema: Schema,
    model: str = "resnet18",
    tune: Literal["full", "frozen"] = "full",
    *,
    weights: str | Path | None = None,
    size: int | None = None,
    hidden: Sequence[int] = (),
    members: int | Posterior = 0,
    dropout: float | None = None,
    recipe: Recipe | None = None,
    cache: str | Path | None = None,
    progress: Callable[[int, int], None] | bool = False,
    device: str = "auto",
    **more: Any,
) -> TorchLearner:
    """A learner of images.

    Args:
        source: images (N, channels, H, W) or (N, H, W), uint8 from 0 to 255 or numbers from 0 to 1.
        schema: what a label may be.
        model: resnet18 (for images of 28 to 64 pixels) or small_cnn, of our own; ``torchvision:NAME`` or ``timm:NAME``.
        tune: full (the network is trained), or frozen (it runs once over all images, and a head is trained on its
            features).
        weights: for torchvision and timm: None (random), ``"default"`` (the library's own, downloaded), or a file of
            safetensors or of a torch state dict.
        size: for torchvision and timm: pixels to which images are brought.
        hidden: widths of hidden layers of the head, for ``tune="frozen"``.
        members: posterior samples: a posterior, or a number by MC dropout; frozen these need ``hidden``.
        dropout: probability in front of the head; by default .25 where members are wanted, else 0.
        recipe: how it is trained; by default one that suits the rest.
        cache: folder that keeps the features of frozen networks.
        progress: see `frozen_features`.
        device: auto, cpu, cuda, cuda:N or mps.
        **more: see `TorchLearner`.

    Raises:
        ArgumentError: a name or setting that does not fit (code ``BadValue``).
        UnknownNameError: no such network (code ``UnknownModel``).
        ResourceError: the extra is not installed (``MissingExtra``), or weights cannot be fetched (``NoHub``).
        DataError: weights that are unsafe or of another network (``UnsafeWeights``, ``BadWeights``).

    Example:
        >>> import numpy as np, querist
        >>> images = np.random.default_rng(0).integers(0, 255, (6, 1, 28, 28), dtype=np.uint8)
        >>> learner = querist.image_learner(querist.read(images), querist.SingleLabel(("cat", "dog")), device="cpu")
        >>> sorted(map(str, learner.provides))
        ['embedding', 'gradient', 'probs']
    """
    _check(model, tune, own=weights is None and size is None, linear=not hidden)
    recipe = recipe or image_recipe(tune, weights)
    if tune == "frozen":
        return frozen_learner(
            source,
            schema,
            partial(_encoder, model, weights, size, device),
            cache=cache,
            batch=32,
            progress=progress,
            hidden=hidden,
            members=members,
            dropout=dropout,
            recipe=recipe,
            device=device,
            **more,
        )
    rate = (0.25 if members else 0.0) if dropout is None else dropout
    outputs = head_for(schema, more.get("head")).width(schema)
    make = _zoo(model, outputs, weights, size, rate) if ":" in model else _own(model, source, outputs, rate)
    return TorchLearner(
        make,
        source,
        schema,
        recipe=recipe,
        members=members,
        device=device,
        score_batch=more.pop("score_batch", 256),
        **more,
    )


def _check(model: str, tune: str, *, own: bool, linear: bool) -> None:
    """Refuse settings that do not fit each other.

    Args:
        model: the network.
        tune: how it is used.
        own: whether neither weights nor a size are given.
        linear: whether no hidden layers are.
    """
    if tune not in ("full", "frozen"):
        raise ArgumentError(f"tune must be full or frozen; got {tune!r}", code="BadValue")
    zoo = ":" in model
    if not zoo and model not in ("resnet18", "small_cnn"):
        raise ArgumentError(
            f"model must be resnet18, small_cnn, torchvision:NAME or timm:NAME; got {shorten(model)!r}", code="BadValue"
        )
    if not zoo and (tune == "frozen" or not own):
        raise ArgumentError(
            f"{model} has no weights from elsewhere: tune='frozen', weights= and size= are for torchvision:NAME and "
            "timm:NAME",
            code="BadValue",
        )
    if tune == "full" and not linear:
        raise ArgumentError("hidden= is for tune='frozen'", code="BadValue")


def _encoder(model: str, weights: str | Path | None, size: int | None, device: str) -> Callable[[Any], Any]:
    from querist.models.zoo import ImageEncoder

    return ImageEncoder(model, weights=weights, size=size, device=device)


def _zoo(model: str, outputs: int, weights: str | Path | None, size: int | None, dropout: float) -> Callable[[], Any]:
    from querist.models.zoo import zoo_network

    return zoo_network(model, outputs, weights=weights, size=size, dropout=dropout)


def _own(model: str, source: Source, outputs: int, dropout: float) -> Callable[[], Any]:
    shape = np.shape(source.take(np.zeros(1, dtype=np.int64)))[1:]
    if len(shape) not in (2, 3):
        raise ArgumentTypeError(
            f"images are needed, (channels, H, W) or (H, W) each; {shorten(source.name)} gives items of shape {shape}",
            code="BadLearner",
        )
    channels = 1 if len(shape) == 2 else int(shape[0])

    def make() -> Any:
        if model == "resnet18":
            from querist.models.resnet import ResNet18

            return ResNet18(channels, outputs, dropout=dropout)
        from querist.models.cnn import SmallCNN

        return SmallCNN(channels, outputs, int(shape[-1]), dropout=dropout)

    return make
