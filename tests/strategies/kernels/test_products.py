"""Every way of forming products gives the numbers of the definition, and leaves torch's settings alone."""

from __future__ import annotations

import subprocess
import sys
import threading
from typing import Any

import numpy as np
import pytest
import torch

from querist.core.rows import DeviceRows
from querist.strategies.kernels import geometry as geometry_module
from querist.strategies.kernels import products as module
from querist.strategies.kernels.geometry import Euclidean, Outer
from querist.strategies.kernels.products import Numpy, OneDnn, Products, TorchMm, chunks, fast, on_device, share

WAYS: dict[str, Any] = {
    "numpy": Numpy,
    "onednn": lambda: OneDnn(torch),
    "mm": lambda: TorchMm(torch),
    "device": lambda: on_device(torch.zeros(1)),
}


@pytest.mark.parametrize("name", WAYS)
@pytest.mark.parametrize("factors", [1, 2])
@pytest.mark.parametrize("shape", [(1, 1, 1), (33, 5, 300), (100, 40, 17)])
def test_tables_and_lows(name: str, factors: int, shape: tuple[int, int, int]) -> None:
    n, d, k = shape
    rng = np.random.default_rng(0)
    block = tuple(rng.normal(size=(n, d + f)).astype(np.float32) for f in range(factors))
    centres = tuple(rng.normal(size=(k, d + f)).astype(np.float32) for f in range(factors))
    bias = rng.normal(size=k).astype(np.float32)
    truth = np.ones((n, k))
    for x, c in zip(block, centres, strict=True):
        truth *= x.astype(float) @ c.astype(float).T
    truth += bias
    way: Products = WAYS[name]()
    given: Any = tuple(torch.from_numpy(x) for x in block) if way.device else block
    ready = chunks(way, centres, bias)
    assert len(ready) == -(-k // module.CENTRES)
    table = np.concatenate([way.table(given, chunk) for chunk in ready], axis=1)
    assert np.allclose(table, truth, rtol=1e-4, atol=1e-4)
    low = np.min([way.low(given, chunk) for chunk in ready], axis=0)
    assert np.array_equal(low, table.min(axis=1))


def test_the_way_depends_on_the_work_and_on_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    single, double = np.dtype(np.float32), np.dtype(np.float64)
    assert isinstance(fast(single, 1e12), OneDnn)
    assert isinstance(fast(single, 1e3), Numpy)
    assert isinstance(fast(double, 1e15), Numpy)
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("medium")
    try:
        assert isinstance(fast(single, 1e12), Numpy)
        assert on_device(torch.zeros(1)) is None
    finally:
        torch.set_float32_matmul_precision(before)

    def mixed() -> str:
        raise RuntimeError("you have used mix of the legacy and new APIs")

    monkeypatch.setattr(torch, "get_float32_matmul_precision", mixed)
    assert isinstance(fast(single, 1e12), Numpy)
    assert on_device(torch.zeros(1)) is None


def test_a_private_operator_that_is_missing_or_wrong_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    assert module._agrees(torch)
    right = OneDnn._product
    monkeypatch.setattr(OneDnn, "_product", lambda self, block, chunk: right(self, block, chunk) * 1.01)
    assert not module._agrees(torch)
    monkeypatch.setattr(module, "_proven", [])
    assert type(fast(np.dtype(np.float32), 1e12)) is TorchMm

    class Bare:
        ops = object()

        def __getattr__(self, name: str) -> Any:
            return getattr(torch, name)

    assert not module._agrees(Bare())


def test_small_work_does_not_load_torch() -> None:
    code = (
        "import sys, numpy as np, querist\n"
        "x = np.random.default_rng(0).normal(size=(3000, 32)).astype('f4')\n"
        "querist.select('k_center', 50, embedding=x, labelled={'embedding': x[:100]})\n"
        "assert 'torch' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("threads", [1, 3])
def test_every_block_once_and_torch_as_before(threads: int) -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        seen: list[int] = []
        inside: set[tuple[str, int, bool]] = set()

        def work(rows: slice) -> None:
            seen.append(rows.start)
            torch.mm(torch.ones(2, 2), torch.ones(2, 2))
            inside.add((threading.current_thread().name, torch.get_num_threads(), torch.is_grad_enabled()))

        share(OneDnn(torch), (slice(s, s + 1) for s in range(200)), work)
        assert sorted(seen) == list(range(200))
        assert {count for _, count, _ in inside} == {1}, "each product in one thread"
        assert not any(grad for _, _, grad in inside)
        assert torch.get_num_threads() == threads
        assert torch.is_grad_enabled()
    finally:
        torch.set_num_threads(before)


def test_an_error_in_a_block_comes_out_and_leaves_torch_as_before() -> None:
    before = torch.get_num_threads()

    def work(rows: slice) -> None:
        if rows.start == 7:
            raise ValueError("block 7")

    torch.set_num_threads(2)
    try:
        with pytest.raises(ValueError, match="block 7"):
            share(OneDnn(torch), (slice(s, s + 1) for s in range(20)), work)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_automatic_casts_of_the_caller_cost_no_digits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_proven", [TorchMm])
    x = np.random.default_rng(0).normal(size=(30_000, 32)).astype(np.float32)
    geometry = Euclidean(x)
    plain = np.full(len(x), np.inf, dtype=np.float32)
    geometry.lower(plain, geometry.gather(np.arange(100)))
    cast = np.full(len(x), np.inf, dtype=np.float32)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        geometry.lower(cast, geometry.gather(np.arange(100)))
    assert np.array_equal(plain, cast)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("name", ["numpy", "onednn", "mm"])
def test_ways_agree_on_distances(monkeypatch: pytest.MonkeyPatch, name: str, threads: int) -> None:
    monkeypatch.setattr(geometry_module, "fast", lambda *_: WAYS[name]())
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        rng = np.random.default_rng(1)
        x = rng.normal(size=(9_000, 40)).astype(np.float32)
        a = rng.normal(size=(9_000, 4)).astype(np.float32)
        for geometry, whole in ((Euclidean(x), x), (Outer(a, x), np.einsum("nc,nd->ncd", a, x).reshape(9_000, -1))):
            assert geometry.dtype == np.float32
            rows = rng.choice(9_000, 270, replace=False)
            nearest = np.full(9_000, np.inf, dtype=np.float32)
            geometry.lower(nearest, geometry.gather(rows))
            some = rng.choice(9_000, 200, replace=False)
            truth = ((whole[some, None].astype(float) - whole[rows][None]) ** 2).sum(-1)
            assert np.allclose(nearest[some], truth.min(1), rtol=1e-4, atol=1e-3)
            assert (nearest[rows] == 0).all()
            near, label = np.full(9_000, np.inf, dtype=np.float32), np.zeros(9_000, dtype=np.int32)
            geometry.assign(near, label, geometry.gather(rows), 5)
            assert np.allclose(near, nearest, rtol=1e-4, atol=1e-3)
            assert np.array_equal(label[some] - 5, truth.argmin(1))
            assert np.allclose(geometry.distances(geometry.gather(rows))[:, some], truth.T, rtol=1e-4, atol=1e-3)
    finally:
        torch.set_num_threads(before)


def test_points_on_a_device_are_computed_there(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(2)
    x = rng.normal(size=(9_000, 40)).astype(np.float32) + 3
    a = rng.normal(size=(9_000, 4)).astype(np.float32)
    used: list[str] = []
    real = module.OnDevice.low

    def counted(self: Any, block: Any, chunk: Any) -> Any:
        used.append(type(block[0]).__name__)
        return real(self, block, chunk)

    monkeypatch.setattr(module.OnDevice, "low", counted)
    wrapped, alone = DeviceRows(torch.from_numpy(x)), DeviceRows(torch.from_numpy(a))
    pairs = [(Euclidean(wrapped), Euclidean(x)), (Outer(alone, wrapped), Outer(a, x)), (Outer(a, wrapped), Outer(a, x))]
    for there, here in pairs:
        assert np.allclose(there.norms, here.norms)
        one, two = (np.full(9_000, np.inf, dtype=np.float32) for _ in range(2))
        used.clear()
        there.lower(one, there.gather(np.arange(300)))
        assert used
        assert set(used) == {"Tensor"}
        here.lower(two, here.gather(np.arange(300)))
        assert np.allclose(one, two, rtol=1e-4, atol=1e-3)
