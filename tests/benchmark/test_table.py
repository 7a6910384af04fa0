"""The table in the console and in Markdown."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console

from querist.benchmark.results import document
from querist.benchmark.table import console, markdown


def printed(study: dict[str, Any], width: int = 80) -> str:
    screen = Console(file=io.StringIO(), width=width)
    screen.print(console(study))
    assert isinstance(screen.file, io.StringIO)
    return screen.file.getvalue()


def rename(study: dict[str, Any], old: str, new: str) -> None:
    for part in (*study["runs"], *study["summary"]):
        if part["strategy"] == old:
            part["strategy"] = new


def test_console_fits_in_80_columns(study: dict[str, Any]) -> None:
    rename(study, "k_center", "switch(after=3, first=k_center, then=margin)")
    text = printed(study)
    assert max(map(len, text.splitlines())) <= 80
    for figure in (
        "0.600–0.600",
        "0.0020",
        "10/0/0",
        "– (3)",
        "0.9500",
        "3 common seeds: mean difference and wins only",
    ):
        assert figure in " ".join(text.split())
    assert "switch(after=3, first=k_center, then=margin)" in printed(study, 140)


def test_console_reads_no_mark_up_in_names(study: dict[str, Any]) -> None:
    rename(study, "margin", "[red]m[/red]")
    assert "[red]m[/red]" in printed(study, 120)


def test_interrupted_is_said(study: dict[str, Any]) -> None:
    assert "nterrupted" not in printed(study)
    assert "Interrupted: these are the finished runs only" in printed({**study, "interrupted": True}, 120)


def test_empty_study() -> None:
    empty = document({}, [])
    assert "no finished run" in printed(empty)
    assert markdown(empty) == "No finished run."


def test_markdown_table(study: dict[str, Any]) -> None:
    rename(study, "margin", "shortlist(margin) | k_center")
    lines = markdown(study).splitlines()
    assert lines[0] == "**accuracy**, 10 seeds"
    assert lines[2].startswith("| strategy | AUBC |")
    assert lines[4] == "| `random` | 0.6000 | 0.6000 to 0.6000 | 0.7000 | 60 | – | – | – |"
    assert lines[5].startswith("| `shortlist(margin) \\| k_center` | ")
    assert lines[-1] == "- k\\_center: 3 common seeds: mean difference and wins only, a p value needs 10"


def test_markdown_of_two_metrics_keeps_notes_and_headings_apart(study: dict[str, Any]) -> None:
    for run in study["runs"]:
        for entry in run["rounds"]:
            entry["metrics"]["log_loss"] = 1 - entry["metrics"]["accuracy"]
    lines = markdown(document({}, study["runs"])).splitlines()
    second = lines.index("**log loss**, 10 seeds")
    # without the blank line the heading would be read as part of the list above it
    assert lines[second - 2].startswith("- k\\_center: ")
    assert lines[second - 1] == lines[second + 1] == ""
    assert lines.count("") == 5


@pytest.mark.parametrize("name,cell", [("a`b", "`` a`b ``"), ("a\n| b", "`a \\| b`")])
def test_markdown_names_stay_in_their_cell(name: str, cell: str, study: dict[str, Any]) -> None:
    rename(study, "margin", name)
    assert f"| {cell} | " in markdown(study)
