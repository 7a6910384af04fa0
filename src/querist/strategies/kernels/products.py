"""Products of blocks of rows with many centres, reduced at once: at the speed of the matrix units.

For a block of points x and centres c it forms b_c + (x_1 . c_1)(x_2 . c_2)... and keeps only the smallest of each point.
Two ways give the same numbers but for rounding. NumPy's products serve float64 and small work. oneDNN's, through torch, are
about twice as fast in float32 and add the bias on the way; torch is loaded for them only when the work repays it.

Threads share the blocks, and each product runs in one: nothing waits for a thread that is held up, and the number of
threads is that of `torch.get_num_threads`, which is put back afterwards.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.core import optional

__all__ = ["CENTRES", "Factors", "Numpy", "Products", "chunks", "fast", "on_device", "share"]

CENTRES = 256
"""Centres a product: enough for the matrix units, few enough for the cache."""
_WORTH = 1e8
"""Operations from which oneDNN is used when torch is loaded already."""
_LOADING = 4e11
"""Operations from which loading torch (a second or two) is repaid."""

Factors = tuple[NDArray[Any], ...]


class Products(ABC):
    """How products are formed; `chunk` prepares centres, `low` and `table` use them."""

    device = False
    """Whether blocks are tensors on a device."""

    @abstractmethod
    def chunk(self, factors: Factors, bias: NDArray[Any]) -> Any:
        """Centres made ready: factors (k, D) each, and the bias (k,)."""

    @abstractmethod
    def table(self, block: Factors, chunk: Any) -> NDArray[Any]:
        """(n, k) of bias + products; the caller may overwrite it."""

    @abstractmethod
    def low(self, block: Factors, chunk: Any) -> NDArray[Any]:
        """(n,) the smallest of each point."""

    def threads(self) -> int:
        """How many blocks to work on at once."""
        return 1

    def alone(self) -> AbstractContextManager[None]:
        """What products have to be formed within, outside of `share`."""
        return _plain(self)


class Numpy(Products):
    """By NumPy, in the precision given; its library uses threads of its own."""

    def chunk(self, factors: Factors, bias: NDArray[Any]) -> Any:
        """As they are."""
        return factors, bias

    def table(self, block: Factors, chunk: Any) -> NDArray[Any]:
        """(n, k)."""
        return self._across(block, chunk).T

    def low(self, block: Factors, chunk: Any) -> NDArray[Any]:
        """(n,)."""
        return np.asarray(self._across(block, chunk).min(axis=0))

    def _across(self, block: Factors, chunk: Any) -> NDArray[Any]:
        factors, bias = chunk
        out = factors[0] @ block[0].T
        for centre, x in zip(factors[1:], block[1:], strict=True):
            out *= centre @ x.T
        out += bias[:, None]
        return np.asarray(out)


class OneDnn(Products):
    """By oneDNN in float32, one thread a product."""

    def __init__(self, torch: Any) -> None:
        self.torch = torch
        self._linear = torch.ops.mkldnn._linear_pointwise

    def threads(self) -> int:
        """As many as torch may use."""
        return int(self.torch.get_num_threads())

    def chunk(self, factors: Factors, bias: NDArray[Any]) -> Any:
        """Tensors."""
        return [self._tensor(f) for f in factors], self._tensor(bias)

    def table(self, block: Factors, chunk: Any) -> NDArray[Any]:
        """(n, k)."""
        return np.asarray(self._product(block, chunk).numpy())

    def low(self, block: Factors, chunk: Any) -> NDArray[Any]:
        """(n,)."""
        return np.asarray(self._product(block, chunk).amin(1).numpy())

    def _product(self, block: Factors, chunk: Any) -> Any:
        factors, bias = chunk
        xs = [self._tensor(x) for x in block]
        if len(xs) == 1:
            return self._linear(xs[0], factors[0], bias, "none", [], "")
        out = self._linear(xs[1], factors[1], None, "none", [], "")
        out = self._linear.binary(xs[0], out, factors[0], None, "mul")
        return out.add_(bias)

    def _tensor(self, array: NDArray[Any]) -> Any:
        array = np.ascontiguousarray(array, dtype=np.float32)
        return self.torch.from_numpy(array if array.flags.writeable else array.copy())


class TorchMm(OneDnn):
    """By torch's public products, where the private ones of oneDNN are missing or differ."""

    def _product(self, block: Factors, chunk: Any) -> Any:
        factors, bias = chunk
        xs = [self._tensor(x) for x in block]
        if len(xs) == 1:
            return self.torch.addmm(bias, xs[0], factors[0].T)
        return (xs[0] @ factors[0].T).mul_(xs[1] @ factors[1].T).add_(bias)


