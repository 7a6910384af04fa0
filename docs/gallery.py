"""Draws the gallery: for every registered part one picture on a pool of two dimensions, with its facts and its advice.

The pool is drawn once and referred to by each picture. Facts come from the registry; what no code can know (cost in N and
n, when to use a part, where it loses) stands in ``gallery.toml``. Usage: imported by hooks.py when the site is built.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).resolve().parent
BATCH = 20
SIDE = 300
TEXTS = {"dedup": "dedup(0.99999)", "near_labelled": "near_labelled(4)"}
"""Texts whose parameters suit the plane, where those of the suite do not."""
_COLOURS = ("#4f8ac6", "#cf7d22", "#5d9a45")
"""The classes, as the model sees them."""
_END = '<div style="clear:both"></div>'


@cache
def advice() -> dict[str, dict[str, str]]:
    """Cost, when, loses and study by name."""
    with (HERE / "gallery.toml").open("rb") as found:
        return tomllib.load(found)


@cache
def plane() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """(N, 2) pool and (N,) classes, (L, 2) labelled and (L,) classes: blobs of unlike density, a rare one, outliers."""
    rng = np.random.default_rng(4)
    blobs = (
        ((-2.2, 1.6), 0.55, 110, 0),
        ((0.2, 1.9), 0.5, 60, 1),
        ((0.9, -1.3), 0.8, 80, 2),
        ((-2.0, -1.5), 0.45, 40, 0),
    )
    more = (((2.9, 1.6), 0.18, 12, 1), ((0.0, 0.2), 2.2, 18, 1))
    points, classes = [], []
    for centre, spread, count, label in (*blobs, *more):
        points.append(np.asarray(centre) + spread * rng.normal(size=(count, 2)))
        classes += [label] * count
    x, y = np.concatenate(points), np.array(classes)
    x = np.clip(x, -3.9, 3.9)
    start = np.concatenate([rng.choice(np.flatnonzero(y == c), 4, replace=False) for c in range(3)])
    rest = np.setdiff1d(np.arange(len(x)), start)
    return x[rest], y[rest], x[start], y[start]


def _features(x: np.ndarray) -> np.ndarray:
    a, b = x[:, 0] / 2, x[:, 1] / 2
    return np.c_[a, b, a * a, b * b, a * b]


def _model(x: np.ndarray, y: np.ndarray) -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=3.0, max_iter=500).fit(_features(x), y)


def _probs(model: Any, x: np.ndarray) -> np.ndarray:
    out = np.zeros((len(x), 3))
    out[:, model.classes_] = model.predict_proba(_features(x))
    return out / out.sum(axis=1, keepdims=True)


@cache
def signals(regression: bool) -> dict[str, dict[str, Any]]:
    """Every signal of the catalogue by role, from small models on the plane."""
    from scipy.sparse import csr_array
    from sklearn.neighbors import kneighbors_graph
    from threadpoolctl import threadpool_limits

    threadpool_limits(1)

    x, _, known, labels = plane()
    rng = np.random.default_rng(0)
    committee = []
    for _ in range(10):
        rows = rng.integers(0, len(known), len(known))
        rows[:3] = [0, 4, 8]
        committee.append(_model(known[rows], labels[rows]))
    model = _model(known, labels)
    reference = x[rng.choice(len(x), 40, replace=False)]

    def surface(at: np.ndarray) -> np.ndarray:
        return np.sin(at[:, 0]) + 0.5 * at[:, 1]

    def of(at: np.ndarray) -> dict[str, Any]:
        p = _probs(model, at)
        a = p.copy()
        a[np.arange(len(at)), p.argmax(axis=1)] -= 1.0
        members = np.stack([_probs(m, at) for m in committee], axis=1)
        near = np.exp(-((at[:, None] - known[None]) ** 2).sum(-1)).max(axis=1)
        if regression:
            members = surface(at)[:, None] + 0.3 * rng.normal(size=(len(at), 10)) * (1.1 - near)[:, None]
        shifted = np.stack([_probs(model, at + 0.2 * rng.normal(size=at.shape)) for _ in range(4)], axis=1)
        older = [_probs(_model(known[:k], labels[:k]), at) for k in (9, 10)]
        words = np.stack([p**t / (p**t).sum(axis=1, keepdims=True) for t in (1.0, 0.5, 2.0, 1.5)], axis=1)
        words[np.arange(4) >= (1 + (np.arange(len(at)) * 7) % 4)[:, None]] = 0.0
        entropy = -(p * np.log(np.maximum(p, 1e-12))).sum(axis=1)
        return {
            "probs": p,
            "members": members,
            "embedding": at,
            "gradient": (a, _features(at)),
            "prediction": surface(at),
            "augmented": shifted,
            "perturbed": np.stack([_probs(m, at) for m in committee[:4]], axis=1),
            "input_grad": rng.normal(size=at.shape),
            "history": np.stack([*older, p], axis=1),
            "loss": entropy * (1 + 0.2 * rng.random(len(at))),
            "discriminator": np.clip(near, 0.01, 0.99),
            "critic": 1.0 - near,
            "vacuity": 1.0 - 0.9 * near,
            "multilabel": 1 / (1 + np.exp(-2.0 * np.c_[at[:, 0], at[:, 1], at.sum(axis=1)])),
            "tokens": words,
            "nbest": np.log(np.maximum(-np.sort(-p, axis=1), 1e-9)),
            "noise": 0.05 + 0.2 * (at[:, 0] > 0),
            "cost": 1.0 + (at[:, 1] > 0),
            "group": (np.floor(at[:, 0] + 5) * 8 + np.floor(at[:, 1] + 5)).astype(np.int64),
        }

    pool = of(x)
    graph = kneighbors_graph(x, 6)
    pool["graph"] = csr_array(((graph + graph.T) > 0).astype(np.float64))
    return {
        "pool": pool,
        "labelled": {**of(known), "labels": labels, "targets": surface(known)},
        "pending": {},
        "reference": {
            **of(reference),
            "labels": _probs(model, reference).argmax(axis=1),
            "targets": surface(reference),
        },
    }


def _attacked(items: Iterable[str], *, attack: str = "deepfool") -> np.ndarray:
    """Stands in for a learner's attack: the nearer to the boundary, the shorter; an item's id is its row."""
    best = -np.sort(-signals(False)["pool"]["probs"], axis=1)
    return (best[:, 0] - best[:, 1])[[int(item) for item in items]]


def chosen(part: Any) -> tuple[np.ndarray, str]:
    """Rows that a part picks in a batch, and the reason of the first; a filter's are what it keeps, then random."""
    from querist.testing.pools import Pool, restrict
    from querist.testing.subject import Subject

    subject = Subject(part, {"adversarial_margin": _attacked})
    found = signals(subject.regression)
    x = plane()[0]
    pool = Pool(
        "the plane", len(x), found["pool"], found["labelled"], {}, found["reference"], tuple(map(str, range(len(x))))
    )
    picked = subject.run(restrict(pool, subject.needs), BATCH, seed=1)
    return np.asarray(picked.indices), picked.reasons[0] if picked.reasons else ""


