"""The report: one file, nothing from outside, everything escaped."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from querist.benchmark.report import html, write_report
from querist.benchmark.results import document

VOID = {"meta", "br", "hr", "img", "input", "link"}


class Page(HTMLParser):
    """Checks that tags are balanced; gathers tags, ids and attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.addresses: list[str] = []
        self.text = ""
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_startendtag(tag, attrs)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for key, value in attrs:
            assert not key.startswith("on")
            if key == "id":
                self.ids.append(str(value))
            if key in ("href", "src", "action", "data"):
                self.addresses.append(str(value))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def test_one_file_that_asks_for_nothing(study: dict[str, Any], tmp_path: Path) -> None:
    write_report(study, tmp_path / "out" / "report.html")
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["curves.png", "report.html"]
    text = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    for word in ("http", "<script", "@import", "src="):
        assert word not in text
    page = Page(text)
    assert not {"script", "link", "img", "iframe", "object", "embed"} & set(page.tags)
    assert all(address.startswith("#") for address in page.addresses)
    assert len(page.ids) == len(set(page.ids))
    assert page.tags.count("svg") == 3
    assert "prefers-color-scheme: dark" in text
    assert "@media print" in text


def test_everything_the_reader_needs_is_there(study: dict[str, Any]) -> None:
    page = Page(html(study))
    for wanted in (
        "beats random",
        "cannot be judged with so few seeds",
        "what the others are measured against",
        "With all labels of the pool, accuracy is 0.9500",
        "3 strategies, 10 seeds, 23 finished runs",
        "0.9500",
        "Class balance of the queries",
        "Seconds a round",
        '"batch": 20',
        "sklearn:digits",
        "Seeds: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9.",
        "querist demo",
        "23 runs: 60 labels are there",
        study["environment"]["numpy"],
    ):
        assert wanted in page.text, wanted
    assert "interrupted" not in page.text
    assert "The study was interrupted" in html({**study, "interrupted": True})


def test_absent_classes_and_times_are_said(study: dict[str, Any]) -> None:
    for run in study["runs"]:
        for entry in run["rounds"]:
            del entry["classes"], entry["seconds"]
    page = Page(html(study))
    assert page.tags.count("svg") == 1
    assert "The runs carry no classes of the answers" in page.text
    assert "The runs carry no times" in page.text


def test_specification_is_json_with_plain_lists_on_one_line(study: dict[str, Any]) -> None:
    spec = {
        "data": {"classes": [1, 2, None], "empty": {}, "none": []},
        "é": ["a|b", "<c>"],
        "deep": [[1, 2], {"k": 0.5}],
    }
    page = Page(html({**study, "spec": spec}))
    shown = page.text.split("Specification", 1)[1].split("Versions", 1)[0]
    assert json.loads(shown) == spec
    assert '    "classes": [1, 2, null],\n' in shown
    assert '    "a|b",\n' in shown


def test_hostile_words_are_escaped(study: dict[str, Any]) -> None:
    bad = "</style></svg><script>alert('x')</script><img src=x onerror=alert(1)>\"&"
    for part in (*study["runs"], *study["summary"]):
        if part["strategy"] == "margin":
            part["strategy"] = bad
    study["spec"] = {"data": {"source": bad}, bad: bad}
    study["environment"] = {bad: bad, "torch": None}
    study["summary"][2]["versus_random"]["note"] = bad
    for run in study["runs"]:
        run["stopped"] = {"text": bad}
        run["rounds"][1]["classes"] = {bad: 4}
        for entry in run["rounds"]:
            entry["metrics"] = {bad: entry["metrics"]["accuracy"]}
    for entry in study["summary"]:
        entry["metric"] = bad
    study["ceiling"] = {bad: 0.9}
    text = html(study)
    page = Page(text)
    assert "<script" not in text
    assert "<img" not in text
    assert page.tags.count("style") == 1
    assert bad in page.text


def test_empty_study(tmp_path: Path) -> None:
    empty = document({}, [], interrupted=True)
    write_report(empty, tmp_path / "report.html")
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "nothing to judge" in Page(text).text


def test_same_document_same_bytes(study: dict[str, Any]) -> None:
    assert html(study) == html(study)
