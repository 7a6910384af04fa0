"""Cluster methods beside plain references and peers: seconds with one and two threads, peak memory added, ratios.

The pool is a long-tailed mixture in 32 dimensions, projected, with noise; float32; 1,000 labelled rows where labels are
needed, 10 classes. Each figure comes from a fresh process (child.py). "limit" is one pass of all rows against all
centres at the rate of products measured in the same run (machine.py): what k-means with a single step would take.

Plain references: `typiclust`, scikit-learn's MiniBatchKMeans in batches of 5,000 and brute-force neighbours of the
cluster for each pick, as the authors' code does on a processor; `k_means`, scikit-learn's KMeans and MiniBatchKMeans;
`cluster_margin`, scipy's average linkage of all rows; `galaxy`, one loop over all rows a pick. scikit-activeml is shown
where it can be imported.

Usage: python benchmarks/kernels_clusters.py [--quick] [--only NAME] [--threads 1 2]
"""

from __future__ import annotations

import argparse
import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from child import Measured, measure
from machine import ceiling

Array = np.ndarray[Any, np.dtype[Any]]
LABELLED, CLASSES, COMPONENTS = 1_000, 10, 200


@dataclass(frozen=True)
class Case:
    """A rule on a pool of ``n`` rows of ``width`` numbers, ``batch`` picks (centres, for `k_means`)."""

    rule: str
    n: int
    width: int
    batch: int

    def __str__(self) -> str:
        return f"{self.rule} {self.n:,} x {self.width}, {self.batch:,}"

    @property
    def centres(self) -> int:
        """How many centres the rows are compared with at least; 0 where there are none."""
        if self.rule == "typiclust":
            return min(LABELLED + self.batch, max(500, self.batch))
        return self.batch if self.rule == "k_means" else 0

    @property
    def shape(self) -> dict[str, int]:
        """Parameters of the functions below."""
        return {"n": self.n, "width": self.width, "batch": self.batch}


QUICK = (
    Case("k_means", 5_000, 32, 20),
    Case("typiclust", 5_000, 32, 20),
    Case("cluster_margin", 2_000, 32, 20),
    Case("galaxy", 5_000, 32, 20),
)
USUAL = (
    Case("k_means", 50_000, 128, 100),
    Case("k_means", 200_000, 128, 500),
    Case("typiclust", 50_000, 128, 100),
    Case("typiclust", 200_000, 128, 100),
    Case("typiclust", 200_000, 128, 2_000),
    Case("cluster_margin", 4_000, 128, 100),
    Case("cluster_margin", 10_000, 128, 100),
    Case("cluster_margin", 200_000, 128, 100),
    Case("galaxy", 50_000, 128, 100),
    Case("galaxy", 200_000, 128, 100),
)
PLAIN = {
    "k_means": ("sklearn_k_means", "sklearn_mini_batch"),
    "typiclust": ("plain_typiclust",),
    "cluster_margin": ("plain_cluster_margin",),
    "galaxy": ("plain_galaxy",),
}
PEERS = {"typiclust": ("skactiveml_typiclust",)}


def mixture(n: int, width: int) -> Array:
    """(n, width) float32: a long-tailed mixture in 32 dimensions, projected, with noise."""
    rng = np.random.default_rng(0)
    weights = 1.0 / np.arange(1, COMPONENTS + 1)
    centres = rng.normal(size=(COMPONENTS, 32)) * 1.5
    which = rng.choice(COMPONENTS, n, p=weights / weights.sum())
    latent = (centres[which] + rng.normal(size=(n, 32))).astype(np.float32)
    x = latent @ rng.normal(size=(32, width)).astype(np.float32)
    return np.asarray(x + 0.1 * rng.normal(size=(n, width)).astype(np.float32))


def probabilities(x: Array) -> Array:
    """(n, CLASSES) float32 softmax of a linear read-out."""
    weights = np.random.default_rng(1).normal(size=(x.shape[1], CLASSES)).astype(np.float32)
    logits = x @ weights
    logits *= np.float32(3.0) / logits.std()
    out = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(out / out.sum(axis=1, keepdims=True))


