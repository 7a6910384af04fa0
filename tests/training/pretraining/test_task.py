from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from querist.models.mlp import MLP
from querist.training.pretraining.loop import pretrain
from querist.training.pretraining.task import PretrainingTask
from tiny import source


class Length(PretrainingTask):
    """A task of one's own: the embedding tells the sum of the inputs."""

    name = "length"

    def helper(self, width: int, inputs: Any) -> Any:
        return torch.nn.Linear(width, 1)

    def loss(self, encode: Any, helper: Any, inputs: Any) -> Any:
        return (helper(encode(inputs))[:, 0] - inputs.sum(dim=1)).square().mean()


def test_a_task_of_ones_own_in_ten_lines() -> None:
    encoder = pretrain(source(), lambda: MLP(4, 3, hidden=(8,)), Length(), rows=np.arange(50), epochs=150, lr=0.03)
    assert encoder.losses[-1] < 0.3 * encoder.losses[0]
    assert encoder.task == "length"


def test_the_base_cannot_be_made() -> None:
    with pytest.raises(TypeError):
        PretrainingTask()  # type: ignore[abstract]
