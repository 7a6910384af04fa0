"""Journeys: a file brought in by the page, more of the same, the end of the queue, and the screens of bad luck."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from journeys.person import at_page, browser, films

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.timeout(120)


@pytest.fixture(scope="module")
def chrome() -> Iterator[Browser]:
    with browser() as one:
        yield one


def _texts(folder: Path, count: int) -> None:
    with (folder / "films.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("text",), *((text,) for text, _ in films(count))])


def test_a_file_is_checked_row_by_row_and_then_taken(chrome: Browser, tmp_path: Path) -> None:
    _texts(tmp_path, 20)
    more = tmp_path / "more.jsonl"
    rows = [{"text": f"New: {text}", "label": kind} for text, kind in films(9, seed=5)]
    rows.append({"text": "One that is neither good nor bad.", "label": "mixed"})
    more.write_text("".join(json.dumps(row) + "\n" for row in rows) + '{"text": \n', encoding="utf-8")
    with at_page(chrome, tmp_path, "bring", "films.csv", "--labels", "good,bad", allow=("422",)) as person:
        page = person.tab("/settings")
        part = page.locator("#import")
        part.get_by_label("File").set_input_files(more)
        part.get_by_text("9 new items, 9 answers.").wait_for()
        assert part.locator(".bad-rows li").all_inner_texts() == [
            "record 10 the project has no class 'mixed'",
            "line 11 column 10: Expecting value",
        ]
        assert part.get_by_role("button", name="Take the rest, leave 2 rows out").is_enabled()
        person.shots("checked", page)
        assert person.api("/project")["items"] == 20
        part.get_by_label("Add the classes").check()
        part.get_by_text("10 new items, 10 answers.").wait_for()
        part.get_by_role("button", name="Take the rest, leave 1 row out").click()
        part.get_by_text("Taken in:").wait_for()
        part.get_by_text("New classes: mixed.").wait_for()
        person.shots("taken", page)
        project = person.api("/project")
        assert (project["items"], project["labelled"]) == (30, 10)
        assert [one["name"] for one in project["classes"]] == ["good", "bad", "mixed"]
        person.page.get_by_role("radio", name="mixed").wait_for()  # the open page follows
        more.write_bytes(b"\x80\x04.")
        part.get_by_label("File").set_input_files(more)
        part.get_by_text("Nothing was taken.").wait_for()
        with page.expect_download() as got:
            page.get_by_role("button", name="doccano").click()
        assert len(got.value.path().read_text(encoding="utf-8").splitlines()) == 10
        page.get_by_text("doccano has no place for all of it").wait_for()


def test_more_like_an_item_by_keys(chrome: Browser, tmp_path: Path) -> None:
    _texts(tmp_path, 40)
    with at_page(chrome, tmp_path, "alike", "films.csv", "--labels", "good,bad") as person:
        for key in "121212":
            person.answer(key)
        person.saved()
        person.learnt()
        page = person.tab("/items")
        page.locator(".row-open").nth(2).wait_for()
        ids = [row["id"] for row in person.api("/items")["items"]]
        page.locator(".row-open").first.focus()
        page.keyboard.press("ArrowDown")
        page.keyboard.press("m")
        page.get_by_role("button", name="Back to all items").wait_for()
        page.locator(".row-open").first.wait_for()
        shown = page.locator(".row-open").evaluate_all("all => all.map(one => one.dataset.item)")
        assert shown == [row["id"] for row in person.api(f"/items/{ids[1]}/alike")["items"]]
        assert sorted([*shown, ids[1]]) == sorted(ids)
        person.shots("list", page)
        page.locator(".row-open").first.press("Enter")
        page.get_by_role("dialog").get_by_role("button", name="More like this").wait_for()
        person.shots("one", page)
        page.keyboard.press("m")
        page.get_by_role("dialog").wait_for(state="detached")
        page.get_by_role("button", name="Back to all items").click()
        page.get_by_label("Search").wait_for()


def test_the_end_of_the_queue_and_of_the_session(chrome: Browser, tmp_path: Path) -> None:
    _texts(tmp_path, 8)
    with at_page(chrome, tmp_path, "end", "films.csv", "--labels", "good,bad", allow=("401",)) as person:
        person.keys("n")
        person.page.keyboard.type("a note at once")  # nothing of it is a key of the page
        person.keys("Escape")
        first = person.answer("1")
        for _ in range(7):
            person.answer("2")
        person.page.get_by_text("Nothing is left to ask").wait_for()
        person.saved()
        person.shots("nothing")
        (row,) = (row for row in person.exported("--all") if row["id"] == first)
        assert (row["label"], row["answers"][-1]["note"]) == ("good", "a note at once")
        person.keys("?")
        person.page.get_by_role("dialog", name="Keys").wait_for()
        person.shots("keys")
        person.keys("Escape")
        person.page.get_by_role("link", name="Import more items").click()
        person.page.locator("#import").wait_for()
        person.page.get_by_role("button", name="Link for another browser").click()
        link = person.page.locator("#new-link").inner_text()
        person.context.clear_cookies()
        person.page.goto(person.command.address + "/open#" + "x" * 43)
        person.page.get_by_text("The link does not open").wait_for()
        person.shots("bad-link")
        person.page.goto("about:blank")
        person.page.goto(link)
        person.page.get_by_text("Nothing is left to ask").wait_for()
        person.context.clear_cookies()
        page = person.context.new_page()
        page.goto(person.command.address + "/items")
        page.get_by_text("has no token").wait_for()
        person.shots("no-link", page)
