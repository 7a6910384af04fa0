"""Networks of torchvision and timm by name: ``torchvision:resnet18``, ``timm:vit_tiny_patch16_224``.

The head is taken off and one of our own, a linear layer, is put there, so that the embedding is its input for all of
them. Images of any number of channels and any size are brought to what the network takes. torchvision is imported behind
the door of `querist.core.optional`, which mends a build that does not fit.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from querist.core.errors import ArgumentError, ResourceError, UnknownNameError, nearest, shorten
from querist.core.optional import need
from querist.core.optional import torch as _torch
from querist.models.device import choose_device
from querist.models.embedding import last_linear
from querist.models.guard import rng_kept
from querist.models.weights_file import fill, read_state

if TYPE_CHECKING:
    import torch
else:
    torch = _torch()

__all__ = ["Body", "ImageEncoder", "ZooNet", "zoo_body", "zoo_network"]

_MEAN, _DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Of ImageNet, which pre-trained networks of both libraries expect where they say nothing else."""


class Body(torch.nn.Module):
    """A network without its head: images from 0 to 1 in, (N, D) out.

    Args:
        network: gives (N, D) for (N, 3, H, W).
        width: D.
        size: pixels to which images are brought; None leaves them.
        mean: of each channel.
        deviation: of each channel.
        digest: of the pre-trained weights, "" where there are none.
    """

    mean: torch.Tensor
    deviation: torch.Tensor

    def __init__(
        self,
        network: torch.nn.Module,
        width: int,
        *,
        size: int | None = None,
        mean: Sequence[float] = _MEAN,
        deviation: Sequence[float] = _DEVIATION,
        digest: str = "",
    ) -> None:
        super().__init__()
        self.network, self.width, self.size, self.digest = network, width, size, digest
        self.register_buffer("mean", torch.tensor(mean).reshape(1, -1, 1, 1), persistent=False)
        self.register_buffer("deviation", torch.tensor(deviation).reshape(1, -1, 1, 1), persistent=False)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """(N, H, W), (N, 1, H, W) or (N, 3, H, W) to (N, D)."""
        if images.ndim == 3:
            images = images.unsqueeze(1)
        if images.shape[1] == 1:
            images = images.expand(-1, 3, -1, -1)
        if self.size is not None and images.shape[-2:] != (self.size, self.size):
            images = torch.nn.functional.interpolate(
                images, size=(self.size, self.size), mode="bilinear", antialias=True, align_corners=False
            )
        rows: torch.Tensor = self.network((images - self.mean) / self.deviation)
        return rows.flatten(1)


