"""Set functions on kernels beside the machine's limit and a plain reference: seconds, peak memory, ratios.

The pool is a long-tailed mixture in 32 dimensions, projected, with noise; float32. Each figure comes from a fresh process
(child.py), limits from ceilings measured in the same run (machine.py):

- facility_location, max_herding, uherding, prob_cover: 2 N^2 D / GEMM rate, every pair of rows once and no symmetry
- max_det: max(2 N D n / GEMM rate, N D 4 B / read rate)
- frank_wolfe: n readings of N D 4 B

"plain" is blocked NumPy. For the first three it forms all gains anew in one pass over all pairs a pick, as the authors'
code does on a full matrix: two picks are timed and counted n / 2 times. For prob_cover it is the graph by one pass, then
degrees counted down; for max_det and frank_wolfe one pass a pick. delta is the 5 % quantile of distances, as sigma is.

Usage: python benchmarks/kernels_coverage.py [--quick] [--large] [--only TEXT] [--no-plain] [--threads 1 2]
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from child import Measured, measure
from machine import ceiling

Array = np.ndarray[Any, np.dtype[Any]]
CLASSES = 10
COVERING = ("facility_location", "max_herding", "uherding")


@dataclass(frozen=True)
class Case:
    """A rule on a pool of ``n`` rows of ``width`` numbers, ``batch`` picks, ``labelled`` rows known."""

    rule: str
    n: int
    width: int
    batch: int
    labelled: int = 0

    def __str__(self) -> str:
        known = f", {self.labelled:,} labelled" if self.labelled else ""
        return f"{self.rule} {self.n:,} x {self.width}, {self.batch}{known}"

    def limit(self, flops: float, reading: float) -> float:
        """Seconds that the products, or the readings, take at the machine's rates."""
        size = float(self.n * self.width)
        if self.rule == "frank_wolfe":
            return self.batch * 4.0 * size / reading
        if self.rule == "max_det":
            return max(2.0 * size * self.batch / flops, 4.0 * size / reading)
        return 2.0 * size * self.n / flops


QUICK = tuple(Case(r, 4_000, 32, 20) for r in (*COVERING, "prob_cover", "max_det", "frank_wolfe"))
USUAL = (
    Case("max_herding", 10_000, 128, 100),
    Case("max_herding", 50_000, 128, 100),
    Case("max_herding", 50_000, 128, 100, labelled=1_000),
    Case("facility_location", 50_000, 128, 100),
    Case("uherding", 50_000, 128, 100, labelled=1_000),
    Case("prob_cover", 10_000, 128, 100),
    Case("prob_cover", 50_000, 128, 100),
    Case("max_det", 50_000, 128, 100),
    Case("max_det", 50_000, 128, 100, labelled=1_000),
    Case("frank_wolfe", 50_000, 128, 100),
)
LARGE = (Case("max_herding", 200_000, 128, 100), Case("prob_cover", 200_000, 128, 100))


def points(n: int, width: int, seed: int = 0) -> Array:
    """(n, width) float32."""
    rng = np.random.default_rng(0)
    centres = 1.5 * rng.standard_normal((200, 32))
    projection = rng.standard_normal((32, width)) / np.sqrt(32)
    shares = 1.0 / np.arange(1, 201)
    rng = np.random.default_rng(seed + 1)
    latent = centres[rng.choice(200, n, p=shares / shares.sum())] + rng.standard_normal((n, 32))
    return np.asarray(latent @ projection + 0.1 * rng.standard_normal((n, width)), dtype=np.float32)


def radius(x: Array) -> float:
    """The 5 % quantile of distances among 1,000 rows."""
    some = x[:1000].astype(float)
    norms = np.square(some).sum(axis=1)
    d = np.sqrt(np.maximum(norms[:, None] + norms - 2 * some @ some.T, 0))
    return float(np.quantile(d[np.triu_indices(len(some), 1)], 0.05))


# What a child process runs: each prepares its input and returns the call to be timed.


def ours(rule: str, n: int, width: int, batch: int, labelled: int) -> Callable[[], object]:
    """querist; torch is loaded beforehand, as it is where a network is trained."""
    import torch as _  # noqa: F401

    import querist

    x = points(n, width)
    signals: dict[str, Any] = {"embedding": x}
    if labelled:
        signals["labelled"] = {"embedding": points(labelled, width, seed=1)}
    if rule == "uherding":
        signals["probs"] = np.random.default_rng(2).dirichlet(np.ones(CLASSES), n).astype(np.float32)
    text = {"prob_cover": f"prob_cover(delta={radius(x)})"}.get(rule, rule)
    return lambda: querist.select(text, batch, **signals).indices[:10].tolist()


def plain(rule: str, n: int, width: int, batch: int, labelled: int) -> Callable[[], object]:
    """Blocked NumPy."""
    x, known = points(n, width), points(labelled, width, seed=1)
    delta = radius(x)
    if rule == "prob_cover":
        return lambda: _plain_cover(x, delta, batch)
    if rule == "max_det":
        return lambda: _plain_det(x, known, batch)
    if rule == "frank_wolfe":
        return lambda: _plain_frank_wolfe(x, batch)
    return lambda: _plain_herding(x, known, delta, 2)


