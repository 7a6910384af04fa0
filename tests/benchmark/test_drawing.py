"""Inline SVG, styles and names."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

from querist.benchmark.drawing import INK, line_style, short_name, svg
from querist.benchmark.plots import curves_figure


def test_svg_stands_alone_inside_a_page(study: dict[str, Any]) -> None:
    text = svg(curves_figure(study), name="one", alt='curves "of" <margin>')
    root = ElementTree.fromstring(text)
    assert root.tag == "svg"
    assert root.get("aria-label") == 'curves "of" <margin>'
    assert "http" not in text
    assert "<style" not in text
    assert INK not in text
    assert "var(--ink)" in text
    ids = [e.get("id") for e in root.iter() if e.get("id")]
    assert len(ids) == len(set(ids))
    assert all(str(i).startswith("one-") for i in ids)
    for element in root.iter():
        if "href" in element.attrib:
            assert element.attrib["href"].removeprefix("#") in ids
    assert text == svg(curves_figure(study), name="one", alt='curves "of" <margin>')


def test_styles_stay_apart_and_names_stay_short() -> None:
    looks = {str(line_style(k)) for k in range(30)}
    assert len(looks) == 30
    assert len(short_name("x" * 200)) == 54
    assert short_name("margin") == "margin"
    assert short_name(" a\x00\n b ") == "a b"
