"""What may be sent to the routes: strict, every field named, nothing beyond.

These models only receive; what goes out has models of its own (`querist.server.shapes`), so that no field of an answer
can be set by sending it.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

__all__ = [
    "AnswerIn",
    "Classes",
    "ExportIn",
    "FlagIn",
    "ItemsQuery",
    "Login",
    "Next",
    "Nothing",
    "Queries",
    "Seed",
    "SettingsIn",
    "Take",
    "TrainerIn",
    "Undo",
]

Id = Annotated[str, Field(min_length=1, max_length=1024)]
Name = Annotated[str, Field(min_length=1, max_length=200)]
Key = Annotated[str, Field(pattern=r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$")]
"""A UUID that the client made: the same post sent again carries the same."""
Note = Annotated[str, Field(max_length=10_000)]


class _In(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)


Tab = Annotated[str, Field(max_length=64)]
"""Names one open page (or program) of a person: what is handed out to one is not handed out to another."""


class Nothing(_In):
    """An empty body."""


class Take(_In):
    """Which page asks."""

    tab: Tab = ""


class Login(_In):
    """The token of a one-time link."""

    token: str = Field(max_length=100)


class Next(_In):
    """How many items are wanted, and the queries that are held already."""

    count: int = Field(1, ge=1, le=20)
    have: list[Id] = Field(default_factory=list, max_length=200)
    tab: Tab = ""


class AnswerIn(_In):
    """One answer to one hand-out."""

    key: Key
    query: Id
    fence: int = Field(ge=0, le=2**63 - 1)
    item: Id
    kind: Literal["label", "distribution", "skip", "reject"]
    value: Any = None
    rationale: dict[str, Any] | None = None
    note: Note | None = None
    seconds: float = Field(0.0, ge=0.0, le=86_400.0)
    shown: bool = False
    weight: float | None = Field(None, gt=0.0, le=1.0)


class Undo(_In):
    """Take an answer back: the one to this hand-out; without one the last of this page, else the person's last."""

    key: Key
    tab: Tab = ""
    query: Id | None = None


class Queries(_In):
    """Hand-outs to give back or to keep longer."""

    queries: list[Id] = Field(max_length=200)


class FlagIn(_In):
    """Mark an item for a second look, or take the mark away."""

    flag: bool
    note: Note | None = None


class Classes(_In):
    """One change of the class list: add, rename with to, or merge with into; with a key it is made once."""

    key: Key | None = None
    add: Name | None = None
    rename: Name | None = None
    to: Name | None = None
    merge: Name | None = None
    into: Name | None = None

    @model_validator(mode="after")
    def _one(self) -> Classes:
        given = {name for name in ("add", "rename", "to", "merge", "into") if getattr(self, name) is not None}
        if given not in ({"add"}, {"rename", "to"}, {"merge", "into"}):
            raise ValueError("send add, or rename with to, or merge with into")
        return self


class SettingsIn(_In):
    """Some of the settings; those left out stay."""

    strategy: Annotated[str, Field(min_length=1, max_length=500)] | None = None
    suggestions: Literal["after", "before", "never"] | None = None
    advance: bool | None = None
    profile: Literal["querist", "label-studio", "argilla"] | None = None
    keys: dict[Annotated[str, Field(max_length=200)], Annotated[str, Field(max_length=40)]] | None = None
    class_keys: dict[Name, Annotated[str, Field(max_length=40)]] | None = None
    validation: float | None = Field(None, ge=0.0, le=1.0)
    control: float | None = Field(None, ge=0.0, le=1.0)
    lease: float | None = Field(None, ge=10.0, le=86_400.0)
    guideline: Annotated[str, Field(max_length=200_000)] | None = None

    @model_validator(mode="after")
    def _some(self) -> SettingsIn:
        if not self.model_fields_set or any(getattr(self, name) is None for name in self.model_fields_set):
            raise ValueError("send at least one setting, none of them null")
        return self


class Seed(_In):
    """What items of a class are like: words that they hold, or an item; neither for what the class says by itself."""

    class_: Name = Field(alias="class")
    text: Annotated[str, Field(min_length=1, max_length=1000)] | None = None
    item: Id | None = None

    @model_validator(mode="after")
    def _one(self) -> Seed:
        if self.text is not None and self.item is not None:
            raise ValueError("send a text or an item, or neither of them")
        return self


class TrainerIn(_In):
    """What the trainer is to do."""

    do: Literal["retrain", "resume", "pause"]


class ExportIn(_In):
    """What to export, and how."""

    format: Literal["csv", "jsonl", "parquet", "label-studio", "prodigy", "doccano", "conll", "datasets"]
    all: bool = False


class ItemsQuery(BaseModel):
    """Filters of the list of items; texts of a query string are converted."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    state: Literal["unlabelled", "pending", "labelled", "skipped", "rejected"] | None = None
    label: Name | None = None
    flag: bool | None = None
    text: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    sort: Literal["row", "doubt"] = "row"
    cursor: Annotated[str, Field(max_length=400)] | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50
