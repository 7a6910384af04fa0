"""Arguments become keys: names, types, defaults and notes are those of the function."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import pytest
from pydantic import BaseModel, ValidationError

from querist.assembly.tables import arguments, notes_of, one_of, table


def made(
    source: object,
    size: int,
    name: str | Path | None = None,
    widths: Sequence[int] = (3, 4),
    way: Literal["up", "down"] = "up",
    tell: Callable[[int], None] | bool = False,
    kept: Mapping[str, Any] | None = None,
    **more: Any,
) -> None:
    """Make it.

    Args:
        source: not in a file.
        size: how large,
            in units.
        name: of it.
        **more: the rest.

    Returns:
        nothing: at all.
    """


def test_what_a_file_can_hold_becomes_a_key() -> None:
    found = table("Made", made, fixed={"kind": "made"})
    assert list(found.model_fields) == ["kind", "size", "name", "widths", "way", "tell"]
    assert found.__doc__ == "Make it."
    assert found.model_fields["size"].is_required()
    assert found.model_fields["size"].description == "how large, in units."
    assert arguments(found(size=2)) == {
        "kind": "made", "size": 2, "name": None, "widths": [3, 4], "way": "up", "tell": False,
    }  # fmt: skip
    for wrong in ({}, {"size": "2"}, {"size": 2, "way": "left"}, {"size": 2, "widths": ["a"]}, {"size": 2, "kept": {}}):
        with pytest.raises(ValidationError):
            found.model_validate(wrong)


def test_notes_end_with_the_arguments() -> None:
    assert notes_of(made) == {
        "source": "not in a file.", "size": "how large, in units.", "name": "of it.", "**more": "the rest.",
    }  # fmt: skip


def test_the_first_source_counts_and_types_can_be_given() -> None:
    def other(size: str = "x", extra: bool = True, kept: Mapping[str, Any] | None = None) -> None:
        """Other."""

    found = table("Both", made, other, types={"kept": dict[str, Any] | None}, skip=("tell",))
    assert {"extra", "kept"} <= found.model_fields.keys()
    assert "tell" not in found.model_fields
    assert found.model_fields["size"].annotation is int


def test_one_of_several_kinds() -> None:
    one, two = (table(n, made, fixed={"kind": n}) for n in ("one", "two"))

    class Holder(BaseModel):
        it: one_of("kind", (one, two), "two", plain=int)  # type: ignore[valid-type]

    assert type(Holder.model_validate({"it": {"size": 1}}).it) is two
    assert type(Holder.model_validate({"it": {"kind": "one", "size": 1}}).it) is one
    assert Holder.model_validate({"it": 5}).it == 5
    for wrong in ({"kind": "three"}, "a", {"kind": "one", "siz": 1}):
        with pytest.raises(ValidationError):
            Holder.model_validate({"it": wrong})