def ours(rule: str, n: int, width: int, batch: int) -> Callable[[], Any]:
    """The call of this library."""
    import querist

    x = mixture(n + LABELLED, width)
    known, pool = x[:LABELLED], x[LABELLED:]
    if rule == "k_means":
        return lambda: querist.select("k_means", batch, embedding=pool).indices.tolist()
    if rule == "typiclust":
        return lambda: querist.select(rule, batch, embedding=pool, labelled={"embedding": known}).indices.tolist()
    p = probabilities(x)
    known_p, pool_p = p[:LABELLED], p[LABELLED:]
    if rule == "cluster_margin":
        return lambda: querist.select(rule, batch, embedding=pool, probs=pool_p).indices.tolist()
    labelled = {"probs": known_p, "labels": known_p.argmax(axis=1)}
    return lambda: querist.select(rule, batch, probs=pool_p, labelled=labelled).indices.tolist()


def centres_of(n: int, width: int, batch: int) -> Callable[[], Any]:
    """k-means alone, beside scikit-learn's: the mean squared distance to the nearest centre."""
    from querist.strategies.kernels.k_means import k_means

    x = mixture(n, width)
    return lambda: _inertia(x, k_means(x, batch, np.random.default_rng(0)))


def sklearn_k_means(n: int, width: int, batch: int) -> Callable[[], Any]:
    """Lloyd's steps on all rows, at most 25 as ours."""
    from sklearn.cluster import KMeans

    x = mixture(n, width)
    model = KMeans(batch, n_init=1, max_iter=25, random_state=0)
    return lambda: _inertia(x, model.fit(x).cluster_centers_)


def sklearn_mini_batch(n: int, width: int, batch: int) -> Callable[[], Any]:
    """Batches of 5,000."""
    from sklearn.cluster import MiniBatchKMeans

    x = mixture(n, width)
    model = MiniBatchKMeans(batch, batch_size=5_000, n_init=1, random_state=0)
    return lambda: _inertia(x, model.fit(x).cluster_centers_)


