"""Rules made of rules: how their parts are checked, spread out and written."""

from __future__ import annotations

from collections.abc import Sequence

from querist.core.errors import ArgumentError, ArgumentTypeError, shorten
from querist.session.rules.base import StopRuleBase

__all__ = ["check_rules", "flatten", "join_texts"]


def check_rules(name: str, rules: Sequence[object]) -> tuple[StopRuleBase, ...]:
    """The rules, each of them one, at least one.

    Raises:
        ArgumentError: none were given (code ``NoRules``).
        ArgumentTypeError: something else is among them (code ``NotARule``).
    """
    if not rules:
        raise ArgumentError(f"{name} needs at least one stop rule, e.g. {name}(max_labels(500))", code="NoRules")
    good = tuple(rule for rule in rules if isinstance(rule, StopRuleBase))
    if len(good) < len(rules):
        other = next(rule for rule in rules if not isinstance(rule, StopRuleBase))
        raise ArgumentTypeError(
            f"{name} takes stop rules, got {type(other).__name__} {shorten(other)}; a rule of your own inherits "
            "StopRuleBase",
            code="NotARule",
        )
    return good


def flatten(kind: type[StopRuleBase], rules: tuple[StopRuleBase, ...]) -> tuple[StopRuleBase, ...]:
    """The rules, those of ``kind`` replaced by what they hold: ``(a | b) | c`` is ``a | b | c``."""
    out: list[StopRuleBase] = []
    for rule in rules:
        inner = getattr(rule, "rules", ()) if isinstance(rule, kind) else ()
        out.extend(inner or (rule,))
    return tuple(out)


def join_texts(operator: str, rules: Sequence[StopRuleBase], binds: int) -> str:
    """The rules' texts with ``operator`` between them, in brackets where they bind more loosely."""
    return operator.join(f"({rule})" if rule.binds < binds else str(rule) for rule in rules)
