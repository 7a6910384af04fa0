"""Stochastic batch acquisition: draws without return in proportion to a function of the score, by Gumbel keys.

Kirsch, Farquhar, Atighehchian, Jesson, Branchaud-Charron and Gal, Stochastic Batch Acquisition, 2023. Adding Gumbel noise
to log weights and taking the n largest draws n items one after the other without return, each in proportion to its
weight; the noise comes from the tie keys, so that the answer does not depend on the order of the pool.
"""

from __future__ import annotations

import numpy as np

from querist.core.seeds import uniform
from querist.core.signals import Context, Selection
from querist.strategies.algebra import FloatArray
from querist.strategies.kernels.order import top

__all__ = ["gumbel_pick"]


def gumbel_pick(ctx: Context, n: int, log_weights: FloatArray, scores: FloatArray, name: str) -> Selection:
    """Draw n rows; ``log_weights`` (N,) may be -inf: those rows come last, uniformly."""
    keys = ctx.keys(name)
    noise = -np.log(-np.log(uniform(keys)))
    possible = np.isfinite(log_weights)
    # rows without weight follow all others: below the smallest finite value, in the order of their noise
    floor = (log_weights[possible] + noise[possible]).min() if possible.any() else 0.0
    values = np.where(possible, log_weights + noise, floor - 1.0 - (noise.max() - noise))
    rows = top(values, n, keys)
    return Selection(rows, scores[rows].astype(np.float64), (f"drawn by {name}",) * n)
