"""The session that people make: plain things in (arrays, files, an estimator, a module, text), rooms joined inside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.assembly.build import open_journal, prepare
from querist.assembly.providers import equip
from querist.assembly.spec import load_spec
from querist.core.errors import ArgumentError, ArgumentTypeError, shorten, shorten_path
from querist.core.ports import Learner, Store, Strategy
from querist.core.types import ItemId, LabelValue
from querist.data.ledger import Conflict
from querist.data.read import read
from querist.data.schema import Schema, SingleLabel, infer
from querist.data.sequences import SequenceSource
from querist.data.source import Source
from querist.data.spans import Spans
from querist.session.evaluation import Evaluation
from querist.session.session import Session as Loop
from querist.session.span_evaluation import SpanEvaluation
from querist.storage.memory import MemoryStore
from querist.strategies.algebra import AnyPart, as_strategy
from querist.training.sklearn_learner import SklearnLearner
from querist.training.torch_learner import TorchLearner

__all__ = ["PROJECT_FILE", "Session"]

PROJECT_FILE = "querist.toml"
"""Name of the specification in a project folder."""


class Session(Loop):
    """Asks for labels, takes answers, fits, and remembers all of it.

    Args:
        data: a `Source`, or what `querist.read` takes: an array, a data frame, texts, a dataset, a path.
        learner: a `Learner`, a scikit-learn estimator, or a torch module (or a function that makes one) giving logits.
        strategy: text or part, e.g. ``"margin"`` or ``"shortlist(margin, times=10) | k_center"``.
        labels: the classes in order, or a schema (`SingleLabel`, `MultiLabel`, `Number`, `Spans`).
        folder: where the journal and the weights live; None keeps them in memory only.
        seed: the root seed, the only source of randomness.
        start: strategy of the asks before the first fit.
        budget: most that answers may cost, or None.
        test: held-out items and their labels, for metrics: a mapping from id to label.
        reference: ids of the reference set, for strategies that look at one.
        metrics: what is measured on ``test``; for spans entity_f1 by default.
        cost: (N,) price of an answer, for cost-aware strategies.
        graph: (N, N) sparse adjacency, for graph strategies; by default that of a `graph_source`.
        group: (N,) number of the source document or group of each item, for limits.
        on_conflict: a second, different label is refused, or the latest or the first one counts.
        name: of the journal's owner, kept in its first event.

    Example:
        >>> from sklearn.datasets import load_digits
        >>> from sklearn.linear_model import LogisticRegression
        >>> import querist
        >>> X, y = load_digits(return_X_y=True)
        >>> classes = [str(c) for c in range(10)]
        >>> session = querist.Session(X / 16, LogisticRegression(), strategy="margin", labels=classes)
        >>> query = session.ask(20)  # the first batch is drawn at random: there is no model yet
        >>> session.tell(query, {item: str(y[session.source.rows_of([item])[0]]) for item in query})
        20
        >>> session.fit().labels
        20
    """

    def __init__(
        self,
        data: Any,
        learner: Any,
        *,
        strategy: str | AnyPart = "margin",
        labels: Schema | Sequence[str] | None = None,
        folder: str | Path | None = None,
        seed: int = 0,
        start: str | AnyPart | None = "random",
        budget: float | None = None,
        test: Mapping[ItemId, LabelValue] | None = None,
        reference: Sequence[ItemId] | None = None,
        metrics: Sequence[str] = ("accuracy",),
        cost: NDArray[np.float64] | None = None,
        graph: Any = None,
        group: NDArray[np.int64] | None = None,
        on_conflict: Conflict = "refuse",
    ) -> None:
        source = data if isinstance(data, Source) else read(data)
        schema = _schema(labels, source)
        held = [source.rows_of(list(ids)) for ids in (test, reference) if ids]
        store: Store = MemoryStore()
        artifacts = None
        asking = [as_strategy(part) for part in (strategy, start) if part is not None]
        made = _learner(learner, source, schema, asking)
        if folder is not None:
            store, artifacts = open_journal(Path(folder))
        try:
            super().__init__(
                source,
                made,
                schema,
                as_strategy(strategy),
                store,
                seed=seed,
                start=None if start is None else as_strategy(start),
                budget=budget,
                held=np.concatenate(held) if held else None,
                reference=source.rows_of(list(reference)) if reference else None,
                evaluate={"test": _evaluation(test, source, schema, tuple(metrics))} if test else None,
                cost=cost,
                graph=getattr(source, "graph", None) if graph is None else graph,
                group=group,
                artifacts=artifacts,
                on_conflict=on_conflict,
            )
        except BaseException:
            store.close()
            raise

    @staticmethod
    def open(folder: str | Path) -> Loop:
        """Open a project that was made from a specification (``querist.toml`` beside the journal) and go on.

        A session made in Python is taken up again by making it with the same arguments and the same folder.

        Raises:
            ArgumentError: the folder has no specification (``NoConfig``).
            StateError: locked, corrupt or of a newer program.
        """
        folder = Path(folder)
        file = folder / PROJECT_FILE
        if not file.is_file():
            raise ArgumentError(
                f"{shorten_path(folder)} has no {PROJECT_FILE}: a session made in Python is resumed by "
                "querist.Session(..., folder=...) with the same arguments",
                code="NoConfig",
            )
        spec = load_spec(file)
        return prepare(spec, seed=spec.run.seed, folder=folder).session


def _schema(labels: Schema | Sequence[str] | None, source: Source) -> Schema:
    if isinstance(source, SequenceSource) and (labels is None or isinstance(labels, Spans)):
        spans = labels or (None if source.truth is None else Spans.found_in(source.truth))
        if spans is not None:
            return spans.of(source)  # answers are then held to the tokens of their item
    if isinstance(labels, Schema):
        return labels
    if labels is not None:
        return SingleLabel(tuple(labels))
    if source.truth is None:
        raise ArgumentError("labels is missing: pass the class names in order, or a schema", code="MissingKey")
    return infer(source.truth)


def _learner(learner: Any, source: Source, schema: Schema, asking: Sequence[Strategy]) -> Learner:
    if isinstance(learner, Learner):
        return learner
    if hasattr(learner, "fit") and hasattr(learner, "get_params"):
        return SklearnLearner(learner, source, schema)
    if callable(learner):  # a torch module, or a function that makes one
        kit = equip(*asking).fitting(learner)
        return TorchLearner(learner, source, schema, **kit.arguments())
    raise ArgumentTypeError(
        f"learner must be a Learner, a scikit-learn estimator or a torch module; got {type(learner).__name__} "
        f"{shorten(learner)}",
        code="BadLearner",
    )


def _evaluation(
    test: Mapping[ItemId, LabelValue], source: Source, schema: Schema, metrics: tuple[str, ...]
) -> Evaluation:
    encoded = [schema.encode(value, item=item) for item, value in test.items()]
    if isinstance(schema, Spans):
        items = source.items(source.rows_of(list(test)))
        chosen = ("entity_f1",) if metrics == ("accuracy",) else metrics
        return SpanEvaluation(items, schema.stack(encoded), chosen, schema=schema)
    targets = np.asarray(encoded)
    return Evaluation(source.items(source.rows_of(list(test))), targets, metrics)
