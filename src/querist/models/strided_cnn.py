"""A convolutional network that halves the image at each layer: quick enough to be pre-trained on a processor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from querist.core.optional import torch as _torch

if TYPE_CHECKING:
    import torch
else:
    torch = _torch()

__all__ = ["StridedCNN"]


class StridedCNN(torch.nn.Module):
    """Convolutions of stride 2 with batch norm, a linear layer that gives the embedding, and a head; gives logits.

    Args:
        channels_in: channels of the image.
        classes: number of logits.
        size: width and height in pixels.
        widths: channels of each convolution.
        hidden: width of the embedding.
    """

    def __init__(
        self, channels_in: int, classes: int, size: int, widths: Sequence[int] = (16, 32, 64), hidden: int = 128
    ) -> None:
        super().__init__()
        nn = torch.nn
        self.shape = (channels_in, size, size)
        layers: list[torch.nn.Module] = []
        before, side = channels_in, size
        for width in widths:
            layers += [nn.Conv2d(before, width, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU()]
            before, side = width, (side + 1) // 2
        self.features = nn.Sequential(*layers, nn.Flatten(), nn.Linear(before * side * side, hidden), nn.ReLU())
        self.head = nn.Linear(hidden, classes)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """(N, channels, size, size), or rows of as many numbers, to logits (N, classes)."""
        logits: torch.Tensor = self.head(self.features(images.reshape(len(images), *self.shape)))
        return logits
