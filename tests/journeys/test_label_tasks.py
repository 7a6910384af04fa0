"""Journeys: numbers, several classes, spans, a table, hostile data; axe on real data."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from journeys.person import at_page, browser, films, querist
from server.browsing import AXE, serious

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.timeout(120)
EVIL = [
    "<img src=x onerror='window.pwned=1;alert(1)'>",
    "<script>window.pwned=1;alert(1)</script>",
    "\"><svg onload=alert(1)>",
    "javascript:alert(1)//",
    "{{constructor.constructor('alert(1)')()}}",
    "=HYPERLINK(\"http://127.0.0.1:9/x\",\"x\")",
]  # fmt: skip


@pytest.fixture(scope="module")
def chrome() -> Iterator[Browser]:
    with browser() as one:
        yield one


def _table(folder: Path, name: str, rows: list[dict[str, Any]]) -> None:
    with (folder / name).open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def test_a_table_of_numbers_and_categories(chrome: Browser, tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    rows = [
        {"size": round(float(v), 2), "weight": round(float(w), 1), "colour": ["red", "blue", "green"][k % 3]}
        for k, (v, w) in enumerate(generator.normal(5, 2, (120, 2)))
    ]
    _table(tmp_path, "parts.csv", rows)
    with at_page(chrome, tmp_path, "table", "parts.csv", "--labels", "small,large") as person:
        given = {}
        for _ in range(30):
            person.page.wait_for_selector(".item")
            fields = dict(
                zip(
                    person.page.locator(".fields dt").all_inner_texts(),
                    person.page.locator(".fields dd").all_inner_texts(),
                    strict=True,
                )
            )
            assert set(fields) == {"size", "weight", "colour"}
            large = float(fields["size"]) > 5
            given[person.answer("2" if large else "1")] = "large" if large else "small"
        person.saved()
        person.learnt()
        project = person.api("/project")
        assert (project["modality"], project["labelled"]) == ("table", 30)
        assert {row["id"]: row["label"] for row in person.exported()} == given
        person.shots("thirty")
        print(project["encoder"], person.command.said())


def test_a_number(chrome: Browser, tmp_path: Path) -> None:
    _table(tmp_path, "films.csv", [{"text": text} for text, _ in films(40)])
    more = ("--task", "number", "--low", "0", "--high", "10")
    with at_page(chrome, tmp_path, "number", "films.csv", *more) as person:
        person.shots("first")
        given = {}
        for k in range(12):
            given[person.answer(*f"{k % 10}.5", "Enter")] = k % 10 + 0.5
        item = person.item()
        person.keys("1", "1", "Enter")  # over the end of the scale
        person.page.locator(".notice").wait_for()
        person.shots("fault")
        assert person.item() == item
        given[person.answer("Backspace", "Backspace", "9", "Enter")] = 9
        person.saved()
        assert {row["id"]: row["label"] for row in person.exported()} == given


def test_a_rating_by_digits_and_buttons(chrome: Browser, tmp_path: Path) -> None:
    _table(tmp_path, "films.csv", [{"text": text} for text, _ in films(20)])
    more = ("--task", "number", "--low", "1", "--high", "5", "--step", "1")
    with at_page(chrome, tmp_path, "rating", "films.csv", *more) as person:
        given = {person.answer("4"): 4.0}
        person.shots("first")
        item = person.item()
        person.page.get_by_role("radio", name="2").click()
        person.page.wait_for_selector(f".item:not([data-item={json.dumps(item)}])")
        given[item] = 2.0
        person.saved()
        assert {row["id"]: row["label"] for row in person.exported()} == given


def test_several_classes(chrome: Browser, tmp_path: Path) -> None:
    _table(tmp_path, "films.csv", [{"text": text} for text, _ in films(40)])
    with at_page(
        chrome, tmp_path, "several", "films.csv", "--task", "multi", "--labels", "plot,music,camera"
    ) as person:
        one, none = person.answer("1", "3", "Enter"), person.answer("Enter")
        for _ in range(8):
            person.answer("2", "Enter")
        person.saved()
        rows = {row["id"]: row["label"] for row in person.exported()}
        assert (rows[one], rows[none], len(rows)) == (["plot", "camera"], [], 10)
        person.learnt()
        person.shots("ten")


def test_spans_by_keys(chrome: Browser, tmp_path: Path) -> None:
    texts = [f"Zoë 💶 paid Karl {k} times in Kraków." for k in range(30)]
    (tmp_path / "notes.jsonl").write_text("".join(json.dumps({"text": t}) + "\n" for t in texts), encoding="utf-8")
    with at_page(chrome, tmp_path, "spans", "notes.jsonl", "--task", "spans", "--labels", "person,place") as person:
        text = person.text()
        person.keys("1", "ArrowRight", "ArrowRight", "ArrowRight", "1", "Backspace", "1")
        person.keys("ArrowRight", "ArrowRight", "ArrowRight", "ArrowRight", "2")
        person.page.wait_for_selector(".span-list li:nth-child(3)")
        person.shots("three")
        item = person.answer("Enter")
        empty = person.answer("Enter")
        person.saved()
        rows = {row["id"]: row for row in person.exported()}
        spans = rows[item]["label"]
        assert [(text[a:b], name) for a, b, name in spans] == [
            ("Zoë", "person"),
            ("Karl", "person"),
            ("Kraków", "place"),
        ]
        assert rows[empty]["label"] == []


def test_hostile_data_stays_data(chrome: Browser, tmp_path: Path) -> None:
    name = "a<img src=x onerror=alert(1)>.csv"
    _table(tmp_path, name, [{"text": f"{EVIL[k % len(EVIL)]} {k}"} for k in range(40)])
    labels = f"{EVIL[0]},{EVIL[2]},<b>plain</b>"
    with at_page(chrome, tmp_path, "hostile", name, "--labels", labels) as person:
        assert person.api("/project")["name"] == name
        page = person.tab("/settings")
        page.get_by_label("Guideline", exact=True).fill("# Read\n\n" + "\n\n".join(EVIL))
        page.get_by_role("button", name="Save the guideline").click()
        page.get_by_text("Guideline saved.").wait_for()
        page.get_by_label("New class").fill(EVIL[1])
        page.get_by_role("button", name="Add", exact=True).click()
        page.get_by_text("added.").wait_for()
        given = {}
        person.keys("n")
        person.page.wait_for_selector("#note:focus")
        person.page.keyboard.insert_text(EVIL[0])
        person.keys("Escape")
        for k in range(12):
            assert person.text().rpartition(" ")[0] in EVIL
            given[person.answer(str(k % 3 + 1))] = k % 3
        person.keys("g")
        assert EVIL[0] in person.page.inner_text(".guideline")
        person.shots("guideline")
        person.keys("Escape")
        person.saved()
        for path in ("/panel", "/items", "/settings"):
            tab = person.tab(path)
            tab.wait_for_timeout(200)
            assert tab.locator("img[src=x], iframe, .card script, .card b").count() == 0
            if path == "/items":
                person.shots("items", tab)
                tab.get_by_label("State").select_option("labelled")
                tab.wait_for_selector("tbody:not(:has(tr:nth-child(13)))")
                tab.locator(".row-open").first.click()
                tab.get_by_role("dialog").get_by_text("answered").wait_for()
            assert tab.evaluate("window.pwned") is None
            tab.close()
        assert person.page.evaluate("window.pwned") is None
        classes = [*labels.split(","), EVIL[1]]
        rows = person.exported()
        assert {row["id"]: row["label"] for row in rows} == {item: classes[k] for item, k in given.items()}
        assert [row["answers"][-1]["note"] for row in rows if "note" in row["answers"][-1]] == [EVIL[0]]
        done = querist("export", "project", "--out", "out.csv", folder=tmp_path)
        assert done.returncode == 0, done.stderr
        assert not lines_begin(tmp_path / "out.csv", "=")


def lines_begin(path: Path, sign: str) -> bool:
    """Whether a cell of a CSV file would be read as a formula."""
    with path.open(newline="", encoding="utf-8") as file:
        return any(cell.startswith(sign) for row in csv.reader(file) for cell in row)


@pytest.mark.skipif(not AXE.exists(), reason="axe-core is not there; npm ci in web/")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_on_real_data(chrome: Browser, tmp_path: Path, scheme: str) -> None:
    _table(tmp_path, "films.csv", [{"text": text} for text, _ in films(80)])
    with at_page(chrome, tmp_path, "axe", "films.csv", "--labels", "good,bad", color_scheme=scheme) as person:
        for k in range(25):
            person.answer(str(k % 2 + 1))
        person.saved()
        person.learnt()
        assert serious(person.page) == []
        for path in ("/panel", "/items", "/settings"):
            page = person.tab(path)
            page.wait_for_timeout(300)
            assert (path, serious(page)) == (path, [])
            page.close()
