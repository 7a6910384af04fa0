"""Arrays for the study of peers, and the peers as functions of arrays.

Two kinds of data, both made by seed: overlapping classes with a fitted linear model, and groups far apart. The peers are
imported where they are installed; a module that is absent is None.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression

import querist
from querist.core.types import Array

os.environ.setdefault("TQDM_DISABLE", "1")
LABELLED, CLASSES, WIDTH, SAMPLES = 40, 4, 8, 10


def imported(name: str) -> Any:
    """A module, or None where it cannot be imported."""
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


ACTIVEML = imported("skactiveml.pool")
BASE = imported("skactiveml.base")
CLASSIFIER: Any = getattr(BASE, "SkactivemlClassifier", object)
REGRESSOR: Any = getattr(BASE, "SkactivemlRegressor", object)
WRAPPED = imported("skactiveml.classifier")
SMALL = imported("small_text")
SMALL_TORCH: Any = imported("small_text.integrations.pytorch.query_strategies") if imported("torch") else None
HNSW = imported("hnswlib")
REDUX = imported("batchbald_redux.batchbald")

PACKAGES = {
    "scikit-activeml": ACTIVEML,
    "small-text": SMALL,
    "small-text with hnswlib": SMALL if HNSW else None,
    "batchbald-redux": REDUX,
}


@dataclass(frozen=True)
class Data:
    """A pool, labelled items and a fitted linear model, in float64.

    Args:
        x: (N, D) pool.
        known: (L, D) labelled items.
        labels: (L,) their classes.
        model: fitted on them.
        members: (N, S, C) probabilities of models fitted on resampled labelled items.
    """

    x: Array
    known: Array
    labels: Array
    model: Any
    members: Array

    @property
    def probs(self) -> Array:
        """(N, C) probabilities of the pool."""
        return np.asarray(self.model.predict_proba(self.x))

    @property
    def known_probs(self) -> Array:
        """(L, C) probabilities of the labelled items."""
        return np.asarray(self.model.predict_proba(self.known))

    @property
    def gradient(self) -> tuple[Array, Array]:
        """The two factors of the last layer's gradient at the predicted label."""
        p = self.probs
        return p - np.eye(p.shape[1])[p.argmax(axis=1)], self.x

    @property
    def every(self) -> Array:
        """(L + N, D) labelled items, then the pool."""
        return np.concatenate([self.known, self.x])

    @property
    def answers(self) -> Array:
        """(L + N,) classes, NaN where there is none."""
        return np.concatenate([self.labels.astype(float), np.full(len(self.x), np.nan)])


@cache
def data(seed: int, size: int = 600) -> Data:
    """Four Gaussian classes that overlap."""
    rng = np.random.default_rng([seed, 77])
    centres = rng.normal(0, 1.2, (CLASSES, WIDTH))
    y = rng.integers(0, CLASSES, size + LABELLED)
    y[:CLASSES] = np.arange(CLASSES)
    every = centres[y] + rng.normal(0, 1, (len(y), WIDTH))
    known, labels = every[:LABELLED], y[:LABELLED]
    model = LogisticRegression(C=1.0, max_iter=500).fit(known, labels)
    members = []
    for _ in range(SAMPLES):
        rows = np.concatenate([np.arange(CLASSES), rng.integers(0, LABELLED, LABELLED)])
        fitted = LogisticRegression(C=1.0, max_iter=500).fit(known[rows], labels[rows])
        members.append(fitted.predict_proba(every[LABELLED:]))
    return Data(every[LABELLED:], known, labels, model, np.stack(members, axis=1))


