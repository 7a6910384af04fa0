from __future__ import annotations

import pytest
from jinja2 import UndefinedError

from querist.server.templates import environment, filled


def test_values_are_escaped() -> None:
    assert environment().from_string("{{ x }}").render(x="<b>") == "&lt;b&gt;"


def test_a_place_without_a_value_is_a_fault() -> None:
    with pytest.raises(UndefinedError):
        filled("page.html")


def test_a_shell_is_a_whole_page() -> None:
    text = filled("page.html", name="items")
    assert text.startswith("<!doctype html>\n")
    assert "<title>Items · querist</title>" in text
    assert '<body data-page="items">' in text
    assert text.rstrip().endswith("</html>")
