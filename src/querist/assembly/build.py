"""From a specification to a session with its annotator and stop rule: every room meets here."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from querist.annotation.noisy import NoisyAnnotator
from querist.annotation.simulated import SimulatedAnnotator
from querist.assembly.learners import make_learner
from querist.assembly.loading import Loaded, load_data
from querist.assembly.spec import Spec
from querist.core.errors import ArgumentError
from querist.core.ports import Annotator, Learner, StopRule
from querist.core.types import Array
from querist.data.schema import MultiLabel, Number, SingleLabel
from querist.data.spans import Spans
from querist.data.splits import Splits, split
from querist.session.evaluation import Evaluation
from querist.session.rules.parse import parse_rule
from querist.session.session import Session
from querist.session.span_evaluation import SpanEvaluation
from querist.storage.artifacts import Artifacts
from querist.storage.memory import MemoryStore
from querist.storage.sqlite_store import SqliteStore
from querist.strategies.algebra import as_strategy

__all__ = ["JOURNAL", "Loaded", "Prepared", "load_data", "make_learner", "open_journal", "prepare"]

JOURNAL = "journal.db"
"""Name of the journal in a project folder."""


@dataclass(frozen=True)
class Prepared:
    """A session ready to run.

    Args:
        session: the session.
        annotator: who answers.
        stop: when to stop, or None for the budget and the pool.
        batch: items a query.
        start_size: items of the first query.
        splits: who is held out.
    """

    session: Session
    annotator: Annotator
    stop: StopRule | None
    batch: int
    start_size: int
    splits: Splits


def prepare(
    spec: Spec,
    *,
    seed: int,
    strategy: str | None = None,
    folder: Path | None = None,
    loaded: Loaded | None = None,
    learner: Learner | None = None,
    artifacts: bool = True,
) -> Prepared:
    """A session from a specification.

    Args:
        spec: the specification.
        seed: the root seed of this run.
        strategy: text that replaces the specification's strategy.
        folder: project folder for journal and weights; None keeps the journal in memory.
        loaded: data that are read already.
        learner: a learner to use instead of the specification's.
        artifacts: whether weights are kept in the folder.
    """
    loaded = loaded or load_data(spec)
    source, schema = loaded.source, loaded.schema
    truth = list(loaded.truth.values())
    single = isinstance(schema, SingleLabel)
    splits = split(
        source,
        seed,
        test=spec.data.test,
        validation=spec.data.validation,
        stratify=truth if single and spec.data.stratify else None,
    )
    evaluate = {
        name: _evaluation(spec, loaded, rows)
        for name, rows in (("test", splits.test), ("validation", splits.validation))
        if len(rows)
    }
    chosen = as_strategy(strategy or spec.run.strategy)
    start = None if spec.run.start is None else as_strategy(spec.run.start)
    store, kept = open_journal(folder) if folder is not None else (MemoryStore(), None)
    session = Session(
        source,
        learner or make_learner(spec.model, source, schema, chosen, *(() if start is None else (start,))),
        schema,
        chosen,
        store,
        seed=seed,
        start=start,
        budget=spec.run.budget,
        held=np.concatenate([splits.test, splits.validation]),
        evaluate=evaluate,
        graph=getattr(source, "graph", None),
        artifacts=kept if artifacts and spec.run.keep_weights else None,
        on_conflict=spec.run.on_conflict,
        spec=spec.model_dump(mode="json"),
    )
    stop = None if spec.run.stop is None else parse_rule(spec.run.stop)
    return Prepared(
        session, _annotator(spec, loaded, seed), stop, spec.run.batch, spec.run.start_size or spec.run.batch, splits
    )


def open_journal(folder: Path) -> tuple[SqliteStore, Artifacts]:
    """The journal and the weights of a project folder, made when they are not there."""
    folder.mkdir(parents=True, exist_ok=True)
    return SqliteStore(folder / JOURNAL), Artifacts(folder / "artifacts")


def _evaluation(spec: Spec, loaded: Loaded, rows: Array) -> Evaluation:
    """What is measured on held-out rows; the metric that suits the labels where none is named."""
    items, schema, metrics = loaded.source.items(rows), loaded.schema, tuple(spec.run.metrics or ())
    targets = schema.stack([schema.encode(loaded.truth[item], item=item) for item in items])
    if isinstance(schema, Spans):
        return SpanEvaluation(items, targets, metrics or ("entity_f1",), schema=schema)
    default = "rmse" if isinstance(schema, Number) else "exact_match" if isinstance(schema, MultiLabel) else "accuracy"
    return Evaluation(items, targets, metrics or (default,))


def _annotator(spec: Spec, loaded: Loaded, seed: int) -> Annotator:
    who = spec.annotator
    if who.kind == "simulated":
        return SimulatedAnnotator(loaded.truth, cost=who.cost)
    if not isinstance(loaded.schema, SingleLabel):
        raise ArgumentError("a noisy annotator answers single-class tasks only", code="BadValue")
    return NoisyAnnotator(
        loaded.truth, loaded.schema.classes, rate=who.rate, skip=who.skip, reject=who.reject, seed=seed
    )
