"""`select` and `score`: plain arrays from any model in, choices out."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.core.checks import check_signal
from querist.core.contract import check_count, choose
from querist.core.errors import (
    ArgumentError,
    ArgumentTypeError,
    DataError,
    QueristWarning,
    StateError,
    UnknownNameError,
    nearest,
    shorten,
)
from querist.core.rows import DeviceRows
from querist.core.seeds import check_seed, id_hashes
from querist.core.signals import (
    CATALOGUE,
    EMBEDDING,
    GRADIENT,
    GRAPH,
    HISTORY,
    LABELS,
    PROBS,
    TARGETS,
    Context,
    Needs,
    Selection,
    Signal,
    View,
)
from querist.core.types import Array
from querist.strategies.algebra import AnyPart, as_score, as_strategy, rated

__all__ = ["score", "select"]


def select(
    strategy: str | AnyPart,
    n: int,
    *,
    seed: int = 0,
    ids: Sequence[Any] | Array | None = None,
    labelled: Mapping[str, Any] | None = None,
    pending: Mapping[str, Any] | None = None,
    reference: Mapping[str, Any] | None = None,
    exclude: Sequence[Any] | Array | None = None,
    consistent: bool = True,
    **signals: Any,
) -> Selection:
    """Choose n items of a pool from arrays that any model gave.

    Args:
        strategy: text such as ``"badge"`` or ``"shortlist(margin, times=10) | k_center"``, or a part.
        n: size of the batch; more than the pool holds gives the whole pool with a warning.
        seed: the only source of randomness.
        ids: (N,) stable ids; with them, ties do not depend on the order of the pool.
        labelled: signals of the labelled items, plus ``labels`` (L,).
        pending: signals of items sent out and not yet answered.
        reference: signals of a reference (target, validation) set.
        exclude: rows that are left out of the pool: a mask (N,) of truth values, or ids (row numbers where no ids are
            given); ids that are not in the pool are passed over.
        consistent: whether sample s of ``members`` is one model for all items; False where each item had its own draws
            (dropout masks that change from batch to batch). Strategies that compare items member by member refuse it.
        **signals: signals of the pool: ``probs`` (N, C), ``members`` (N, S, C), ``embedding`` (N, D), ``gradient`` pair
            of (N, C) and (N, D), ``graph`` sparse (N, N), ``cost`` (N,), ``group`` (N,). NumPy arrays, memory-maps (read
            block by block from their file) or torch tensors (``embedding`` and ``gradient`` stay on their device); they
            are never changed. Signals that the strategy does not need are ignored.

    Returns:
        A `Selection`: ``indices`` (n,) rows in order of choice, ``ids``, ``scores`` (n,), ``reasons``. Only a budget
        (``limit(..., budget=30)``) may give fewer than n.

    Raises:
        ArgumentError: n below 1, a missing signal, wrong shapes or lengths.
        StateError: a filter, a limit or ``exclude`` leaves too few items (code ``NothingAvailable``).
        UnknownNameError: an unknown strategy, parameter or signal.
        DataError: NaN, infinite or unnormalised values.

    >>> import numpy as np
    >>> p = np.array([[0.9, 0.1], [0.5, 0.5], [0.7, 0.3]])
    >>> select("margin", 2, probs=p).indices.tolist()
    [1, 2]
    """
    n = check_count(n, "n")
    chosen_by = as_strategy(strategy)
    ctx = context(
        chosen_by.needs,
        seed=seed,
        ids=ids,
        labelled=labelled,
        pending=pending,
        reference=reference,
        consistent=consistent,
        **signals,
    )
    kept = None if exclude is None else _kept(exclude, ctx)
    if kept is not None:
        ctx = ctx.take(kept)
    if n > ctx.size:
        warnings.warn(
            f"n is {n} and the pool has {ctx.size} items: all of them are chosen", QueristWarning, stacklevel=2
        )
    chosen = choose(chosen_by, ctx, n)
    if kept is not None:
        chosen = dataclasses.replace(chosen, indices=kept[chosen.indices])
    names: Any = chosen.indices if ids is None else [ids[int(r)] for r in chosen.indices]
    if isinstance(ids, np.ndarray):
        names = ids[chosen.indices]
    return dataclasses.replace(chosen, ids=names)


def score(
    name: str | AnyPart,
    *,
    seed: int = 0,
    ids: Sequence[Any] | Array | None = None,
    labelled: Mapping[str, Any] | None = None,
    pending: Mapping[str, Any] | None = None,
    reference: Mapping[str, Any] | None = None,
    consistent: bool = True,
    **signals: Any,
) -> NDArray[np.float64]:
    """The ratings of a score: (N,) float64, higher = label me. Arguments as for `select`."""
    part = as_score(name)
    ctx = context(
        part.needs,
        seed=seed,
        ids=ids,
        labelled=labelled,
        pending=pending,
        reference=reference,
        consistent=consistent,
        **signals,
    )
    return np.asarray(rated(part, ctx), dtype=np.float64)


def context(
    needs: Needs,
    *,
    seed: int,
    ids: Sequence[Any] | Array | None,
    labelled: Mapping[str, Any] | None,
    pending: Mapping[str, Any] | None,
    reference: Mapping[str, Any] | None,
    consistent: bool = True,
    **signals: Any,
) -> Context:
    """Plain arrays as a `Context`; what is missing or does not fit is refused by name."""
    seed = check_seed(seed)
    pool_arrays = _arrays(signals, "pool")
    size = _length(pool_arrays, ids, "pool")
    pool = View(size, pool_arrays, role="pool", check=check_signal)
    views = {}
    for role, given in (("labelled", labelled), ("pending", pending), ("reference", reference)):
        arrays = _arrays(given or {}, role)
        views[role] = View(_length(arrays, None, role) if arrays else 0, arrays, role=role, check=check_signal)
    spared = {wanted for wanted, other in needs.instead if other in pool}  # reading one anyway is refused by the view
    if needs.capabilities or (needs.plugin and not all(signal in pool for signal in needs.pool)):
        what = needs.plugin or ", ".join(sorted(needs.capabilities))
        published = "" if not needs.plugin else f", or pass {', '.join(sorted(str(s) for s in needs.pool))}=..."
        raise ArgumentError(
            f"this strategy needs {what} of a learner; plain arrays cannot give it: use a Session{published}",
            code="NeedsCapability",
        )
    _demand(needs.pool - spared, pool, "")
    _demand(needs.labelled, views["labelled"], "labelled=")
    _demand(needs.reference, views["reference"], "reference=")
    _same_widths(pool, views)
    return Context(
        pool=pool,
        labelled=views["labelled"],
        pending=views["pending"],
        reference=views["reference"] if reference else None,
        seed=seed,
        hashes=None if ids is None else id_hashes(ids),  # of row numbers: made where a tie key is asked for
        ids=ids,
        capabilities={} if consistent else {"consistent": False},
    )


def _kept(exclude: Sequence[Any] | Array, ctx: Context) -> NDArray[np.int64]:
    """The rows that are not excluded, in order."""
    out = _array(exclude)
    if out.ndim != 1:
        raise ArgumentError(
            f"exclude must be a mask (N,) or a list of ids, got shape {out.shape}", code="ShapeMismatch"
        )
    if out.dtype == bool:
        if len(out) != ctx.size:
            raise ArgumentError(
                f"the mask exclude has {len(out)} values and the pool {ctx.size} items", code="LengthMismatch"
            )
        kept = np.flatnonzero(~out)
    elif ctx.ids is not None:
        names = np.asarray(ctx.ids)
        if len(out) and (out.dtype.kind in "iu") != (names.dtype.kind in "iu"):  # nothing could ever match
            raise ArgumentError(
                f"exclude holds {type(out[0].item()).__name__} and ids hold {type(names[0].item()).__name__}, "
                f"e.g. {out[0].item()!r} and {names[0].item()!r}; pass ids of the same kind, or a mask",
                code="UnknownItem",
            )
        gone = set(out.tolist())
        kept = np.array([row for row, name in enumerate(names.tolist()) if name not in gone], dtype=np.int64)
    else:
        if len(out) and (out.dtype.kind not in "iu" or out.min() < 0 or out.max() >= ctx.size):
            raise ArgumentError(
                f"exclude names rows of a pool of {ctx.size} items (no ids were given): whole numbers from 0 to "
                f"{ctx.size - 1}; got {shorten(out.tolist())}",
                code="UnknownItem",
            )
        kept = np.setdiff1d(np.arange(ctx.size), out.astype(np.int64))
    if not len(kept):
        raise StateError(f"exclude leaves out all {ctx.size} items of the pool", code="NothingAvailable")
    return kept.astype(np.int64)


def _arrays(given: Mapping[str, Any], role: str) -> dict[Signal, Any]:
    out: dict[Signal, Any] = {}
    for name, value in given.items():
        if value is None:
            continue
        signal = CATALOGUE.get(name)
        if signal is None:
            near = nearest(name, CATALOGUE)
            hint = f"did you mean {near[0]}?" if near else f"known are: {', '.join(CATALOGUE)}"
            raise UnknownNameError(f"unknown signal {name!r} of the {role}; {hint}", code="UnknownSignal")
        if signal is GRADIENT:
            if not isinstance(value, (tuple, list)) or len(value) != 2:
                raise ArgumentTypeError(
                    f"gradient is a pair (a, h) with shapes {signal.shape}; got {type(value).__name__}",
                    code="ShapeMismatch",
                )
            out[signal] = tuple(_on_device(part) if role == "pool" else _array(part) for part in value)
        elif signal is EMBEDDING and role == "pool":
            out[signal] = _on_device(value)
        else:
            out[signal] = value if signal is GRAPH else _array(value)
    return out


def _on_device(value: Any) -> Any:
    """Tensors on a device stay there, wrapped; anything else as `_array` has it."""
    if isinstance(value, DeviceRows):
        return value
    if hasattr(value, "detach") and value.device.type != "cpu":
        return DeviceRows(value)
    return _array(value)


def _array(value: Any) -> Array:
    """A NumPy view of an array or tensor: no copy where none is needed."""
    if hasattr(value, "detach"):  # a torch tensor, without importing torch
        value = value.detach().cpu().numpy()
    array: Array = np.asanyarray(value)
    if array.dtype == np.float16:
        array = array.astype(np.float32)
    return array


def _length(arrays: Mapping[Signal, Any], ids: Any, role: str) -> int:
    lengths: dict[str, int] = {}
    for signal, value in arrays.items():
        if signal is GRADIENT:
            lengths["gradient[0]"], lengths["gradient[1]"] = len(value[0]), len(value[1])
        else:
            lengths[signal.name] = value.shape[0]
    if ids is not None:
        lengths["ids"] = len(ids)
    if not lengths:
        raise ArgumentError(
            f"no signals of the {role} were given: pass at least one array (probs=, embedding=, ...) or ids=",
            code="MissingSignal",
        )
    if len(set(lengths.values())) > 1:
        text = ", ".join(f"{k} has {v}" for k, v in lengths.items())
        raise ArgumentError(f"arrays of the {role} differ in length: {text}", code="LengthMismatch")
    size = next(iter(lengths.values()))
    if role == "pool" and size == 0:
        raise DataError("the pool has 0 items: pass arrays with at least one row", code="EmptyPool")
    return size


def _demand(wanted: frozenset[Signal], view: View, prefix: str) -> None:
    for signal in sorted(wanted, key=str):
        if signal not in view:
            how = f"{prefix}{{'{signal.name}': ...}}" if prefix else f"{signal.name}=..."
            raise ArgumentError(
                f"this strategy needs the signal {signal.name} {signal.shape} of the {view.role} ({signal.meaning}); "
                f"pass {how}",
                code="MissingSignal",
            )


def _same_widths(pool: View, views: Mapping[str, View]) -> None:
    """Classes and feature widths of all roles agree with the pool's."""
    for role, view in views.items():
        for signal in CATALOGUE.values():
            if signal in (LABELS, TARGETS, GRAPH, HISTORY) or signal not in pool or signal not in view:
                continue
            ours, theirs = pool._arrays[signal], view._arrays[signal]
            ours, theirs = getattr(ours, "array", ours), getattr(theirs, "array", theirs)
            pairs = zip(ours, theirs) if signal is GRADIENT else [(ours, theirs)]
            for mine, other in pairs:
                if mine.shape[1:] != other.shape[1:]:
                    raise ArgumentError(
                        f"{signal.name} of the {role} has rows of shape {other.shape[1:]}, those of the pool "
                        f"{mine.shape[1:]}",
                        code="ClassMismatch" if signal is PROBS else "FeatureMismatch",
                    )
