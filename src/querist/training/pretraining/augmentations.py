"""Views of images that keep what an image shows: crops, flips, light, blur, noise and erased patches, a batch at a time.

The kinds are those of Chen, Kornblith, Norouzi and Hinton, A Simple Framework for Contrastive Learning of Visual
Representations, 2020, section 3, and of Zhong, Zheng, Kang, Li and Yang, Random Erasing Data Augmentation, 2017.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from querist.core.errors import ArgumentError
from querist.core.optional import torch as _torch

__all__ = ["ImageViews"]


@dataclass(frozen=True)
class ImageViews:
    """Draws a view of each image of a batch.

    Args:
        crop: smallest side of a crop, as a share of the image; 1 crops nothing.
        flip: whether images are mirrored half of the time; not for digits, letters or anything that reads one way.
        light: how far brightness and contrast may go from 1.
        blur: probability that an image is blurred by 3 x 3 means.
        noise: standard deviation of the noise added, in units of the input (0..1 for ``uint8`` images).
        erase: probability that a rectangle of at most a half of each side is filled with the mean of the image.
    """

    crop: float = 0.5
    flip: bool = True
    light: float = 0.4
    blur: float = 0.3
    noise: float = 0.05
    erase: float = 0.3

    def __post_init__(self) -> None:
        """Refuse values out of range.

        Raises:
            ArgumentError: code ``BadValue``.
        """
        if not 0 < self.crop <= 1:
            raise ArgumentError(f"crop is a share above 0 and up to 1, got {self.crop!r}", code="BadValue")
        for name in ("light", "blur", "erase"):
            if not 0 <= getattr(self, name) <= 1:
                raise ArgumentError(f"{name} is from 0 to 1, got {getattr(self, name)!r}", code="BadValue")
        if not 0 <= self.noise < float("inf"):
            raise ArgumentError(f"noise must be 0 or more and finite, got {self.noise!r}", code="BadValue")

    def __call__(self, images: Any) -> Any:
        """A view of each image (n, H, W) or (n, channels, H, W), of the same shape.

        Raises:
            ArgumentError: not images (code ``ShapeMismatch``).
        """
        if images.ndim not in (3, 4) or min(images.shape[-2:]) < 4:
            raise ArgumentError(
                f"images must be (n, height, width) or (n, channels, height, width) of at least 4 pixels a side, got "
                f"{tuple(images.shape)}; give the source in that shape, or a transform= that makes it",
                code="ShapeMismatch",
            )
        x = images.reshape(len(images), -1, *images.shape[-2:])
        x = self._lit(self._cropped(x))
        x = self._erased(self._blurred(x))
        if self.noise:
            x = x + self.noise * _torch().randn_like(x)
        return x.reshape(images.shape)

    def _cropped(self, x: Any) -> Any:
        """A crop of the image, scaled back to its size; perhaps mirrored."""
        torch, n = _torch(), len(x)
        if self.crop == 1.0:
            mirrored = (_uniform(x, n) < 0.5) & self.flip
            return torch.where(mirrored.reshape(-1, 1, 1, 1), x.flip(-1), x)
        side = self.crop + (1.0 - self.crop) * _uniform(x, n)
        across, down = ((2.0 * _uniform(x, n) - 1.0) * (1.0 - side) for _ in range(2))
        sign = torch.where(_uniform(x, n) < 0.5, -1.0, 1.0) if self.flip else torch.ones_like(side)
        zero = torch.zeros_like(side)
        theta = torch.stack([torch.stack([side * sign, zero, across], 1), torch.stack([zero, side, down], 1)], 1)
        f = torch.nn.functional
        return f.grid_sample(x, f.affine_grid(theta, x.shape, align_corners=False), align_corners=False)

    def _lit(self, x: Any) -> Any:
        if not self.light:
            return x
        contrast, brightness = (1.0 + self.light * (2.0 * _uniform(x, len(x), 1, 1, 1) - 1.0) for _ in range(2))
        mean = x.mean(dim=(1, 2, 3), keepdim=True)
        return (x - mean) * contrast + mean * brightness

    def _blurred(self, x: Any) -> Any:
        if not self.blur:
            return x
        soft = _torch().nn.functional.avg_pool2d(x, 3, stride=1, padding=1, count_include_pad=False)
        return _torch().where(_uniform(x, len(x), 1, 1, 1) < self.blur, soft, x)

    def _erased(self, x: Any) -> Any:
        if not self.erase:
            return x
        torch, n = _torch(), len(x)
        inside = (_uniform(x, n) < self.erase).reshape(-1, 1, 1, 1)
        for axis in (2, 3):
            count = x.shape[axis]
            length = _uniform(x, n) * 0.5 * count
            begin = _uniform(x, n) * (count - length)
            at = torch.arange(count, device=x.device, dtype=x.dtype)
            within = (at >= begin[:, None]) & (at < (begin + length)[:, None])
            inside = inside & within.reshape(n, 1, *((-1, 1) if axis == 2 else (1, -1)))
        return torch.where(inside, x.mean(dim=(1, 2, 3), keepdim=True), x)


def _uniform(like: Any, *shape: int) -> Any:
    return _torch().rand(shape, device=like.device, dtype=like.dtype)