def _at(point: np.ndarray) -> tuple[str, str]:
    scaled = (point * np.array([1, -1]) + 4.0) / 8.0 * SIDE
    return f"{scaled[0]:.0f}", f"{scaled[1]:.0f}"


def canvas() -> str:
    """What all pictures share, drawn once: points coloured by the guessed class, labelled squares, rings for random."""
    x, _, known, labels = plane()
    guess = signals(False)["pool"]["probs"].argmax(axis=1)
    marks = []
    for c, colour in enumerate(_COLOURS):
        dots = "".join(f"M{a} {b}h0" for a, b in map(_at, x[guess == c]))
        marks.append(f'<path d="{dots}" stroke="{colour}" stroke-width="4" stroke-linecap="round" fill="none"/>')
        for a, b in map(_at, known[labels == c]):
            marks.append(
                f'<rect x="{int(a) - 4}" y="{int(b) - 4}" width="8" height="8" fill="{colour}" stroke="#555"/>'
            )
    by_chance, _ = chosen("random")
    for a, b in map(_at, x[by_chance]):
        marks.append(f'<circle cx="{a}" cy="{b}" r="5" fill="none" stroke="#777" stroke-width="1.5"/>')
    return f'<svg width="0" height="0" style="position:absolute"><symbol id="plane">{"".join(marks)}</symbol></svg>'


