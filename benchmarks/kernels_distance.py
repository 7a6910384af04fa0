"""Selectors by distance beside the machine's limit and beside peers: seconds, peak memory, ratios.

The pool is a long-tailed mixture in 32 dimensions, projected, with noise; 1,000 labelled points; float32. Each figure comes
from a fresh process (child.py), limits from ceilings measured in the same run (machine.py):

- k_center, max_dist, lcmd: max(2 N D (L + n) / GEMM rate, N D 4 B / read rate)
- badge: max(2 N (C + D) n / GEMM rate, N (C + D) 4 B / read rate)

Seconds are medians; the ratio is that of the fastest call, as the ceilings are the fastest too: on a shared machine the two
differ. "plain" is a NumPy reference of one pass a pick. Peers (scikit-activeml, small-text) are shown where they can be
imported.

Usage: python benchmarks/kernels_distance.py [--quick] [--large] [--only NAME]
"""

from __future__ import annotations

import argparse
import importlib.util
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from child import Measured, measure
from machine import ceiling

Array = np.ndarray[Any, np.dtype[Any]]
LABELLED = 1_000


@dataclass(frozen=True)
class Case:
    """A rule on a pool of ``n`` rows of ``width`` numbers (and ``classes``, for gradients), ``batch`` picks."""

    rule: str
    n: int
    width: int
    batch: int
    classes: int = 0
    stream: bool = False

    def __str__(self) -> str:
        shape = f"{self.width}" if not self.classes else f"({self.classes} . {self.width})"
        return f"{self.rule} {self.n:,} x {shape}, {self.batch:,}{' from a file' if self.stream else ''}"

    def limit(self, flops: float, reading: float) -> float:
        """Seconds that the products, or one reading, take at the machine's rates."""
        if self.classes:
            width, columns = self.classes + self.width, self.batch
        else:
            width, columns = self.width, LABELLED + self.batch
        return max(2.0 * self.n * width * columns / flops, 4.0 * self.n * width / reading)


QUICK = (
    Case("k_center", 5_000, 32, 50),
    Case("max_dist", 5_000, 32, 50),
    Case("lcmd", 5_000, 32, 50),
    Case("badge", 5_000, 32, 50, classes=10),
    Case("k_center", 5_000, 32, 50, stream=True),
)
USUAL = (
    Case("k_center", 50_000, 128, 100),
    Case("k_center", 200_000, 128, 100),
    Case("max_dist", 50_000, 128, 100),
    Case("lcmd", 50_000, 128, 100),
    Case("lcmd", 200_000, 128, 100),
    Case("badge", 50_000, 128, 100, classes=10),
    Case("badge", 50_000, 128, 1_000, classes=10),
)
LARGE = (
    Case("k_center", 1_000_000, 128, 100),
    Case("k_center", 1_000_000, 128, 1_000),
    Case("k_center", 1_000_000, 128, 100, stream=True),
    Case("k_center", 1_000_000, 512, 100, stream=True),
    Case("badge", 1_000_000, 128, 100, classes=10),
    Case("badge", 1_000_000, 128, 1_000, classes=10),
    Case("badge", 1_000_000, 512, 100, classes=100),
)


def points(n: int, width: int, seed: int = 0) -> Array:
    """(n, width) float32."""
    rng = np.random.default_rng(0)
    centres = rng.standard_normal((64, 32), dtype=np.float32) * (1 + rng.pareto(3.0, (64, 1))).astype(np.float32)
    projection = rng.standard_normal((32, width), dtype=np.float32) / np.float32(np.sqrt(32))
    rng = np.random.default_rng(seed + 1)
    out = np.empty((n, width), dtype=np.float32)
    for start in range(0, n, 1 << 14):
        rows = slice(start, min(start + (1 << 14), n))
        count = rows.stop - start
        latent = centres[rng.integers(0, 64, count)] + rng.standard_normal((count, 32), dtype=np.float32)
        out[rows] = latent @ projection
        out[rows] += np.float32(0.1) * rng.standard_normal((count, width), dtype=np.float32)
    return out


def gradients(n: int, width: int, classes: int) -> tuple[Array, Array]:
    """(n, classes) p - onehot and (n, width), float32."""
    h = points(n, width)
    a = h @ (np.random.default_rng(9).standard_normal((width, classes), dtype=np.float32) / np.float32(width**0.5))
    a -= a.max(axis=1, keepdims=True)
    np.exp(a, out=a)
    a /= a.sum(axis=1, keepdims=True)
    a[np.arange(n), a.argmax(axis=1)] -= 1.0
    return a, h


# What a child process runs: each prepares its input and returns the call to be timed.


def write(n: int, width: int, path: str) -> Callable[[], object]:
    """A pool in a .npy file."""
    return lambda: np.save(path, points(n, width))


