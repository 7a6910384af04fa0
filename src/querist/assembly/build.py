"""From a specification to a session with its annotator and stop rule: every room meets here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from querist.annotation.noisy import NoisyAnnotator
from querist.annotation.simulated import SimulatedAnnotator
from querist.assembly.estimators import make_estimator
from querist.assembly.providers import Equipment, equip
from querist.assembly.spec import ModelSpec, Spec
from querist.core.errors import ArgumentError, DataError
from querist.core.ports import Annotator, Learner, StopRule, Strategy
from querist.core.registry import registry
from querist.core.types import Array, ItemId, LabelValue
from querist.data.arrays import array_source
from querist.data.read import read
from querist.data.schema import MultiLabel, Number, Schema, SingleLabel, infer
from querist.data.source import Source
from querist.data.splits import Splits, split
from querist.models.lsa import lsa_features
from querist.session.evaluation import Evaluation
from querist.session.rules.parse import parse_rule
from querist.session.session import Session
from querist.storage.artifacts import Artifacts
from querist.storage.memory import MemoryStore
from querist.storage.sqlite_store import SqliteStore
from querist.strategies.algebra import as_strategy
from querist.training.heads import head_for
from querist.training.recipe import Recipe
from querist.training.sklearn_learner import SklearnLearner
from querist.training.torch_learner import TorchLearner

__all__ = ["JOURNAL", "Loaded", "Prepared", "load_data", "make_learner", "open_journal", "prepare"]

JOURNAL = "journal.db"
"""Name of the journal in a project folder."""


@dataclass(frozen=True)
class Loaded:
    """Data that are in memory: read once, used by every run of a specification.

    Args:
        source: the items.
        schema: what a label may be.
        truth: true label of each item by id (simulations), or empty.
    """

    source: Source
    schema: Schema
    truth: Mapping[ItemId, LabelValue]


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


def load_data(spec: Spec) -> Loaded:
    """Read the data and settle the label schema.

    Raises:
        DataError: unreadable data, or a simulation without true labels (``NoTruth``).
    """
    data = spec.data
    source = read(
        data.source,
        text=data.text,
        label=data.label,
        id=data.id,
        features=data.features,
        size=data.size,
        dedupe=data.dedupe,
        skip_bad=data.skip_bad,
    )
    truth = source.truth
    if truth is None:
        raise DataError(
            f"{source.name} has no true labels, which a simulation needs; name their column with data.label",
            code="NoTruth",
        )
    schema = _schema(spec, truth)
    if source.modality == "text":  # frozen features of the whole pool, made once; no label is used
        features = lsa_features(source.take(slice(None)))
        source = array_source(features, ids=source.ids, truth=truth, name=source.name, modality="table")
    return Loaded(source, schema, dict(zip(source.ids, truth, strict=True)))


def _schema(spec: Spec, truth: Any) -> Schema:
    task, classes = spec.labels.task, spec.labels.classes
    if task == "number":
        return Number()
    if classes is not None:
        return MultiLabel(tuple(classes)) if task == "multi" else SingleLabel(tuple(classes))
    return infer(truth)


def make_learner(spec: ModelSpec, source: Source, schema: Schema, *strategies: Strategy) -> Learner:
    """The learner of a specification, built on its source; networks are equipped with what ``strategies`` need.

    Raises:
        UnknownNameError: an unknown model or parameter.
    """
    if spec.learner == "sklearn":
        estimator = make_estimator(spec.name, dict(spec.parameters))
        if spec.scale:
            from sklearn.pipeline import make_pipeline
            from sklearn.preprocessing import StandardScaler

            estimator = make_pipeline(StandardScaler(), estimator)
        return SklearnLearner(estimator, source, schema)
    entry = registry.find(spec.name, "model")
    kit = equip(*strategies, members=spec.members, head=spec.head)
    parameters = {**_shapes(spec.name, source, schema, kit), **spec.parameters}

    def module() -> Any:
        try:
            return entry.factory(**parameters)
        except TypeError as error:
            raise ArgumentError(f"model {spec.name}: {error}", code="BadParameter") from error

    recipe = Recipe(**spec.training.model_dump())
    if not spec.members:
        kit = kit.fitting(module)
    return TorchLearner(module, source, schema, recipe=recipe, device=spec.device, **kit.arguments())


def _shapes(name: str, source: Source, schema: Schema, kit: Equipment) -> dict[str, Any]:
    """What the built-in models must know of the data."""
    outputs = head_for(schema, kit.head).width(schema)
    shape = np.asarray(source.take(np.zeros(1, dtype=np.int64))).shape[1:]
    if name in ("small_cnn", "strided_cnn", "resnet18"):
        channels = shape[0] if len(shape) == 3 else 1
        size = {} if name == "resnet18" else {"size": int(shape[-1])}
        return {"channels_in": channels, "classes": outputs, **size}
    width = int(np.prod(shape))
    return {"inputs": width, "outputs": outputs}


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
    default = (
        ["rmse"] if isinstance(schema, Number) else ["exact_match"] if isinstance(schema, MultiLabel) else ["accuracy"]
    )
    metrics = tuple(spec.run.metrics or default)
    evaluate = {
        name: Evaluation(source.items(rows), _targets(loaded, rows), metrics)
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


def _targets(loaded: Loaded, rows: Array) -> Array:
    ids = loaded.source.ids
    return np.asarray([loaded.schema.encode(loaded.truth[ids[r]], item=ids[r]) for r in rows.tolist()])


def _annotator(spec: Spec, loaded: Loaded, seed: int) -> Annotator:
    who = spec.annotator
    if who.kind == "simulated":
        return SimulatedAnnotator(loaded.truth, cost=who.cost)
    if not isinstance(loaded.schema, SingleLabel):
        raise ArgumentError("a noisy annotator answers single-class tasks only", code="BadValue")
    return NoisyAnnotator(
        loaded.truth, loaded.schema.classes, rate=who.rate, skip=who.skip, reject=who.reject, seed=seed
    )
