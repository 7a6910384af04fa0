"""What all studies share: data by environment variable, runs in processes, resumable, and the comparison at the end.

A study is a list of tasks (data set, strategy, seed), each giving a learning curve. Curves are kept a JSON line a task
in a scratch file while the study runs, so that it can be interrupted; the result is one JSON document committed beside
the study. Item texts, features and weights are never written.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

from querist.benchmark.environment import environment
from querist.benchmark.parent import end_with_parent
from querist.benchmark.statistics import bootstrap_interval, sign_flip

__all__ = ["Curve", "Study", "data_folder", "main"]

ROOT = Path(__file__).resolve().parent
Curve = list[tuple[int, float]]
"""(labels, test accuracy) of each round."""


def data_folder() -> Path:
    """The folder of data sets: QUERIST_DATA, else ``shared/data`` beside the checkout; ends the program when absent."""
    folder = Path(os.environ.get("QUERIST_DATA") or ROOT.parent.parent / "shared" / "data")
    if not folder.is_dir():
        sys.exit("the data sets are not there: set QUERIST_DATA to their folder")
    return folder


@dataclass(frozen=True)
class Study:
    """What is run and what it is compared with.

    Args:
        name: file name of the result.
        row: what the study reproduces, in words.
        source: where the published figures come from.
        recipe: the training recipe and protocol, in words, with the files of the source quoted.
        datasets: names.
        strategies: text by the name in the source.
        one: (data set, strategy, seed) -> curve; runs in a worker with one thread.
        figure: what a curve is summed up to, as the source does it.
        figure_name: in words.
        published: published figure by data set and strategy; a missing one is none.
        seeds: how many.
        short: how many in the short form.
        baseline: name of the strategy the others are paired with.
        checks: what must hold, in words -> whether it does, from the table of means by data set and strategy.
        extra: what else is kept, from the figures of all seeds by data set and strategy.
        on_curves: what must hold, in words -> whether it does, from the curves of all seeds by data set and strategy.
    """

    name: str
    row: str
    source: str
    recipe: str
    datasets: Sequence[str]
    strategies: Mapping[str, str]
    one: Callable[[str, str, int], Curve]
    figure: Callable[[Curve], float]
    figure_name: str
    published: Mapping[str, Mapping[str, float]]
    seeds: int
    short: int = 2
    baseline: str = "random"
    checks: Mapping[str, Callable[[Mapping[str, Mapping[str, float]]], bool]] = field(default_factory=dict)
    extra: Callable[[Mapping[str, Mapping[str, Sequence[float]]]], Any] | None = None
    on_curves: Mapping[str, Callable[[Mapping[str, Mapping[str, Sequence[Curve]]]], bool]] = field(default_factory=dict)


def main(study: Study) -> None:
    """Command line of a study."""
    parser = argparse.ArgumentParser(description=study.row)
    parser.add_argument("--seeds", type=int, default=study.seeds)
    parser.add_argument("--short", action="store_true", help=f"{study.short} seeds, nothing written")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--fresh", action="store_true", help="forget the runs of an interrupted call")
    options = parser.parse_args()
    seeds = study.short if options.short else options.seeds
    started = time.monotonic()
    curves = _run(study, seeds, options.workers, options.fresh)
    document = _document(study, curves, seeds)
    _print(document)
    print(f"{time.monotonic() - started:.0f} s, {options.workers} workers of one thread")
    if not options.short:
        target = ROOT / f"{study.name}.json"
        target.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def _run(study: Study, seeds: int, workers: int, fresh: bool) -> dict[tuple[str, str, int], Curve]:
    stamp = hashlib.blake2b((study.recipe + str(study.strategies)).encode(), digest_size=4).hexdigest()
    scratch = ROOT / f".{study.name}-{stamp}.runs.jsonl"
    if fresh:
        scratch.unlink(missing_ok=True)
    curves: dict[tuple[str, str, int], Curve] = {}
    if scratch.exists():
        for line in scratch.read_text(encoding="utf-8").splitlines():
            data, strategy, seed, curve = json.loads(line)
            curves[data, strategy, seed] = [(int(a), float(b)) for a, b in curve]
    tasks = [(d, s, seed) for seed in range(seeds) for d in study.datasets for s in study.strategies]
    todo = [t for t in tasks if t not in curves]
    if todo:
        with (
            ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_one_thread) as pool,
            scratch.open("a", encoding="utf-8") as out,
        ):
            futures = {pool.submit(study.one, d, study.strategies[s], seed): (d, s, seed) for d, s, seed in todo}
            for done, future in enumerate(as_completed(futures), start=1):
                task = futures[future]
                curves[task] = future.result()
                out.write(json.dumps([*task, curves[task]]) + "\n")
                out.flush()
                if done % max(len(todo) // 20, 1) == 0:
                    print(f"{study.name}: {done} of {len(todo)} runs", file=sys.stderr, flush=True)
    return {t: curves[t] for t in tasks}


def _one_thread() -> None:
    end_with_parent()
    import torch
    from threadpoolctl import threadpool_limits

    torch.set_num_threads(1)
    threadpool_limits(1)


def _document(study: Study, curves: Mapping[tuple[str, str, int], Curve], seeds: int) -> dict[str, Any]:
    rows, means, whole = [], {}, {}
    seen = {d: {s: [curves[d, s, k] for k in range(seeds)] for s in study.strategies} for d in study.datasets}
    for data in study.datasets:
        figures = {s: [study.figure(curves[data, s, k]) for k in range(seeds)] for s in study.strategies}
        whole[data] = figures
        means[data] = {s: fmean(v) for s, v in figures.items()}
        for strategy, values in figures.items():
            published = study.published.get(data, {}).get(strategy)
            row: dict[str, Any] = {
                "data": data,
                "strategy": strategy,
                "text": study.strategies[strategy],
                "mean": round(means[data][strategy], 4),
                "sd": round(stdev(values), 4) if seeds > 1 else None,
                "published": published,
                "off": None if published is None else round(means[data][strategy] - published, 4),
                "final": round(fmean(curves[data, strategy, k][-1][1] for k in range(seeds)), 4),
            }
            if strategy != study.baseline:
                base = figures[study.baseline]
                gaps = [a - b for a, b in zip(values, base, strict=True)]
                low, high = bootstrap_interval(gaps, seed=0)
                row["versus_baseline"] = {
                    "diff": round(fmean(gaps), 4),
                    "interval": [round(low, 4), round(high, 4)],
                    "p": round(sign_flip(gaps, seed=0), 5) if seeds >= 10 else None,
                    "wins": sum(g > 0 for g in gaps),
                    "losses": sum(g < 0 for g in gaps),
                }
            rows.append(row)
    return {
        "study": study.name,
        "row": study.row,
        "source": study.source,
        "recipe": study.recipe,
        "figure": study.figure_name,
        "seeds": seeds,
        "baseline": study.baseline,
        "environment": environment(),
        "results": rows,
        "checks": {
            **{text: bool(check(means)) for text, check in study.checks.items()},
            **{text: bool(check(seen)) for text, check in study.on_curves.items()},
        },
        **({} if study.extra is None else {"extra": study.extra(whole)}),
    }


def _print(document: Mapping[str, Any]) -> None:
    print(document["row"], f"({document['seeds']} seeds; {document['figure']})")
    print(
        f"{'data':<14}{'strategy':<18}{'mean':>8}{'publ.':>8}{'off':>8}{'diff':>9}{'interval':>20}{'p':>9} {'w/l':>7}"
    )
    for r in document["results"]:
        v = r.get("versus_baseline")
        tail = ""
        if v:
            interval = f"[{v['interval'][0]:+.4f}, {v['interval'][1]:+.4f}]"
            p = "–" if v["p"] is None else f"{v['p']:.4f}"
            tail = f"{v['diff']:>+9.4f}{interval:>20}{p:>9} {v['wins']:>3}/{v['losses']}"
        published = "–" if r["published"] is None else f"{r['published']:.4f}"
        off = "" if r["off"] is None else f"{r['off']:+.4f}"
        print(f"{r['data']:<14}{r['strategy']:<18}{r['mean']:>8.4f}{published:>8}{off:>8}{tail}")
    for text, holds in document["checks"].items():
        print(f"{'holds' if holds else 'DOES NOT HOLD'}: {text}")