class OnDevice(TorchMm):
    """By torch where the points lie; blocks are float32 tensors there, results come back as NumPy arrays."""

    device = True

    def __init__(self, torch: Any, where: Any) -> None:
        self.torch, self.where = torch, where

    def threads(self) -> int:
        """The device has its own."""
        return 1

    def table(self, block: Any, chunk: Any) -> NDArray[Any]:
        """(n, k)."""
        return np.asarray(self._product(block, chunk).cpu().numpy())

    def low(self, block: Any, chunk: Any) -> NDArray[Any]:
        """(n,)."""
        return np.asarray(self._product(block, chunk).amin(1).cpu().numpy())

    def _tensor(self, array: Any) -> Any:
        return self.torch.as_tensor(array, device=self.where)


def on_device(tensor: Any) -> Products | None:
    """Products where ``tensor`` lies; None where a setting of the user's would cost digits there."""
    torch: Any = optional.torch()
    return OnDevice(torch, tensor.device) if _exact(torch) else None


def _exact(torch: Any) -> bool:
    """Whether no setting of the user's makes float32 products cost digits."""
    try:
        return bool(torch.get_float32_matmul_precision() == "highest")
    except RuntimeError:  # set for one library alone
        return False


_proven: list[type[OneDnn]] = []


def fast(dtype: np.dtype[Any], operations: float) -> Products:
    """The fastest way for so many floating point operations in ``dtype``."""
    least = _LOADING if optional.loaded_torch() is None else _WORTH
    if dtype != np.float32 or operations < least or optional.spared():
        return Numpy()
    try:
        torch: Any = optional.torch()
    except ImportError:
        return Numpy()
    if not _exact(torch):
        return Numpy()
    if not _proven:
        _proven.append(OneDnn if _agrees(torch) else TorchMm)
    return _proven[0](torch)


def _agrees(torch: Any) -> bool:
    """Whether oneDNN is there and its products are those of NumPy."""
    rng = np.random.default_rng(0)
    block = tuple(rng.normal(size=(70, d)).astype(np.float32) for d in (19, 33))
    centre = tuple(rng.normal(size=(45, d)).astype(np.float32) for d in (19, 33))
    bias = rng.normal(size=45).astype(np.float32)
    try:
        way = OneDnn(torch)
        with torch.no_grad():
            for some in (slice(0, 1), slice(0, 2)):
                truth = Numpy().table(block[some], (centre[some], bias))
                got = way.table(block[some], way.chunk(centre[some], bias))
                if not np.allclose(got, truth, rtol=1e-4, atol=1e-3):
                    return False
    except (AttributeError, RuntimeError, NotImplementedError):
        return False
    return True


def chunks(way: Products, factors: Factors, bias: NDArray[Any]) -> list[Any]:
    """Centres in pieces of at most `CENTRES`, ready for ``way``."""
    pieces = range(0, len(bias), CENTRES)
    return [way.chunk(tuple(f[s : s + CENTRES] for f in factors), bias[s : s + CENTRES]) for s in pieces]


def share(way: Products, blocks: Iterable[slice], work: Callable[[slice], None]) -> None:
    """Do ``work`` on every block, on as many threads as ``way`` has use for; an error in one ends all."""
    waiting = list(blocks)
    count = min(way.threads(), len(waiting))
    source = iter(waiting)
    lock = threading.Lock()
    errors: list[BaseException] = []

    def run() -> None:
        with _plain(way):
            while not errors:
                with lock:
                    rows = next(source, None)
                if rows is None:
                    return
                try:
                    work(rows)
                except BaseException as error:
                    errors.append(error)

    with _one_thread(way):
        others = [threading.Thread(target=run, name="querist-products") for _ in range(count - 1)]
        for thread in others:
            thread.start()
        run()
        for thread in others:
            thread.join()
    if errors:
        raise errors[0]


@contextmanager
def _one_thread(way: Products) -> Iterator[None]:
    """torch on one thread, and then on as many as before."""
    before = way.threads() if isinstance(way, OneDnn) else 1
    if before == 1:
        yield
        return
    torch = way.torch  # type: ignore[attr-defined]
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def _plain(way: Products) -> Iterator[None]:
    """Neither gradients nor automatic casts, whatever the caller has set for its thread."""
    if not isinstance(way, OneDnn):
        yield
        return
    kind = way.where.type if isinstance(way, OnDevice) else "cpu"
    with way.torch.no_grad(), way.torch.autocast(kind, enabled=False):
        yield
