"""The data of a specification: read once, with their label schema and their true labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from querist.assembly.learners import kind_of
from querist.assembly.spec import DataSpec, Spec
from querist.core.errors import DataError
from querist.core.types import ItemId, LabelValue
from querist.data.arrays import array_source
from querist.data.read import read
from querist.data.schema import MultiLabel, Number, Schema, SingleLabel, infer
from querist.data.sequence_files import read_sequences
from querist.data.sequences import SequenceSource
from querist.data.source import Source
from querist.data.spans import Spans
from querist.models.lsa import lsa_features

__all__ = ["Loaded", "load_data"]


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


def load_data(spec: Spec) -> Loaded:
    """Read the data and settle the label schema.

    Raises:
        DataError: unreadable data, or a simulation without true labels (``NoTruth``).
    """
    kind = kind_of(spec.model)
    source = _read(spec.data, tagged=kind.reads == "tokens" or spec.labels.task == "spans")
    truth = source.truth
    if truth is None or any(label is None for label in truth):
        some = "no true labels" if truth is None else "items without a true label"
        raise DataError(
            f"{source.name} has {some}, which a simulation needs; name their column with data.label",
            code="NoTruth",
        )
    schema = _schema(spec, source, truth)
    if source.modality == "text" and kind.reads == "table":  # frozen features of the whole pool; no label is used
        features = lsa_features(source.take(slice(None)))
        source = array_source(features, ids=source.ids, truth=truth, name=source.name, modality="table")
    return Loaded(source, schema, dict(zip(source.ids, truth, strict=True)))


def _read(data: DataSpec, *, tagged: bool) -> Source:
    if tagged or data.tokens is not None or data.tags is not None:
        named = {"tokens": data.tokens, "tags": data.tags, "id": data.id}
        keys = {key: value for key, value in named.items() if value is not None}
        return read_sequences(data.source, **keys, dedupe=data.dedupe, skip_bad=data.skip_bad)
    return read(
        data.source,
        text=data.text,
        label=data.label,
        id=data.id,
        features=data.features,
        size=data.size,
        dedupe=data.dedupe,
        skip_bad=data.skip_bad,
    )


def _schema(spec: Spec, source: Source, truth: Any) -> Schema:
    task, classes = spec.labels.task, spec.labels.classes
    if task == "number":
        return Number()
    if task == "spans" or (task is None and isinstance(source, SequenceSource)):
        return _spans(spec, source, truth)
    if classes is not None:
        return MultiLabel(tuple(classes)) if task == "multi" else SingleLabel(tuple(classes))
    return infer(truth)


def _spans(spec: Spec, source: Source, truth: Any) -> Schema:
    """The types that were named, else those found; answers are held to the tokens of their item."""
    labels = spec.labels
    found = None if labels.classes and labels.scheme else Spans.found_in(truth, repair=labels.repair)
    classes = tuple(labels.classes) if labels.classes else found.classes if found else ()
    scheme = labels.scheme or (found.scheme if found else "bio")
    return Spans(classes, scheme, labels.repair).of(source)