@cache
def groups(seed: int, count: int = 30, each: int = 40, labelled: int = 10) -> tuple[Array, Array]:
    """(N, D) groups far apart, and one labelled item in each of the first ones: k-means has one best answer."""
    rng = np.random.default_rng([seed, 78])
    centres = 400.0 * np.array([[(i // 3**d) % 3 for d in range(WIDTH)] for i in range(count)], dtype=float)
    x = np.repeat(centres, each, axis=0) + rng.normal(0, 1, (count * each, WIDTH))
    return x[rng.permutation(len(x))], centres[:labelled] + rng.normal(0, 1, (labelled, WIDTH))


def unit(x: Array) -> Array:
    """Rows of length 1."""
    return np.asarray(x / np.linalg.norm(x, axis=1, keepdims=True))


def classifier(
    probability: Callable[[Array], Any], members: Array | None = None, embedding: Array | None = None
) -> Any:
    """A fitted classifier of scikit-activeml that gives the probabilities it is told to.

    ``predict(X, told=True)`` gives ``embedding`` too; the classes of all other calls are kept in ``passes``.
    """

    class Given(CLASSIFIER):  # type: ignore[misc]
        def __init__(self, classes: Any = None, missing_label: float = np.nan, random_state: int | None = None) -> None:
            super().__init__(classes=classes, missing_label=missing_label, random_state=random_state)
            self.classes_ = np.arange(CLASSES)
            self.passes: list[Array] = []

        def fit(self, x: Array, y: Array) -> Any:
            return self

        def predict_proba(self, x: Array) -> Array:
            return np.array(probability(x), dtype=float)

        def predict(self, x: Array, told: bool = False) -> Any:
            found = np.asarray(probability(x)).argmax(axis=1)
            if told:
                return found, embedding
            self.passes.append(found)
            return found

        def sample(self, x: Array) -> Array:
            assert members is not None
            return np.ascontiguousarray(members.swapaxes(0, 1))

    return Given()


def regressor(prediction: Callable[[Array], Array]) -> Any:
    """A regressor of scikit-activeml that predicts what it is told to."""

    class Told(REGRESSOR):  # type: ignore[misc]
        def __init__(self, missing_label: float = np.nan, random_state: int | None = None) -> None:
            super().__init__(missing_label=missing_label, random_state=random_state)

        def fit(self, x: Array, y: Array) -> Any:
            return self

        def predict(self, x: Array) -> Array:
            return np.asarray(prediction(x), dtype=float)

    return Told()


def activeml(strategy: Any, x: Array, y: Array, n: int, **more: Any) -> tuple[list[int], Array]:
    """Rows and utilities (n, N) of a strategy of scikit-activeml; the labelled items are the first rows of x."""
    first = int(np.sum(~np.isnan(y)))
    rows, utilities = strategy.query(x, y, batch_size=n, return_utilities=True, **more)
    return [int(r) - first for r in rows], np.asarray(utilities)[:, first:]


class Rows:
    """A data set of small-text: rows of an array."""

    is_multi_label = False

    def __init__(self, x: Array) -> None:
        self.x = np.asarray(x)
        self.y: Any = None

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, rows: Any) -> Rows:
        return Rows(self.x[rows])

    def clone(self) -> Rows:
        """A copy."""
        return Rows(self.x.copy())


class Model:
    """A classifier of small-text that gives what it is told to."""

    num_classes = CLASSES

    def __init__(self, probability: Callable[[Array], Array], members: Array | None = None) -> None:
        self.probability, self.members = probability, members

    def predict_proba(self, rows: Rows, dropout_sampling: int = 1) -> Array:
        """Probabilities; those of the members where samples are asked for."""
        if dropout_sampling > 1:
            assert self.members is not None
            return self.members
        return np.array(self.probability(rows.x))

    def embed(self, rows: Rows, return_proba: bool = False, pbar: Any = None) -> Any:
        """The rows themselves."""
        return (rows.x, self.predict_proba(rows)) if return_proba else rows.x


def small(strategy: Any, d: Data, n: int, model: Model | None = None, **more: Any) -> list[int]:
    """Rows of a strategy of small-text; the pool comes first in its data set."""
    size = len(d.x)
    rows = Rows(np.concatenate([d.x, d.known]))
    told = model or Model(d.model.predict_proba)
    found = strategy.query(told, rows, np.arange(size), np.arange(size, size + len(d.known)), d.labels, n=n, **more)
    return [int(r) for r in found]


@dataclass
class Trial:
    """What one seed gave.

    Args:
        ours: rows.
        peer: rows.
        scores: ours and the peer's ratings of the pool, where both have them.
        variant: two choices, or two arrays, that must agree when the explanation is right.
        figures: further figures.
    """

    ours: Sequence[int] | Array
    peer: Sequence[int] | Array
    scores: tuple[Array, Array] | None = None
    variant: tuple[Any, Any] | None = None
    figures: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Pair:
    """A strategy of ours and a peer's.

    Args:
        ours: text of the strategy.
        package: distribution of the peer.
        peer: name and parameters of the peer's strategy.
        run: seed -> what both chose.
        why: one sentence where they differ; empty where they are the same.
        variant: how the explanation was checked.
        stochastic: whether either draws at random.
    """

    ours: str
    package: str
    peer: str
    run: Callable[[int], Trial]
    why: str = ""
    variant: str = ""
    stochastic: bool = False


PAIRS: list[Pair] = []


def pair(
    ours: str, package: str, peer: str, why: str = "", variant: str = "", stochastic: bool = False
) -> Callable[[Callable[[int], Trial]], Callable[[int], Trial]]:
    """Puts a function into the list of pairs."""

    def keep(run: Callable[[int], Trial]) -> Callable[[int], Trial]:
        PAIRS.append(Pair(ours, package, peer, run, why, variant, stochastic))
        return run

    return keep


def rows_of(text: str, n: int, **signals: Any) -> list[int]:
    """What we choose."""
    return [int(r) for r in querist.select(text, n, **signals).indices]


def distance(p: Array, q: Array) -> float:
    """Total variation of two distributions."""
    return 0.5 * float(np.nansum(np.abs(p / np.nansum(p) - q / np.nansum(q))))