def picture(rows: np.ndarray, name: str) -> str:
    """The plane with the picks in black, on white in either colour scheme."""
    dots = "".join(f'<circle cx="{a}" cy="{b}" r="4.5"/>' for a, b in map(_at, plane()[0][rows]))
    label = escape(f"what {name} picks in a batch of {BATCH}, beside random")
    style = "background:#fff;border:1px solid #ccc;float:left;margin:0 1.2rem .8rem 0;max-width:45%;height:auto"
    return (
        f'<svg role="img" aria-label="{label}" viewBox="0 0 {SIDE} {SIDE}" width="{SIDE}" height="{SIDE}" '
        f'style="{style}"><use href="#plane"/><g fill="#111" stroke="#fff">{dots}</g></svg>'
    )


def _prose(text: str) -> str:
    """Text as Markdown that shows it as it is; what stands between backquotes stays code."""
    pieces = text.replace("``", "`").split("`")
    for k in range(0, len(pieces), 2):
        pieces[k] = re.sub(r"([*_\[\]])", r"\\\1", escape(pieces[k], quote=False))
    return re.sub(r"^-", r"\-", "`".join(pieces))


def page() -> str:
    """The whole gallery as Markdown with inline SVG."""
    from querist.cli.strategies import listing
    from querist.core.registry import registry
    from querist.strategies.cells import CELLS
    from querist.testing.strategies import EXAMPLES

    facts = {entry["name"]: entry for entry in listing()}
    own = {
        e.name: getattr(e.factory, "example", "") for e in registry.entries("score", "selector", "filter", "strategy")
    }
    out = [canvas(), ""]
    cells: dict[str, list[str]] = {}
    for name, entry in facts.items():
        cells.setdefault(entry["cell"] or "combinators", []).append(name)
    for cell in sorted(cells, key=[*CELLS].index):
        out += [f"## {cell[:1].upper()}{cell[1:]}", ""]
        for name in sorted(cells[cell]):
            text = TEXTS.get(name) or EXAMPLES.get(name) or own[name] or name
            rows, reason = chosen(text)
            out += [f"### {name}", "", picture(rows, name), "", *_lines(facts[name], text, reason), "", _END, ""]
    return "\n".join(out) + "\n"


def _lines(entry: Any, text: str, reason: str) -> list[str]:
    """What is said about a part beside its picture."""
    told, needs = advice().get(entry["name"], {}), entry["needs"]
    words = "as its parts" if needs is None else "; ".join(f"{r}: {', '.join(v)}" for r, v in needs.items())
    lines = [
        _prose(entry["summary"]),
        "",
        f"- written: `{text}`",
        f"- needs: {words or 'nothing'}",
        f"- cost: {_prose(told.get('cost', '–'))}",
        f"- use it when {_prose(told['when'])}" if told.get("when") else "",
        f"- it loses when {_prose(told['loses'])}" if told.get("loses") else "",
        f"- run in: {', '.join(f'`{s}`' for s in told['study'].split(', '))}" if told.get("study") else "",
        f"- source: {entry['paper']}" if entry["paper"] else "",
        f"- it says, for instance: “{_prose(reason)}”" if reason else "",
    ]
    return [line for k, line in enumerate(lines) if line or k == 1]
