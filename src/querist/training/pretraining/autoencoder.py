"""A denoising autoencoder: an item is read with some of its values spoilt, and given back whole.

Vincent, Larochelle, Bengio and Manzagol, Extracting and Composing Robust Features with Denoising Autoencoders, 2008. A
spoilt value is that of another item of the batch at the same place, as in Yoon, Zhang, Jordon and van der Schaar, VIME:
Extending the Success of Self- and Semi-supervised Learning to Tabular Domain, 2020, section 4.1, so that it lies in the
range of its column.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from querist.core.errors import ArgumentError
from querist.core.optional import torch as _torch
from querist.training.pretraining.task import Encode, PretrainingTask

__all__ = ["Autoencoder"]


@dataclass(frozen=True)
class Autoencoder(PretrainingTask):
    """Tables and images; the loss is the mean squared error of the standardised values.

    Args:
        corrupt: share of the values that are spoilt.
        hidden: width of the decoder's hidden layer.
    """

    corrupt: float = 0.2
    hidden: int = 128

    name: ClassVar[str] = "autoencoder"

    def __post_init__(self) -> None:
        """Refuse values out of range.

        Raises:
            ArgumentError: code ``BadValue``.
        """
        if not 0 <= self.corrupt < 1 or self.hidden < 1:
            raise ArgumentError(
                f"corrupt is a share from 0 to below 1 and hidden at least 1, got {self.corrupt!r} and {self.hidden!r}",
                code="BadValue",
            )

    def helper(self, width: int, inputs: Any) -> Any:
        """The decoder, with mean and deviation of each value in its last layer's buffers."""
        torch = _torch()
        flat = inputs.flatten(1)
        decoder = torch.nn.Sequential(
            torch.nn.Linear(width, self.hidden), torch.nn.ReLU(), torch.nn.Linear(self.hidden, flat.shape[1])
        )
        deviation = flat.std(dim=0, unbiased=False)
        decoder.register_buffer("mean", flat.mean(dim=0))
        decoder.register_buffer("deviation", torch.where(deviation > 1e-6, deviation, torch.ones_like(deviation)))
        return decoder

    def loss(self, encode: Encode, helper: Any, inputs: Any) -> Any:
        """Mean over items and values."""
        torch = _torch()
        spoilt = inputs
        if self.corrupt:
            other = inputs[torch.randperm(len(inputs), device=inputs.device)]
            spoilt = torch.where(torch.rand_like(inputs) < self.corrupt, other, inputs)
        wanted = (inputs.flatten(1) - helper.mean) / helper.deviation
        return torch.nn.functional.mse_loss(helper(encode(spoilt)), wanted)
