"""The keys of the specification as rows of a table, read from the models and their docstrings."""

from __future__ import annotations

import ast
import inspect
import itertools
import typing
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

__all__ = ["rows"]


def rows(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, str, str, str]]:
    """Key, kind, default and meaning of every setting of ``model``, tables inside included."""
    notes = _notes(model)
    for name, field in model.model_fields.items():
        inner = _table(field.annotation)
        if inner is not None:
            yield from rows(inner, f"{prefix}{name}.")
            continue
        default = "required" if field.default is PydanticUndefined else repr(field.default)
        yield f"{prefix}{name}", _kind(field.annotation), default, notes.get(name, "")


def _table(annotation: Any) -> type[BaseModel] | None:
    options = (annotation, *typing.get_args(annotation))
    return next((o for o in options if isinstance(o, type) and issubclass(o, BaseModel)), None)


def _kind(annotation: Any) -> str:
    text = annotation.__name__ if isinstance(annotation, type) and not typing.get_args(annotation) else str(annotation)
    return text.replace("typing.", "").replace(" | None", "").replace("NoneType", "none")


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
