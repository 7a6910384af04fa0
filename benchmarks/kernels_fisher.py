"""Time and memory of the methods built on the last layer: bait, glister, isal, eer.

Each case runs in a fresh process. The limit is the time of the matrix products alone at the machine's best rate, measured
in the same run; the dense form of BAIT (N x C x C D factors, as in the authors' code) stands beside the small case.

Usage: python benchmarks/kernels_fisher.py [--quick] [--threads 1]
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from child import measure
from machine import ceiling


@dataclass(frozen=True)
class Case:
    """One line of the table."""

    name: str
    rows: int
    width: int
    classes: int
    batch: int


CASES = (
    Case("bait", 1_000, 64, 10, 10),
    Case("bait", 50_000, 128, 10, 100),
    Case("glister", 50_000, 128, 10, 100),
    Case("isal", 50_000, 128, 10, 100),
    Case("eer", 50_000, 128, 10, 100),
)
QUICK = (
    Case("bait", 1_000, 64, 10, 10),
    Case("bait", 5_000, 64, 10, 10),
    Case("glister", 5_000, 64, 10, 10),
    Case("isal", 5_000, 64, 10, 10),
    Case("eer", 5_000, 64, 10, 10),
)
LABELLED, REFERENCE, SAMPLE = 1_000, 1_000, 256


def signals(rows: int, width: int, classes: int, seed: int) -> dict[str, Any]:
    """Clusters in 32 dimensions, projected, with noise; probabilities of a linear read-out; labels drawn from them."""
    rng = np.random.default_rng(0)
    centres, mix = rng.normal(size=(classes, 32)) * 1.2, rng.normal(size=(32, width)) / 10
    read = rng.normal(size=(width, classes)) * 0.5
    rng = np.random.default_rng(seed)
    x = (centres[rng.integers(0, classes, rows)] + rng.normal(size=(rows, 32))) @ mix
    x += 0.1 * rng.normal(size=x.shape)
    logits = x @ read
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    labels = np.minimum((p.cumsum(axis=1) < rng.random((rows, 1))).sum(axis=1), classes - 1)
    return {"probs": p.astype(np.float32), "embedding": x.astype(np.float32), "labels": labels}


def method(name: str, rows: int, width: int, classes: int, batch: int) -> Callable[[], list[int]]:
    """`querist.select` by name; gives the first ten rows back."""
    import querist

    pool = {k: v for k, v in signals(rows, width, classes, 1).items() if k != "labels"}
    labelled, reference = signals(LABELLED, width, classes, 2), signals(REFERENCE, width, classes, 3)

    def call() -> list[int]:
        chosen = querist.select(name, batch, **pool, labelled=labelled, reference=reference)
        return [int(r) for r in chosen.indices[:10]]

    return call


def dense_bait(rows: int, width: int, classes: int, batch: int) -> Callable[[], list[int]]:
    """BAIT with N x C x C D factors and C D x C D inverses, float32 but for the sums; the same rule as ours."""
    pool, known = signals(rows, width, classes, 1), signals(LABELLED, width, classes, 2)
    size = width * classes

    def factors(given: dict[str, Any]) -> Any:
        p, h = given["probs"], given["embedding"]
        v = np.sqrt(p)[:, :, None] * (p[:, None, :] - np.eye(classes, dtype=np.float32))
        return np.einsum("nkc,nd->nkcd", v, h).reshape(len(p), classes, size)

    def total(x: Any) -> Any:
        flat = x.reshape(-1, size)
        return (flat.T @ flat).astype(np.float64)

    def gains(x: Any, a: Any, fisher: Any, sign: int) -> Any:
        xa = x @ a.astype(np.float32)
        s = xa @ x.transpose(0, 2, 1)
        t = xa @ fisher.astype(np.float32) @ xa.transpose(0, 2, 1)
        return np.trace(np.linalg.solve(np.eye(classes) + sign * s, t), axis1=1, axis2=2)

    def call() -> list[int]:
        x = factors(pool)
        fisher, m = total(x) / rows, np.eye(size) + total(factors(known))
        chosen: list[int] = []
        for _ in range(2 * batch):
            values = gains(x, np.linalg.inv(m), fisher, 1)
            values[chosen] = -np.inf
            chosen.append(int(values.argmax()))
            m = m + total(x[chosen[-1]])
        while len(chosen) > batch:
            gone = int(gains(x[chosen], np.linalg.inv(m), fisher, -1).argmin())
            m = m - total(x[chosen[gone]])
            del chosen[gone]
        return chosen[:10]

    return call


def products(case: Case) -> tuple[float, int]:
    """Floating point operations of a case's matrix products, and their columns."""
    n, d, c = case.rows, case.width, case.classes
    if case.name == "bait":  # the field at the start, then two products a step
        return 2.0 * n * d * d * c * (c + 1) + 2 * case.batch * 4.0 * n * d * c * (c - 1), 2 * c * (c - 1)
    if case.name == "glister":
        return 2.0 * n * d * c * case.batch, c
    if case.name == "isal":
        return 2.0 * n * d * c, c
    return 2.0 * n * d * SAMPLE, SAMPLE


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="pools of 5,000 x 64, for a look")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    print(f"{'case':<34} {'seconds':>9} {'+ MiB':>8} {'limit s':>9} {'x limit':>8}   ({options.threads} threads)")
    for case in QUICK if options.quick else CASES:
        shape = {"rows": case.rows, "width": case.width, "classes": case.classes, "batch": case.batch}
        found = measure("kernels_fisher:method", {"name": case.name, **shape}, threads=options.threads, timeout=600)
        flops, columns = products(case)
        rate = ceiling("gemm", threads=options.threads, rows=case.rows, width=case.width, columns=columns)
        name = f"{case.name} {case.rows:,} x {case.width} x {case.classes}, n = {case.batch}"
        if found.error:
            print(f"{name:<34} {found.error}")
            continue
        limit = flops / rate
        print(f"{name:<34} {found.seconds:>9.3f} {found.added_mib:>8.0f} {limit:>9.4f} {found.seconds / limit:>8.1f}")
        if case.name == "bait" and case.rows == 1_000:
            slow = measure("kernels_fisher:dense_bait", shape, threads=options.threads, repeats=1, timeout=600)
            line = slow.error or f"{slow.seconds:>9.3f} {slow.added_mib:>8.0f}"
            same = "" if slow.error else f"   same rows: {slow.value == found.value}"
            print(f"{'  the same, dense':<34} {line}{same}")


if __name__ == "__main__":
    main()
