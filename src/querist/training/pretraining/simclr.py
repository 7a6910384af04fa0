"""SimCLR: two views of an image are to be nearer to each other than to those of any other image of the batch.

Chen, Kornblith, Norouzi and Hinton, A Simple Framework for Contrastive Learning of Visual Representations, 2020, eq. 1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar

from querist.core.errors import ArgumentError
from querist.core.optional import torch as _torch
from querist.training.pretraining.augmentations import ImageViews
from querist.training.pretraining.task import Encode, PretrainingTask

__all__ = ["SimCLR", "nt_xent"]


def nt_xent(first: Any, second: Any, temperature: float) -> Any:
    """The normalised temperature-scaled cross entropy of n pairs, a scalar in nats.

    Args:
        first: (n, D) projections of one view of each item.
        second: (n, D) those of the other view.
        temperature: divides the cosines.
    """
    torch = _torch()
    z = torch.nn.functional.normalize(torch.cat([first, second]).float(), dim=1)
    n = len(first)
    alike = z @ z.T / temperature
    alike = alike.masked_fill(torch.eye(2 * n, dtype=torch.bool, device=z.device), -torch.inf)
    twin = torch.arange(2 * n, device=z.device).roll(n)
    return torch.nn.functional.cross_entropy(alike, twin)


@dataclass(frozen=True)
class SimCLR(PretrainingTask):
    """Contrast of views through a projection of two layers.

    Args:
        views: draws a view of each item of a batch; any function of tensors.
        temperature: of the contrast.
        projection: width of the space in which views are compared.
    """

    views: Callable[[Any], Any] = field(default_factory=ImageViews)
    temperature: float = 0.5
    projection: int = 64

    name: ClassVar[str] = "simclr"
    least: ClassVar[int] = 2

    def __post_init__(self) -> None:
        """Refuse values out of range.

        Raises:
            ArgumentError: code ``BadValue``.
        """
        if not 0 < self.temperature < float("inf") or self.projection < 1:
            raise ArgumentError(
                f"temperature must be above 0 and projection at least 1, got {self.temperature!r} and "
                f"{self.projection!r}",
                code="BadValue",
            )

    def helper(self, width: int, inputs: Any) -> Any:
        """The projection; the views are tried on the inputs."""
        nn = _torch().nn
        self.views(inputs)
        return nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, self.projection))

    def loss(self, encode: Encode, helper: Any, inputs: Any) -> Any:
        """`nt_xent` of two views, in one forward pass."""
        both = _torch().cat([self.views(inputs), self.views(inputs)])
        first, second = helper(encode(both)).chunk(2)
        return nt_xent(first, second, self.temperature)
