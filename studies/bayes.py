"""Bayesian signals: does uncertainty grow off the data, and which posterior is better calibrated than one softmax?

Two moons: mean entropy and mean information (BALD) in a ring far from the data, beside fresh points on the data. Digits:
fitted on 300, told of 700 others as they are, rotated, shifted by pixels and with noise. Within a seed, softmax, MC
dropout, snapshots, SWAG and Laplace read one and the same training; the ensemble adds four. The temperature, and the prior
of "laplace, prior tuned", are cross-fitted over the labels, which takes five more. Ten seeds, paired.

Usage: python studies/bayes.py [--seeds 10] [--short]
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
import torch
from scipy.ndimage import rotate, shift
from sklearn.datasets import load_digits, make_moons

from querist.benchmark.environment import environment
from querist.benchmark.statistics import bootstrap_interval, sign_flip
from querist.core.seeds import derive, generator
from querist.core.types import Array
from querist.models.calibration.scores import brier, calibration_error, nll
from querist.models.calibration.temperature import best_temperature, scaled
from querist.models.embedding import tapped
from querist.models.guard import rng_kept, untouched
from querist.models.mlp import MLP
from querist.models.stochastic.ensemble import Ensemble
from querist.models.stochastic.laplace import LastLayerLaplace
from querist.models.stochastic.mc_dropout import MCDropout
from querist.models.stochastic.posterior import Fitted, Posterior, Watcher
from querist.models.stochastic.snapshots import Snapshots
from querist.models.stochastic.swag import SWAG

ROOT = Path(__file__).resolve().parent
POSTERIORS: dict[str, Posterior] = {
    "mc dropout": MCDropout(20),
    "ensemble": Ensemble(5),
    "snapshots": Snapshots(5),
    "swag": SWAG(20, rank=10),
    "laplace": LastLayerLaplace(20),
}
METHODS = ("softmax", "temperature", *POSTERIORS, "laplace, prior tuned")
PRIORS = (1.0, 3.0, 10.0, 30.0, 100.0, 300.0)
MEASURES: dict[str, Callable[[Array, Array], float]] = {
    "nll": nll,
    "ece": calibration_error,
    "brier": brier,
    "error": lambda p, y: float((p.argmax(axis=1) != y).mean()),
}
SHIFTS: dict[str, Callable[[Array, Any], Array]] = {
    "as it is": lambda x, rng: x,
    "rotated 15": lambda x, rng: _each(x, lambda i: rotate(i, 15, reshape=False, order=1)),
    "rotated 30": lambda x, rng: _each(x, lambda i: rotate(i, 30, reshape=False, order=1)),
    "shifted 1": lambda x, rng: _each(x, lambda i: shift(i, (0, 1), order=1)),
    "noise .2": lambda x, rng: (x + 0.2 * rng.normal(size=x.shape)).astype(np.float32),
    "noise .4": lambda x, rng: (x + 0.4 * rng.normal(size=x.shape)).astype(np.float32),
}
RECIPE = "MLP with two hidden layers of 64 and dropout .1; Adam 1e-3, batches of 32, 100 epochs, no weight decay"
FIGURES = Path("bayes.json")


def _each(x: Array, change: Callable[[Array], Array]) -> Array:
    images = [change(i.reshape(8, 8)).reshape(64) for i in x]
    return np.asarray(images, dtype=np.float32)


def train(x: Array, y: Array, seed: int, watchers: list[Watcher], epochs: int = 100) -> Any:
    """One network, in evaluation mode."""
    inputs, targets = torch.as_tensor(x), torch.as_tensor(y)
    order = torch.Generator().manual_seed(derive(seed, "order"))
    with rng_kept(derive(seed, "weights")):
        net = MLP(x.shape[1], int(y.max()) + 1, hidden=(64, 64), dropout=0.1)
        optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
        for epoch in range(epochs):
            net.train()
            for rows in torch.split(torch.randperm(len(x), generator=order), 32):
                loss = torch.nn.functional.cross_entropy(net(inputs[rows]), targets[rows])
                optimizer.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                optimizer.step()
            for watcher in watchers:
                watcher.on_epoch(net, epoch, epochs)
    return net.eval()


def probabilities(net: Any, x: Array) -> Array:
    """(N, C) of the network as it stands."""
    with untouched(net), torch.inference_mode():
        return np.asarray(net(torch.as_tensor(x)).softmax(dim=1).double().numpy())


def told(x: Array, y: Array, sets: dict[str, Array], seed: int) -> dict[str, dict[str, tuple[Array, Array]]]:
    """Probabilities (N, C) and members (N, S, C) by method and set."""
    watchers = {name: p.watch() for name, p in POSTERIORS.items()}
    nets = [train(x, y, derive(seed, "net", 0), [w for w in watchers.values() if w is not None])]
    nets += [train(x, y, derive(seed, "net", n), []) for n in range(1, 5)]
    with torch.no_grad(), tapped(nets[0], None) as tap:
        nets[0](torch.as_tensor(x))
    out: dict[str, dict[str, tuple[Array, Array]]] = {"softmax": {}, "temperature": {}}
    warmth, prior = cross_fitted(x, y, seed)
    for name, points in sets.items():
        p = probabilities(nets[0], points)
        out["softmax"][name] = (p, p[:, None])
        q = scaled(p, warmth)
        out["temperature"][name] = (q, q[:, None])
    for method, posterior in {**POSTERIORS, "laplace, prior tuned": LastLayerLaplace(20, prior)}.items():
        modules = nets if method == "ensemble" else nets[:1]
        left = Fitted(modules, watchers.get(method), tap.value, torch.as_tensor(y), None, "head", "single", seed)
        kept = posterior.finish(left)
        out[method] = {}
        for name, points in sets.items():
            samples = []
            for s in range(posterior.samples):
                with posterior.member(nets[0], kept, s, seed):
                    samples.append(probabilities(nets[0], points))
            members = np.stack(samples, axis=1)
            # here the mean over the masks, as Gal 2016 has it, also for MC dropout
            out[method][name] = (members.mean(axis=1), members)
    return out


def cross_fitted(x: Array, y: Array, seed: int) -> tuple[float, float]:
    """The temperature and the prior under which labels that five models did not see are most probable."""
    part = generator(seed, "parts").permutation(len(x)) % 5
    probs: dict[float, list[Array]] = {prior: [] for prior in (0.0, *PRIORS)}
    answers = np.concatenate([y[part == k] for k in range(5)])
    for k in range(5):
        rest, own = part != k, part == k
        net = train(x[rest], y[rest], derive(seed, "part", k), [])
        probs[0.0].append(probabilities(net, x[own]))
        with torch.no_grad(), tapped(net, None) as tap:
            net(torch.as_tensor(x[rest]))
        left = Fitted([net], None, tap.value, torch.as_tensor(y[rest]), None, "head", "single", seed)
        for prior in PRIORS:
            posterior = LastLayerLaplace(20, prior)
            kept = posterior.finish(left)
            samples = []
            for s in range(20):
                with posterior.member(net, kept, s, seed):
                    samples.append(probabilities(net, x[own]))
            probs[prior].append(np.mean(samples, axis=0))
    best = min(PRIORS, key=lambda prior: nll(np.concatenate(probs[prior]), answers))
    return best_temperature(np.concatenate(probs[0.0]), answers), best


def entropy(p: Array) -> Array:
    """Nats, over the last axis."""
    out: Array = -(p * np.log(np.maximum(p, 1e-30))).sum(axis=-1)
    return out


def moons(seed: int) -> dict[str, dict[str, float]]:
    """By method: mean entropy and information on the data and far from it."""
    x, y = make_moons(200, noise=0.1, random_state=seed)
    fresh, _ = make_moons(400, noise=0.1, random_state=seed + 1000)
    rng = generator(seed, "ring")
    angle, radius = rng.uniform(0, 2 * np.pi, 400), rng.uniform(4, 8, 400)
    ring = np.stack([0.5 + radius * np.cos(angle), 0.25 + radius * np.sin(angle)], axis=1)
    sets = {"on": fresh.astype(np.float32), "far": ring.astype(np.float32)}
    out: dict[str, dict[str, float]] = {}
    for method, by_set in told(x.astype(np.float32), y.astype(np.int64), sets, seed).items():
        out[method] = {}
        for name, (p, members) in by_set.items():
            out[method][f"entropy {name}"] = float(entropy(p).mean())
            out[method][f"information {name}"] = float(
                (entropy(members.mean(axis=1)) - entropy(members).mean(axis=1)).mean()
            )
    return out


def digits(seed: int) -> dict[str, dict[str, dict[str, float]]]:
    """By method and shift: the measures."""
    x, y = load_digits(return_X_y=True)
    order = generator(seed, "split").permutation(len(x))
    x, y = (x[order] / 16).astype(np.float32), y[order].astype(np.int64)
    rng = generator(seed, "noise")
    sets = {name: change(x[300:1000], rng) for name, change in SHIFTS.items()}
    answers = y[300:1000]
    found = told(x[:300], y[:300], sets, seed)
    return {
        method: {name: {m: f(p, answers) for m, f in MEASURES.items()} for name, (p, _) in by_set.items()}
        for method, by_set in found.items()
    }


def paired(values: list[float], base: list[float]) -> dict[str, Any]:
    """Mean, and the difference to the base by seed; lower is better."""
    gaps = [a - b for a, b in zip(values, base, strict=True)]
    low, high = bootstrap_interval(gaps, seed=0)
    return {
        "mean": round(fmean(values), 4),
        "diff": round(fmean(gaps), 4),
        "interval": [round(low, 4), round(high, 4)],
        "p": round(sign_flip(gaps, seed=0), 5) if len(gaps) >= 10 else None,
        "better": sum(g < 0 for g in gaps),
    }


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--short", action="store_true", help="2 seeds, nothing written")
    options = parser.parse_args()
    seeds = range(2 if options.short else options.seeds)
    torch.set_num_threads(1)
    started = time.process_time()
    ms = [moons(s) for s in seeds]
    ds = [digits(s) for s in seeds]
    grown = {
        method: {
            kind: {
                "on": round(fmean(m[method][f"{kind} on"] for m in ms), 4),
                "far": round(fmean(m[method][f"{kind} far"] for m in ms), 4),
                "seeds grown": sum(m[method][f"{kind} far"] > m[method][f"{kind} on"] for m in ms),
            }
            for kind in ("entropy", "information")
        }
        for method in METHODS
    }
    table: dict[str, Any] = {}
    changed = [name for name in SHIFTS if name != "as it is"]
    for where, names in (*((n, [n]) for n in SHIFTS), ("all shifts", changed)):
        table[where] = {}
        for measure in MEASURES:
            every = {m: [fmean(d[m][n][measure] for n in names) for d in ds] for m in METHODS}
            table[where][measure] = {m: paired(every[m], every["softmax"]) for m in METHODS}
    checks = {
        f"{method}: lower {measure} than softmax, {where}": table[where][measure][method]["diff"] < 0
        for method in ("ensemble", "laplace", "laplace, prior tuned")
        for measure in ("nll", "ece")
        for where in ("as it is", "all shifts")
    } | {
        f"{method}: {kind} grows off the data in every seed": grown[method][kind]["seeds grown"] == len(ms)
        for method in ("ensemble", "laplace", "laplace, prior tuned")
        for kind in ("entropy", "information")
    }
    document = {
        "study": "bayes",
        "row": "Bayesian signals: two moons and shifted digits",
        "recipe": RECIPE,
        "posteriors": {name: repr(p) for name, p in POSTERIORS.items()},
        "seeds": len(ms),
        "environment": environment(),
        "two moons": grown,
        "digits": table,
        "checks": checks,
    }
    _print(document)
    print(f"{time.process_time() - started:.0f} s of one core")
    if not options.short:
        (ROOT / FIGURES).write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def _print(document: dict[str, Any]) -> None:
    print(
        f"{'two moons':<22}" + "".join(f"{k + ' ' + w:>18}" for k in ("entropy", "information") for w in ("on", "far"))
    )
    for method, kinds in document["two moons"].items():
        print(f"{method:<22}" + "".join(f"{kinds[k][w]:>18.4f}" for k in kinds for w in ("on", "far")))
    for where, measures in document["digits"].items():
        print(f"{where:<22}" + "".join(f"{m:>10}{'diff':>10}{'p':>9}{'won':>4}" for m in measures))
        for method in METHODS:
            cells = [measures[m][method] for m in measures]
            print(
                f"{method:<22}"
                + "".join(f"{c['mean']:>10.4f}{c['diff']:>+10.4f}{c['p'] or 0:>9.4f}{c['better']:>4}" for c in cells)
            )
    for text, holds in document["checks"].items():
        print(f"{'holds' if holds else 'DOES NOT HOLD'}: {text}")


if __name__ == "__main__":
    main()
