"""A pool with labelled, pending and reference items for tests of last-layer methods."""

from __future__ import annotations

from typing import Any

import numpy as np


def signals(seed: int, n: int, classes: int = 3, width: int = 4, *, labels: bool = False) -> dict[str, Any]:
    """Probabilities, embedding and, with ``labels``, class numbers."""
    rng = np.random.default_rng(seed)
    out: dict[str, Any] = {"probs": rng.dirichlet(np.ones(classes), n), "embedding": rng.normal(size=(n, width))}
    if labels:
        out["labels"] = rng.integers(0, classes, n)
    return out


def gradients(given: dict[str, Any], labels: Any = None) -> Any:
    """(N, C D) gradients of the cross entropy at the labels, or at the likeliest class."""
    p, h = given["probs"], given["embedding"]
    y = p.argmax(1) if labels is None else labels
    return np.einsum("nc,nd->ncd", p - np.eye(p.shape[1])[y], h).reshape(len(p), -1)
