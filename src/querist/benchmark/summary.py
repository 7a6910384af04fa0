"""The summary of a study: area, final value, labels to the target, and the paired comparison with random."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import fmean, median
from typing import Any, TypeGuard

from querist.benchmark.curves import Rule, aubc, aubc_published, labels_to_target
from querist.benchmark.entry import Entry, Versus
from querist.benchmark.statistics import bootstrap_interval, holm, sign_flip, wins

__all__ = [
    "BASELINE",
    "LEAST_SEEDS",
    "curve_of",
    "is_number",
    "lower_is_better",
    "metric_names",
    "strategy_names",
    "summarise",
]

BASELINE = "random"
LEAST_SEEDS = 10
"""With fewer common seeds no p value is given."""

_LOWER = ("log_loss", "ece", "brier", "rmse", "mae")

Run = Mapping[str, Any]


def lower_is_better(metric: str) -> bool:
    """Whether a smaller value of the metric is the better one; ``validation_log_loss`` counts as ``log_loss``."""
    return any(metric == name or metric.endswith(f"_{name}") for name in _LOWER)


def strategy_names(runs: Sequence[Run]) -> list[str]:
    """Strategies in the order of their first run."""
    return list(dict.fromkeys(run["strategy"] for run in runs))


def metric_names(runs: Sequence[Run], first: str | None = None) -> list[str]:
    """Metrics that hold a value somewhere, the main one first: ``first``, else accuracy, else the first seen."""
    seen = dict.fromkeys(
        name for run in runs for entry in run["rounds"] for name, value in entry["metrics"].items() if is_number(value)
    )
    main = [name for name in (first, "accuracy") if name in seen][:1]
    return list(dict.fromkeys([*[m for m in main if m is not None], *seen]))


def curve_of(run: Run, metric: str) -> tuple[list[float], list[float]]:
    """Label counts and values of one run; rounds without a finite value are left out."""
    points = [(e["labels"], e["metrics"][metric]) for e in run["rounds"] if is_number(e["metrics"].get(metric))]
    return [float(x) for x, _ in points], [float(y) for _, y in points]


def summarise(runs: Sequence[Run], metrics: Sequence[str], *, published: Rule | None = None) -> list[Entry]:
    """One entry a metric and strategy, metrics in the order given.

    Args:
        runs: as in ``results.json``.
        metrics: names.
        published: rule of the published row that the study repeats; adds ``aubc_published``.

    Returns:
        Entries of ``summary``. ``p`` is Holm-corrected over the strategies of one metric. ``labels_to_target`` is the
        median with a seed that never gets there later than all others, so it is None as soon as half of them do not.
    """
    entries: list[Entry] = []
    for metric in metrics:
        curves: dict[str, dict[int, tuple[list[float], list[float]]]] = {}
        for run in runs:
            curve = curve_of(run, metric)
            if curve[0]:
                curves.setdefault(run["strategy"], {})[run["seed"]] = curve
        base = curves.get(BASELINE)
        target = fmean(y[-1] for _, y in base.values()) if base else None
        block = [_entry(strategy, metric, found, base, target) for strategy, found in curves.items()]
        if published is not None:
            for entry in block:
                found = curves[entry["strategy"]].values()
                entry["aubc_published"] = fmean(aubc_published(y, published) for _, y in found)
        raw = [(v, v["p"]) for e in block if (v := e["versus_random"]) is not None and v["p"] is not None]
        for (versus, _), corrected in zip(raw, holm([p for _, p in raw]), strict=True):
            versus["p"] = corrected
        entries.extend(block)
    return entries


def _entry(
    strategy: str,
    metric: str,
    curves: Mapping[int, tuple[list[float], list[float]]],
    base: Mapping[int, tuple[list[float], list[float]]] | None,
    target: float | None,
) -> Entry:
    areas = [aubc(x, y) for x, y in curves.values()]
    needed, censored = _to_target(curves, metric, target)
    return {
        "strategy": strategy,
        "metric": metric,
        "aubc": fmean(areas),
        "aubc_ci": list(bootstrap_interval(areas)),
        "final": fmean(y[-1] for _, y in curves.values()),
        "labels_to_target": needed,
        "censored": censored,
        "seeds": len(areas),
        "versus_random": None if base is None or strategy == BASELINE else _versus(curves, base, metric),
    }


def _to_target(
    curves: Mapping[int, tuple[list[float], list[float]]], metric: str, target: float | None
) -> tuple[float | None, int | None]:
    """Median over the seeds, and how many never got there; a seed that never does counts as later than all others."""
    if target is None:
        return None, None
    sign = -1.0 if lower_is_better(metric) else 1.0
    reached = [labels_to_target(x, [sign * v for v in y], sign * target) for x, y in curves.values()]
    middle = median(math.inf if r is None else r for r in reached)
    whole = int(middle) if math.isfinite(middle) and middle == int(middle) else middle
    return (whole if math.isfinite(middle) else None), sum(r is None for r in reached)


def _versus(
    curves: Mapping[int, tuple[list[float], list[float]]],
    base: Mapping[int, tuple[list[float], list[float]]],
    metric: str,
) -> Versus:
    """Paired differences of the area on common seeds. ``diff`` is in the metric's own direction, wins are not."""
    seeds = [seed for seed in curves if seed in base]
    if not seeds:
        note = "no seed in common with random"
        return Versus(diff=None, diff_ci=None, p=None, wins=0, ties=0, losses=0, seeds=0, note=note)
    diffs = [aubc(*curves[s]) - aubc(*base[s]) for s in seeds]
    better, ties, worse = wins([-d for d in diffs] if lower_is_better(metric) else diffs)
    notes = []
    if len(seeds) < LEAST_SEEDS:
        common = f"{len(seeds)} common seed{'s' * (len(seeds) > 1)}"
        notes.append(f"{common}: mean difference and wins only, a p value needs {LEAST_SEEDS}")
    if any(_span(curves[s]) != _span(base[s]) for s in seeds):
        notes.append("label ranges differ from those of random, so the areas compare unlike stretches")
    return {
        "diff": fmean(diffs),
        "diff_ci": list(bootstrap_interval(diffs)),
        "p": sign_flip(diffs) if len(seeds) >= LEAST_SEEDS else None,
        "wins": better,
        "ties": ties,
        "losses": worse,
        "seeds": len(seeds),
        "note": "; ".join(notes) or None,
    }


def _span(curve: tuple[list[float], list[float]]) -> tuple[float, float]:
    return curve[0][0], curve[0][-1]


def is_number(value: object) -> TypeGuard[float]:
    """Whether the value is a finite number (True and False are none)."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
