"""What the session adds to a round: fit, probabilities of the pool, choice, beside the same three steps done bare.

Rounds of the session are interleaved with bare rounds on the very same labels; one thread; the median is printed. The
bare round is ``fit`` + ``predict_proba`` on a gathered pool + ``argsort``, the least that any loop must do.

Usage: python benchmarks/overhead.py [--rounds 50] [--million]
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

import querist
from querist.core.types import Array

CLASSES, WIDTH, START, BATCH = 10, 128, 1_000, 100


def pool(n: int) -> tuple[Array, Array]:
    """Clusters in 32 dimensions, projected to 128, with noise: (n, 128) float32 and class numbers."""
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(CLASSES, 32)) * 1.2
    y = rng.integers(0, CLASSES, n)
    x = (centres[y] + rng.normal(size=(n, 32))).astype(np.float32) @ rng.normal(size=(32, WIDTH)).astype(np.float32)
    return x / np.float32(10), y


def estimator() -> Any:
    """A logistic regression with a bounded number of steps, so that both sides do the same work."""
    return LogisticRegression(max_iter=30, tol=1e-2)


def bare(x: Array, y: Array, labelled: Array) -> float:
    """Seconds of one bare round."""
    started = time.perf_counter()
    mask = np.ones(len(x), dtype=bool)
    mask[labelled] = False
    model = estimator().fit(x[labelled], y[labelled])
    probs = model.predict_proba(x[mask])
    np.argsort(probs.max(axis=1))[:BATCH]
    return time.perf_counter() - started


def measure(n: int, rounds: int, folder: Path | None) -> dict[str, float]:
    """Median milliseconds of a session's round, of the bare round, and of what the session adds, pair by pair."""
    x, y = pool(n)
    ids = [f"i{k}" for k in range(n)]
    names = [str(c) for c in range(CLASSES)]
    source = querist.read(x, ids=ids)
    session = querist.Session(source, estimator(), strategy="least_confidence", labels=names, folder=folder, seed=0)
    truth = {i: names[c] for i, c in zip(ids, y.tolist(), strict=True)}
    query = session.ask(START)
    session.tell(query, {i: truth[i] for i in query})
    session.fit()
    whole, plain, added = [], [], []
    for turn in range(rounds + 2):
        labelled = session.ledger.rows(2)  # type: ignore[arg-type]
        started = time.perf_counter()
        query = session.ask(BATCH)
        asked = time.perf_counter() - started
        answers = {i: truth[i] for i in query}
        started = time.perf_counter()
        session.tell(query, answers)
        session.fit()
        ours = asked + time.perf_counter() - started
        labelled = np.concatenate([labelled, source.rows_of(list(query))])
        theirs = bare(x, y, labelled)
        if turn >= 2:  # the first rounds warm caches up
            whole.append(ours)
            plain.append(theirs)
            added.append(ours - theirs)
    session.close()
    return {
        "round": 1e3 * statistics.median(whole),
        "bare": 1e3 * statistics.median(plain),
        "added": 1e3 * statistics.median(added),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--million", action="store_true", help="also a pool of a million (about 1 GB)")
    options = parser.parse_args()
    print(f"{'case':<44} {'round':>9} {'bare':>9} {'added':>9}   (ms, median; one thread)")
    with threadpool_limits(1), tempfile.TemporaryDirectory() as folder:
        cases: list[tuple[str, int, int, Path | None]] = [
            (f"50,000 x 128, journal in memory, {options.rounds} rounds", 50_000, options.rounds, None),
            (f"50,000 x 128, journal in SQLite, {options.rounds} rounds", 50_000, options.rounds, Path(folder) / "p"),
        ]
        if options.million:
            cases.append(("1,000,000 x 128, journal in memory, 3 rounds", 1_000_000, 3, None))
        for name, n, rounds, place in cases:
            found = measure(n, rounds, place)
            print(f"{name:<44} {found['round']:>9.1f} {found['bare']:>9.1f} {found['added']:>9.1f}")


if __name__ == "__main__":
    main()
