"""Nearest labelled items and divergences against plain loops."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from querist.core.types import Array
from querist.strategies.kernels.labelled_neighbours import divergence_from_neighbours, nearest_known


def plain(x: Array, p: Array, known_x: Array, known_p: Array, k: int) -> Array:
    """The same, item by item, in float64."""
    out = []
    for row, mine in zip(np.asarray(x, dtype=np.float64), p, strict=True):
        d = np.sqrt(((known_x.astype(np.float64) - row) ** 2).sum(axis=1))
        near = np.argsort(d.round(9), kind="stable")[:k]
        kls = [sum(q * np.log(q / max(float(m), 1e-12)) for q, m in zip(known_p[j], mine) if q > 0) for j in near]
        out.append(max(np.mean(kls), 0.0))
    return np.array(out)


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 30), st.integers(1, 25), st.integers(1, 12), st.booleans(), st.integers(0, 10_000))
def test_divergence(n: int, known: int, k: int, tied: bool, seed: int) -> None:
    rng = np.random.default_rng(seed)
    draw = (lambda m: rng.integers(0, 2, (m, 2)).astype(float)) if tied else (lambda m: rng.normal(size=(m, 3)) + 5)
    x, known_x = draw(n), draw(known)
    p, known_p = rng.dirichlet(np.ones(4), n), rng.dirichlet(np.full(4, 0.2), known)
    known_p[0] = [1, 0, 0, 0]
    p[0] = [0, 1, 0, 0]
    found = divergence_from_neighbours(x, p, known_x, known_p, k)
    assert found == pytest.approx(plain(x, p, known_x, known_p, k), rel=1e-9, abs=1e-12)


def test_many_blocks_in_float32() -> None:
    rng = np.random.default_rng(0)
    x, known = rng.normal(size=(3_000, 6)).astype(np.float32), rng.normal(size=(600, 6)).astype(np.float32)
    d = ((x[:, None].astype(np.float64) - known[None]) ** 2).sum(-1)
    seen = 0
    for rows, near in nearest_known(x, known, 7):
        mine = d[rows]
        got = np.sort(np.take_along_axis(mine, near, axis=1), axis=1)
        assert got == pytest.approx(np.sort(mine, axis=1)[:, :7], abs=1e-4)
        seen += len(near)
    assert seen == 3_000
