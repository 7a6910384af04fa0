"""Scores of members and of probabilities beside the machine's limit and beside peers: seconds, peak memory, ratios.

Every figure comes from a fresh process (child.py) and is a median; ceilings are measured in the same run (machine.py).
Ours is the public call, checks of the input included. Limits:

- scores of (N, S, C): max(4 N S C bytes / read rate, N S C / log rate), the logarithms for bald only
- scores of (N, C): max(4 N C bytes / read rate, N C / log rate), the logarithms for entropy only
- epig: 2 N M C^2 S / GEMM rate + N M C^2 / log rate
- batch_bald: (n - 1) N 1000 C (2 S / GEMM rate + 1 / log rate), that is every row looked at in every step

"torch" and "numpy" are the plain formulas. batchbald_redux, scikit-activeml and baal are shown where they can be imported.

Usage: python benchmarks/kernels_members.py [--quick] [--only NAME]
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from child import measure
from machine import ceiling

Array = np.ndarray[Any, np.dtype[Any]]
Call = Callable[[], Any]


@dataclass(frozen=True)
class Case:
    """A rule on ``n`` rows of ``c`` classes; ``s`` members (0: probabilities), ``m`` reference rows, ``b`` picks."""

    rule: str
    n: int
    c: int
    s: int = 0
    m: int = 0
    b: int = 0
    file: bool = False

    def __str__(self) -> str:
        shape = f"{self.s} x {self.c}" if self.s else f"{self.c}"
        more = f", {self.m:,} reference" if self.m else ""
        more += f", {self.b} picks" if self.b else ""
        return f"{self.rule} {self.n:,} x {shape}{more}{', from a file' if self.file else ''}"

    def limit(self, gemm: float, read: float, log: float) -> float:
        """Seconds that the reading, the logarithms or the products take at the machine's rates."""
        if self.rule == "batch_bald":
            return (self.b - 1) * self.n * 1000 * self.c * (2 * self.s / gemm + 1 / log)
        if self.m:
            return self.n * self.m * self.c**2 * (2 * self.s / gemm + 1 / log)
        numbers = self.n * self.c * max(self.s, 1)
        logs = numbers / log if self.rule in ("bald", "entropy") else 0.0
        return max(4.0 * numbers / read, logs)


QUICK = (
    Case("bald", 2_000, 10, s=20),
    Case("mean_std", 2_000, 10, s=20),
    Case("entropy", 20_000, 10),
    Case("margin", 20_000, 10),
    Case("least_confidence", 20_000, 10),
    Case("epig", 200, 5, s=10, m=50),
    Case("core_mse", 200, 5, s=10, m=50),
    Case("batch_bald", 300, 5, s=10, b=5),
    Case("entropy", 100_000, 10, b=100, file=True),
)
SHAPES = ((50_000, 10), (1_000_000, 10), (50_000, 100), (500_000, 100))
USUAL = (
    Case("bald", 50_000, 10, s=100),
    Case("bald", 200_000, 10, s=100),
    Case("predictive_entropy", 50_000, 10, s=100),
    Case("mean_std", 50_000, 10, s=100),
    Case("vote_entropy", 50_000, 10, s=100),
    *(Case(rule, n, c) for rule in ("entropy", "margin", "least_confidence") for n, c in SHAPES),
    Case("epig", 2_000, 10, s=100, m=1_000),
    Case("epig", 20_000, 10, s=100, m=1_000),
    Case("core_mse", 20_000, 10, s=100, m=1_000),
    Case("batch_bald", 10_000, 10, s=100, b=10),
    Case("batch_bald", 10_000, 10, s=100, b=50),
    Case("entropy", 10_000_000, 10, b=100, file=True),
    Case("margin", 10_000_000, 10, b=100, file=True),
)
SLOW = {"batchbald_redux", "scikit-activeml"}
"""Peers that are given one call and two minutes."""


def members(n: int, s: int, c: int, seed: int = 0) -> Array:
    """(n, s, c) float32: softmax of s linear models that share a mean, so that members of an item agree in part."""
    rng = np.random.default_rng(seed)
    models = rng.standard_normal((1, 16, c)) * 0.6 + rng.standard_normal((s, 16, c)) * 0.3
    turned = np.ascontiguousarray(models.astype(np.float32).transpose(1, 0, 2)).reshape(16, s * c)
    out = np.empty((n, s, c), dtype=np.float32)
    for start in range(0, n, 1024):
        piece = out[start : start + 1024]
        logits = (rng.standard_normal((len(piece), 16), dtype=np.float32) @ turned).reshape(piece.shape)
        np.exp(logits - logits.max(axis=2, keepdims=True), out=piece)
        piece /= piece.sum(axis=2, keepdims=True)
    return out


