"""What every learner must do: `check_learner` runs all of it on a small source of numbers.

A plug-in tests itself with it::

    from querist.testing.learners import check_learner

    def test_contract():
        check_learner(lambda source, schema: MyLearner(source, schema))
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from querist.core.checks import check_signal
from querist.core.errors import QueristError
from querist.core.ports import Learner
from querist.core.seeds import generator
from querist.core.signals import CATALOGUE, MEMBERS, PROBS, Signal
from querist.core.types import FitReport, Items, Labels
from querist.data.arrays import array_source
from querist.data.schema import Schema, SingleLabel
from querist.data.source import Source
from querist.testing.verdict import require, running

__all__ = ["LEARNER_CHECKS", "Make", "check_learner"]

Make = Callable[[Source, Schema], Learner]
"""Makes a fresh learner for a source and a schema."""
_ROWS, _WIDTH, _CLASSES = 48, 4, 3


@dataclass(frozen=True)
class _Ground:
    """A source of three groups of rows, one a class, and how a learner for it is made."""

    make: Make
    source: Source
    schema: SingleLabel

    def learner(self) -> Learner:
        return self.make(self.source, self.schema)

    def labels(self, rows: Any, targets: Any = None, weights: Any = None) -> Labels:
        at = np.asarray(rows, dtype=np.int64)
        given = at % _CLASSES if targets is None else np.asarray(targets)
        return Labels(self.source.items(at), given, weights)

    def fitted(self, seed: int = 0) -> Learner:
        learner = self.learner()
        learner.fit(self.labels(range(24)), seed=seed)
        return learner

    def told(self, learner: Learner, items: Items | None = None) -> dict[Signal, Any]:
        view = learner.signals(items or self.source.items(), learner.provides)
        return {signal: view[signal] for signal in learner.provides}


def check_learner(make: Make) -> tuple[str, ...]:
    """Hold a learner to its contract.

    Args:
        make: makes a fresh learner for a source of numbers and a schema of one class an item.

    Returns:
        Names of the checks that were run.

    Raises:
        StateError: a check failed; its name begins the message (code ``Contract``).
    """
    rng = generator(0, "learners")
    centres = 4.0 * np.eye(_CLASSES, _WIDTH)
    x = (centres[np.arange(_ROWS) % _CLASSES] + rng.normal(size=(_ROWS, _WIDTH))).astype(np.float32)
    ground = _Ground(make, array_source(x), SingleLabel(("a", "b", "c")))
    for check in LEARNER_CHECKS:
        with running(check.__name__):
            check(ground)
    return tuple(check.__name__ for check in LEARNER_CHECKS)


def says_what_it_provides(ground: _Ground) -> None:
    """What it can tell is known before any training, and are signals of the catalogue."""
    learner = ground.learner()
    require(isinstance(learner, Learner), "says_what_it_provides", f"{type(learner).__name__} lacks part of the port")
    given = learner.provides
    good = isinstance(given, frozenset) and given and all(CATALOGUE.get(s.name) is s for s in given)
    require(good, "says_what_it_provides", f"provides is {given!r}")
    learner.fit(ground.labels(range(24)), seed=0)
    require(learner.provides == given, "says_what_it_provides", "provides changes with training")


def refuses_what_it_cannot(ground: _Ground) -> None:
    """Nothing to fit on, nothing fitted yet, a signal that it does not provide: named errors."""
    learner = ground.learner()
    missing = next(s for s in CATALOGUE.values() if s not in learner.provides)
    _refused("scoring before the first fit", lambda: learner.signals(ground.source.items(), learner.provides))
    _refused("fitting on no labels", lambda: learner.fit(ground.labels([]), seed=0))
    able = ground.fitted()
    _refused(f"asking for {missing}", lambda: able.signals(ground.source.items(), frozenset({missing})))


def _refused(what: str, run: Callable[[], object]) -> None:
    try:
        run()
    except QueristError:
        return
    require(False, "refuses_what_it_cannot", f"{what} is not refused by a named error")


def signals_are_sound(ground: _Ground) -> None:
    """Every signal has a row an item, sound values, and a column a class where it has classes."""
    for signal, value in ground.told(ground.fitted()).items():
        check_signal(signal, value, "pool")
        for part in value if isinstance(value, tuple) else (value,):
            require(len(part) == _ROWS, "signals_are_sound", f"{signal} has {len(part)} rows for {_ROWS} items")
        if signal in (PROBS, MEMBERS):
            require(value.shape[-1] == _CLASSES, "signals_are_sound", f"{signal} has shape {value.shape}")


def reports_its_fit(ground: _Ground) -> None:
    """A fit says on how many labels it was, and gives a digest that tells models apart where it gives one."""
    learner = ground.learner()
    report = learner.fit(ground.labels(range(24)), seed=0)
    require(isinstance(report, FitReport) and report.labels == 24, "reports_its_fit", f"it reports {report!r}")
    other = ground.learner().fit(ground.labels(range(6, 30), targets=(np.arange(24) // 8)), seed=0)
    require(not report.model or report.model != other.model, "reports_its_fit", "two models have one digest")


def same_seed_same_model(ground: _Ground) -> None:
    """Two fits from one seed are bitwise alike, whatever the global generators hold."""
    first = ground.told(ground.fitted(seed=5))
    with _moved():
        second = ground.told(ground.fitted(seed=5))
    _same(first, second, "same_seed_same_model")


def scoring_changes_nothing(ground: _Ground) -> None:
    """Scoring twice gives the same; it moves no generator, and the labels stay as they were."""
    learner = ground.learner()
    labels = ground.labels(range(24), weights=np.ones(24))
    before = labels.targets.copy()
    learner.fit(labels, seed=0)
    require(np.array_equal(before, labels.targets), "scoring_changes_nothing", "fitting changed the targets")
    state = _tensor_state()
    first = ground.told(learner)
    second = ground.told(learner)
    require(state == _tensor_state(), "scoring_changes_nothing", "torch's generator was moved")
    _same(first, second, "scoring_changes_nothing")


def items_stand_for_themselves(ground: _Ground) -> None:
    """What is told of an item depends neither on the others asked about nor on the order."""
    learner = ground.fitted()
    whole = ground.told(learner)
    order = generator(1, "order").permutation(_ROWS)
    mixed = ground.told(learner, ground.source.items(order))
    one = ground.told(learner, ground.source.items(np.array([7])))
    for signal, value in whole.items():
        for name, other, rows in (("in another order", mixed, order), ("alone", one, np.array([7]))):
            pairs = zip(_parts(value), _parts(other[signal]), strict=True)
            close = all(np.allclose(a[rows], b, rtol=1e-4, atol=1e-5) for a, b in pairs)
            require(close, "items_stand_for_themselves", f"{signal} differs when items are asked {name}")


def saved_is_loaded(ground: _Ground) -> None:
    """Saved and loaded into a fresh learner it tells bitwise the same, from files that hold no pickle."""
    learner = ground.fitted()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "model"
        folder.mkdir()
        learner.save(folder)
        files = sorted(p.name for p in folder.rglob("*") if p.is_file())
        unsafe = [f for f in files if f.endswith((".pkl", ".pickle", ".pt", ".pth", ".joblib", ".bin"))]
        require(files and not unsafe, "saved_is_loaded", f"it wrote {files}")
        other = ground.learner()
        other.load(folder)
        _same(ground.told(learner), ground.told(other), "saved_is_loaded")


def few_labels_work(ground: _Ground) -> None:
    """One label, one class, a class never seen: handled, with the classes in the order of the schema."""
    for rows in ([4], [0, 3, 6], [0, 1, 3, 4]):
        learner = ground.learner()
        learner.fit(ground.labels(rows), seed=0)
        told = ground.told(learner)
        for signal, value in told.items():
            check_signal(signal, value, "pool")
        if PROBS in told:
            shape = told[PROBS].shape
            require(shape == (_ROWS, _CLASSES), "few_labels_work", f"probs have shape {shape} after labels {rows}")


def classes_keep_their_places(ground: _Ground) -> None:
    """Column c is class c of the schema, whatever order the labels came in and whatever classes are missing."""
    if PROBS not in ground.learner().provides:
        return
    learner = ground.learner()
    learner.fit(ground.labels([r for r in range(29, -1, -1) if r % _CLASSES != 0]), seed=0)
    guessed = np.asarray(ground.told(learner)[PROBS]).argmax(axis=1)
    asked = np.arange(_ROWS) % _CLASSES != 0
    share = float((guessed[asked] == (np.arange(_ROWS) % _CLASSES)[asked]).mean())
    require(share > 0.6, "classes_keep_their_places", f"{share:.0%} of plain cases are told right")


LEARNER_CHECKS: tuple[Callable[[_Ground], None], ...] = (
    says_what_it_provides,
    refuses_what_it_cannot,
    signals_are_sound,
    reports_its_fit,
    same_seed_same_model,
    scoring_changes_nothing,
    items_stand_for_themselves,
    saved_is_loaded,
    few_labels_work,
    classes_keep_their_places,
)
"""All checks, in order."""


def _parts(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,)


def _same(a: dict[Signal, Any], b: dict[Signal, Any], check: str) -> None:
    for signal in a:
        equal = all(np.array_equal(x, y) for x, y in zip(_parts(a[signal]), _parts(b[signal]), strict=True))
        require(equal, check, f"{signal} is not bitwise the same")


def _tensor_state() -> bytes:
    torch = sys.modules.get("torch")
    return b"" if torch is None else bytes(torch.get_rng_state().numpy().tobytes())


class _moved:
    """Global generators somewhere else inside, and back as they were after."""

    def __enter__(self) -> None:
        import random

        self._kept = (random.getstate(), np.random.get_state())  # noqa: NPY002
        random.seed(99)
        np.random.seed(99)  # noqa: NPY002

    def __exit__(self, *_: object) -> None:
        import random

        random.setstate(self._kept[0])
        np.random.set_state(self._kept[1])  # noqa: NPY002
