"""ROOM 1: what there is to label: items with stable ids, label schemas, the ledger, splits, sources."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from querist.data.ledger import ItemState, Ledger
    from querist.data.schema import MultiLabel, Number, Schema, SingleLabel, infer, schema_from_json
    from querist.data.sequence_files import read_sequences
    from querist.data.sequences import SequenceSource
    from querist.data.source import Noticed, Source
    from querist.data.spans import Spans
    from querist.data.splits import Splits, split

_HOMES = {
    "ItemState": "ledger",
    "Ledger": "ledger",
    "MultiLabel": "schema",
    "Noticed": "source",
    "Number": "schema",
    "Schema": "schema",
    "SequenceSource": "sequences",
    "SingleLabel": "schema",
    "Source": "source",
    "Spans": "spans",
    "Splits": "splits",
    "infer": "schema",
    "read_sequences": "sequence_files",
    "schema_from_json": "schema",
    "split": "splits",
}

# `read` is not here: this name is the module's. It is `querist.read`, or `querist.data.read.read`.
__all__ = [
    "ItemState",
    "Ledger",
    "MultiLabel",
    "Noticed",
    "Number",
    "Schema",
    "SequenceSource",
    "SingleLabel",
    "Source",
    "Spans",
    "Splits",
    "infer",
    "read_sequences",
    "schema_from_json",
    "split",
]


def __getattr__(name: str) -> Any:
    """Load a name when it is first used."""
    if name in _HOMES:
        return getattr(importlib.import_module(f"querist.data.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'querist.data' has no attribute {name!r}")


def __dir__() -> list[str]:
    """The public names."""
    return sorted(__all__)
