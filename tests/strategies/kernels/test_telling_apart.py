"""A small network that tells two sets apart: its gradient, its weights, when it stops."""

from __future__ import annotations

import numpy as np
import pytest

from querist.core.seeds import generator
from querist.strategies.kernels import telling_apart as kernel


def test_the_gradient_is_that_of_the_loss() -> None:
    rng = np.random.default_rng(0)
    layers = [(rng.normal(size=s), rng.normal(size=s[1])) for s in ((3, 4), (4, 4), (4, 1))]
    x, y, weights = rng.normal(size=(6, 3)), np.array([0.0, 1, 1, 0, 1, 0]), rng.random(6) + 0.5

    def loss() -> float:
        logit = kernel.forward(layers, x)[-1][:, 0]  # type: ignore[arg-type]
        return float((weights * (np.logaddexp(0, logit) - y * logit)).mean())

    got = kernel.gradients(layers, x, y, weights)  # type: ignore[arg-type]
    for pair, grads in zip(layers, got, strict=True):
        for parameter, gradient in zip(pair, grads, strict=True):
            place = tuple(0 for _ in parameter.shape)
            held = parameter[place]
            parameter[place] = held + 1e-6
            above = loss()
            parameter[place] = held - 1e-6
            below = loss()
            parameter[place] = held
            assert gradient[place] == pytest.approx((above - below) / 2e-6, rel=1e-3, abs=1e-6)


def test_two_clouds_are_told_apart() -> None:
    rng = np.random.default_rng(1)
    first, second = rng.normal(size=(40, 5)) - 3, rng.normal(size=(300, 5)) + 3
    network = kernel.fit(first, second, generator(0, "t"))
    assert network.accuracy > 0.98
    assert (network.probability(second) > 0.5).mean() > 0.9
    assert (network.probability(first) < 0.5).mean() > 0.9


def test_a_ring_around_a_cloud_needs_the_hidden_layers() -> None:
    rng = np.random.default_rng(2)
    turn = rng.random(300) * 2 * np.pi
    ring = np.column_stack([np.cos(turn), np.sin(turn)]) * 4 + rng.normal(size=(300, 2)) * 0.2
    network = kernel.fit(rng.normal(size=(60, 2)) * 0.5, ring, generator(0, "t"))
    assert network.probability(ring).min() > network.probability(np.zeros((1, 2)))[0]
    assert network.accuracy > 0.98


def test_both_sets_weigh_alike() -> None:
    """Sets that cannot be told apart: probability one half, however many more there are of one."""
    rng = np.random.default_rng(3)
    network = kernel.fit(np.zeros((10, 3)), np.zeros((500, 3)), generator(0, "t"), epochs=30)
    assert network.probability(np.zeros((1, 3)))[0] == pytest.approx(0.5, abs=0.1)
    assert network.accuracy == pytest.approx(0.5)
    few = kernel.fit(rng.normal(size=(10, 3)), rng.normal(size=(500, 3)), generator(0, "t"), epochs=1)
    assert 0.3 < few.probability(rng.normal(size=(500, 3))).mean() < 0.7


def test_it_stops_when_it_knows_enough() -> None:
    """The probabilities are far from sure, unlike those of a network that goes on."""
    rng = np.random.default_rng(4)
    first, second = rng.normal(size=(100, 5)) - 2, rng.normal(size=(100, 5)) + 2
    early = kernel.fit(first, second, generator(0, "t"))
    late = kernel.fit(first, second, generator(0, "t"), enough=1.0)
    assert early.probability(second).max() < late.probability(second).max()


def test_the_same_generator_gives_the_same_network() -> None:
    rng = np.random.default_rng(5)
    first, second = rng.normal(size=(20, 4)), rng.normal(size=(50, 4))
    one, other, third = (kernel.fit(first, second, generator(s, "t"), epochs=3).probability(second) for s in (1, 1, 2))
    assert np.array_equal(one, other)
    assert not np.array_equal(one, third)


def test_one_point_a_side() -> None:
    network = kernel.fit(np.array([[0.0]]), np.array([[1.0]]), generator(0, "t"))
    low, high = network.probability(np.array([[0.0], [1.0]]))
    assert low < 0.5 < high
