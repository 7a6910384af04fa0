"""A small convolutional network for small images."""

from __future__ import annotations

from typing import TYPE_CHECKING

from querist.core.optional import torch as _torch

if TYPE_CHECKING:
    import torch
else:
    torch = _torch()

__all__ = ["SmallCNN"]


class SmallCNN(torch.nn.Module):
    """Two convolutions, the second with stride 2, then two linear layers; gives logits.

    Args:
        channels_in: channels of the image.
        classes: number of logits.
        size: width and height in pixels, at least 4.
        width: channels of the first convolution.
        hidden: width of the embedding.
        dropout: probability in front of the last layer.
    """

    def __init__(
        self, channels_in: int, classes: int, size: int, width: int = 8, hidden: int = 64, dropout: float = 0.25
    ) -> None:
        super().__init__()
        nn = torch.nn
        side = (size + 1) // 2
        self.shape = (channels_in, size, size)
        self.features = nn.Sequential(
            nn.Conv2d(channels_in, width, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(width, 2 * width, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(2 * width * side * side, hidden),
            nn.ReLU(),
            nn.Dropout(dropout),
        )
        self.head = nn.Linear(hidden, classes)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """(N, channels, size, size), or rows of as many numbers, to logits (N, classes)."""
        logits: torch.Tensor = self.head(self.features(images.reshape(len(images), *self.shape)))
        return logits
