from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from querist.models.guard import rng_kept
from querist.models.linear import LinearHead
from querist.models.mlp import MLP
from querist.training.heads import ClassHead, LabelsHead, NumberHead
from querist.training.recipe import Recipe
from querist.training.torch_fit import train

X = torch.as_tensor(np.random.default_rng(0).normal(size=(12, 4)), dtype=torch.float32)
Y = torch.arange(12) % 3
WHOLE = Recipe(optimizer="sgd", lr=0.1, epochs=20, batch_size=12)


def trained(
    y: Any = Y, weights: Any = None, recipe: Recipe = WHOLE, rows: Any = slice(None), make: Any = None
) -> tuple[Any, list[str]]:
    with rng_kept(0):
        module = make() if make else LinearHead(4, 3)
    w = None if weights is None else torch.as_tensor(weights, dtype=torch.float32)[rows]
    return module, train(module, X[rows], y[rows], w, ClassHead(), recipe, 0, recipe.batch_size)


def with_norm() -> torch.nn.Module:
    return torch.nn.Sequential(torch.nn.Linear(4, 5), torch.nn.BatchNorm1d(5), torch.nn.Linear(5, 3))


def test_full_batch_sgd_is_the_textbook_loop() -> None:
    module, _ = trained()
    with rng_kept(0):
        plain = LinearHead(4, 3)
    velocity = [torch.zeros_like(p) for p in plain.parameters()]
    for _ in range(20):
        loss = torch.nn.functional.cross_entropy(plain(X), Y)
        gradients = torch.autograd.grad(loss, list(plain.parameters()))
        with torch.no_grad():
            for p, g, v in zip(plain.parameters(), gradients, velocity, strict=True):
                v.mul_(0.9).add_(g)
                p.sub_(0.1 * v)
    for p, q in zip(module.parameters(), plain.parameters(), strict=True):
        assert torch.allclose(p, q, atol=1e-5)
    assert not module.training


def test_certain_soft_targets_equal_hard_ones() -> None:
    hard, soft = trained()[0], trained(torch.eye(3)[Y])[0]
    assert torch.allclose(hard(X), soft(X), atol=1e-5)
    assert not torch.allclose(hard(X), trained((torch.eye(3)[Y] + 0.5) / 2.5)[0](X), atol=1e-2)


def test_an_item_of_weight_zero_is_as_left_out() -> None:
    zero = trained(weights=[1.0] * 9 + [0.0] * 3)[0]
    out = trained(rows=slice(9), recipe=Recipe(optimizer="sgd", lr=0.1, epochs=20, batch_size=9))[0]
    assert torch.allclose(zero(X), out(X), atol=1e-5)
    assert not torch.allclose(zero(X), trained()[0](X), atol=1e-3)


def test_equal_weights_are_no_weights_and_a_batch_that_weighs_nothing_moves_nothing() -> None:
    assert torch.allclose(trained(weights=[2.5] * 12)[0](X), trained()[0](X), atol=1e-5)
    one_by_one = Recipe(optimizer="sgd", lr=0.1, epochs=2, batch_size=1)
    module, _ = trained(weights=[1.0] + [0.0] * 11, recipe=one_by_one)
    assert all(bool(torch.isfinite(p).all()) for p in module.parameters())


@pytest.mark.parametrize(
    ("count", "batch", "note"),
    [
        (9, 4, "batch norm cannot take a batch of one: the last batches have 5 items"),
        (12, 1, "batch norm cannot take a batch of one: batches have 2 items"),
        (1, 4, "one label only: batch norm keeps its first statistics"),
    ],
)
def test_batch_norm_never_sees_one_item(count: int, batch: int, note: str) -> None:
    module, notes = trained(make=with_norm, rows=slice(count), recipe=Recipe(epochs=2, batch_size=batch))
    assert notes == [note]
    assert torch.isfinite(module(X)).all()
    if count == 1:
        assert torch.equal(module[1].running_mean, torch.zeros(5))
        module.train()
        assert not module[1].training


