"""A recipe is taken whole or refused: a setting that a learner would not follow is refused by name before training."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import fields

from querist.core.errors import ArgumentError
from querist.training.recipe import Recipe

__all__ = ["EVERYWHERE", "refuse_others"]

EVERYWHERE = frozenset(
    {
        "optimizer",
        "lr",
        "weight_decay",
        "epochs",
        "min_steps",
        "schedule",
        "warmup",
        "patience",
        "validation",
        "grad_clip",
        "warm_start",
        "shrink",
        "perturb",
        "cpu_fallback",
        "threads",
    }
)
"""Settings that every learner with a recipe follows."""


def refuse_others(recipe: Recipe, honoured: Set[str], who: str, reasons: Mapping[str, str]) -> None:
    """Refuse a recipe that sets more than a learner follows.

    Args:
        recipe: the settings.
        honoured: names of those that the learner follows.
        who: the learner, as in "a tagger".
        reasons: why it follows no other, and what to do instead, by name of the setting.

    Raises:
        ArgumentError: a setting that is not followed is not at its default (code ``BadValue``).
    """
    for setting in fields(Recipe):
        value = getattr(recipe, setting.name)
        if setting.name not in honoured and value != setting.default:
            why = reasons.get(setting.name)
            raise ArgumentError(
                f"{setting.name}={value!r} means nothing to {who}{': ' + why if why else ''}; leave it at "
                f"{setting.default!r}",
                code="BadValue",
            )