def ours(
    rule: str, n: int, width: int, batch: int, classes: int, path: str = "", torch: bool = True
) -> Callable[[], object]:
    """querist; torch is loaded beforehand, as it is where a network is trained, but not when streaming."""
    import querist

    if torch:
        import torch as _  # noqa: F401
    few = points(64, 4)
    querist.select(rule, 4, embedding=few, gradient=(few, few))  # imports count neither as time nor as memory
    if classes:
        gradient = gradients(n, width, classes)
        return lambda: querist.select(rule, batch, gradient=gradient).indices[:10].tolist()
    x = np.load(path, mmap_mode="r") if path else points(n, width)
    labelled = {"embedding": points(LABELLED, width, seed=1)}
    return lambda: querist.select(rule, batch, embedding=x, labelled=labelled).indices[:10].tolist()


def plain(rule: str, n: int, width: int, batch: int, classes: int) -> Callable[[], object]:
    """One pass a pick in NumPy."""
    if classes:
        a, h = gradients(n, width, classes)
        return lambda: _plain_badge(a, h, batch)
    x, labelled = points(n, width), points(LABELLED, width, seed=1)
    return lambda: _plain_lcmd(x, labelled, batch) if rule == "lcmd" else _plain_k_center(x, labelled, batch)


def _to(x: Array, norms: Array, centre: Array) -> Array:
    return norms - 2.0 * (x @ centre) + centre @ centre  # type: ignore[no-any-return]


def _plain_k_center(x: Array, labelled: Array, batch: int) -> list[int]:
    norms = np.einsum("nd,nd->n", x, x)
    nearest = np.full(len(x), np.inf, dtype=np.float32)
    for start in range(0, len(labelled), 100):
        some = labelled[start : start + 100]
        d = (x @ some.T) * -2.0 + np.einsum("nd,nd->n", some, some)
        np.minimum(nearest, d.min(axis=1) + norms, out=nearest)
    picked: list[int] = []
    for _ in range(batch):
        best = int(nearest.argmax())
        picked.append(best)
        np.minimum(nearest, _to(x, norms, x[best]), out=nearest)
        nearest[best] = -1.0
    return picked[:10]


def _plain_lcmd(x: Array, labelled: Array, batch: int) -> list[int]:
    norms = np.einsum("nd,nd->n", x, x)
    nearest = np.full(len(x), np.inf, dtype=np.float32)
    label = np.zeros(len(x), dtype=np.int64)
    picked: list[int] = []
    for number in range(len(labelled) + batch):
        if number < len(labelled):
            centre = labelled[number]
        else:
            sums = np.bincount(label, nearest, minlength=number)
            best = int(np.where(label == sums.argmax(), nearest, -1.0).argmax())
            picked.append(best)
            centre = x[best]
        d = np.maximum(_to(x, norms, centre), 0.0)
        closer = d < nearest
        nearest[closer] = d[closer]
        label[closer] = number
        if picked:
            nearest[picked[-1]] = 0.0
    return picked[:10]


def _plain_badge(a: Array, h: Array, batch: int) -> list[int]:
    rng = np.random.default_rng(0)
    norms = np.einsum("nd,nd->n", a, a) * np.einsum("nd,nd->n", h, h)
    picked = [int(norms.argmax())]
    nearest = np.full(len(a), np.inf, dtype=np.float32)
    while len(picked) < batch:
        last = picked[-1]
        d = norms - 2.0 * (a @ a[last]) * (h @ h[last]) + norms[last]
        np.minimum(nearest, np.maximum(d, 0.0), out=nearest)
        nearest[picked] = 0.0
        edges = np.cumsum(nearest, dtype=np.float64)
        picked.append(int(np.searchsorted(edges, rng.random() * edges[-1], side="right")))
    return picked[:10]


def skactiveml(rule: str, n: int, width: int, batch: int, classes: int) -> Callable[[], object]:
    """scikit-activeml's CoreSet or Badge; the latter with a fitted classifier on the same features."""
    if rule == "badge":
        return _skactiveml_badge(n, width, batch, classes)
    from skactiveml.pool import CoreSet

    x = np.concatenate([points(LABELLED, width, seed=1), points(n, width)])
    y = np.full(len(x), np.nan)
    y[:LABELLED] = 0
    return lambda: (CoreSet(random_state=0).query(x, y, batch_size=batch)[:10] - LABELLED).tolist()


def small_text(rule: str, n: int, width: int, batch: int, classes: int) -> Callable[[], object]:
    """small-text's greedy core-set, or the k-means++ of its BADGE on the rows of N x (C D)."""
    if rule == "badge":
        return _small_text_badge(n, width, batch, classes)
    from small_text.query_strategies.coresets import greedy_coreset

    x = np.concatenate([points(LABELLED, width, seed=1), points(n, width)])
    pool, labelled = np.arange(LABELLED, len(x)), np.arange(LABELLED)
    return lambda: (greedy_coreset(x, pool, labelled, batch)[:10]).tolist()


