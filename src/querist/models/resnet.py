"""ResNet-18 for small images: a stem of 3 x 3 with stride 1, and no pooling behind it.

Source: He, Zhang, Ren and Sun, Deep Residual Learning for Image Recognition, 2016, section 3.3 and table 1 (18 layers),
with the stem of section 4.2 (CIFAR-10), as the active learning literature uses it for images of 28 to 64 pixels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from querist.core.errors import ArgumentError
from querist.core.optional import torch as _torch

if TYPE_CHECKING:
    import torch
else:
    torch = _torch()

__all__ = ["ResNet18"]


class _Block(torch.nn.Module):
    """Two convolutions and a way past them: y = relu(F(x) + x), equation 1; equation 2 where the shape changes."""

    def __init__(self, channels_in: int, channels: int, stride: int) -> None:
        super().__init__()
        nn = torch.nn
        self.first = nn.Conv2d(channels_in, channels, 3, stride=stride, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(channels)
        self.second = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(channels)
        self.past: torch.nn.Module = nn.Identity()
        if stride != 1 or channels_in != channels:
            self.past = nn.Sequential(
                nn.Conv2d(channels_in, channels, 1, stride=stride, bias=False), nn.BatchNorm2d(channels)
            )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(N, channels_in, H, W) to (N, channels, H / stride, W / stride)."""
        inside = torch.relu(self.norm1(self.first(x)))
        return torch.relu(self.norm2(self.second(inside)) + self.past(x))


class ResNet18(torch.nn.Module):
    """ResNet-18 for images of about 28 to 64 pixels; gives logits.

    Args:
        channels_in: channels of the image.
        classes: number of logits.
        width: channels of the first stage; the others have 2, 4 and 8 times as many. 64 is the published size, with
            11.2 million weights.
        dropout: probability in front of the last layer; members by MC dropout need it.

    Raises:
        ArgumentError: a width or a number below 1 (code ``BadValue``).
    """

    def __init__(self, channels_in: int = 3, classes: int = 10, width: int = 64, dropout: float = 0.0) -> None:
        super().__init__()
        for name, value in {"channels_in": channels_in, "classes": classes, "width": width}.items():
            if value < 1:
                raise ArgumentError(f"{name} must be 1 or more, got {value}", code="BadValue")
        nn = torch.nn
        self.channels_in = channels_in
        layers: list[torch.nn.Module] = [
            nn.Conv2d(channels_in, width, 3, padding=1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(),
        ]
        before = width
        for stage, stride in enumerate((1, 2, 2, 2)):
            channels = width * 2**stage
            layers += [_Block(before, channels, stride), _Block(channels, channels, 1)]
            before = channels
        self.features = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(before, classes)
        for part in self.modules():
            if isinstance(part, nn.Conv2d):
                nn.init.kaiming_normal_(part.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """(N, channels, H, W), or (N, H, W) for one channel, to logits (N, classes)."""
        if images.ndim == 3 and self.channels_in == 1:
            images = images.unsqueeze(1)
        logits: torch.Tensor = self.head(self.dropout(self.features(images)))
        return logits
