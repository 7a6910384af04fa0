"""Journey: from a file of 300 texts to labels by keys alone, with the model beside."""

from __future__ import annotations

import csv
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from journeys.person import at_page, browser, films

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.timeout(150)


@pytest.fixture(scope="module")
def chrome() -> Iterator[Browser]:
    with browser() as one:
        yield one


def test_sixty_answers_by_keys_and_export(chrome: Browser, tmp_path: Path) -> None:
    reviews = films(300)
    with (tmp_path / "films.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("text",), *((text,) for text, _ in reviews)])
    kinds = dict(reviews)
    started = time.monotonic()
    with at_page(chrome, tmp_path, "texts", "films.csv", "--labels", "good,bad") as person:
        print(f"the first item after {time.monotonic() - started:.1f} s")
        assert "300 items (text, single of good, bad) in project" in person.command.said()
        given = {}

        def label() -> None:
            kind = kinds[person.text()]
            given[person.answer("1" if kind == "good" else "2")] = kind

        for _ in range(20):
            label()
        person.saved()
        person.shots("before")
        person.learnt()
        before = person.queue()
        for _ in range(33):
            label()
        waits, reasons = [], {}
        for _ in range(7):
            reasons[person.item()] = person.page.inner_text("#reason")
            label()
            person.saved()
            waits.append(person.learnt())
        assert sorted(waits)[3] < 2, waits
        plain = {item: why for item, why in reasons.items() if why.startswith("The model ")}
        assert plain, reasons
        assert not any("sigma" in why or "auto" in why for why in reasons.values())
        step = person.api(f"/items/{next(iter(plain))}")["history"][0]
        assert step["reason"] == next(iter(plain.values()))
        assert "two nearest classes" in step["detail"]
        after = person.queue()
        both = [item for item in before if item in after]
        assert both != [item for item in after if item in before]
        assert len(given) == 60
        assert person.api("/project")["labelled"] == 60
        rows = person.exported()
        assert {row["text"]: row["label"] for row in rows} == {r["text"]: kinds[r["text"]] for r in rows}
        assert {row["id"]: row["label"] for row in rows} == given
        person.shots("sixty")
        for path in ("/panel", "/items", "/settings"):
            page = person.tab(path)
            page.wait_for_timeout(300)
            person.shots(path[1:], page)
            page.close()