def _skactiveml_badge(n: int, width: int, batch: int, classes: int) -> Callable[[], object]:
    from skactiveml.classifier import SklearnClassifier
    from skactiveml.pool import Badge
    from sklearn.linear_model import LogisticRegression

    x = np.concatenate([points(LABELLED, width, seed=1), points(n, width)])
    y = np.full(len(x), np.nan)
    y[:LABELLED] = np.arange(LABELLED) % classes
    model = SklearnClassifier(LogisticRegression(max_iter=20), classes=list(range(classes)))
    model.fit(x[:LABELLED], y[:LABELLED])
    return lambda: list(Badge(random_state=0).query(x, y, clf=model, fit_clf=False, batch_size=batch))[:10]


def _small_text_badge(n: int, width: int, batch: int, classes: int) -> Callable[[], object]:
    from small_text.integrations.pytorch.query_strategies.strategies import init_kmeans_plusplus_safe

    a, h = gradients(n, width, classes)
    rows_ = (a[:, :, None] * h[:, None, :]).reshape(n, -1)
    norms = np.linalg.norm(rows_, axis=1)
    rng = np.random.RandomState(0)
    return lambda: list(init_kmeans_plusplus_safe(rows_, batch, x_squared_norms=norms, random_state=rng))[:10]


PEERS: dict[str, tuple[str, tuple[str, ...]]] = {
    "skactiveml": ("skactiveml", ("k_center", "badge")),
    "small_text": ("small_text", ("k_center", "badge")),
}


def rows(case: Case, flops: dict[int, float], reading: float, repeats: int, path: str) -> list[str]:
    """The lines of one case: ours with as many threads as there are limits for, then the references."""
    parameters: dict[str, Any] = {
        "rule": case.rule, "n": case.n, "width": case.width, "batch": case.batch, "classes": case.classes
    }  # fmt: skip
    mine = {**parameters, "path": path, "torch": False} if case.stream else parameters
    lines = []
    found: dict[int, Measured] = {}
    for threads in flops:
        found[threads] = measure("kernels_distance:ours", mine, threads=threads, repeats=repeats)
    limits = {t: case.limit(flops[t], reading) for t in found}
    lines.append(line(str(case), "querist", found, limits))
    if case.stream or case.n > 200_000:
        return lines
    others = ["plain", *(p for p, (module, rules) in PEERS.items() if case.rule in rules and _there(module))]
    for other in others:
        lines.append(line("", other, {1: measure(f"kernels_distance:{other}", parameters, repeats=1)}, limits))
    return lines


def _there(module: str) -> bool:
    return importlib.util.find_spec(module) is not None


def line(case: str, who: str, found: dict[int, Measured], limits: dict[int, float]) -> str:
    if found[1].error:
        return f"{case:<42} {who:<11} {found[1].error}"
    cells = []
    for threads in (1, 2):
        if threads in found and not found[threads].error:
            seconds, fastest = found[threads].seconds, found[threads].fastest
            cells.append(f"{seconds:>9.3f} {limits[threads]:>8.3f} {fastest / limits[threads]:>6.1f}")
        else:
            cells.append(" " * 25)
    return f"{case:<42} {who:<11} {' '.join(cells)} {found[1].added_mib:>7.0f} {found[1].peak_mib:>7.0f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes, one thread, under a minute in all")
    parser.add_argument("--large", action="store_true", help="also a million rows (about 3 GB)")
    parser.add_argument("--only", default="", help="cases whose text contains this")
    options = parser.parse_args()
    cases = QUICK if options.quick else USUAL + (LARGE if options.large else ())
    cases = tuple(c for c in cases if options.only in str(c))
    reading = ceiling("read", threads=1)
    print(f"read {reading / 1e9:.1f} GB/s")
    print(f"{'case':<42} {'who':<11} {'1 thr s':>9} {'limit':>8} {'ratio':>6} {'2 thr s':>9} {'limit':>8} {'ratio':>6}"
          f" {'+ MiB':>7} {'peak':>7}")  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        for case in cases:
            path = str(Path(folder) / "pool.npy")
            if case.stream:
                done = measure("kernels_distance:write", {"n": case.n, "width": case.width, "path": path}, repeats=1)
                if done.error:
                    print(f"{case!s:<42} {done.error}")
                    continue
            width, columns = case.width + case.classes, case.batch + (0 if case.classes else LABELLED)
            threads, long = ((1,), 0.05) if options.quick else ((1, 2), 0.6)
            shape = {"rows": case.n, "width": width, "columns": columns, "seconds": long}
            flops = {t: ceiling("gemm", threads=t, **shape) for t in threads}
            print("\n".join(rows(case, flops, reading, 1 if case.n > 200_000 else 5, path)), flush=True)
            rates = " and ".join(f"{rate / 1e9:.0f}" for rate in flops.values())
            print(f"{'':<42} GEMM {rates} GFLOP/s at this shape", flush=True)


if __name__ == "__main__":
    main()
