"""When to stop: small rules that read `Progress`, joined by ``|`` (any) and ``&`` (all), with a reason in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from querist.session.rules.agreement import kappa
from querist.session.rules.all_of import AllOf
from querist.session.rules.any_of import AnyOf
from querist.session.rules.base import StopRuleBase
from querist.session.rules.max_cost import MaxCost
from querist.session.rules.max_labels import MaxLabels
from querist.session.rules.max_rounds import MaxRounds
from querist.session.rules.parse import parse_rule
from querist.session.rules.plateau import Plateau
from querist.session.rules.stable_predictions import StablePredictions

if TYPE_CHECKING:
    from querist.core.registry import Registry

__all__ = [
    "RULES",
    "AllOf",
    "AnyOf",
    "MaxCost",
    "MaxLabels",
    "MaxRounds",
    "Plateau",
    "StablePredictions",
    "StopRuleBase",
    "kappa",
    "parse_rule",
    "register",
]

RULES: tuple[type[StopRuleBase], ...] = (MaxLabels, MaxCost, MaxRounds, Plateau, StablePredictions, AnyOf, AllOf)
"""Every registered rule."""


def register(registry: Registry) -> None:
    """The door of this room: every rule of `RULES` under its name."""
    for rule in RULES:
        registry.add("stop_rule", rule.rule_name(), rule)
