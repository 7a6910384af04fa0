"""A network that was trained without labels, as a maker of features and as first weights of another training."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from querist.core.errors import ArgumentError, DataError, shorten
from querist.core.optional import torch as _torch
from querist.models.embedding import last_linear, tapped
from querist.models.guard import rng_kept, untouched
from querist.training.inputs import as_tensor
from querist.training.network import flat, maker
from querist.training.weights import read_weights, state_digest, write_weights

__all__ = ["Encoder", "begun_from"]

_BATCH = 512


class Encoder:
    """Gives the embedding (n, D) of a batch; goes into `frozen_features` as it is.

    Args:
        module: the network, trained.
        task: name of the task it was trained on.
        layer: submodule whose output is the embedding; None takes the input of the last linear layer.
        losses: mean loss of each epoch.
        transform: turns a batch of the source into a tensor; None for numbers.
    """

    def __init__(
        self,
        module: Any,
        task: str,
        *,
        layer: str | None = None,
        losses: tuple[float, ...] = (),
        transform: Callable[[Any], Any] | None = None,
    ) -> None:
        self.module, self.task, self.layer, self.losses = module.cpu().eval(), task, layer, losses
        self._transform = transform

    @property
    def name(self) -> str:
        """Task and digest of the weights: the key under which `frozen_features` keeps what it gives."""
        return f"{self.task}-{state_digest(self.module.state_dict())}-{self.layer or 'embedding'}"

    def __call__(self, batch: Any) -> Any:
        """(n, D) tensor of a batch of the source, in evaluation mode; nothing in the network changes."""
        torch = _torch()
        inputs = as_tensor(batch) if self._transform is None else self._transform(batch)
        found = []
        with untouched(self.module), torch.inference_mode(), tapped(self.module, self.layer) as tap:
            for start in range(0, max(len(inputs), 1), _BATCH):
                self.module(inputs[start : start + _BATCH])
                found.append(flat(tap.value).float())
        return torch.cat(found)

    def __repr__(self) -> str:
        """Task and network."""
        return f"<Encoder: {type(self.module).__name__}, {self.task}, {len(self.losses)} epochs>"

    def save(self, folder: Path) -> None:
        """Write the weights as safetensors and what they are as JSON; the folder is made."""
        folder.mkdir(parents=True, exist_ok=True)
        config = {"kind": "encoder", "task": self.task, "layer": self.layer, "losses": list(self.losses)}
        write_weights(folder, self.module.state_dict(), config)

    @classmethod
    def load(cls, folder: Path, module: Any, *, transform: Callable[[Any], Any] | None = None) -> Encoder:
        """Take what `save` wrote.

        Args:
            folder: where it was saved.
            module: the same network, or a function that makes it.
            transform: as it was when the encoder was trained.

        Raises:
            DataError: no encoder there, or one of another network (code ``BadWeights``).
        """
        state, config = read_weights(folder, "encoder")
        with rng_kept(0):
            made = maker(module)()
        try:
            made.load_state_dict(state)
            losses = tuple(float(v) for v in config["losses"])
            task, layer = str(config["task"]), config["layer"]
        except (RuntimeError, LookupError, TypeError, ValueError) as error:
            raise DataError(
                f"{folder.name} holds an encoder of another network: {shorten(str(error), 200)}", code="BadWeights"
            ) from error
        return cls(made, task, layer=layer, losses=losses, transform=transform)


def begun_from(encoder: Encoder, module: Any) -> Callable[[], Any]:
    """A maker of networks for `TorchLearner` that begin from the encoder's weights; the head is drawn anew.

    Args:
        encoder: gives the first weights: tensors of the same name and shape, but those of the last linear layer.
        module: the network, or a function that makes it.

    Raises:
        ArgumentError: nothing fits (code ``ShapeMismatch``); raised when a network is made.
    """
    make, given = maker(module), isinstance(module, _torch().nn.Module)
    saved = {k: v.detach().clone() for k, v in encoder.module.state_dict().items()}

    def begun() -> Any:
        made = make()
        head = last_linear(made)
        if head is not None and given:
            made.get_submodule(head).reset_parameters()
        fits = {
            k: saved[k]
            for k, fresh in made.state_dict().items()
            if k in saved and saved[k].shape == fresh.shape and not (head is not None and k.startswith(f"{head}."))
        }
        if not fits:
            raise ArgumentError(
                f"no weight of {type(made).__name__} has the name and shape of one of the encoder's "
                f"({type(encoder.module).__name__}: {shorten(', '.join(saved), 120)}); pre-train the same network",
                code="ShapeMismatch",
            )
        made.load_state_dict(fits, strict=False)
        return made

    return begun