class ZooNet(torch.nn.Module):
    """A body with a linear head; gives logits.

    Args:
        body: the network without its head.
        outputs: number of logits.
        dropout: probability in front of the head.
    """

    def __init__(self, body: Body, outputs: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.body, self.dropout = body, torch.nn.Dropout(dropout)
        self.head = torch.nn.Linear(body.width, outputs)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """(N, channels, H, W) to logits (N, outputs)."""
        logits: torch.Tensor = self.head(self.dropout(self.body(images)))
        return logits


def zoo_body(name: str, *, weights: str | Path | None = None, size: int | None = None) -> Body:
    """The network of a name without its head, in evaluation mode.

    Args:
        name: ``torchvision:NAME`` or ``timm:NAME``, a classification model.
        weights: None (drawn at random), ``"default"`` (the library's own, downloaded), or a file: safetensors, or a state
            dict of torch read without pickled code.
        size: pixels to which images are brought; by default what the network was trained with for ``"default"`` weights,
            else they are left as they are where the network takes any size.

    Raises:
        UnknownNameError: no such network (code ``UnknownModel``, with the nearest ones).
        ResourceError: the library is not installed (``MissingExtra``), or its weights cannot be fetched (``NoHub``).
        DataError: the weights are unsafe or of another network.
    """
    with rng_kept(0):
        return _build(name, weights, size).eval()


def _build(name: str, weights: str | Path | None, size: int | None) -> Body:
    """The body; what is not in ``weights`` is drawn from torch's global generator."""
    library, _, model = name.partition(":")
    if library not in ("torchvision", "timm") or not model:
        raise ArgumentError(f"a name is torchvision:NAME or timm:NAME; got {shorten(name)!r}", code="BadValue")
    if isinstance(weights, str) and weights != "default":
        weights = Path(weights)
    if isinstance(weights, Path) and not weights.is_file():
        raise ArgumentError(
            f"weights: there is no file {weights.name}; give a file, 'default' or None", code="BadValue"
        )
    return (_torchvision if library == "torchvision" else _timm)(model, weights, size)


def zoo_network(
    name: str, outputs: int, *, weights: str | Path | None = None, size: int | None = None, dropout: float = 0.0
) -> Callable[[], ZooNet]:
    """A function that makes networks with a fresh head; without ``weights`` all of it is fresh each time.

    Args:
        name: see `zoo_body`.
        outputs: number of logits.
        weights: see `zoo_body`.
        size: see `zoo_body`.
        dropout: probability in front of the head.
    """
    first = zoo_body(name, weights=weights, size=size)

    def make() -> ZooNet:
        body = copy.deepcopy(first) if weights is not None else _build(name, None, size)
        return ZooNet(body, outputs, dropout)

    return make


class ImageEncoder:
    """Makes features of images with a frozen network.

    Args:
        name: see `zoo_body`.
        weights: see `zoo_body`; random weights (None) are the same each time, and poor features.
        size: see `zoo_body`.
        device: auto, cpu, cuda, cuda:N or mps.
    """

    def __init__(
        self, name: str, *, weights: str | Path | None = "default", size: int | None = None, device: str = "auto"
    ) -> None:
        self._called, self.device = name, choose_device(device)
        self.body = zoo_body(name, weights=weights, size=size).requires_grad_(False)

    @property
    def name(self) -> str:
        """What the features are called, and with the content of the items the key of their cache."""
        size = "own size" if self.body.size is None else f"{self.body.size} pixels"
        return f"{self._called} {self.body.digest or 'random weights'} ({size})"

    def __call__(self, images: Any) -> NDArray[np.float32]:
        """(N, channels, H, W) or (N, H, W), uint8 from 0 to 255 or numbers from 0 to 1, to (N, D) float32."""
        array = np.asarray(images)
        given = torch.as_tensor(array / np.float32(255) if array.dtype == np.uint8 else array, dtype=torch.float32)
        with torch.inference_mode():
            rows = self.body.to(self.device)(given.to(self.device))
        return np.asarray(rows.float().cpu().numpy())


def _torchvision(model: str, weights: str | Path | None, size: int | None) -> Body:
    _torch()
    models = need("torchvision.models", "vision", f"torchvision:{model}")
    known = models.list_models(module=models)
    if model not in known:
        raise _unknown("torchvision", model, known)
    options: dict[str, Any] = {}
    if model in ("inception_v3", "googlenet"):
        options = {"aux_logits": False, "init_weights": True}
    network = models.get_model(model, weights=None, **options)
    digest, trained = "", size
    if isinstance(weights, Path):
        state, digest = read_state(weights)
    elif weights is not None:
        found = models.get_model_weights(model).DEFAULT
        try:
            state = found.get_state_dict(progress=False, check_hash=True, weights_only=True)
        except (OSError, RuntimeError) as error:
            raise _no_weights(f"torchvision:{model}", error) from error
        digest, trained = str(found), size or found.transforms().crop_size[0]
    head = last_linear(network)
    if head is None:
        raise ArgumentError(
            f"torchvision:{model} ends in no linear layer; use another, or a network of your own with TorchLearner",
            code="ShapeMismatch",
        )
    parent, _, leaf = head.rpartition(".")
    width = int(network.get_submodule(head).in_features)  # type: ignore[arg-type, unused-ignore]
    setattr(network.get_submodule(parent), leaf, torch.nn.Identity())
    if weights is not None:
        fill(network, state, digest if not isinstance(weights, Path) else weights.name)
    fixed = getattr(network, "image_size", None)  # vision transformers of torchvision take one size only
    return Body(network, width, size=trained or fixed, digest=digest)


def _timm(model: str, weights: str | Path | None, size: int | None) -> Body:
    _torch()
    timm = need("timm", "vision", f"timm:{model}")
    if not timm.is_model(model.partition(".")[0]):
        raise _unknown("timm", model, timm.list_models())
    network = timm.create_model(model, pretrained=False, num_classes=0)
    said = network.pretrained_cfg or {}
    digest = ""
    if weights is not None:
        if isinstance(weights, Path):
            state, digest = read_state(weights)
        else:
            file, revision = _from_hub(model, said)
            state, digest = read_state(file)
            digest = f"{revision} {digest}"
        fill(network, state, weights.name if isinstance(weights, Path) else model)
    wanted = said.get("fixed_input_size") or weights == "default"
    return Body(
        network,
        int(network.num_features) if not hasattr(network, "head_hidden_size") else int(network.head_hidden_size),
        size=size or (said.get("input_size", (3, 224, 224))[-1] if wanted else None),
        mean=said.get("mean") or _MEAN,
        deviation=said.get("std") or _DEVIATION,
        digest=digest,
    )


def _from_hub(model: str, said: Any) -> tuple[Path, str]:
    """The safetensors of a timm model in the hub, and the commit they are of."""
    hub = need("huggingface_hub", "vision", f"the weights of timm:{model}")
    where = said.get("hf_hub_id") or f"timm/{model}"
    try:
        file = Path(hub.hf_hub_download(where, "model.safetensors"))
    except (OSError, ValueError, RuntimeError) as error:
        raise _no_weights(f"timm:{model}", error) from error
    return file, file.parent.name


def _no_weights(name: str, error: Exception) -> ResourceError:
    cause = shorten((str(error).splitlines() or [""])[0], 120)
    return ResourceError(
        f"the weights of {name} could not be fetched ({type(error).__name__}: {cause}); download them elsewhere and "
        "give the file as weights=, or weights=None for random ones",
        code="NoHub",
    )


def _unknown(library: str, model: str, known: Sequence[str]) -> UnknownNameError:
    near = nearest(model, known, 3)
    hint = f"did you mean {', '.join(f'{library}:{n}' for n in near)}?" if near else f"it has {len(known)} models"
    return UnknownNameError(f"{library} has no classification model {shorten(model)!r}; {hint}", code="UnknownModel")
