"""The keys of the specification as rows of a table, read from the models and their docstrings."""

from __future__ import annotations

import ast
import inspect
import itertools
import json
import types
import typing
from collections.abc import Iterator
from typing import Any, NamedTuple

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from querist.assembly.faults import KINDS, tables_in

__all__ = ["Section", "rows", "sections"]


class Section(NamedTuple):
    """A part of the reference.

    Args:
        title: how the table is begun in TOML; empty for the part before all others.
        summary: what it is.
        rows: key, kind, default and meaning of each setting.
    """

    title: str
    summary: str
    rows: tuple[tuple[str, str, str, str], ...]


def sections(model: type[BaseModel]) -> Iterator[Section]:
    """The settings of ``model``, and a section for each kind of a table that is of one of several kinds."""
    waiting: list[tuple[str, type[BaseModel]]] = []
    yield Section("", "", tuple(_rows(model, "", waiting)))
    seen = set()
    while waiting:
        path, table = waiting.pop(0)
        if table in seen:
            continue
        seen.add(table)
        chosen = next((key for key in KINDS if key in table.model_fields), None)
        title = f"[{path}]" + (
            "" if chosen is None else f" {chosen} = {json.dumps(table.model_fields[chosen].default)}"
        )
        yield Section(title, _summary(table), tuple(_rows(table, f"{path}.", waiting)))


def rows(model: type[BaseModel]) -> Iterator[tuple[str, str, str, str]]:
    """Key, kind, default and meaning of every setting of ``model``, over all sections."""
    for section in sections(model):
        yield from section.rows


def _rows(
    model: type[BaseModel], prefix: str, waiting: list[tuple[str, type[BaseModel]]]
) -> Iterator[tuple[str, str, str, str]]:
    notes = _notes(model)
    fixed = next((key for key in KINDS if key in model.model_fields), None) if prefix else None
    for name, field in model.model_fields.items():
        if name == fixed and len(typing.get_args(field.annotation)) == 1:
            continue  # it stands in the title
        key, tables = f"{prefix}{name}", list(tables_in(field.annotation))
        if len(tables) == 1 and not prefix:
            yield from _rows(tables[0], f"{key}.", waiting)
            continue
        waiting += [(key, table) for table in tables]
        note = field.description or notes.get(name, "")
        extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
        chosen = next((k for k in KINDS if tables and k in tables[0].model_fields), "")
        if chosen and not prefix:
            names = [t.model_fields[chosen].default for t in tables]
            yield f"{key}.{chosen}", ", ".join(names), _default(names[0]), "each has its own keys, see below"
            continue
        if tables:
            number = "int or " if len(tables) > 1 else ""
            yield key, f"{number}table", _default(field.default) if number else _default(None), note or "see below"
            continue
        yield key, _kind(field.annotation), _default(extra.get("shown", field.default)), note


def _default(value: Any) -> str:
    if value is PydanticUndefined:
        return "required"
    return "–" if value is None else json.dumps(value)


def _summary(table: type[BaseModel]) -> str:
    return " ".join((table.__doc__ or "").split())


def _kind(annotation: Any) -> str:
    """A type in words: alternatives parted by a bar, without the one that is left out."""
    origin, inside = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Literal:
        return " | ".join(map(json.dumps, inside))
    if origin in (typing.Union, types.UnionType):
        return " | ".join(_kind(part) for part in inside if part is not type(None))
    if origin is list:
        return f"list[{_kind(inside[0])}]"
    if origin is dict:
        return "table"
    return str(getattr(annotation, "__name__", annotation))


def _notes(model: type[BaseModel]) -> dict[str, str]:
    """The string under each field of the class body."""
    try:
        tree = ast.parse(inspect.cleandoc("\n" + inspect.getsource(model)))
    except (OSError, TypeError, SyntaxError):
        return {}
    out: dict[str, str] = {}
    body = tree.body[0].body if isinstance(tree.body[0], ast.ClassDef) else []
    for before, node in itertools.pairwise(body):
        is_text = (
            isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        )
        if isinstance(before, ast.AnnAssign) and isinstance(before.target, ast.Name) and is_text:
            out[before.target.id] = " ".join(typing.cast(Any, node).value.value.split())
    return out
