"""What this machine can do at most: products of matrices at a shape, reading memory, logarithms.

Limits of kernels are ratios to these, measured in the same run. Use `ceiling`, which measures in a fresh process with
the wanted number of threads::

    from machine import ceiling

    flops = ceiling("gemm", threads=2, rows=50_000, width=128, columns=1_100)
    bytes_a_second = ceiling("read", threads=1)
    logs_a_second = ceiling("log", threads=1)

Usage: python benchmarks/machine.py
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from child import measure

_BLOCK = 4096


def ceiling(what: str, *, threads: int = 1, **shape: float) -> float:
    """The highest rate of ``gemm`` (flop/s), ``read`` (bytes/s) or ``log`` (numbers/s), in a fresh process.

    ``seconds=0.05`` among ``shape`` makes ``gemm`` look for less long.
    """
    found = measure(f"machine:{what}", {"threads": threads, **shape}, threads=threads, repeats=1)
    if found.error:
        raise RuntimeError(f"the ceiling of {what} could not be measured: {found.error}")
    return float(found.value)


def gemm(rows: int, width: int, columns: int, threads: int = 1, seconds: float = 0.6) -> Callable[[], float]:
    """float32 products of (rows, width) with (width, columns): the best of NumPy's, torch's and oneDNN's, flop/s.

    The rows go in blocks, the columns in chunks of at most 256; the result of a block is overwritten by the next, as a
    kernel that reduces it would do.
    """
    rng = np.random.default_rng(0)
    rows = min(rows, max(_BLOCK, (8 << 20) // width))  # more rows change nothing but the time
    x = rng.normal(size=(rows, width)).astype(np.float32)
    chunks = [rng.normal(size=(len(c), width)).astype(np.float32) for c in _chunks(columns)]
    ways = [_numpy_products(x, chunks), *_torch_products(x, chunks, threads)]

    def run() -> float:
        return max(2.0 * rows * width * columns / _fastest(way, seconds) for way in ways)

    return run


def _chunks(columns: int) -> list[range]:
    return [range(s, min(s + 256, columns)) for s in range(0, columns, 256)]


def _numpy_products(x: Any, chunks: list[Any]) -> Callable[[], None]:
    def products() -> None:
        for start in range(0, len(x), _BLOCK):
            for chunk in chunks:
                x[start : start + _BLOCK] @ chunk.T

    return products


def _torch_products(x: Any, chunks: list[Any], threads: int) -> list[Callable[[], None]]:
    try:
        import torch
    except ImportError:
        return []
    torch.set_num_threads(threads)
    blocks = torch.split(torch.from_numpy(x), _BLOCK)
    centres = [torch.from_numpy(c) for c in chunks]
    biases = [torch.zeros(len(c)) for c in centres]

    def plain() -> None:
        for block in blocks:
            for centre in centres:
                torch.mm(block, centre.T)

    def fused() -> None:
        linear = torch.ops.mkldnn._linear_pointwise
        for block in blocks:
            for centre, bias in zip(centres, biases, strict=True):
                linear(block, centre, bias, "none", [], "")

    def shared() -> None:
        """A block a thread, a product in one: nothing waits when something else holds a processor."""
        torch.set_num_threads(1)
        linear, waiting, lock = torch.ops.mkldnn._linear_pointwise, iter(blocks), threading.Lock()

        def work() -> None:
            while True:
                with lock:
                    block = next(waiting, None)
                if block is None:
                    return
                for centre, bias in zip(centres, biases, strict=True):
                    linear(block, centre, bias, "none", [], "")

        others = [threading.Thread(target=work) for _ in range(threads - 1)]
        for other in others:
            other.start()
        work()
        for other in others:
            other.join()
        torch.set_num_threads(threads)

    try:
        fused()
    except (AttributeError, RuntimeError):
        return [plain]
    return [plain, fused, shared]


def read(threads: int = 1, mib: int = 512) -> Callable[[], float]:
    """Reading float32 numbers far larger than the cache, bytes/s."""
    x = np.ones(mib << 18, dtype=np.float32)
    ways: list[Callable[[], Any]] = [x.sum]
    try:
        import torch

        torch.set_num_threads(threads)
        ways.append(torch.from_numpy(x).sum)
    except ImportError:
        pass
    return lambda: max(x.nbytes / _fastest(way) for way in ways)


def log(threads: int = 1) -> Callable[[], float]:
    """Natural logarithms of float32 numbers in the cache, numbers/s; NumPy's, one loop a thread."""
    size, turns = 1 << 16, 400

    def loop() -> None:
        x = np.full(size, 0.3, dtype=np.float32)
        out = np.empty_like(x)
        for _ in range(turns):
            np.log(x, out=out)

    def every() -> None:
        workers = [threading.Thread(target=loop) for _ in range(threads)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()

    return lambda: threads * size * turns / _fastest(every)


def _fastest(call: Callable[[], Any], seconds: float = 0.6) -> float:
    """Seconds of the fastest call within a little more than ``seconds``; at least two calls after one to warm up."""
    call()
    best, calls, begun = float("inf"), 0, time.perf_counter()
    while calls < 2 or time.perf_counter() - begun < seconds:
        started = time.perf_counter()
        call()
        best = min(best, time.perf_counter() - started)
        calls += 1
    return best


def main() -> None:
    print(f"{'ceiling':<40} {'1 thread':>10} {'2 threads':>10}")
    for width in (128, 512):
        for columns in (1, 16, 64, 256, 1_100):
            rates = [ceiling("gemm", threads=t, rows=65_536, width=width, columns=columns) / 1e9 for t in (1, 2)]
            print(f"{f'gemm x {width} x {columns} columns (GFLOP/s)':<40} {rates[0]:>10.1f} {rates[1]:>10.1f}")
    for name, text, unit in (("read", "read (GB/s)", 1e9), ("log", "log (10^9 numbers/s)", 1e9)):
        rates = [ceiling(name, threads=t) / unit for t in (1, 2)]
        print(f"{text:<40} {rates[0]:>10.1f} {rates[1]:>10.1f}")


if __name__ == "__main__":
    main()
