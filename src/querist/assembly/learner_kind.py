"""What a kind of learner is to a specification: its keys, the recipe it begins from, and how it is made of them."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from pydantic import BaseModel, ConfigDict, Field, create_model

from querist.assembly.posteriors import Members, posterior
from querist.assembly.providers import equip
from querist.assembly.tables import STRICT, arguments, notes_of, table
from querist.core.errors import ArgumentError
from querist.core.ports import Learner, Strategy
from querist.data.schema import Schema
from querist.data.source import Source
from querist.training.calibrated import Calibrated
from querist.training.recipe import Recipe
from querist.training.torch_learner import TorchLearner

__all__ = ["Calibration", "LearnerKind", "ModelSpec", "Training"]

if TYPE_CHECKING:
    Training = BaseModel
    Calibration = BaseModel
else:
    _recipe = table("Recipe", Recipe)
    _notes = notes_of(Recipe)
    Training = create_model(
        "Training",
        __config__=ConfigDict(extra="forbid", frozen=True),
        __doc__="``[model.training]``: the fields of `querist.Recipe`; what is left out stays as suits the learner.",
        **{
            name: (
                f.annotation | None,
                Field(None, description=_notes[name], json_schema_extra={"shown": f.default}),
            )
            for name, f in _recipe.model_fields.items()
        },
    )
    Calibration = table("Calibration", Calibrated, fixed={"kind": "temperature"})


class ModelSpec(BaseModel):
    """``[model]``: what predicts, and how it is trained. The other keys are those of the learner."""

    model_config = STRICT

    learner: str = "sklearn"


@dataclass(frozen=True)
class LearnerKind:
    """A kind of learner that ``model.learner`` names.

    The keys are the arguments of ``make``; where it takes ``**more``, those of `TorchLearner` too, and what a strategy
    needs (plug-ins, providers, members, a head) is added. ``recipe`` is there as the table ``training``.

    Args:
        name: value of ``model.learner``.
        make: called with source=, schema= and the keys.
        reads: "table" (texts become frozen features first), "text", "images", "graph" or "tokens".
        types: types by argument, for those whose annotation a file cannot hold.
        records: records by argument, for those that are a table of settings.
        recipe: the recipe that stands where ``training`` says nothing, from the values of the other keys; None where
            nothing is trained by one.
        members: whether ``members`` may be a posterior, not only a number.
        calibrates: whether it tells probabilities that a temperature could scale.
        places: keys whose value may be a file or a folder beside the specification.
    """

    name: str
    make: Callable[..., Learner]
    reads: str = "table"
    types: Mapping[str, Any] = field(default_factory=dict)
    records: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    recipe: Callable[[Mapping[str, Any]], Recipe] | None = None
    members: bool = True
    calibrates: bool = True
    places: tuple[str, ...] = ()

    @property
    def equipped(self) -> bool:
        """Whether it takes all arguments of `TorchLearner`."""
        return self._rest == "more"

    @property
    def _rest(self) -> str | None:
        """Name of the argument that takes all others."""
        found = inspect.signature(self.make).parameters.values()
        return next((p.name for p in found if p.kind is p.VAR_KEYWORD), None)

    @cached_property
    def table(self) -> type[ModelSpec]:
        """The record of ``[model]``."""
        sources = (self.make, TorchLearner) if self.equipped else (self.make,)
        types = {**self.types, **{k: table(v.__name__, v) | None for k, v in self.records.items()}}
        if self.members:
            types["members"] = Members
        made = table(f"{self.name}_model", *sources, types=types, fixed={"learner": self.name})
        fields: dict[str, Any] = {}
        for name, key in made.model_fields.items():
            fields[name] = (key.annotation, key)
        if self.equipped and "score_batch" in fields:  # each has its own default
            note = made.model_fields["score_batch"].description
            fields["score_batch"] = (int | None, Field(None, description=note))
        if self.recipe is not None:
            recipe = self.recipe({k: f.default for k, f in made.model_fields.items()})
            plain = ((f.name, getattr(recipe, f.name), f.default) for f in dataclasses.fields(recipe))
            odd = ", ".join(
                f"{name} {value}" for name, value, default in plain if value != default and name != "threads"
            )
            note = "how it is trained, see below" + (f"; by default {odd}" if odd else "")
            fields["training"] = (Training, Field(Training(), description=note))
        if self.calibrates:
            note = "one temperature for all probabilities, cross-fitted"
            fields["calibration"] = (Calibration | None, Field(None, description=note))
        return create_model(made.__name__, __base__=ModelSpec, __doc__=made.__doc__, **fields)

    def build(self, spec: ModelSpec, source: Source, schema: Schema, *strategies: Strategy) -> Learner:
        """The learner, with what ``strategies`` need of it.

        Raises:
            ArgumentError: settings that do not fit each other, the data or the labels.
        """
        given = {k: v for k, v in arguments(spec).items() if v is not None and k != "learner"}
        calibration, training = given.pop("calibration", None), given.pop("training", None)
        given |= {k: record(**arguments(given[k])) for k, record in self.records.items() if k in given}
        if self.recipe is not None:
            changes = {k: v for k, v in arguments(training).items() if v is not None} if training else {}
            given["recipe"] = replace(self.recipe(given), **changes)
        if self._rest == "parameters":
            given |= given.pop("parameters")
        asked = "members" not in given or bool(given["members"])
        kit = equip(*strategies, members=posterior(given.get("members", 0)), head=given.get("head"))
        if "members" in given:
            given["members"] = kit.members
        for attempt in (given, {**given, "members": 0}):
            more = {**kit.arguments(), "members": attempt["members"]} if self.equipped else {}
            try:
                learner = self.make(source=source, schema=schema, **{**attempt, **more})
                break
            except ArgumentError as error:  # the session then says by name what a strategy misses
                if error.code != "NeedsDropout" or asked:
                    raise
                asked = True
        if calibration is None:
            return learner
        return cast("Learner", Calibrated(learner, folds=arguments(calibration)["folds"]))
