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
from querist.training.training_run import TrainingRun

X = torch.as_tensor(np.random.default_rng(0).normal(size=(12, 4)), dtype=torch.float32)
Y = torch.arange(12) % 3
WHOLE = Recipe(optimizer="sgd", lr=0.1, epochs=20, batch_size=12)


def trained(
    y: Any = Y, weights: Any = None, recipe: Recipe = WHOLE, rows: Any = slice(None), make: Any = None
) -> tuple[Any, list[str]]:
    with rng_kept(0):
        module = make() if make else LinearHead(4, 3)
    w = None if weights is None else torch.as_tensor(weights, dtype=torch.float32)[rows]
    return module, train(module, TrainingRun(X[rows], y[rows], w, ClassHead(), recipe, 0, recipe.batch_size))


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
    train(module, TrainingRun(X, Y, None, ClassHead(), wild, 0, 12, aside))
    assert epochs.count(0) == epochs.count(1) < 10, "validated once an epoch, and stopped early"
    with rng_kept(0):
        other = LinearHead(4, 3)
    train(other, TrainingRun(X, Y, None, ClassHead(), Recipe(epochs=3, batch_size=12), 0, 12, aside))
    with rng_kept(0):
        plain = LinearHead(4, 3)
    train(plain, TrainingRun(X, Y, None, ClassHead(), Recipe(epochs=3, batch_size=12), 0, 12))
    assert all(torch.equal(a, b) for a, b in zip(other.parameters(), plain.parameters(), strict=True)), "no patience"


def numbers(module: torch.nn.Module) -> torch.Tensor:
    return torch.cat([p.detach().flatten() for p in module.parameters()])


@pytest.mark.parametrize("batch", [3, 4, 5])
@pytest.mark.parametrize("weights", [None, [1.0, 2.0, 0.5] * 4, [1.0] * 3 + [0.0] * 9])
def test_accumulated_batches_are_one_large_batch(batch: int, weights: Any) -> None:
    recipe = Recipe(optimizer="sgd", lr=0.1, epochs=5, batch_size=batch, accumulate=4, schedule="cosine", warmup=0.2)
    whole = Recipe(optimizer="sgd", lr=0.1, epochs=5, batch_size=12, schedule="cosine", warmup=0.2)
    assert torch.allclose(
        numbers(trained(weights=weights, recipe=recipe)[0]),
        numbers(trained(weights=weights, recipe=whole)[0]),
        atol=1e-6,
    )


def test_what_is_left_over_is_a_step_of_its_own() -> None:
    recipe = Recipe(optimizer="sgd", lr=0.1, epochs=3, batch_size=4, accumulate=2)  # steps of 8 and of 4 items
    module, _ = trained(recipe=recipe, make=lambda: LinearHead(4, 3))
    other, _ = trained(recipe=Recipe(optimizer="sgd", lr=0.1, epochs=3, batch_size=8), make=lambda: LinearHead(4, 3))
    assert torch.allclose(numbers(module), numbers(other), atol=1e-6)


def test_least_steps_are_moves_of_the_optimiser() -> None:
    recipe = Recipe(epochs=1, batch_size=6, accumulate=2, min_steps=5)
    assert len(trained(make=Counting, recipe=recipe)[0].seen) == 10


def test_balanced_class_weights_by_hand() -> None:
    y = torch.tensor([0] * 8 + [1] * 3 + [2])
    counts = torch.tensor([8.0, 3.0, 1.0])
    balanced = Recipe(optimizer="sgd", lr=0.1, epochs=20, batch_size=12, class_weights="balanced")
    by_hand = trained(y, weights=(1.0 / counts[y]).tolist())[0]
    assert torch.allclose(numbers(trained(y, recipe=balanced)[0]), numbers(by_hand), atol=1e-5)
    given = [1.0, 3.0] * 6
    both = trained(y, weights=given, recipe=balanced)[0]
    product = trained(y, weights=(torch.tensor(given) / counts[y]).tolist())[0]
    assert torch.allclose(numbers(both), numbers(product), atol=1e-5)


