"""Both doors give the plain product; without the private operator NumPy does the work."""

from __future__ import annotations

import numpy as np
import pytest

from querist.strategies.kernels import clipped as products
from querist.strategies.kernels.clipped import clipped_product, lift


@pytest.fixture(params=[True, False])
def either_door(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Everything is worth the fast door, which is there or not."""
    monkeypatch.setattr(products, "_WORTH_IT", 0)
    monkeypatch.setattr(products, "_BIG_TILE", 0)
    if not request.param:
        monkeypatch.setattr(products, "_fused_works", lambda: False)
    return bool(request.param)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_clipped_product_with_a_term(either_door: bool, dtype: type) -> None:
    rng = np.random.default_rng(0)
    a: np.ndarray = rng.normal(size=(31, 6)).astype(dtype)
    b: np.ndarray = rng.normal(size=(17, 6)).astype(dtype)
    bias: np.ndarray = rng.normal(size=17).astype(dtype)
    got = clipped_product(a, b, bias, -1.0, 0.5)
    assert got == pytest.approx(np.clip(a @ b.T + bias, -1.0, 0.5), abs=1e-5)
    assert got.dtype == dtype
    assert got.flags.writeable
    assert clipped_product(a, b, None, -99.0, 99.0) == pytest.approx(a @ b.T, abs=1e-5)


def test_lift_is_what_stands_out(either_door: bool) -> None:
    tile = np.array([[1.0, 2.0], [3.0, 0.0]], dtype=np.float32)
    floor = np.array([[1.5], [1.0]], dtype=np.float32)
    assert lift(tile, floor).tolist() == [[0.0, 0.5], [2.0, 0.0]]
    assert tile.tolist() == [[1.0, 2.0], [3.0, 0.0]], "not changed"
    assert lift(tile, np.array([[1.0, 1.0]], dtype=np.float32), tile) is not None
    assert tile.tolist() == [[0.0, 1.0], [2.0, 0.0]], "changed where asked"


def test_a_broken_operator_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(products, "_fused", lambda a, b, bias, low, high: a @ b.T)  # forgets to clip
    assert not products._fused_works.__wrapped__()

    def gone(*_: object) -> None:
        raise AttributeError("no such operator")

    monkeypatch.setattr(products, "_fused", gone)
    assert not products._fused_works.__wrapped__()


def test_a_setting_that_costs_digits_is_not_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    monkeypatch.setattr(torch, "get_float32_matmul_precision", lambda: "medium")
    assert not products._fast()
