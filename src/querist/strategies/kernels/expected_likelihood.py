"""Expected log-likelihood of an item's label under each posterior sample."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.strategies.kernels.blocks import blocks

__all__ = ["expected_log_likelihood"]

_FLOOR = 1e-12


def expected_log_likelihood(members: NDArray[Any], entropy: float) -> NDArray[np.float64]:
    """(sum_c q_c log p_sc + entropy * H(q)) / sqrt(S), q the mean over members: (N, S, C) -> (N, S), in nats.

    p is floored at 1e-12; a number below its rounding is 0, so that members that agree give no direction. The squared
    length of a row is the mean over samples of the squared bracket.
    """
    n, samples, _ = members.shape
    out = np.empty((n, samples))
    for rows, block in blocks(members):
        wide = block.astype(np.float64)
        mean = wide.mean(axis=1)
        out[rows] = np.einsum("nc,nsc->ns", mean, np.log(np.maximum(wide, _FLOOR)))
        if entropy:
            own = -np.vecdot(mean, np.log(np.maximum(mean, _FLOOR)))
            out[rows] += entropy * own[:, None]
            noise = 8.0 * float(np.finfo(block.dtype).eps) * (1.0 + own)[:, None]
            out[rows] = np.where(np.abs(out[rows]) > noise, out[rows], 0.0)
    return np.asarray(out / np.sqrt(samples))