def _distances(x: Array, norms: Array, rows: slice) -> Array:
    return norms[rows, None] + norms - 2.0 * (x[rows] @ x.T)


def _plain_herding(x: Array, known: Array, sigma: float, batch: int) -> list[int]:
    norms, gamma = np.einsum("nd,nd->n", x, x), np.float32(0.5 / sigma**2)
    cover = np.zeros(len(x), dtype=np.float32)
    for point in known:
        cover = np.maximum(cover, np.exp(-gamma * np.square(x - point).sum(axis=1)))
    picked: list[int] = []
    for _ in range(batch):
        gains = np.empty(len(x), dtype=np.float32)
        for start in range(0, len(x), 256):
            rows = slice(start, start + 256)
            k = np.exp(-gamma * _distances(x, norms, rows))
            gains[rows] = np.maximum(k - cover, 0).sum(axis=1)
        gains[picked] = -1
        picked.append(int(gains.argmax()))
        cover = np.maximum(cover, np.exp(-gamma * np.square(x - x[picked[-1]]).sum(axis=1)))
    return picked[:10]


def _plain_cover(x: Array, delta: float, batch: int) -> list[int]:
    norms = np.einsum("nd,nd->n", x, x)
    near = []
    for start in range(0, len(x), 256):
        inside = _distances(x, norms, slice(start, start + 256)) < delta**2
        near += [np.flatnonzero(line).astype(np.int32) for line in inside]
    degree = np.array([len(some) for some in near])
    covered = np.zeros(len(x), dtype=bool)
    picked: list[int] = []
    for _ in range(batch):
        best = int(degree.argmax())
        picked.append(best)
        for row in near[best][~covered[near[best]]]:
            degree[near[row]] -= 1
        covered[near[best]] = True
        degree[best] = -1
    return picked[:10]


def _plain_det(x: Array, known: Array, batch: int) -> list[int]:
    ridge = 1e-3 * float(np.square(x).sum(axis=1).mean())
    a = np.linalg.inv(np.eye(x.shape[1]) + known.astype(float).T @ known.astype(float) / ridge)
    picked: list[int] = []
    for _ in range(batch):
        pivots = np.einsum("nd,nd->n", x @ a, x)
        pivots[picked] = -1
        picked.append(int(pivots.argmax()))
        turned = a @ x[picked[-1]]
        a -= np.outer(turned, turned) / (x[picked[-1]] @ turned + ridge)
    return picked[:10]


def _plain_frank_wolfe(x: Array, batch: int) -> list[int]:
    lengths, target = np.linalg.norm(x, axis=1), x.sum(axis=0, dtype=float)
    reached = np.zeros(x.shape[1])
    picked: list[int] = []
    for _ in range(batch):
        fits = x @ (target - reached) / lengths
        fits[picked] = -np.inf
        picked.append(int(fits.argmax()))
        d = lengths.sum() / lengths[picked[-1]] * x[picked[-1]] - reached
        reached += np.clip(d @ (target - reached) / (d @ d), 0, 1) * d
    return picked[:10]


def _cell(found: Measured, factor: float = 1.0) -> str:
    return found.error[:18] if found.error else f"{found.seconds * factor:.3f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small pools, one thread, a few seconds")
    parser.add_argument("--large", action="store_true", help="also 200,000 rows (many minutes)")
    parser.add_argument("--only", default="", help="cases whose text contains this, such as 200,000")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--no-plain", action="store_true", help="leave the plain reference out")
    options = parser.parse_args()
    cases = QUICK if options.quick else USUAL + LARGE * options.large
    threads = (1,) if options.quick else tuple(options.threads)
    reading = ceiling("read", threads=1)
    widths = sorted({c.width for c in cases})
    rates = {(t, w): ceiling("gemm", threads=t, rows=16_384, width=w, columns=1024) for t in threads for w in widths}
    for (count, width), rate in rates.items():
        print(
            f"products at width {width}, {count} thread(s): {rate / 1e9:.0f} GFLOP/s; reading {reading / 1e9:.0f} GB/s"
        )
    heads = (
        f"{'1 thread s':>10} {'2 threads':>10} {'limit s':>8} {'x limit':>8} {'+ MiB':>7} {'plain s':>9} {'x plain':>7}"
    )
    print(f"{'case':<48} {heads}")
    for case in (c for c in cases if options.only in str(c)):
        order = {k: getattr(case, k) for k in ("rule", "n", "width", "batch", "labelled")}
        found = [measure("kernels_coverage:ours", order, threads=t, timeout=1800) for t in threads]
        limit = case.limit(rates[1, case.width], reading)
        factor = case.batch / 2 if case.rule in COVERING else 1.0
        slow = (
            Measured(error="-")
            if options.no_plain or case.n > 50_000
            else measure("kernels_coverage:plain", order, repeats=1, timeout=600)
        )
        gain = f"{slow.seconds * factor / found[0].seconds:.1f}" if not slow.error else "-"
        two = _cell(found[1]) if len(found) > 1 else "-"
        print(
            f"{case!s:<48} {_cell(found[0]):>10} {two:>10} {limit:>8.3f} {found[0].seconds / limit:>8.2f} "
            f"{found[0].added_mib:>7.0f} {_cell(slow, factor):>9} {gain:>7}",
            flush=True,
        )


if __name__ == "__main__":
    main()
