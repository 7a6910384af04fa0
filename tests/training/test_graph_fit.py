from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from querist.training.graph_fit import cross_entropy, train_on_graph
from querist.training.recipe import Recipe

LOGITS = torch.tensor([[0.0, 0.0], [np.log(3.0), 0.0]])


def test_losses_by_hand() -> None:
    hard = torch.tensor([0, 1])
    assert float(cross_entropy(LOGITS, hard, None)) == pytest.approx((np.log(2) + np.log(4)) / 2)
    assert float(cross_entropy(LOGITS, hard, torch.tensor([1.0, 3.0]))) == pytest.approx(
        (np.log(2) + 3 * np.log(4)) / 4
    )
    soft = torch.tensor([[0.5, 0.5], [0.75, 0.25]])
    entropy = 0.75 * np.log(4 / 3) + 0.25 * np.log(4)
    assert float(cross_entropy(LOGITS, soft, None)) == pytest.approx((np.log(2) + entropy) / 2, abs=1e-6)
    assert float(cross_entropy(LOGITS, hard, torch.zeros(2))) == 0.0


def problem(noise: float = 0.0) -> tuple[torch.nn.Module, torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(40, 5, generator=generator)
    y = (x[:, 0] > 0).long()
    flip = torch.rand(40, generator=generator) < noise
    torch.manual_seed(1)
    return torch.nn.Linear(5, 2), x, torch.where(flip, 1 - y, y)


def run(recipe: Recipe, noise: float = 0.0, seed: int = 0) -> tuple[Any, int, list[set[int]]]:
    module, x, y = problem(noise)
    seen: list[set[int]] = []

    def forward(places: Any) -> Any:
        if module.training:
            seen.append(set(places.tolist()))
        return module(x[places])

    epochs = train_on_graph(module, forward, y, None, recipe, seed)
    return module, epochs, seen


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("adam", lambda p: torch.optim.Adam(p, lr=0.05, weight_decay=0.01)),
        ("sgd", lambda p: torch.optim.SGD(p, lr=0.05, weight_decay=0.01, momentum=0.9)),
    ],
)
def test_steps_are_those_of_a_plain_loop(name: Any, make: Callable[[Any], Any]) -> None:
    module, _, _ = run(Recipe(optimizer=name, lr=0.05, weight_decay=0.01, epochs=7))
    plain, x, y = problem()
    optimizer = make(plain.parameters())
    for _ in range(7):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(plain(x), y).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    assert torch.allclose(module.weight, next(plain.parameters()), atol=1e-6)
    assert not module.training


def test_early_stopping_looks_at_a_share_of_the_labels_that_is_never_trained_on() -> None:
    recipe = Recipe(lr=0.3, epochs=400, patience=5, validation=0.25)
    _, epochs, seen = run(recipe, noise=0.3)
    assert epochs < 400
    assert len(seen) == epochs
    assert len(set(map(frozenset, seen))) == 1
    assert len(seen[0]) == 30
    assert run(recipe, noise=0.3, seed=1)[2][0] != seen[0]


def test_without_patience_or_with_too_few_labels_all_are_trained_on() -> None:
    assert run(Recipe(epochs=2))[2] == [set(range(40))] * 2
    assert run(Recipe(epochs=2, patience=1, validation=0.01))[2][0] == set(range(40))


def test_min_steps_are_epochs_and_the_cosine_ends_at_no_change() -> None:
    assert run(Recipe(epochs=2, min_steps=6))[1] == 6
    first, _, _ = run(Recipe(epochs=10, lr=0.1, schedule="cosine"))
    plain, _, _ = run(Recipe(epochs=10, lr=0.1))
    assert not torch.equal(first.weight, plain.weight)
    clipped, _, _ = run(Recipe(optimizer="sgd", epochs=1, lr=1.0, grad_clip=1e-6))
    assert torch.allclose(clipped.weight, problem()[0].weight, atol=2e-6)  # type: ignore[arg-type]


def test_class_weights_are_the_inverse_shares() -> None:
    _, x, y = problem()
    inverse = 1.0 / torch.bincount(y)[y].float()
    weighed, plain = run(Recipe(epochs=3, class_weights="balanced"))[0], problem()[0]
    train_on_graph(plain, lambda places: plain(x[places]), y, inverse, Recipe(epochs=3), 0)
    torch.testing.assert_close(weighed.weight, plain.weight)
    assert not torch.allclose(weighed.weight, run(Recipe(epochs=3))[0].weight)


def test_the_rate_rises_over_the_warm_up() -> None:
    risen = run(Recipe(optimizer="sgd", lr=0.1, epochs=1, warmup=0.99))[0]
    plain = run(Recipe(optimizer="sgd", lr=0.1 / 1.99, epochs=1))[0]  # one step, at lr / (0.99 + 1)
    torch.testing.assert_close(risen.weight, plain.weight)