def probabilities(n: int, c: int, path: str = "") -> Array:
    """(n, c) float32, in memory or in a .npy file that is mapped."""
    rng = np.random.default_rng(0)
    out: Array
    if path:
        out = np.lib.format.open_memmap(path, mode="w+", dtype=np.float32, shape=(n, c))
    else:
        out = np.empty((n, c), dtype=np.float32)
    for start in range(0, n, 1 << 16):
        piece = rng.random((min(1 << 16, n - start), c), dtype=np.float32) ** 3 + np.float32(1e-4)
        out[start : start + len(piece)] = piece / piece.sum(axis=1, keepdims=True)
    if isinstance(out, np.memmap):
        out.flush()
    return out


# What a child process runs: each prepares its input and returns the call to be timed.


def ours(rule: str, n: int, c: int, s: int, m: int, b: int, path: str) -> Call:
    """The public call."""
    import querist

    if path:
        mapped = np.load(path, mmap_mode="r")
        return lambda: querist.select(rule, b, probs=mapped).indices.tolist()
    if not s:
        p = probabilities(n, c)
        return lambda: float(querist.score(rule, probs=p)[0])
    pool = members(n, s, c)
    if rule == "batch_bald":
        return lambda: querist.select(rule, b, members=pool).indices.tolist()
    reference = {"members": members(m, s, c, seed=1)} if m else None
    return lambda: float(querist.score(rule, members=pool, reference=reference)[0])


def online(rule: str, n: int, c: int, s: int, m: int, b: int, path: str) -> Call:
    """Member by member as a model would give them; here from an array (s, n, c) that is at hand."""
    from querist.strategies.kernels.members import Running

    pool = np.ascontiguousarray(members(n, s, c).transpose(1, 0, 2))

    def run() -> float:
        running = Running(n, c, spread=rule == "mean_std")
        for member in pool:
            running.add(member)
        return float(getattr(running, rule)()[0])

    return run


def numpy(rule: str, n: int, c: int, s: int, m: int, b: int, path: str) -> Call:
    """Plain NumPy."""
    if path:
        mapped = np.load(path, mmap_mode="r")
        return lambda: np.argsort(-_of_probs(np, rule, mapped))[:b].tolist()
    if not s:
        p = probabilities(n, c)
        return lambda: float(_of_probs(np, rule, p)[0])
    pool = members(n, s, c)
    if rule == "bald":
        return lambda: float(_bald(np, pool)[0])
    if rule == "mean_std":
        return lambda: float(pool.std(axis=1).mean(axis=1)[0])
    if rule == "predictive_entropy":
        return lambda: float(_of_probs(np, "entropy", pool.mean(axis=1))[0])
    raise NotImplementedError


def torch(rule: str, n: int, c: int, s: int, m: int, b: int, path: str) -> Call:
    """Plain torch."""
    import torch as t

    if path:
        raise NotImplementedError
    if not s:
        p = t.from_numpy(probabilities(n, c))
        return lambda: float(_of_probs(t, rule, p)[0])
    pool = t.from_numpy(members(n, s, c))
    if rule == "bald":
        return lambda: float(_bald(t, pool)[0])
    if rule == "mean_std":
        return lambda: float(pool.std(dim=1, correction=0).mean(dim=1)[0])
    if rule == "predictive_entropy":
        return lambda: float(_of_probs(t, "entropy", pool.mean(1))[0])
    if rule == "vote_entropy":
        votes = t.nn.functional.one_hot
        return lambda: float(_of_probs(t, "entropy", votes(pool.argmax(2), c).float().mean(1))[0])
    if rule == "epig":
        turned = t.from_numpy(members(m, s, c, seed=1)).permute(1, 0, 2).reshape(s, m * c)
        return lambda: float(_epig(t, pool, turned, m)[0])
    raise NotImplementedError


def batchbald_redux(rule: str, n: int, c: int, s: int, m: int, b: int, path: str) -> Call:
    """The authors' later package."""
    import torch as t
    from batchbald_redux import batchbald as redux

    if rule not in ("bald", "batch_bald"):
        raise NotImplementedError
    logs = t.from_numpy(np.log(np.maximum(members(n, s, c), 1e-30)))
    if rule == "bald":
        return lambda: float((redux.compute_entropy(logs) - redux.compute_conditional_entropy(logs))[0])
    return lambda: redux.get_batchbald_batch(logs, b, 1000, dtype=t.float64).indices


def scikit_activeml(rule: str, n: int, c: int, s: int, m: int, b: int, path: str) -> Call:
    """scikit-activeml."""
    from skactiveml.pool import _bald as peer

    if rule != "batch_bald":
        raise NotImplementedError
    pool = np.ascontiguousarray(members(n, s, c).transpose(1, 0, 2))
    return lambda: peer.batch_bald(pool, b, n_MC_samples=1000, random_state=0).shape


