"""The templates of the pages, filled; every value is escaped."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

__all__ = ["environment", "filled"]

_PAGES = Path(__file__).resolve().parent / "pages"


@lru_cache(1)
def environment() -> Environment:
    """Where the templates come from, and how they are read."""
    return Environment(
        loader=FileSystemLoader(_PAGES),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def filled(template: str, **values: Any) -> str:
    """A page.

    Args:
        template: name of a file in pages/.
        values: what its places are called.
    """
    return environment().get_template(template).render(**values)
