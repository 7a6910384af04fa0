"""Tiny sources, labels and fingerprints for the tests of learners."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.core.types import Items, Labels
from querist.data.arrays import array_source
from querist.data.bundled import bundled_source
from querist.data.schema import SingleLabel
from querist.data.source import Source

THREE = SingleLabel(("a", "b", "c"))


def source(count: int = 60, width: int = 4, seed: int = 0) -> Source:
    """(count, width) float32 numbers around three centres; row r belongs to centre r % 3."""
    rng = np.random.default_rng(seed)
    centres = np.eye(3, width) * 4
    return array_source((centres[np.arange(count) % 3] + rng.normal(size=(count, width))).astype(np.float32))


def labels(of: Source, rows: Sequence[int], targets: Any = None, weights: Any = None) -> Labels:
    """Labels of some rows; by default the centre of each."""
    at = np.asarray(rows, dtype=np.int64)
    given = at % 3 if targets is None else np.asarray(targets)
    return Labels(of.items(at), given, None if weights is None else np.asarray(weights, dtype=np.float64))


def all_of(of: Source) -> Items:
    """Every item."""
    return of.items()


def digits() -> tuple[Source, SingleLabel, NDArray[np.int64]]:
    """scikit-learn's digits as (N, 1, 8, 8), their classes, and the class number of each."""
    found = bundled_source("digits")
    assert found.truth is not None
    schema = SingleLabel(tuple(str(k) for k in range(10)))
    targets = np.asarray([int(str(t)) for t in found.truth], dtype=np.int64)
    images = np.asarray(found.take(np.arange(len(found))))[:, None]
    return array_source(images, ids=list(found.ids), modality="image"), schema, targets


def print_of_module(module: Any) -> str:
    """A fingerprint of parameters, buffers, mode flags, gradients and requires_grad."""
    h = hashlib.sha256()
    for name, part in module.named_modules():
        h.update(f"{name}:{part.training};".encode())
    for name, p in module.named_parameters():
        h.update(f"{name}:{p.requires_grad}:{p.grad is None};".encode() + p.detach().numpy().tobytes())
        h.update(b"" if p.grad is None else p.grad.numpy().tobytes())
    for name, b in module.named_buffers():
        h.update(name.encode() + b.numpy().tobytes())
    return h.hexdigest()


def print_of_generators() -> str:
    """A fingerprint of the state of python's, NumPy's and torch's global generators."""
    import torch

    legacy = np.random.get_state(legacy=True)  # noqa: NPY002
    assert isinstance(legacy, tuple)
    numpy_state = (legacy[1].tobytes(), *legacy[2:])
    return hashlib.sha256(
        repr((random.getstate(), numpy_state, torch.get_rng_state().numpy().tobytes())).encode()
    ).hexdigest()


def pollute(seed: int) -> None:
    """Move the global generators somewhere else."""
    import torch

    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002
    torch.manual_seed(seed)
