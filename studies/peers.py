"""Where a packaged peer has a method of ours: both choose from the same arrays, and each difference is explained.

Usage: python studies/peers.py [--short] [--seeds 5]. Writes peers.json. The peers come with ``pip install querist[peers]``
(leave torchvision out: the study does not need it); one that is absent is listed as not installed.

A difference counts as explained when a variant agrees: the peer with the parameter that differs, ours on the arrays that
the peer makes for itself, or the peer's rule written down in a few lines. The variant's agreement stands beside the pair.
"""

from __future__ import annotations

import argparse
import importlib
import json
import time
import warnings
from importlib import metadata
from statistics import fmean
from typing import Any

import numpy as np
from scipy.stats import spearmanr

import peer_clusters
import peer_distances
import peer_scores
from harness import ROOT
from peer_arrays import (
    PACKAGES,
    PAIRS,
    Pair,
    imported,
)
from querist.benchmark.environment import environment

SECTIONS = (peer_scores, peer_distances, peer_clusters)  # importing them fills PAIRS
INSTALLED = ("scikit-activeml", "small-text", "batchbald-redux", "hnswlib")
NO_PEER = (
    "acs_fw",
    "alfa_mix",
    "bait",
    "bemps",
    "cluster_margin",
    "core_log",
    "core_mse",
    "epig",
    "facility_location",
    "galaxy",
    "graph_density",
    "lcmd",
    "power",
    "uherding",
)
NOT_COMPARED = {
    "eer": "scikit-activeml's ExpectedErrorReduction fits the model anew for each item and answer; ours takes one step",
    "emoc": "scikit-activeml's ExpectedModelOutputChange fits its own regressor; ours is a least-squares head",
    "variance_reduction": "scikit-activeml's ExpectedModelVarianceReduction fits its own committee for each answer",
}


def overlap(a: Any, b: Any) -> float:
    """Share of rows that two choices have in common."""
    return len({int(i) for i in a} & {int(i) for i in b}) / max(len(a), 1)


def agrees(a: Any, b: Any) -> float:
    """Overlap of two choices; 1 or 0 for two arrays of numbers."""
    if isinstance(a, np.ndarray) and a.dtype.kind == "f":
        return float(np.allclose(a, b, rtol=1e-5, atol=1e-7))
    return overlap(a, b)


def study(one: Pair, seeds: int) -> dict[str, Any]:
    """What all seeds gave for a pair."""
    out: dict[str, Any] = {"ours": one.ours, "package": one.package, "peer": one.peer}
    if PACKAGES[one.package] is None:
        return {**out, "status": "not installed"}
    trials = [one.run(seed) for seed in range(seeds)]
    shares = [overlap(t.ours, t.peer) for t in trials]
    out |= {
        "status": "equal" if min(shares) == 1 else "different",
        "batch": len(trials[0].ours),
        "overlap": round(fmean(shares), 3),
        "same_first": round(fmean(int(t.ours[0]) == int(t.peer[0]) for t in trials), 3),
        "stochastic": one.stochastic,
    }
    scores = [t.scores for t in trials if t.scores is not None]
    if scores:
        out["rank_correlation"] = round(fmean(float(spearmanr(a, b).statistic) for a, b in scores), 4)
    if one.why:
        out["why"] = one.why
    variants = [t.variant for t in trials if t.variant is not None]
    if variants:
        out["variant"] = {"what": one.variant, "agreement": round(fmean(agrees(a, b) for a, b in variants), 3)}
    for key in trials[0].figures:
        out.setdefault("figures", {})[key] = round(fmean(t.figures[key] for t in trials), 4)
    return out


def version(package: str) -> str | None:
    """Of an installed distribution."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--short", action="store_true", help="1 seed, nothing written")
    parser.add_argument("--only", help="pairs whose name or peer holds this text; nothing written")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    if imported("torch"):
        importlib.import_module("torch").set_num_threads(1)
    started, rows = time.monotonic(), []
    for one in PAIRS:
        if options.only and options.only not in f"{one.ours} {one.package} {one.peer}":
            continue
        row = study(one, 1 if options.short else options.seeds)
        rows.append(row)
        variant = row.get("variant", {}).get("agreement", "–")
        print(
            f"{row['ours']:<38}{row['package']:<24}{row['peer']:<58}{row['status']:<11}"
            f"{row.get('overlap', '–'):>6}{row.get('rank_correlation', '–'):>9}{variant:>7}  {row.get('figures', '')}",
            flush=True,
        )
    print(f"{time.monotonic() - started:.0f} s")
    if options.short or options.only:
        return
    document: dict[str, Any] = {
        "study": "peers",
        "seeds": options.seeds,
        "environment": {**environment(), "peers": {name: version(name) for name in INSTALLED}},
        "results": rows,
        "no_peer": list(NO_PEER),
        "not_compared": NOT_COMPARED,
        "checks": {
            "all that differs is explained": all(r.get("why") for r in rows if r["status"] == "different"),
            "all variants agree": all(r["variant"]["agreement"] == 1 for r in rows if "variant" in r),
        },
    }
    (ROOT / "peers.json").write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    for text, holds in document["checks"].items():
        print(f"{'holds' if holds else 'DOES NOT HOLD'}: {text}")


if __name__ == "__main__":
    main()