def baal(rule: str, n: int, c: int, s: int, m: int, b: int, path: str) -> Call:
    """baal; its members are (N, C, S)."""
    from baal.active import heuristics

    names = {"bald": "BALD", "entropy": "Entropy", "margin": "Margin", "least_confidence": "Certainty"}
    if rule not in names or path:
        raise NotImplementedError
    pool = np.ascontiguousarray(members(n, s, c).transpose(0, 2, 1)) if s else probabilities(n, c)
    peer = getattr(heuristics, names[rule])()
    return lambda: float(peer.get_uncertainties(pool)[0])


def _of_probs(lib: Any, rule: str, p: Any) -> Any:
    if rule == "entropy":
        return -(p * lib.log(lib.clip(p, 1e-12, None))).sum(1)
    if rule == "margin":
        if lib is np:
            two = np.partition(p, -2, axis=1)
            return 1 - (two[:, -1] - two[:, -2])
        two = p.topk(2, dim=1).values
        return 1 - (two[:, 0] - two[:, 1])
    return 1 - (p.max(axis=1) if lib is np else p.max(dim=1).values)


def _bald(lib: Any, pool: Any) -> Any:
    logs = lib.log(lib.clip(pool, 1e-12, None))
    return _of_probs(lib, "entropy", pool.mean(1)) + (pool * logs).sum((1, 2)) / pool.shape[1]


def _epig(t: Any, pool: Any, turned: Any, m: int) -> Any:
    out = []
    for piece in pool.split(64):  # the joint probabilities of the whole pool would take gigabytes
        joint = piece.permute(0, 2, 1) @ turned / pool.shape[1]
        out.append((joint * joint.clamp(min=1e-30).log()).sum((1, 2)) / m)
    other = turned.reshape(turned.shape[0], m, -1).mean(0)
    return _of_probs(t, "entropy", pool.mean(1)) + _of_probs(t, "entropy", other).mean() + t.cat(out)


PEERS: dict[str, str] = {
    "online": "online",
    "torch": "torch",
    "numpy": "numpy",
    "batchbald_redux": "batchbald_redux",
    "scikit-activeml": "scikit_activeml",
    "baal": "baal",
}


def table(cases: tuple[Case, ...], folder: Path, threads: tuple[int, ...]) -> None:
    """Measure and print."""
    reading, logs = ceiling("read"), ceiling("log")
    print(f"read {reading / 1e9:.1f} GB/s, logarithms {logs / 1e9:.2f} x 10^9/s (1 thread)")
    print(
        f"{'case':<54} {'who':<16} {'1 thread':>9} {'2 threads':>9} {'+ MiB':>7} {'peak':>6} {'/ ours':>7} {'/ limit':>7}"
    )
    for case in cases:
        gemm = (
            ceiling("gemm", threads=1, rows=4096, width=case.s, columns=1024) if case.m or (case.b and case.s) else 1.0
        )
        limit = case.limit(gemm, reading, logs)
        path = str(folder / f"{case.n}.npy") if case.file else ""
        if path and not Path(path).exists():
            probabilities(case.n, case.c, path)
        mine = float("nan")
        for who, function in {"querist": "ours", **PEERS}.items():
            given = {"rule": case.rule, "n": case.n, "c": case.c, "s": case.s, "m": case.m, "b": case.b, "path": path}
            if who == "online" and case.rule not in ("bald", "predictive_entropy", "mean_std"):
                continue
            once = who in SLOW
            run = {
                t: measure(
                    f"kernels_members:{function}",
                    given,
                    threads=t,
                    repeats=1 if once else 3,
                    timeout=120 if once else 300,
                )
                for t in ((1,) if who in SLOW else threads)
            }
            one, two = run[1], run.get(2, run[1])
            if one.error:
                if not one.error.startswith(("NotImplementedError", "ModuleNotFoundError")):
                    print(f"{case!s:<54} {who:<16} {one.error[:60]}")
                continue
            mine = one.seconds if who == "querist" else mine
            print(
                f"{case!s:<54} {who:<16} {one.seconds:>9.4f} {two.seconds if 2 in run else float('nan'):>9.4f} "
                f"{one.added_mib:>7.0f} {one.peak_mib:>6.0f} {one.seconds / mine:>7.2f} {one.seconds / limit:>7.2f}",
                flush=True,
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small cases, one thread")
    parser.add_argument("--only", default="", help="rules whose name begins so")
    options = parser.parse_args()
    cases = tuple(case for case in (QUICK if options.quick else USUAL) if case.rule.startswith(options.only))
    with tempfile.TemporaryDirectory() as folder:
        table(cases, Path(folder), (1,) if options.quick else (1, 2))


if __name__ == "__main__":
    main()