def _inertia(x: Array, centres: Array) -> float:
    rows = x[:: max(1, len(x) // 5_000)].astype(np.float64)
    d = np.square(rows).sum(axis=1)[:, None] - 2.0 * rows @ centres.T + np.square(centres).sum(axis=1)
    return float(d.min(axis=1).mean())


def plain_typiclust(n: int, width: int, batch: int) -> Callable[[], Any]:
    """As the authors' code does it on a processor."""
    from sklearn.cluster import MiniBatchKMeans
    from sklearn.neighbors import NearestNeighbors

    x = mixture(n + LABELLED, width)
    clusters = min(LABELLED + batch, max(500, batch))

    def run() -> list[int]:
        labels = MiniBatchKMeans(clusters, batch_size=5_000, n_init=1, random_state=0).fit_predict(x).astype(np.int64)
        sizes = np.bincount(labels, minlength=clusters)
        known = np.bincount(labels[:LABELLED], minlength=clusters)
        order = [int(c) for c in np.lexsort((-sizes, known)) if sizes[c] - known[c] > 0]
        labels[:LABELLED] = -1
        chosen: list[int] = []
        turn = 0
        while len(chosen) < batch:
            rows = np.flatnonzero(labels == order[turn % len(order)])
            turn += 1
            if not len(rows):
                continue
            best, k = 0, min(20, len(rows) // 2)
            if k:
                found = NearestNeighbors(n_neighbors=k, algorithm="brute").fit(x[rows]).kneighbors()
                best = int(found[0].mean(axis=1).argmin())
            chosen.append(int(rows[best]))
            labels[rows[best]] = -1
        return chosen

    return run


def skactiveml_typiclust(n: int, width: int, batch: int) -> Callable[[], Any]:
    """scikit-activeml's."""
    from skactiveml.pool import TypiClust

    x = mixture(n + LABELLED, width)
    y = np.full(len(x), np.nan)
    y[:LABELLED] = 0
    return lambda: TypiClust(missing_label=np.nan, random_state=0).query(x, y, batch_size=batch).tolist()


def plain_cluster_margin(n: int, width: int, batch: int) -> Callable[[], Any]:
    """The tree of all rows by scipy, then plain turns."""
    from scipy.cluster.hierarchy import fcluster, linkage

    if n > 20_000:
        raise ValueError("a matrix of all pairs")
    x = mixture(n + LABELLED, width)
    p = np.sort(probabilities(x)[LABELLED:], axis=1)
    pool = x[LABELLED:]

    def run() -> list[int]:
        labels = fcluster(linkage(pool, "average"), batch, "maxclust")
        holds: dict[int, list[int]] = {}
        for row in np.argsort(p[:, -1] - p[:, -2])[: 10 * batch].tolist():
            holds.setdefault(int(labels[row]), []).append(row)
        turns = sorted(holds.values(), key=len)
        chosen: list[int] = []
        while len(chosen) < batch:
            for mine in turns:
                if mine and len(chosen) < batch:
                    chosen.append(mine.pop(0))
        return chosen

    return run


def plain_galaxy(n: int, width: int, batch: int) -> Callable[[], Any]:
    """One pass over all rows of a class's order for each pick, in Python."""
    p = probabilities(mixture(n + LABELLED, width))
    most = p.max(axis=1)

    def run() -> list[int]:
        label = np.full(len(p), -1)
        label[:LABELLED] = p[:LABELLED].argmax(axis=1)
        orders = [np.lexsort((-most, most - p[:, c])).tolist() for c in range(CLASSES)]
        chosen: list[int] = []
        for turn in range(batch):
            c = turn % CLASSES
            known, best, start = label.tolist(), None, None
            for place, row in enumerate(orders[c]):
                if known[row] < 0:
                    continue
                if start is not None and place - start > 1 and (known[row] == c) != (known[orders[c][start]] == c):
                    best = min(best, (place - start, start)) if best else (place - start, start)
                start = place
            row = orders[c][best[1] + best[0] // 2] if best else int(np.flatnonzero(label < 0)[0])
            label[row] = p[row].argmax()
            chosen.append(row)
        return chosen

    return run


def show(case: Case, who: str, found: list[Measured], best: list[float], limit: list[float]) -> None:
    """A line of the table."""
    seconds = "".join(f"{f.error[:18] or f'{f.seconds:.3f}':>19}" if f.error else f"{f.seconds:>11.3f}" for f in found)
    ratio = "".join(f"{f.seconds / b:>8.1f}" if not f.error and b > 0 else f"{'':>8}" for f, b in zip(found, best))
    bound = "".join(f"{x:>9.3f}" if x else f"{'':>9}" for x in limit)
    added = f"{found[0].added_mib:>9.0f}" if not found[0].error else f"{'':>9}"
    print(f"{case!s:<36}{who:<22}{seconds}{ratio}{added}{bound}", flush=True)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small cases, a few seconds")
    parser.add_argument("--only", default="", help="a rule's name")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    options = parser.parse_args()
    threads = options.threads[:1] if options.quick else options.threads
    print(
        f"{'case':<36}{'who':<22}"
        + "".join(f"{f'{t} thr. s':>11}" for t in threads)
        + "".join(f"{'x ours':>8}" for _ in threads)
        + f"{'+ MiB':>9}"
        + "".join(f"{'limit s':>9}" for _ in threads)
    )
    for case in QUICK if options.quick else USUAL:
        if options.only not in ("", case.rule):
            continue
        limit = [0.0] * len(threads)
        if case.centres:
            work = 2.0 * case.n * case.width * case.centres
            rates = [ceiling("gemm", threads=t, rows=case.n, width=case.width, columns=case.centres) for t in threads]
            limit = [work / rate for rate in rates]
        names = [*PLAIN[case.rule], *(PEERS.get(case.rule, ()) if importlib.util.find_spec("skactiveml") else ())]
        if case.rule == "k_means":
            mine = [measure("kernels_clusters:centres_of", case.shape, threads=t) for t in threads]
        else:
            mine = [measure("kernels_clusters:ours", {"rule": case.rule, **case.shape}, threads=t) for t in threads]
        best = [m.seconds for m in mine]
        show(case, "querist", mine, best, limit)
        for name in names:
            show(case, name, [measure(f"kernels_clusters:{name}", case.shape, threads=t) for t in threads], best, limit)


if __name__ == "__main__":
    main()
