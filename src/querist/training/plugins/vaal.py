"""VAAL: an auto-encoder of the network's features plays against a discriminator of labelled and unlabelled items.

Source: Sinha, Ebrahimi and Darrell, Variational Adversarial Active Learning, 2019, equations 1 to 4. The paper encodes
pixels with a network of its own; here the features of the task's network are encoded, so that the game is about what the
network knows, works for any input and costs little.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from querist.core.errors import ArgumentError
from querist.core.optional import torch as _torch
from querist.core.signals import DISCRIMINATOR, Signal
from querist.training.plugins.base import Batch, Forward, Outputs, Plugin, Shape

__all__ = ["Vaal"]


class Vaal(Plugin):
    """Publishes `DISCRIMINATOR`, the probability with which the discriminator takes an item for a labelled one.

    It looks on: the network trains as it would without it. After each step of the network the auto-encoder makes one (to
    restore the features, and to be taken for labelled), then the discriminator (to tell the two apart).

    Args:
        layer: whose output is encoded; None is the input of the last linear layer.
        latent: width of the code.
        width: of the hidden layers.
        beta: weight of the divergence of the code from the standard normal distribution.
        adversary: weight of being taken for labelled.
        lr: learning rate of both sides (Adam).
    """

    name: ClassVar[str] = "vaal"
    publishes: ClassVar[frozenset[Signal]] = frozenset({DISCRIMINATOR})
    unlabelled: ClassVar[bool] = True
    onlooker: ClassVar[bool] = True

    def __init__(
        self,
        layer: str | None = None,
        *,
        latent: int = 32,
        width: int = 128,
        beta: float = 1.0,
        adversary: float = 1.0,
        lr: float = 1e-3,
    ) -> None:
        if latent < 1 or width < 1 or beta < 0 or adversary < 0 or lr <= 0:
            raise ArgumentError(
                f"latent and width must be 1 or more, beta and adversary 0 or more, lr above 0; got {latent}, {width}, "
                f"{beta}, {adversary}, {lr}",
                code="BadValue",
            )
        self.layer, self.layers = layer, frozenset({layer})
        self.latent, self.width, self.beta, self.adversary, self.lr = latent, width, beta, adversary, lr
        self._vae: Any = None
        self._judge: Any = None
        self._sides: tuple[Any, Any] | None = None

    def start(self, shape: Shape) -> None:
        """Encoder (mean and log variance), decoder, discriminator."""
        nn = _torch().nn
        features = shape.widths[self.layer]

        def stack(inner: int, outer: int) -> Any:
            return nn.Sequential(nn.Linear(inner, self.width), nn.ReLU(), nn.Linear(self.width, outer))

        self._vae = nn.ModuleDict(
            {"encoder": stack(features, 2 * self.latent), "decoder": stack(self.latent, features)}
        )
        self._judge = stack(self.latent, 1)

    def modules(self) -> Mapping[str, Any]:
        """The auto-encoder and the discriminator."""
        return {} if self._vae is None else {"vae": self._vae, "discriminator": self._judge}

    def ready(self, shape: Shape) -> None:
        """Each side of the game has its own optimiser."""
        super().ready(shape)
        self._optimizer = None
        adam = _torch().optim.Adam
        self._sides = (adam(self._vae.parameters(), lr=self.lr), adam(self._judge.parameters(), lr=self.lr))

    def settle(self) -> None:
        """The optimisers are not kept."""
        super().settle()
        self._sides = None

    def after_step(self, labelled: Batch, unlabelled: Batch | None, outputs: Outputs) -> None:
        """One step of the auto-encoder (equations 1 and 2), then one of the discriminator (equation 3)."""
        if outputs.unlabelled is None or self._sides is None:
            return
        torch = _torch()
        known, new = outputs.labelled.hidden[self.layer], outputs.unlabelled.hidden[self.layer]
        coder, judge = self._sides
        with torch.enable_grad():
            coder.zero_grad()
            (self._restored(known) + self._restored(new) + self.adversary * self._fooled(known, new)).backward()
            coder.step()
            judge.zero_grad()  # also of what the other side left
            self._told_apart(known, new).backward()
            judge.step()

    def signals(self, inputs: Any, forward: Forward) -> Mapping[Signal, Any]:
        """`DISCRIMINATOR` (n,) of the mean code."""
        return {DISCRIMINATOR: self._logit(self._code(forward.hidden[self.layer])[0]).sigmoid()}

    def _code(self, features: Any) -> tuple[Any, Any]:
        mean, log_variance = self._vae["encoder"](features).chunk(2, dim=1)
        return mean, log_variance.clamp(-10.0, 10.0)

    def _logit(self, code: Any) -> Any:
        return self._judge(code)[:, 0]

    def _restored(self, features: Any) -> Any:
        """Half the squared error of the restored features plus ``beta`` times the divergence: the mean over the items."""
        torch = _torch()
        mean, log_variance = self._code(features)
        drawn = mean + (0.5 * log_variance).exp() * torch.randn_like(mean)
        error = 0.5 * (self._vae["decoder"](drawn) - features).square().sum(dim=1)
        divergence = 0.5 * (mean.square() + log_variance.exp() - 1.0 - log_variance).sum(dim=1)
        return (error + self.beta * divergence).mean()

    def _fooled(self, known: Any, new: Any) -> Any:
        """Equation 2: both are to be taken for labelled."""
        return sum(_cross(self._logit(self._code(h)[0]), 1.0) for h in (known, new))

    def _told_apart(self, known: Any, new: Any) -> Any:
        """Equation 3, on codes that stay as they are."""
        with _torch().no_grad():
            codes = [self._code(h)[0] for h in (known, new)]
        return _cross(self._logit(codes[0]), 1.0) + _cross(self._logit(codes[1]), 0.0)


def _cross(logits: Any, truth: float) -> Any:
    torch = _torch()
    return torch.nn.functional.binary_cross_entropy_with_logits(logits, torch.full_like(logits, truth))
