"""Queries that are made, not chosen: points where a model is least sure, and the real items nearest to them.

Membership query synthesis climbs a score in the space of embeddings or inputs. What comes out need not look like anything
a person can label, so `nearest_real` gives the items of a pool that come closest; that is the search of ASAL.

Sources: Zhu and Bento, Generative Adversarial Active Learning, 2017 (descent on the distance to the decision boundary);
Mayer and Timofte, Adversarial Sampling for Active Learning, 2020 (ascent on entropy, then the nearest real sample).
"""

from __future__ import annotations

import math
import numbers
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from querist.core.checks import check_signal
from querist.core.contract import check_count
from querist.core.errors import ArgumentError, ArgumentTypeError, DataError, StateError, shorten
from querist.core.optional import torch
from querist.core.seeds import check_seed, generator, id_hashes, tie_keys
from querist.core.signals import EMBEDDING, Selection
from querist.core.types import Array
from querist.strategies.kernels.nearest import nearest_rows

__all__ = ["Synthesis", "nearest_real", "synthesise"]

Objective: TypeAlias = Callable[[Any], Any] | tuple[Array, Array]
"""A function from a tensor (m, D) to a tensor (m,), or weights (C, D) and bias (C,) of a linear head."""
_RESTARTS = 8


@dataclass(frozen=True)
class Synthesis:
    """Queries that were made.

    Args:
        points: (n, D) float64, in the order in which they were made.
        scores: (n,) float64, the score at each, without the term for diversity.
        starts: (n,) int64 rows of the start points from which they were reached.
    """

    points: NDArray[np.float64]
    scores: NDArray[np.float64]
    starts: NDArray[np.int64]


def synthesise(
    score: Objective,
    n: int,
    start: Array,
    *,
    bounds: tuple[Any, Any] | None = None,
    steps: int = 200,
    rate: float | None = None,
    diversity: float = 0.5,
    width: float | None = None,
    seed: int = 0,
    device: str = "cpu",
) -> Synthesis:
    """Make n queries by gradient ascent, one after the other.

    Each query climbs, from several start points at once, and keeps the highest point met, of

        score(x) - diversity * max over earlier queries x' of exp(-|x - x'|^2 / (2 width^2)).

    Steps follow the direction of the gradient, not its length, and shrink linearly from ``rate`` to 0: a sure model's
    vanishing gradients slow nothing down, and the walk may reach rate * steps / 2 from its start.

    Args:
        score: a function of torch, from points (m, D) to ratings (m,), higher = label me, each of its own row alone; or
            the pair (weights (C, D), bias (C,)) of a linear head, whose entropy in nats is then the score.
        n: how many queries.
        start: (S, D) points to begin with, e.g. embeddings of labelled items; float32 is climbed in float32.
        bounds: lowest and highest values, numbers or (D,) arrays; every point stays within.
        steps: of each climb.
        rate: length of the first step; 4 / steps of the spread (root mean squared distance of the start points from their
            mean) when None.
        diversity: weight of the term that keeps queries apart, in units of the score; 0 for none.
        width: how near is too near; half of the spread when None.
        seed: the only source of randomness; torch's own generator is neither read nor moved.
        device: where the function runs.

    Returns:
        A `Synthesis`. Nothing of the model is changed, its ``.grad`` fields neither.

    Raises:
        ArgumentError: wrong shapes, or a score without a gradient (codes ``ShapeMismatch``, ``BadParameter``).
        DataError: a rating is NaN or infinite (code ``BadScores``).

    >>> import numpy as np
    >>> made = synthesise((np.array([[0.0, 0.0], [1.0, 1.0]]), np.zeros(2)), 2, np.array([[2.0, 0.0], [0.0, -1.0]]))
    >>> bool(np.abs(made.points.sum(axis=1)).max() < 0.05)  # two classes are as probable where x + y = 0
    True
    """
    t = torch()
    n, steps, seed = check_count(n, "n"), check_count(steps, "steps"), check_seed(seed)
    begin = np.asarray(start)
    check_signal(EMBEDDING, begin, "start")
    if len(begin) == 0:
        raise ArgumentError("start has no points: give at least one row (S, D)", code="ShapeMismatch")
    dtype = t.float32 if begin.dtype == np.float32 else t.float64
    begin = begin.astype(np.float64)
    spread = float(np.sqrt(np.square(begin - begin.mean(axis=0)).sum(axis=1).mean())) or 1.0
    rate = _number(4.0 * spread / steps if rate is None else rate, "rate")
    width = _number(spread / 2.0 if width is None else width, "width")
    diversity = _number(diversity, "diversity", zero=True)
    low, high = _box(bounds, begin.shape[1])
    box = tuple(t.tensor(side, dtype=dtype, device=device) for side in (low, high))
    rates = _as_function(score, begin.shape[1], dtype, device)
    draws = generator(seed, "synthesise")
    order = np.concatenate([draws.permutation(len(begin)) for _ in range(math.ceil(n * _RESTARTS / len(begin)))])
    made: list[NDArray[np.float64]] = []
    scores, starts = np.empty(n), np.empty(n, dtype=np.int64)
    for query in range(n):
        rows = order[query * _RESTARTS : (query + 1) * _RESTARTS]
        jitter = 1e-3 * width * draws.standard_normal((len(rows), begin.shape[1]))  # start points may be alike
        x = t.tensor(np.clip(begin[rows] + jitter, low, high), dtype=dtype, device=device)
        old = t.tensor(np.array(made), dtype=dtype, device=device) if made and diversity > 0 else None

        def aim(x: Any, plain: Any, old: Any = old) -> Any:
            if old is None:
                return plain
            near = t.exp(-t.square(x[:, None, :] - old[None]).sum(dim=2) / (2.0 * width**2))
            return plain - diversity * near.max(dim=1).values

        heights, points, plain = _climbs(rates, aim, x, box, rate, steps)
        place = int(heights.argmax())
        made.append(points[place])
        scores[query], starts[query] = plain[place], rows[place]
    return Synthesis(np.array(made), scores, starts)


