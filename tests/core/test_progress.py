"""Long selections say how far they are, and stop at once when told to, leaving nothing changed."""

from __future__ import annotations

import numpy as np
import pytest

import querist
from querist.core.progress import listening, tell

X = np.random.default_rng(0).normal(size=(400, 4)).astype(np.float32)
A = np.random.default_rng(1).normal(size=(400, 3)).astype(np.float32)
M = np.random.default_rng(2).dirichlet(np.ones(3), (400, 5)).astype(np.float32)


def test_nobody_listens_by_default() -> None:
    tell("picks", 1, 2)


def test_listeners_nest_and_go() -> None:
    outer: list[int] = []
    inner: list[int] = []
    with listening(lambda what, done, total: outer.append(done)):
        tell("a", 1, 3)
        with listening(lambda what, done, total: inner.append(done)):
            tell("a", 2, 3)
        tell("a", 3, 3)
    tell("a", 4, 4)
    assert (outer, inner) == ([1, 3], [2])


@pytest.mark.parametrize(
    "strategy",
    ["k_center", "kmeans_pp", "badge", "lcmd", "max_det", "max_herding", "batch_bald", "bait", "frank_wolfe"],
)
def test_kernels_tell_and_stop(strategy: str) -> None:
    signals = {"embedding": X, "gradient": (A, X), "members": M, "probs": M.mean(axis=1)}
    heard: list[tuple[int, int]] = []
    with listening(lambda what, done, total: heard.append((done, total))):
        whole = querist.select(strategy, 12, **signals)
    assert heard
    assert all(0 <= done <= total for done, total in heard)
    before = X.copy()

    def stop(what: str, done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), listening(stop):
        querist.select(strategy, 12, **signals)
    assert np.array_equal(X, before)
    assert querist.select(strategy, 12, **signals).indices.tolist() == whole.indices.tolist()
