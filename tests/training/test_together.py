from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch

from querist.core.errors import ArgumentError
from querist.data.schema import MultiLabel, Number, SingleLabel
from querist.models.guard import rng_kept
from querist.models.linear import LinearHead
from querist.models.mlp import MLP
from querist.training.heads import head_for
from querist.training.recipe import Recipe
from querist.training.together import reason_against, train_together
from querist.training.torch_fit import train
from querist.training.training_run import TrainingRun

SCHEMAS = {"single": SingleLabel(("a", "b", "c")), "multi": MultiLabel(("a", "b", "c")), "number": Number()}


def some(kind: str) -> tuple[torch.Tensor, torch.Tensor]:
    draw = torch.Generator().manual_seed(0)
    y = torch.arange(50) % 3
    x = 2 * torch.eye(3, 4)[y] + torch.randn(50, 4, generator=draw)
    targets = {"single": y, "multi": torch.nn.functional.one_hot(y).float(), "number": x[:, 0] - x[:, 1]}
    return x, targets[kind]


def networks(make: Any) -> list[Any]:
    with rng_kept(3):
        return [make() for _ in range(3)]


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("kind", ["single", "multi", "number"])
@pytest.mark.parametrize(
    "recipe",
    [
        Recipe(epochs=4, lr=1e-2),
        Recipe(epochs=3, batch_size=7, optimizer="sgd", schedule="cosine", warmup=0.2, label_smoothing=0.1),
        Recipe(epochs=2, batch_size=16, drop_last=True, optimizer="adamw", weight_decay=0.1, class_weights="balanced"),
    ],
)
def test_each_becomes_what_it_would_have_become_alone(recipe: Recipe, kind: str, weighted: bool) -> None:
    x, y = some(kind)
    head = head_for(SCHEMAS[kind])
    weights = torch.linspace(0.1, 2.0, 50) if weighted else None
    outputs = 1 if kind == "number" else 3
    for make in (lambda: LinearHead(4, outputs), lambda: MLP(4, outputs, hidden=(8, 6))):
        together, alone = networks(make), networks(make)
        run = TrainingRun(x, y, weights, head, recipe, 0, recipe.batch_size)
        train_together(together, run, [5, 6, 7])
        for module, seed in zip(alone, (5, 6, 7), strict=True):
            train(module, replace(run, seed=seed))
        for a, b in zip(together, alone, strict=True):
            assert not a.training
            assert torch.allclose(a(x), b(x), atol=2e-4)


def test_dropout_masks_differ_by_network_and_come_from_the_generator() -> None:
    x, y = some("single")
    found = []
    for _ in range(2):
        nets = networks(lambda: MLP(4, 3, dropout=0.5))
        for net in nets[1:]:
            net.load_state_dict(nets[0].state_dict())
        with rng_kept(9):
            train_together(
                nets, TrainingRun(x, y, None, head_for(SCHEMAS["single"]), Recipe(epochs=2), 0, 32), [1, 1, 1]
            )
        found.append([net(x).detach() for net in nets])
    assert all(torch.equal(a, b) for a, b in zip(*found, strict=True))
    assert not torch.allclose(found[0][0], found[0][1])


@pytest.mark.parametrize(
    ("module", "recipe", "why"),
    [
        (torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.BatchNorm1d(3)), Recipe(), "BatchNorm1d keeps statistics"),
        (torch.nn.GRU(4, 3), Recipe(), "GRU cannot be stacked"),
        (torch.nn.Linear(4, 3).double(), Recipe(), "some weights are frozen, or no float32"),
        (torch.nn.Flatten(), Recipe(), "some weights are frozen, or no float32"),
        (LinearHead(4, 3), Recipe(patience=3, grad_clip=1.0), "the recipe sets patience, grad_clip"),
    ],
)
def test_what_cannot_be_stacked_is_refused(module: Any, recipe: Recipe, why: str) -> None:
    assert reason_against(module, recipe) == why
    x, y = some("single")
    with pytest.raises(ArgumentError, match=f"cannot be trained together: {why}; train them in turn"):
        train_together([module], TrainingRun(x, y, None, head_for(SCHEMAS["single"]), recipe, 0, 32), [0])
    assert reason_against(MLP(4, 3, dropout=0.1), Recipe()) is None