def test_balanced_sampling_shows_each_class_equally_often() -> None:
    y = torch.tensor([0] * 10 + [1, 2])
    seen: list[torch.Tensor] = []

    class Seeing(LinearHead):
        def __init__(self) -> None:
            super().__init__(4, 3)

        def forward(self, rows: torch.Tensor) -> torch.Tensor:
            seen.append((rows[:, None] == X).all(dim=2).float().argmax(dim=1))
            return super().forward(rows)

    trained(y, recipe=Recipe(epochs=100, batch_size=12, sampling="balanced"), make=Seeing)
    shares = torch.bincount(y[torch.cat(seen)], minlength=3) / 1200
    assert torch.allclose(shares, torch.full((3,), 1 / 3), atol=0.06)


def test_the_backbone_learns_at_its_own_rate() -> None:
    def make() -> Any:
        return MLP(4, 3, hidden=(5,))

    with rng_kept(0):
        fresh: Any = make()
    frozen: Any = trained(make=make, recipe=Recipe(optimizer="sgd", lr=0.1, epochs=2, backbone_lr=0.0))[0]
    assert torch.equal(frozen.features[1].weight, fresh.features[1].weight)
    assert not torch.equal(frozen.head.weight, fresh.head.weight)
    slow: Any = trained(make=make, recipe=Recipe(optimizer="sgd", lr=0.1, epochs=1, batch_size=12, backbone_lr=0.5))[0]
    full: Any = trained(make=make, recipe=Recipe(optimizer="sgd", lr=0.1, epochs=1, batch_size=12))[0]
    step = full.features[1].weight - fresh.features[1].weight
    assert torch.allclose(slow.features[1].weight - fresh.features[1].weight, 0.5 * step, atol=1e-6)
    assert torch.allclose(slow.head.weight, full.head.weight, atol=1e-6)


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_mixed_precision_is_near_full_precision_and_losses_are_full(precision: Any) -> None:
    kinds: list[Any] = []

    class Recording(ClassHead):
        def losses(self, outputs: Any, targets: Any, smoothing: float = 0.0) -> Any:
            kinds.append(outputs.dtype)
            return super().losses(outputs, targets, smoothing)

    with rng_kept(0):
        module = LinearHead(4, 3)
    recipe = Recipe(optimizer="sgd", lr=0.1, epochs=20, batch_size=12, precision=precision)
    train(module, TrainingRun(X, Y, None, Recording(), recipe, 0, 12))
    plain = trained()[0]
    assert set(kinds) == {torch.float32}
    assert all(p.dtype == torch.float32 for p in module.parameters())
    assert torch.allclose(numbers(module), numbers(plain), atol=0.02)
    assert not torch.equal(numbers(module), numbers(plain))


@pytest.mark.parametrize("head", [ClassHead(), LabelsHead(), NumberHead()])
def test_weights_and_soft_targets_count_in_every_loss(head: Any) -> None:
    y = {"single": torch.eye(3)[Y] * 0.7 + 0.1, "multi": torch.eye(3)[Y] * 0.7 + 0.1, "number": Y.float()}[head.kind]

    def fitted(weights: Any, rows: Any = slice(None)) -> torch.Tensor:
        with rng_kept(0):
            module = LinearHead(4, 1 if head.kind == "number" else 3)
        train(module, TrainingRun(X[rows], y[rows], weights, head, WHOLE, 0, 12))
        return numbers(module)

    left_out = fitted(torch.tensor([1.0] * 9 + [0.0] * 3))
    assert torch.allclose(left_out, fitted(None, slice(9)), atol=1e-5)
    assert not torch.allclose(left_out, fitted(None), atol=1e-3)
    assert torch.allclose(fitted(torch.full((12,), 2.0)), fitted(None), atol=1e-5)
