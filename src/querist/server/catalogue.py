"""The strategies that a person can set on the page; nothing heavy is loaded to name them."""

from __future__ import annotations

from typing import Any

__all__ = ["catalogue", "check_strategy"]


def check_strategy(text: Any) -> None:
    """Refuse a text that is no strategy, before it is kept.

    Raises:
        UnknownNameError, ArgumentError: see `querist.strategies.parser.parse`.
    """
    from querist.strategies.parser import parse

    parse(text)


def catalogue() -> list[dict[str, str]]:
    """Names in order, each with a sentence."""
    from querist.core.registry import registry

    found = registry.entries("strategy", "selector", "score")
    return [{"name": e.name, "about": (e.factory.__doc__ or "").strip().partition("\n")[0]} for e in found]
