"""Volume sampling's moments against plain linear algebra, and the sketch against the products."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from querist.strategies.kernels import volume
from querist.strategies.kernels.volume import Moments, outer_features, volume_pass


@given(seed=st.integers(0, 1000), n=st.integers(1, 25), width=st.integers(1, 6), ridge=st.sampled_from([0.01, 1.0]))
@settings(max_examples=25, deadline=None)
def test_like_plain_linear_algebra(seed: int, n: int, width: int, ridge: float) -> None:
    rng = np.random.default_rng(seed)
    moments, accepted = Moments(width, ridge), ridge * np.eye(width)
    total = np.zeros((width, width))
    for count, g in enumerate(rng.normal(size=(n, width)), start=1):
        total += np.outer(g, g)
        inverse = np.linalg.inv(accepted)
        assert moments.look(g) == pytest.approx(g @ inverse @ g / np.trace(inverse @ (total / count)), rel=1e-6)
        if rng.random() < 0.4:
            moments.accept(g)
            accepted += np.outer(g, g)
    assert moments.inverse == pytest.approx(np.linalg.inv(accepted), rel=1e-6, abs=1e-9)
    assert np.array_equal(moments.inverse, moments.inverse.T)


def test_the_determinant_grows_by_what_was_looked_at() -> None:
    g = np.array([1.0, 2.0])
    moments = Moments(2, 0.5)
    before = np.linalg.det(np.linalg.inv(moments.inverse))
    volume = float(g @ moments.inverse @ g)
    moments.accept(g)
    assert np.linalg.det(np.linalg.inv(moments.inverse)) == pytest.approx(before * (1 + volume))


def test_the_first_item_has_share_one_and_zero_items_too() -> None:
    assert Moments(3, 0.01).look(np.array([1.0, -2.0, 5.0])) == pytest.approx(1.0)
    assert Moments(3, 0.01).look(np.zeros(3)) == 1.0


def test_written_and_read_back_to_the_last_bit() -> None:
    moments = Moments(3, 0.01)
    for g in np.random.default_rng(0).normal(size=(5, 3)):
        moments.look(g)
        moments.accept(g)
    again = Moments.from_json(json.loads(json.dumps(moments.to_json())))
    assert again.seen == 5
    assert np.array_equal(again.mean, moments.mean)
    assert np.array_equal(again.inverse, moments.inverse)


def test_narrow_products_are_written_out() -> None:
    a, h = np.array([[1.0, -1.0]]), np.array([[2.0, 3.0, 4.0]])
    assert outer_features(a, h, 6, 0).tolist() == [[2.0, 3.0, 4.0, -2.0, -3.0, -4.0]]


def test_the_sketch_keeps_inner_products_in_the_mean() -> None:
    rng = np.random.default_rng(0)
    a, h = rng.normal(size=(2, 4)), rng.normal(size=(2, 9))
    exact = float(a[0] @ a[1]) * float(h[0] @ h[1])
    products = []
    for seed in range(600):
        sketch = outer_features(a, h, 16, seed)
        assert sketch.shape == (2, 16)
        products.append(float(sketch[0] @ sketch[1]))
    spread = np.std(products) / np.sqrt(len(products))
    assert abs(np.mean(products) - exact) < 4 * spread
    assert 0 < spread < 2.0


def test_rows_are_sketched_alike_however_they_are_grouped() -> None:
    rng = np.random.default_rng(0)
    a, h = rng.normal(size=(5, 4)), rng.normal(size=(5, 9))
    whole = outer_features(a, h, 8, 3)
    alone = np.concatenate([outer_features(a[k : k + 1], h[k : k + 1], 8, 3) for k in range(5)])
    assert np.array_equal(whole, alone)


def item_by_item(
    x: NDArray[np.float64], order: NDArray[np.int64], n: int, draws: NDArray[np.float64], moments: Moments
) -> tuple[list[int], list[float]]:
    rows: list[int] = []
    volumes: list[float] = []
    for place, row in enumerate(order.tolist()):
        if len(rows) == n:
            break
        added = float(x[row] @ moments.inverse @ x[row])
        if draws[row] < (n - len(rows)) / (len(order) - place) * moments.look(x[row]):
            rows.append(row)
            volumes.append(added)
            moments.accept(x[row])
    return rows, volumes


@given(
    seed=st.integers(0, 1000),
    size=st.integers(1, 60),
    n=st.integers(1, 60),
    width=st.integers(1, 5),
    kind=st.sampled_from(["normal", "tied", "constant", "zero"]),
)
@settings(max_examples=40, deadline=None)
def test_a_pass_in_blocks_is_the_pass_item_by_item(seed: int, size: int, n: int, width: int, kind: str) -> None:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(size, width))
    if kind == "tied":
        x = np.round(x)
    elif kind == "constant":
        x = np.ones((size, width))
    elif kind == "zero":
        x[rng.random(size) < 0.7] = 0.0
    order, draws, n = rng.permutation(size), rng.random(size), min(n, size)
    fast, slow = Moments(width, 0.1), Moments(width, 0.1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(volume, "_BLOCK", 7)
        rows, volumes = volume_pass(lambda some: x[some], order, n, draws, fast)
    wanted, added = item_by_item(x, order, n, draws, slow)
    assert rows == wanted
    assert volumes == pytest.approx(added, rel=1e-6, abs=1e-9)
    assert fast.inverse == pytest.approx(slow.inverse, rel=1e-6, abs=1e-9)
    if len(rows) < n:
        assert fast.seen == size
        assert fast.mean == pytest.approx(x.T @ x / size, rel=1e-9, abs=1e-12)