def nearest_real(
    points: Array, pool: Array, *, scores: Array | None = None, exclude: Sequence[int] | Array = (), seed: int = 0
) -> Selection:
    """The real item nearest to each made query, each item once.

    In the order of the queries each takes the nearest row of the pool that is not taken yet, by Euclidean distance; of
    equals the seed decides. Exact, in blocks: n N D operations; the pool may be a memory-map.

    Args:
        points: (n, D) queries, e.g. ``synthesise(...).points``.
        pool: (N, D) embeddings of real items in the same space.
        scores: (n,) scores of the queries, to be handed on; NaN when None.
        exclude: rows of the pool that are not to be taken.
        seed: the only source of randomness.

    Returns:
        A `Selection` with a row for each query.

    Raises:
        StateError: fewer rows are left than there are queries (code ``NothingAvailable``).
    """
    points, pool = np.asarray(points), np.asanyarray(pool)
    check_signal(EMBEDDING, points, "points")
    check_signal(EMBEDDING, pool, "pool")
    if points.shape[1] != pool.shape[1]:
        raise ArgumentError(
            f"points have {points.shape[1]} columns and the pool {pool.shape[1]}", code="FeatureMismatch"
        )
    taken = {int(row) for row in exclude}
    left = len(pool) - len(taken & set(range(len(pool))))
    if left < len(points):
        raise StateError(
            f"{left} of {len(pool)} rows of the pool are left for {len(points)} queries", code="NothingAvailable"
        )
    keys = tie_keys(id_hashes(len(pool)), check_seed(seed), "nearest_real")
    rows, squared = nearest_rows(pool, points, len(points) + len(taken), keys)  # so many always hold a free one
    chosen, reasons = np.empty(len(points), dtype=np.int64), []
    for query, near in enumerate(rows.tolist()):
        place = next(place for place, row in enumerate(near) if row not in taken)
        chosen[query] = near[place]
        taken.add(near[place])
        reasons.append(f"nearest to made query {query} (distance {math.sqrt(squared[query, place]):.3g})")
    rated = np.full(len(points), np.nan) if scores is None else np.asarray(scores, dtype=np.float64)
    return Selection(chosen, rated, tuple(reasons))


