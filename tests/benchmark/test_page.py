"""The frame and the style of the report."""

from __future__ import annotations

import re

from querist.benchmark.drawing import GRID, INK
from querist.benchmark.page import PAGE, STYLE


def test_every_colour_is_defined_in_light_and_dark() -> None:
    used = set(re.findall(r"var\(--([a-z]+)\)", STYLE))
    light, dark = (set(re.findall(r"--([a-z]+):", block)) for block in STYLE.split("prefers-color-scheme: dark")[:2])
    assert used <= light
    assert used <= dark
    assert used >= {"ink", "rule", "paper"}


def test_light_colours_are_those_of_the_figures() -> None:
    assert f"--ink: {INK}" in STYLE
    assert f"--rule: {GRID}" in STYLE


def test_braces_are_balanced_and_the_frame_can_be_filled() -> None:
    assert STYLE.count("{") == STYLE.count("}")
    page = PAGE.format(title="T", style=STYLE, lead="<p>L</p>", body="B")
    assert page.startswith("<!doctype html>")
    assert page.count("<h1>T</h1>") == page.count("<title>T</title>") == 1
