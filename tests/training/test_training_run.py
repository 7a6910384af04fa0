"""A training's record moves all of its tensors, and only them."""

from __future__ import annotations

import torch

from querist.training.heads import ClassHead
from querist.training.recipe import Recipe
from querist.training.training_run import TrainingRun


def test_all_tensors_move_and_nothing_else() -> None:
    x, y, w = torch.zeros(3, 2), torch.tensor([0, 1, 1]), torch.ones(3)
    run = TrainingRun(x, y, w, ClassHead(), Recipe(), 5, 2, (x[:1], y[:1]))
    moved = run.to("meta")
    assert moved.validation is not None
    assert {t.device.type for t in (moved.x, moved.y, moved.weights, *moved.validation)} == {"meta"}
    assert (moved.head, moved.recipe, moved.seed, moved.batch) == (run.head, run.recipe, 5, 2)
    bare = TrainingRun(x, y, None, ClassHead(), Recipe(), 5, 2).to("meta")
    assert (bare.weights, bare.validation) == (None, None)
