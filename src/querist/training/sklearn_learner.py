"""`SklearnLearner`: any scikit-learn classifier or regressor, its probabilities mapped by name to the declared classes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.core.errors import ArgumentError, DataError, StateError, shorten
from querist.core.optional import loaded_torch
from querist.core.seeds import derive
from querist.core.signals import EMBEDDING, GRADIENT, MEMBERS, PREDICTION, PROBS, Signal, View
from querist.core.types import Array, FitReport, ItemId, Labels
from querist.data.schema import MultiLabel, Number, Schema
from querist.data.source import Source
from querist.models.guard import rng_kept
from querist.training.shards import in_shards
from querist.training.sklearn_state import load_estimator, save_estimator
from querist.training.weights import read_config

__all__ = ["SklearnLearner"]

_BLOCK = 1 << 16
"""Rows a block when scoring: bounds memory without costing time."""
_STEP = 1 << 12
"""Shards of many items are a multiple of so many rows."""


class SklearnLearner:
    """Fits a copy of an estimator on the labels.

    Classifiers without ``predict_proba`` give the softmax of their decision function (for two classes, of 0 and the
    decision): a ranking, not calibrated probabilities. Classes that are not labelled yet get probability 0. With one class
    labelled, every item gets that class with probability 1 until a second one is seen, and the report says so.

    Args:
        estimator: an unfitted classifier or regressor, or a pipeline; it is copied, never changed.
        source: the items; images and other arrays are flattened.
        schema: what a label may be; several classes need an estimator that takes a 0/1 matrix.
        members: whether an ensemble's parts (``estimators_``) are given as posterior samples.
    """

    plugins: frozenset[str] = frozenset()
    capabilities: frozenset[str] = frozenset()

    def __init__(self, estimator: Any, source: Source, schema: Schema, *, members: bool = True) -> None:
        _check_kind(estimator, schema)
        self.estimator, self.source, self.schema = estimator, source, schema
        self._fitted: Any = None
        self._only: int | None = None
        self._width: int | None = None
        regression = isinstance(schema, Number)
        provides = {PREDICTION} if regression else {PROBS}
        self.untrained: frozenset[Signal] = frozenset()
        if source.modality != "text" and not hasattr(source, "matrix"):
            provides.add(EMBEDDING)
            self.untrained = frozenset({EMBEDDING})
            if not regression and not isinstance(schema, MultiLabel):
                provides.add(GRADIENT)
        if members and _is_ensemble(estimator) and not isinstance(schema, MultiLabel):
            provides.add(MEMBERS)
        self.provides = frozenset(provides)

    def take_schema(self, schema: Schema) -> None:
        """Use another class list; classes that the model has not seen get probability 0."""
        self.schema = schema

    # -- training ------------------------------------------------------------------------------------------------------

    def fit(self, labels: Labels, *, seed: int, previous: Path | None = None) -> FitReport:
        """Fit a fresh copy; soft targets become weighted hard ones, one copy of an item a class with a share.

        Raises:
            StateError: there are no labels, or all weigh nothing (code ``NoLabels``).
            ArgumentError: soft or weighted labels, and the estimator takes no weights (code ``NeedsCapability``).
        """
        from sklearn.base import clone

        x, y, weights = self._training(labels)
        fresh = clone(self.estimator)
        _seed(fresh, seed)
        self._only = int(y[0]) if y.ndim == 1 and y.dtype.kind == "i" and len(np.unique(y)) == 1 else None
        notes: tuple[str, ...] = ()
        if self._only is None:
            with _torch_kept(derive(seed, "estimator")):
                fresh.fit(x, y, **_weighting(fresh, weights))
            self._fitted = fresh
        else:
            self._fitted = None
            notes = (f"only one class is labelled so far ({self.schema.decode(self._only)}): every item gets it",)
        self._width = x.shape[1] if hasattr(x, "shape") else None
        return FitReport(labels=len(labels), notes=notes)

    def _training(self, labels: Labels) -> tuple[Any, Array, Array | None]:
        rows = self.source.rows_of(labels.items)
        y, weights = labels.targets, labels.weights
        if y.ndim == 2 and not isinstance(self.schema, MultiLabel):
            at, y_hard = np.nonzero(y > 0)
            shares = y[at, y_hard] * (1.0 if weights is None else weights[at])
            rows, y, weights = rows[at], y_hard.astype(np.int64), shares
        if weights is not None:  # an item that weighs nothing is left out, and equal weights of one are none
            heavy = weights > 0
            rows, y, weights = rows[heavy], y[heavy], weights[heavy]
            weights = None if (weights == 1).all() else weights
        if not len(rows):
            raise StateError("there is nothing to fit on: no label, or none that weighs anything", code="NoLabels")
        return self._take(rows), y, weights

    def _take(self, rows: NDArray[np.int64] | slice) -> Any:
        batch = self.source.take(rows)
        if isinstance(batch, np.ndarray) and batch.ndim != 2:
            return batch.reshape(len(batch), -1)
        return batch

    # -- scoring -------------------------------------------------------------------------------------------------------

    def signals(self, items: Sequence[ItemId], names: frozenset[Signal]) -> View:
        """The named signals of ``items``.

        Raises:
            StateError: nothing is fitted yet (code ``NotFitted``).
            DataError: a wrong number of rows or columns, NaN (codes ``RowMismatch``, ``ShapeMismatch``, ``BadScores``).
        """
        unknown = names - self.provides
        if unknown:
            raise ArgumentError(
                f"SklearnLearner with {type(self.estimator).__name__} does not provide "
                f"{', '.join(sorted(map(str, unknown)))}",
                code="NeedsCapability",
            )
        rows = self.source.rows_of(items)
        if names - {EMBEDDING} and self._fitted is None and self._only is None:
            raise StateError("the learner is not fitted yet: fit it on some labels first", code="NotFitted")
        with _torch_kept():
            return View(len(rows), in_shards(rows, self._bytes(names), _STEP, lambda some: self._said(some, names)))

    def _bytes(self, names: frozenset[Signal]) -> int:
        """What is told of one item takes about this much memory."""
        outputs = 1 if isinstance(self.schema, Number) else len(self.schema.classes)  # type: ignore[attr-defined]
        times = 2 + (len(_parts(self._fitted)) if MEMBERS in names and self._fitted is not None else 0)
        given = EMBEDDING in names or GRADIENT in names
        features = int(np.prod(np.shape(self._take(slice(0, 1)))[1:])) if given else 0
        return 8 * (times * outputs + features)

    def _said(self, rows: Array, names: frozenset[Signal]) -> dict[Signal, Any]:
        """What features and the fitted estimator say."""
        out: dict[Signal, Any] = {}
        if EMBEDDING in names:
            out[EMBEDDING] = self._take(rows)
        if PREDICTION in names:
            out[PREDICTION] = self._over(rows, lambda x: _numbers(self._fitted, x), ())
        if PROBS in names or GRADIENT in names:
            probs = self._probabilities(rows)
            if PROBS in names:
                out[PROBS] = probs
            if GRADIENT in names:
                a = probs.copy()
                a[np.arange(len(a)), a.argmax(axis=1)] -= 1.0
                out[GRADIENT] = (a, self._take(rows))
        if MEMBERS in names:
            out[MEMBERS] = self._members(rows)
        return out

    def _probabilities(self, rows: NDArray[np.int64]) -> Array:
        count = len(self.schema.classes)  # type: ignore[attr-defined]
        if self._only is not None:
            probs = np.zeros((len(rows), count))
            probs[:, self._only] = 1.0
            return probs
        return self._over(rows, lambda x: self._map(_probs(self._fitted, x), self._fitted, count), (count,))

    def _map(self, probs: Array, model: Any, count: int) -> Array:
        """Columns of the model's classes put in their declared places."""
        if isinstance(self.schema, MultiLabel):
            if probs.shape[1] != count:
                raise DataError(f"the model gives {probs.shape[1]} columns for {count} classes", code="ShapeMismatch")
            return probs
        seen = np.asarray(model.classes_)
        if probs.shape[1] != len(seen):
            raise DataError(
                f"{type(model).__name__} gives {probs.shape[1]} columns for its {len(seen)} classes",
                code="ShapeMismatch",
            )
        if len(seen) == count:
            return probs
        out = np.zeros((len(probs), count), dtype=probs.dtype)
        out[:, seen.astype(np.int64)] = probs
        return out

    def _members(self, rows: NDArray[np.int64]) -> Array:
        if isinstance(self.schema, Number):
            numbers = [
                self._over(rows, lambda x, m=m, c=c: _numbers(m, x if c is None else x[:, c]), ())
                for m, c in _parts(self._fitted)
            ]
            return np.stack(numbers, axis=1)
        count = len(self.schema.classes)  # type: ignore[attr-defined]
        if self._only is not None:
            return np.repeat(self._probabilities(rows)[:, None, :], 2, axis=1)
        whole = np.asarray(self._fitted.classes_).astype(np.int64)
        parts = []
        for member, columns in _parts(self._fitted):
            # the parts of an ensemble number the classes of the ensemble from 0, and a part may have missed some
            seen = whole[np.asarray(member.classes_).astype(np.int64)]
            probs = self._over(
                rows, lambda x, m=member, c=columns: _probs(m, x if c is None else x[:, c]), (len(seen),)
            )
            out = np.zeros((len(rows), count), dtype=probs.dtype)
            out[:, seen] = probs
            parts.append(out)
        return np.stack(parts, axis=1)

    def _over(self, rows: NDArray[np.int64], give: Any, shape: tuple[int, ...]) -> Array:
        """``give`` over blocks of the asked rows, without a gather where they are most of a range."""
        pieces = []
        for want, take in _blocks(rows, len(self.source)):
            x = self._take(take)
            if self._width is not None and hasattr(x, "shape") and x.shape[1] != self._width:
                raise ArgumentError(
                    f"the features have {x.shape[1]} columns and the model was fitted on {self._width}",
                    code="FeatureMismatch",
                )
            given = give(x)
            count = x.shape[0] if hasattr(x, "shape") else len(x)
            if len(given) != count:
                raise DataError(
                    f"{type(self._fitted).__name__} gave {len(given)} rows for {count} items", code="RowMismatch"
                )
            pieces.append(given if want is None else given[want])
        if not pieces:
            return np.zeros((0, *shape))
        whole = pieces[0] if len(pieces) == 1 else np.concatenate(pieces)
        self._finite(rows, whole)
        return whole

    def _finite(self, rows: NDArray[np.int64], values: Array) -> None:
        """Refuse NaN and infinite outputs, naming the first items."""
        if np.isfinite(values).all():
            return
        bad = rows[~np.isfinite(values.reshape(len(values), -1)).all(axis=1)]
        first = ", ".join(self.source.ids[int(r)] for r in bad[:3])
        raise DataError(
            f"{type(self._fitted).__name__} gave NaN or infinite outputs for {len(bad)} of {len(rows)} items, first "
            f"{first}",
            code="BadScores",
        )

    # -- keeping -------------------------------------------------------------------------------------------------------

    def save(self, folder: Path) -> None:
        """Write the fitted estimator as safetensors and JSON.

        Raises:
            StateError: nothing is fitted (``NotFitted``), or a part cannot be written without pickle (``NotSaveable``).
        """
        if self._fitted is None and self._only is None:
            raise StateError("the learner is not fitted yet: there is nothing to save", code="NotFitted")
        if self._fitted is not None:
            save_estimator(self._fitted, folder)
        config = {"kind": "sklearn", "only": self._only, "width": self._width}
        (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")

    def load(self, folder: Path) -> None:
        """Take the estimator that `save` wrote.

        Raises:
            DataError: files of another kind or of another estimator, or naming a class that is not scikit-learn's (code
                ``BadWeights``).
        """
        config = read_config(folder, "sklearn")
        only, width = config.get("only"), config.get("width")
        if not all(v is None or (type(v) is int and v >= 0) for v in (only, width)):
            raise DataError(f"{folder.name} holds a damaged learner: {shorten(config)}", code="BadWeights")
        fitted = load_estimator(folder) if only is None else None
        if fitted is not None and type(fitted) is not type(self.estimator):
            raise DataError(
                f"{folder.name} holds a {type(fitted).__name__}, not a {type(self.estimator).__name__}",
                code="BadWeights",
            )
        self._only, self._width, self._fitted = only, width, fitted


def _blocks(rows: NDArray[np.int64], size: int) -> Iterator[tuple[Array | None, Any]]:
    """Pairs (which of the taken rows are wanted, what to take), in order of ``rows``.

    A pool is most of its source, in ascending order: then whole slices are predicted, a view and no copy, and the few rows
    too many are dropped from the small result. Otherwise rows are gathered, block by block.
    """
    ascending = len(rows) > 1 and bool((np.diff(rows) > 0).all())
    if not ascending or len(rows) < 0.7 * (int(rows[-1]) - int(rows[0]) + 1):
        for start in range(0, len(rows), _BLOCK):
            yield None, rows[start : start + _BLOCK]
        return
    low, high = int(rows[0]), min(int(rows[-1]) + 1, size)
    for start in range(low, high, _BLOCK):
        stop = min(start + _BLOCK, high)
        a, b = np.searchsorted(rows, (start, stop))
        if b > a:
            want = rows[a:b] - start
            yield (None if len(want) == stop - start else want), slice(start, stop)


def _probs(model: Any, x: Any) -> Array:
    if hasattr(model, "predict_proba"):
        try:
            given = model.predict_proba(x)
        except AttributeError:  # SVC without probability=True
            given = None
        if isinstance(
            given, list
        ):  # several classes, one array each; a class may have been seen on all items or on none
            return np.stack([_yes(g, c) for g, c in zip(given, model.classes_, strict=True)], axis=1)
        if given is not None:
            return np.asarray(given)
    if not hasattr(model, "decision_function"):
        raise ArgumentError(
            f"{type(model).__name__} has neither predict_proba nor decision_function; use another estimator",
            code="NeedsCapability",
        )
    decision = np.asarray(model.decision_function(x), dtype=np.float64)
    if decision.ndim == 1:
        decision = np.stack([np.zeros_like(decision), decision], axis=1)
    powers = np.exp(decision - decision.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def _yes(given: Array, classes: Array) -> Array:
    """The probability of 1 among the classes 0 and 1, of which one may be missing."""
    at = np.flatnonzero(np.asarray(classes) == 1)
    return np.asarray(given[:, at[0]] if len(at) else np.zeros(len(given)))


def _numbers(model: Any, x: Any) -> Array:
    """(n,) predicted numbers."""
    given = np.asarray(model.predict(x), dtype=np.float64)
    return given[:, 0] if given.ndim == 2 and given.shape[1] == 1 else given


def _check_kind(estimator: Any, schema: Schema) -> None:
    """Refuse what is no estimator, a regressor for classes, and a classifier for numbers."""
    from sklearn.base import is_classifier, is_regressor

    missing = [name for name in ("fit", "predict", "get_params") if not hasattr(estimator, name)]
    if missing or isinstance(estimator, type):
        what = f"has no {' and no '.join(missing)}" if missing else "is a class; make an object of it"
        raise ArgumentError(f"{getattr(estimator, '__name__', type(estimator).__name__)} {what}", code="BadLearner")
    if not hasattr(estimator, "__sklearn_tags__"):
        return
    wrong = is_classifier(estimator) if isinstance(schema, Number) else is_regressor(estimator)
    if wrong:
        wanted = "numbers need a regressor" if isinstance(schema, Number) else "classes need a classifier"
        raise ArgumentError(f"{wanted}, and {type(estimator).__name__} is none", code="BadLearner")


def _torch_kept(seed: int | None = None) -> AbstractContextManager[None]:
    """Estimators that are networks inside (skorch) draw from torch's global generators: these are put back, and seeded."""
    return nullcontext() if loaded_torch() is None else rng_kept(seed)


def _weighting(estimator: Any, weights: Array | None) -> dict[str, Array]:
    """The arguments with which ``fit`` takes weights."""
    from sklearn.utils.validation import has_fit_parameter

    if weights is None:
        return {}
    name, last = estimator.steps[-1] if hasattr(estimator, "steps") else ("", estimator)
    if not has_fit_parameter(last, "sample_weight"):
        raise ArgumentError(
            f"the labels are soft or weighted, and {type(last).__name__} takes no weights; use another estimator",
            code="NeedsCapability",
        )
    return {f"{name}__sample_weight" if name else "sample_weight": weights}


def _seed(estimator: Any, seed: int) -> None:
    """Set every ``random_state`` of an estimator and its parts, each from its own name."""
    states = [k for k in estimator.get_params(deep=True) if k == "random_state" or k.endswith("__random_state")]
    estimator.set_params(**{k: derive(seed, "random_state", k) % 2**32 for k in states})


def _is_ensemble(estimator: Any) -> bool:
    names = {"RandomForestClassifier", "ExtraTreesClassifier", "BaggingClassifier"}
    names |= {"RandomForestRegressor", "ExtraTreesRegressor", "BaggingRegressor"}
    last = estimator.steps[-1][1] if hasattr(estimator, "steps") and len(estimator.steps) == 1 else estimator
    return type(last).__name__ in names


def _parts(model: Any) -> list[tuple[Any, Array | None]]:
    """The fitted parts of an ensemble, each with the columns it looks at (None for all)."""
    last = model.steps[-1][1] if hasattr(model, "steps") else model
    columns = getattr(last, "estimators_features_", None) or [None] * len(last.estimators_)
    return list(zip(last.estimators_, columns, strict=True))
