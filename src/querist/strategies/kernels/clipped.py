"""Matrix products of two sets of rows in short pieces, through the fastest door that is there.

float32 products go through oneDNN's fused linear operator, which adds a term per column and clips in the same pass, and is
up to three times as fast as the general product on some processors. It is a private operator of torch: it is tried once
against the plain product, and where it is missing or wrong NumPy does the work. Small products never import torch.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.core.optional import spared, torch

__all__ = ["clipped_product", "lift"]

_WORTH_IT = 1 << 22
"""Multiplications from which on torch is asked."""
_BIG_TILE = 1 << 16


def clipped_product(
    a: NDArray[Any], b: NDArray[Any], bias: NDArray[Any] | None, low: float, high: float
) -> NDArray[Any]:
    """a @ b.T + bias, clipped to [low, high]: (m, D), (k, D), (k,) or None -> (m, k), writable, of a's type."""
    if a.dtype == np.float32 and len(a) * b.size >= _WORTH_IT and _fast():
        return _fused(a, b, bias, low, high)
    out = a @ b.T
    if bias is not None:
        out += bias
    np.clip(out, low, high, out=out)
    return np.asarray(out)


def lift(tile: NDArray[Any], floor: NDArray[Any], out: NDArray[Any] | None = None) -> NDArray[Any]:
    """max(tile - floor, 0) with a floor that is broadcast: (m, k) -> (m, k), into ``out`` where it is given."""
    if tile.size >= _BIG_TILE and tile.dtype == np.float32 and not spared() and _fused_works():
        module = torch()
        source, target = module.from_numpy(tile), module.from_numpy(out) if out is not None else None
        lifted = module.sub(source, module.from_numpy(floor), out=target)
        return np.asarray(lifted.clamp_min_(0).numpy())
    lifted = np.subtract(tile, floor, out=out)
    return np.asarray(np.maximum(lifted, 0, out=lifted))


def _fused(a: NDArray[Any], b: NDArray[Any], bias: NDArray[Any] | None, low: float, high: float) -> NDArray[Any]:
    module = torch()
    term = module.from_numpy(bias) if bias is not None else None
    with module.no_grad(), module.autocast("cpu", enabled=False):  # whatever the caller has set for its thread
        product = module.ops.mkldnn._linear_pointwise(
            module.from_numpy(a), module.from_numpy(b), term, "hardtanh", [low, high], ""
        )
    return np.asarray(product.numpy())


def _fast() -> bool:
    """Whether the operator can be used: it is there, and no setting of the user's costs digits."""
    return not spared() and _fused_works() and torch().get_float32_matmul_precision() == "highest"


@functools.cache
def _fused_works() -> bool:
    """Whether the operator is there and gives the plain product; asked once a process."""
    rng = np.random.default_rng(0)
    a, b = (rng.standard_normal((rows, 7)).astype(np.float32) for rows in (9, 5))
    bias = rng.standard_normal(5).astype(np.float32)
    try:
        got = _fused(a, b, bias, -2.0, 1.0)
        bare = _fused(a, b, None, -1e30, 1e30)
    except Exception:  # a private operator may vanish or change in any way
        return False
    plain = a @ b.T
    return bool(
        got.shape == plain.shape
        and np.allclose(got, np.clip(plain + bias, -2.0, 1.0), atol=1e-5)
        and np.allclose(bare, plain, atol=1e-5)
    )
