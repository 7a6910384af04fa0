"""`lcmd_grad` is `lcmd` on the products of the gradient factors, which are never written down."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest

import querist

RNG = np.random.default_rng(0)
A, H = RNG.normal(size=(80, 3)), RNG.normal(size=(80, 5))
G = np.einsum("nc,nd->ncd", A, H).reshape(80, -1)


def test_equals_lcmd_on_the_products_written_out() -> None:
    for labelled, pending in ((slice(0, 0), slice(0, 0)), (slice(0, 4), slice(0, 0)), (slice(0, 3), slice(3, 6))):
        known = [(role, s) for role, s in (("labelled", labelled), ("pending", pending)) if s.stop]
        one: dict[str, Any] = {role: {"gradient": (A[s], H[s])} for role, s in known}
        two: dict[str, Any] = {role: {"embedding": G[s]} for role, s in known}
        factored = querist.select("lcmd_grad", 30, gradient=(A[6:], H[6:]), **one)
        whole = querist.select("lcmd", 30, embedding=G[6:], **two)
        assert factored.indices.tolist() == whole.indices.tolist()
        assert np.allclose(factored.scores, whole.scores)


def test_starts_at_the_largest_gradient() -> None:
    chosen = querist.select("lcmd_grad", 2, gradient=(A, H))
    lengths = np.linalg.norm(G, axis=1)
    assert chosen.indices[0] == lengths.argmax()
    assert chosen.scores[0] == pytest.approx(lengths.max())
    assert chosen.reasons[0].startswith("largest gradient")


def test_the_products_are_never_written_down() -> None:
    a, h = RNG.normal(size=(20_000, 50)).astype(np.float32), RNG.normal(size=(20_000, 64)).astype(np.float32)
    tracemalloc.start()
    chosen = querist.select("lcmd_grad", 20, gradient=(a, h))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(set(chosen.indices.tolist())) == 20
    assert peak < 48 << 20, "the products would take 256 MB"