def test_without_batch_norm_a_leftover_of_one_is_a_batch() -> None:
    assert trained(rows=slice(9), recipe=Recipe(epochs=1, batch_size=4))[1] == []
    assert trained(make=with_norm, rows=slice(9), recipe=Recipe(epochs=1, batch_size=4, drop_last=True))[1] == []


class Counting(LinearHead):
    """Counts its steps and the items of each."""

    def __init__(self) -> None:
        super().__init__(4, 3)
        self.seen: list[int] = []

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        if self.training:
            self.seen.append(len(rows))
        return super().forward(rows)


@pytest.mark.parametrize(
    ("recipe", "seen"),
    [
        (Recipe(epochs=2, batch_size=5), [5, 5, 2] * 2),
        (Recipe(epochs=2, batch_size=5, drop_last=True), [5, 5] * 2),
        (Recipe(epochs=1, batch_size=50, drop_last=True), [12]),
        (Recipe(epochs=1, batch_size=6, min_steps=5), [6, 6] * 3),
        (Recipe(epochs=1, batch_size=12, patience=3, validation=0.25), [9]),
        (Recipe(epochs=1, batch_size=12, patience=3, validation=0.01), [12]),
    ],
)
def test_steps_are_those_of_the_recipe(recipe: Recipe, seen: list[int]) -> None:
    assert trained(make=Counting, recipe=recipe)[0].seen == seen


def test_patience_stops_and_goes_back_to_the_best() -> None:
    wild = Recipe(optimizer="sgd", lr=1e4, epochs=50, batch_size=12, patience=2, validation=0.25)
    module, _ = trained(make=Counting, recipe=wild)
    assert len(module.seen) < 50


@pytest.mark.parametrize("optimizer", ["adam", "adamw", "nadam", "sgd"])
def test_every_optimizer_and_setting_lowers_the_loss(optimizer: Any) -> None:
    recipe = Recipe(
        optimizer=optimizer,
        lr=0.02,
        epochs=60,
        schedule="cosine",
        grad_clip=1.0,
        label_smoothing=0.01,
        weight_decay=1e-4,
    )

    def make() -> torch.nn.Module:
        return MLP(4, 3, hidden=(16,))

    with rng_kept(0):
        fresh = make()
    module, _ = trained(make=make, recipe=recipe)
    loss = torch.nn.functional.cross_entropy
    with torch.no_grad():
        assert float(loss(module(X), Y)) < 0.9 * float(loss(fresh(X), Y))


def test_losses_of_the_other_kinds() -> None:
    outputs = torch.tensor([[0.5, -1.0], [2.0, 0.0]])
    two = LabelsHead().losses(outputs, torch.tensor([[1.0, 0.0], [0.0, 1.0]]), 0.0)
    p = 1 / (1 + np.exp(-outputs.numpy()))
    np.testing.assert_allclose(two[0], -(np.log(p[0, 0]) + np.log(1 - p[0, 1])) / 2, rtol=1e-5)
    number = NumberHead().losses(torch.tensor([[1.0], [3.0]]), torch.tensor([0.0, 5.0]), 0.0)
    assert number.tolist() == [1.0, 4.0]


def test_items_set_aside_decide_when_to_stop() -> None:
    wild = Recipe(optimizer="sgd", lr=1e4, epochs=50, batch_size=12, patience=2)
    with rng_kept(0):
        module = LinearHead(4, 3)
    epochs: list[int] = []
    module.register_forward_hook(lambda *_: epochs.append(int(module.training)))
    aside = (X[:4], Y[:4])
    train(module, X, Y, None, ClassHead(), wild, 0, 12, aside)
    assert epochs.count(0) == epochs.count(1) < 10, "validated once an epoch, and stopped early"
    with rng_kept(0):
        other = LinearHead(4, 3)
    train(other, X, Y, None, ClassHead(), Recipe(epochs=3, batch_size=12), 0, 12, aside)
    with rng_kept(0):
        plain = LinearHead(4, 3)
    train(plain, X, Y, None, ClassHead(), Recipe(epochs=3, batch_size=12), 0, 12)
    assert all(torch.equal(a, b) for a, b in zip(other.parameters(), plain.parameters(), strict=True)), "no patience"
