from __future__ import annotations

import math

import pytest
import torch

from querist.training.plan import (
    groups_of,
    inverse_share,
    optimizer_of,
    portion_of,
    schedule_of,
    split,
    steps_of,
    with_class_weights,
)
from querist.training.recipe import Recipe


def test_batches_cover_the_items_and_a_leftover_of_one_is_merged_for_batch_norm() -> None:
    notes: list[str] = []
    plain = torch.nn.Linear(2, 2)
    assert steps_of(plain, 7, 3, Recipe(), notes) == [(0, 3), (3, 6), (6, 7)]
    assert steps_of(plain, 7, 3, Recipe(drop_last=True), notes) == [(0, 3), (3, 6)]
    assert steps_of(plain, 2, 3, Recipe(drop_last=True), notes) == [(0, 2)]
    assert not notes
    norm = torch.nn.BatchNorm1d(2)
    assert steps_of(norm, 7, 3, Recipe(), notes) == [(0, 3), (3, 7)]
    assert notes == ["batch norm cannot take a batch of one: the last batches have 4 items"]
    assert steps_of(norm, 1, 3, Recipe(), notes) == [(0, 1)]
    assert not norm.train().training


def test_batches_that_make_one_step_weigh_by_their_items() -> None:
    steps = [(0, 4), (4, 8), (8, 12), (12, 14)]
    assert groups_of(steps, 1) == [None] * 4
    assert groups_of(steps, 3) == [(0, 12), (0, 12), (0, 12), (12, 14)]
    assert [portion_of((0, 12), a, b, None) for a, b in steps[:3]] == pytest.approx([1 / 3] * 3)
    shares = torch.tensor([1.0, 1, 1, 1, 0, 0, 0, 0, 2, 2, 2, 2, 5, 5])
    assert float(portion_of((0, 12), 8, 12, shares)) == pytest.approx(8 / 12)
    assert portion_of(None, 0, 4, shares) is None


def test_the_validation_part_is_a_share_drawn_by_the_seed() -> None:
    rows, held = split(20, Recipe(patience=3, validation=0.25), 5)
    assert held is not None
    assert len(held) == 5
    assert sorted([*rows.tolist(), *held.tolist()]) == list(range(20))
    again = split(20, Recipe(patience=3, validation=0.25), 5)[1]
    assert held.tolist() == again.tolist()  # type: ignore[union-attr]
    assert split(20, Recipe(), 5)[1] is None
    assert split(3, Recipe(patience=3, validation=0.1), 5)[1] is None


def test_classes_weigh_alike() -> None:
    targets = torch.tensor([0, 0, 0, 1])
    inverse = inverse_share(targets)
    assert inverse.mean().item() == pytest.approx(1.0)
    assert inverse[:3].sum().item() == pytest.approx(inverse[3].item())
    given = torch.tensor([1.0, 2.0, 1.0, 1.0])
    weighted = with_class_weights(given, targets, Recipe(class_weights="balanced"))
    assert torch.equal(weighted, given * inverse)
    assert with_class_weights(given, targets, Recipe()) is given
    numbers = torch.tensor([0.5, 1.5, 2.0, 1.0])
    assert with_class_weights(None, numbers, Recipe(class_weights="balanced")) is None


def test_the_rate_rises_and_falls_along_a_cosine() -> None:
    parameter = torch.nn.Parameter(torch.zeros(1))
    recipe = Recipe(optimizer="sgd", lr=1.0, warmup=0.25, schedule="cosine")
    optimizer = optimizer_of([parameter], recipe)
    schedule = schedule_of(optimizer, recipe, 16)
    rates = []
    for _ in range(16):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    assert rates[:4] == pytest.approx([1 / 5, 2 / 5, 3 / 5, 4 / 5])
    assert rates[4:] == pytest.approx([0.5 * (1 + math.cos(math.pi * k / 12)) for k in range(12)])
    assert schedule_of(optimizer, Recipe(), 16) is None


@pytest.mark.parametrize(("name", "kind"), [("sgd", "SGD"), ("adam", "Adam"), ("adamw", "AdamW"), ("nadam", "NAdam")])
def test_the_optimiser_is_the_one_named(name: str, kind: str) -> None:
    made = optimizer_of([torch.nn.Parameter(torch.zeros(1))], Recipe(optimizer=name, weight_decay=0.1))  # type: ignore[arg-type]
    assert type(made).__name__ == kind
    assert made.param_groups[0]["weight_decay"] == 0.1
