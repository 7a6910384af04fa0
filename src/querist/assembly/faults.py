"""What is wrong with a specification, in words: the line, the key, the nearest name."""

from __future__ import annotations

import tomllib
import typing
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError

from querist.assembly.toml_lines import line_of
from querist.core.errors import ArgumentError, UnknownNameError, nearest, shorten

__all__ = ["KINDS", "explain", "tables_in"]

KINDS = ("learner", "kind")
"""Keys that tell the kind of a table."""


def explain(error: ValidationError, model: type[BaseModel], text: str, name: str) -> Exception:
    """The first fault as an error of ours.

    Args:
        error: what validation found.
        model: the record of the whole text.
        text: the TOML.
        name: of the file.
    """
    fault = error.errors()[0]
    path = _path(fault["loc"], tomllib.loads(text), fault["type"])
    if fault["type"] == "union_tag_invalid":
        return _unknown_kind(path, fault["ctx"], text, name)
    key = ".".join(path)
    where = _where(text, path, name)
    if fault["type"] == "extra_forbidden":
        table, others = _table(path[:-1], model, tomllib.loads(text))
        owners = [_name(t) for t in others if path[-1] in t.model_fields]
        hint = f"it is a key of {', '.join(owners)}" if owners else _hint(path[-1], list(table), 3)
        return UnknownNameError(f"{where}: unknown key {key!r}; {hint}", code="UnknownKey")
    if fault["type"] == "missing":
        return ArgumentError(f"{where}: {key!r} is missing; add it", code="MissingKey")
    got = f"{type(fault['input']).__name__} {shorten(repr(fault['input']))}"
    return ArgumentError(f"{where}: {key!r} is wrong: {fault['msg']}; got {got}", code="BadValue")


def tables_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """The tables that may stand where a type is asked for."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
        return
    for inside in typing.get_args(annotation):
        yield from tables_in(inside)


def _path(place: Sequence[str | int], data: Any, kind: str) -> tuple[str, ...]:
    """The keys of a fault's place that stand in the text; names of kinds of tables stand there as well and are left out."""
    out: list[str] = []
    for number, part in enumerate(place):
        inside = isinstance(data, dict) and part in data
        if inside or (kind == "missing" and number + 1 == len(place)):
            out.append(str(part))
        if inside or (isinstance(part, int) and isinstance(data, list) and part < len(data)):
            data = data[part]
    return tuple(out)


def _where(text: str, path: Sequence[str], name: str) -> str:
    line = line_of(text, path)
    return f"{name}, line {line}" if line else name


def _hint(got: str, known: Sequence[str], most: int) -> str:
    near = nearest(got, known, most)
    return f"did you mean {' or '.join(map(repr, near))}?" if near else f"known here: {', '.join(known)}"


def _unknown_kind(path: tuple[str, ...], found: Any, text: str, name: str) -> Exception:
    known = [part.strip().strip("'") for part in found["expected_tags"].split(",")]
    got, known = str(found["tag"]), [k for k in known if k]
    key = next((k for k in KINDS if _value(tomllib.loads(text), (*path, k)) is not None), "")
    whole = (*path, key) if key else path
    where = _where(text, whole, name)
    return ArgumentError(f"{where}: {'.'.join(whole)!r} is wrong: {got!r}; {_hint(got, known, 1)}", code="BadValue")


def _value(data: Any, path: Sequence[str]) -> Any:
    for part in path:
        data = data.get(part) if isinstance(data, dict) else None
    return data


def _table(path: Sequence[str], model: Any, data: Any) -> tuple[Iterable[str], list[type[BaseModel]]]:
    """The keys of the table at ``path``, and the kinds that it might be."""
    tables: list[type[BaseModel]] = []
    for part in path:
        field = model.model_fields.get(part)
        data = data.get(part) if isinstance(data, dict) else None
        tables = list(tables_in(field.annotation)) if field else []
        if not tables:
            return (), []
        model = next((t for t in tables if _fits(t, data)), tables[0])
    return model.model_fields.keys(), tables


def _name(table: type[BaseModel]) -> str:
    return next(f"{key} = {table.model_fields[key].default!r}" for key in KINDS if key in table.model_fields)


def _fits(table: type[BaseModel], data: Any) -> bool:
    """Whether a table is of the kind that the data name."""
    key = next((k for k in KINDS if k in table.model_fields), None)
    return key is None or not isinstance(data, dict) or data.get(key) == table.model_fields[key].default