def _climbs(
    rates: Callable[[Any], Any], aim: Callable[[Any, Any], Any], x: Any, box: tuple[Any, ...], rate: float, steps: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """The highest point that each row of ``x`` meets: its height, itself, and its score without the diversity term."""
    heights, points, scores = np.full(len(x), -np.inf), np.empty(tuple(x.shape)), np.empty(len(x))
    for step in range(steps + 1):
        x = x.detach().requires_grad_(True)
        plain = _rated(rates, x)
        height = aim(x, plain)
        now = height.detach().double().cpu().numpy()
        better = now > heights
        heights[better] = now[better]
        points[better] = x.detach().double().cpu().numpy()[better]
        scores[better] = plain.detach().double().cpu().numpy()[better]
        if step < steps:
            x = _climb(x, height, rate * (1.0 - step / steps)).clamp(min=box[0], max=box[1])
    return heights, points, scores


def _climb(x: Any, aim: Any, length: float) -> Any:
    """One step of that length along the gradient of each row; rows without a slope stay."""
    t = torch()
    try:
        (slope,) = t.autograd.grad(aim.sum(), x)
    except RuntimeError as error:
        raise ArgumentError(
            f"the score has no gradient at the points ({shorten(error)}); compute it with torch from its argument alone",
            code="BadParameter",
        ) from error
    slope = slope / slope.abs().amax(dim=1, keepdim=True).clamp_min(t.finfo(x.dtype).tiny)  # no underflow of squares
    norm = slope.norm(dim=1, keepdim=True)
    return x.detach() + length * t.where(norm > 0, slope / norm.clamp_min(0.5), t.zeros_like(slope))


def _rated(rates: Callable[[Any], Any], x: Any) -> Any:
    values = rates(x)
    if tuple(getattr(values, "shape", ())) != (len(x),):
        raise ArgumentError(
            f"the score gave {shorten(tuple(getattr(values, 'shape', ())))} for points {tuple(x.shape)}; a tensor of "
            f"shape ({len(x)},) is needed",
            code="ShapeMismatch",
        )
    if not bool(torch().isfinite(values).all()):
        raise DataError("the score is NaN or infinite on the way; give bounds=, or a smaller rate", code="BadScores")
    return values


def _as_function(score: Objective, columns: int, dtype: Any, device: str) -> Callable[[Any], Any]:
    t = torch()
    if callable(score):
        return score
    if not isinstance(score, (tuple, list)) or len(score) != 2:
        raise ArgumentTypeError(
            f"score must be a function of torch, or a pair (weights (C, D), bias (C,)); got {shorten(score)}",
            code="BadParameter",
        )
    weights, bias = (np.asarray(part, dtype=np.float64) for part in score)
    if weights.ndim != 2 or weights.shape[1] != columns or bias.shape != (len(weights),):
        raise ArgumentError(
            f"a linear head for {columns} columns has weights (C, {columns}) and bias (C,); got {weights.shape} and "
            f"{bias.shape}",
            code="ShapeMismatch",
        )
    w, b = (t.tensor(part, dtype=dtype, device=device) for part in (weights, bias))

    def entropy(x: Any) -> Any:
        log_p = t.log_softmax(x @ w.T + b, dim=1)
        return -(log_p.exp() * log_p).sum(dim=1)

    return entropy


def _number(value: object, name: str, *, zero: bool = False) -> float:
    words = f"{name} must be a number {'≥' if zero else 'above'} 0"
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise ArgumentTypeError(f"{words}, got {type(value).__name__} {shorten(value)}", code="BadParameter")
    number = float(value)
    if not (number >= 0 if zero else number > 0) or math.isinf(number):
        raise ArgumentError(f"{words}, got {value}", code="BadParameter")
    return number


def _box(bounds: tuple[Any, Any] | None, columns: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    if bounds is None:
        return np.full(columns, -np.inf), np.full(columns, np.inf)
    try:
        low, high = (np.broadcast_to(np.asarray(side, dtype=np.float64), (columns,)).copy() for side in bounds)
    except (TypeError, ValueError) as error:
        raise ArgumentError(
            f"bounds must be (lowest, highest), each a number or ({columns},); got {shorten(bounds)}",
            code="ShapeMismatch",
        ) from error
    if not (low <= high).all():
        raise ArgumentError(f"bounds must have lowest ≤ highest; got {shorten(bounds)}", code="BadParameter")
    return low, high
