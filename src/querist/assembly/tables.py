"""Tables of the specification made from Python: arguments of functions and records become keys, their docstrings the notes.

So a key is named as the argument, has its default, and cannot drift from it.
"""

from __future__ import annotations

import inspect
import re
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, create_model

__all__ = ["STRICT", "arguments", "notes_of", "one_of", "table"]

STRICT = ConfigDict(extra="forbid", strict=True, frozen=True)
_PLAIN = (str, int, float, bool, type(None))
_ENTRY = re.compile(r"^(?P<indent> +)(?P<name>\w+|\*\*\w+): (?P<text>.*)$")


def table(
    name: str,
    *sources: Callable[..., Any],
    base: type[BaseModel] | None = None,
    types: Mapping[str, Any] | None = None,
    fixed: Mapping[str, str] | None = None,
    skip: Sequence[str] = (),
) -> type[BaseModel]:
    """A record whose fields are the arguments of ``sources`` that a file can hold: texts, numbers, yes and no, lists.

    Args:
        name: of the record.
        sources: functions or classes; of an argument that two have the first counts.
        base: gives the fields that it has already; they are not made again.
        types: types by argument, for those whose annotation a file cannot hold.
        fixed: further fields that have one value, such as the kind of a table.
        skip: arguments that are left out.
    """
    known = set(base.model_fields) if base is not None else set()
    fields: dict[str, Any] = {k: (Literal[v], v) for k, v in (fixed or {}).items()}
    for source in sources:
        notes = notes_of(source)
        for argument, (hint, default) in _arguments(source, types or {}).items():
            if argument in fields or argument in known or argument in skip:
                continue
            fields[argument] = (hint, Field(default, description=notes.get(argument, notes.get(f"**{argument}"))))
    config: dict[str, Any] = {"__base__": base} if base is not None else {"__config__": STRICT}
    return create_model(name, __doc__=(inspect.getdoc(sources[0]) or "").split("\n")[0], **config, **fields)


def arguments(given: BaseModel) -> dict[str, Any]:
    """The values of a table by name, tables inside as they are."""
    return {name: getattr(given, name) for name in type(given).model_fields}


def one_of(key: str, tables: Sequence[type[BaseModel]], first: str, *, plain: Any = None) -> Any:
    """The type of a table that is of one of several kinds, told apart by the value of ``key``.

    Args:
        key: field of every table, with one value each.
        tables: the kinds.
        first: the kind where ``key`` is left out.
        plain: type of what may stand in the place of a table, or None.
    """

    def kind(value: Any) -> Any:
        if isinstance(value, dict):
            return value.get(key, first)
        return getattr(value, key, first if plain is None else "")

    tagged = tuple(typing.Annotated[t, Tag(t.model_fields[key].default)] for t in tables)
    if plain is not None:
        tagged = (typing.Annotated[plain, Tag("")], *tagged)
    return typing.Annotated[typing.Union[tagged], Discriminator(kind)]  # noqa: UP007


def notes_of(source: Callable[..., Any]) -> dict[str, str]:
    """The text of each argument in the ``Args:`` of a docstring."""
    text = inspect.getdoc(source) or ""
    part = text.partition("Args:\n")[2]
    out: dict[str, str] = {}
    last, indent = "", ""
    for line in part.split("\n"):
        entry = _ENTRY.match(line)
        if entry and (not indent or entry["indent"] == indent):
            last, indent = entry["name"], entry["indent"]
            out[last] = entry["text"]
        elif last and line.startswith(indent + " "):
            out[last] += " " + line.strip()
        else:
            break
    return out


def _arguments(source: Callable[..., Any], given: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Type and default of each argument that a file can hold."""
    inside: Any = source.__init__ if isinstance(source, type) else source  # type: ignore[misc]
    found = inspect.signature(inside).parameters
    named = {k: p for k, p in found.items() if k != "self" and p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)}
    out: dict[str, tuple[Any, Any]] = {}
    for name, parameter in named.items():
        hint = given[name] if name in given else _plain(_resolved(inside, name))
        if hint is not None:
            default = ... if parameter.default is parameter.empty else parameter.default
            out[name] = (hint, list(default) if isinstance(default, tuple) else default)
    if "parameters" in found.keys() - named:
        out["parameters"] = (dict[str, Any], {})
    return out


def _resolved(function: Any, name: str) -> Any:
    def stub() -> None: ...

    stub.__annotations__ = {name: function.__annotations__[name]}
    try:
        return typing.get_type_hints(stub, globalns=function.__globals__)[name]
    except NameError:  # a name for type checkers only
        return None


def _plain(hint: Any) -> Any:
    """The part of a type that a file can hold; None where there is none."""
    origin, inside = typing.get_origin(hint), typing.get_args(hint)
    if hint in _PLAIN or origin is Literal:
        return hint
    if origin in (Sequence, tuple, list):
        inner = _plain(inside[0])
        return None if inner is None else list[inner]  # type: ignore[valid-type]
    if origin in (typing.Union, types.UnionType):
        kept = tuple(p for p in map(_plain, inside) if p is not None)
        return None if set(kept) <= {type(None)} else typing.Union[kept]  # noqa: UP007
    return None
