"""What can be changed while people label: strategy, suggestions, shares, keys, guideline. Kept in the journal."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Self

from querist.core.errors import ArgumentError, ArgumentTypeError, UnknownNameError, nearest, shorten
from querist.core.types import Json
from querist.server.keys import ACTIONS, PROFILES, check_action_keys, check_class_keys

__all__ = ["ACTIONS", "PROFILES", "SUGGESTIONS", "Settings"]

SUGGESTIONS = ("after", "before", "never")
_LONGEST_GUIDELINE = 50_000


@dataclass(frozen=True, slots=True)
class Settings:
    """The live settings of a project.

    Args:
        strategy: text of the strategy that orders the queue.
        suggestions: when the model's guess is shown: after the answer, before it, or never.
        advance: whether choosing the one label of an item submits it.
        profile: the keys to begin with.
        keys: key by action, where it differs from the profile's.
        class_keys: key by class, where it differs from the page's.
        guideline: what people should know, plain text.
        validation: share of hand-outs taken from the validation items, which never train a model.
        control: share of hand-outs drawn at random, to compare asking with.
        lease: seconds that a hand-out is kept for somebody.
        encoder: name or folder of a better encoder, or "" for the best that is there.

    Raises:
        ArgumentError, ArgumentTypeError: a value that cannot be used (code ``BadSetting``).
    """

    strategy: str = "auto"
    suggestions: str = "after"
    advance: bool = True
    profile: str = "querist"
    keys: Mapping[str, str] = field(default_factory=dict)
    class_keys: Mapping[str, str] = field(default_factory=dict)
    guideline: str = ""
    validation: float = 0.1
    control: float = 0.05
    lease: float = 1800.0
    encoder: str = ""

    def __post_init__(self) -> None:
        """Check the values."""
        _one_of("suggestions", self.suggestions, SUGGESTIONS)
        _one_of("profile", self.profile, PROFILES)
        for name, low, high in (("validation", 0.0, 0.5), ("control", 0.0, 0.5), ("lease", 10.0, 86_400.0)):
            object.__setattr__(self, name, _number(name, getattr(self, name), low, high))
        if not isinstance(self.advance, bool):
            raise ArgumentTypeError(f"advance must be true or false, got {shorten(self.advance)}", code="BadSetting")
        for name, most in (("strategy", 2_000), ("guideline", _LONGEST_GUIDELINE), ("encoder", 1_000)):
            _text(name, getattr(self, name), most)
        check_action_keys(self.keys)
        check_class_keys(self.class_keys)

    def with_changes(self, changes: Mapping[str, Json]) -> Self:
        """The settings with some changed.

        Raises:
            UnknownNameError: no such setting (code ``UnknownSetting``), with the nearest one.
        """
        known = [f.name for f in fields(self)]
        for name in changes:
            if name not in known:
                near = nearest(name, known)
                hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(known)}"
                raise UnknownNameError(f"there is no setting {shorten(name)!r}; {hint}", code="UnknownSetting")
        return replace(self, **changes)

    def to_json(self) -> dict[str, Json]:
        """All settings by name."""
        return {**asdict(self), "keys": dict(self.keys), "class_keys": dict(self.class_keys)}

    @classmethod
    def read(cls, connection: sqlite3.Connection, stream: str) -> Self:
        """The settings that the journal's projection holds; a setting that this version does not know is left out."""
        known = {f.name for f in fields(cls)}
        rows = connection.execute("SELECT name, value FROM setting WHERE stream = ?", (stream,))
        kept: dict[str, Any] = {name: json.loads(value) for name, value in rows if name in known}
        return cls(**kept)


def _one_of(name: str, value: object, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ArgumentError(
            f"{name} must be one of {', '.join(allowed)}; got {shorten(repr(value))}", code="BadSetting"
        )


def _number(name: str, value: object, low: float, high: float) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
        raise ArgumentError(
            f"{name} must be a number from {low:g} to {high:g}; got {shorten(repr(value))}", code="BadSetting"
        )
    return float(value)


def _text(name: str, value: object, most: int) -> None:
    if not isinstance(value, str) or len(value) > most or "\0" in value:
        raise ArgumentError(
            f"{name} must be text of at most {most:,} characters; got {shorten(repr(value))}", code="BadSetting"
        )
