"""Journeys: all that a person can say of an item, offline and back, two tabs, other tasks, hostile data."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from journeys.person import Command, Person, at_page, browser, films, querist, until
from server.browsing import kept

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.timeout(120)


@pytest.fixture(scope="module")
def chrome() -> Iterator[Browser]:
    with browser() as one:
        yield one


def _texts(folder: Path, count: int = 80) -> Path:
    path = folder / "films.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("text",), *((text,) for text, _ in films(count))])
    return path


def _told(person: Person, item: str) -> dict[str, Any]:
    """The line of an item in the export."""
    (row,) = (row for row in person.exported("--all") if row["id"] == item)
    return row


def test_all_that_can_be_said_of_an_item(chrome: Browser, tmp_path: Path) -> None:
    _texts(tmp_path)
    with at_page(chrome, tmp_path, "said", "films.csv", "--labels", "good,bad,mixed") as person:
        person.keys("s", "1", "1", "1", "3")
        person.shots("soft")
        soft = person.answer("Enter")
        text = person.text()
        person.keys("r", "ArrowRight", "Shift+ArrowRight", "Space")
        person.shots("words")
        person.keys("r", "n")
        person.page.wait_for_selector("#note:focus")
        person.page.keyboard.type("12xsf? a hard one")
        person.keys("Escape")
        reasoned = person.answer("2")
        flagged = person.item()
        person.keys("f")
        person.answer("3")
        skipped, rejected = person.answer("Space"), person.answer("x")
        again = [person.answer("1") for _ in range(4)]
        person.saved()
        for item in reversed(again[1:]):  # three answers back, across items
            person.keys("Backspace")
            person.page.wait_for_selector(f".item[data-item='{item}']")
        person.shots("undone")
        for item in again[1:]:
            person.page.wait_for_selector(f".item[data-item='{item}']")
            person.answer("2")
        person.saved()

        assert _told(person, soft)["answers"][-1]["value"] == {"good": 0.75, "mixed": 0.25}
        row = _told(person, reasoned)
        (answer,) = row["answers"]
        ((start, end),) = answer["rationale"]["words"]
        assert text[start:end] == " ".join(text.split()[1:3])
        assert (row["label"], answer["note"]) == ("bad", "12xsf? a hard one")
        row = _told(person, flagged)
        assert (row["label"], row["flag"]) == ("mixed", True)
        assert (_told(person, skipped)["state"], _told(person, rejected)["state"]) == ("skipped", "rejected")
        assert [_told(person, item)["label"] for item in again] == ["good", "bad", "bad", "bad"]
        history = person.exported("--all", "--history")
        told = {
            row["id"]: [(a.get("value"), a.get("counted", True)) for a in row.get("answers", [])] for row in history
        }
        assert told[again[3]] == [("good", False), ("bad", True)]
        page = person.tab("/items")
        page.get_by_label("State").select_option("rejected")
        page.wait_for_selector("tbody:not(:has(tr:nth-child(2)))")
        page.locator(".row-open").first.click()
        page.get_by_role("dialog").get_by_text("answered").wait_for()


@pytest.mark.parametrize("how", ["network", "server"])
def test_twenty_answers_offline_and_back(chrome: Browser, tmp_path: Path, how: str) -> None:
    """Exactly once, also after a reload."""
    _texts(tmp_path, 300)
    allow = ("ERR_INTERNET_DISCONNECTED", "ERR_CONNECTION_REFUSED", "ERR_INCOMPLETE", "401", "ERR_CONNECTION_RESET")
    with at_page(chrome, tmp_path, f"offline-{how}", "films.csv", "--labels", "good,bad", allow=allow) as person:
        for _ in range(6):
            person.answer("1")
        person.saved()
        person.learnt()
        until(lambda: sum(len(one["items"]) for one in person.events("asked")) >= 6 + 21, 20, "twenty are kept ready")
        person.page.wait_for_timeout(1_000)
        seen = []
        if how == "network":
            person.context.set_offline(True)
        else:
            person.command.stop()
        for k in range(20):
            seen.append(person.answer(str(k % 2 + 1)))
        kept(person.page)
        person.page.locator("#save-state", has_text="20 waiting").wait_for()
        person.shots("waiting")
        if how == "network":
            person.context.set_offline(False)
        else:
            person.command = Command(tmp_path, "serve", "project", "--port", person.command.port)
        person.page.reload()
        person.saved()
        rows = {row["id"]: row for row in person.exported()}
        assert len(rows) == 26
        assert [rows[item]["label"] for item in seen] == [("good", "bad")[k % 2] for k in range(20)]
        told = [event["answers"][0]["item"] for event in person.events("told")]
        assert sorted(told) == sorted(rows)
        assert person.events("late") == []


def test_two_tabs_and_a_second_server(chrome: Browser, tmp_path: Path) -> None:
    _texts(tmp_path)
    with at_page(chrome, tmp_path, "tabs", "films.csv", "--labels", "good,bad") as person:
        other = person.tab()
        other.wait_for_selector(".item")
        seen: list[str] = []
        for k in range(12):
            page = (person.page, other)[k % 2]
            item = page.get_attribute(".item", "data-item") or ""
            seen.append(item)
            page.keyboard.press("1" if k % 2 else "2")
            page.wait_for_selector(f".item:not([data-item='{item}'])")
        assert len(set(seen)) == 12
        person.saved()
        person.saved(other)
        rows = person.exported()
        assert {row["id"]: row["label"] for row in rows} == {i: ("bad", "good")[k % 2] for k, i in enumerate(seen)}
        held = [event["items"][0] for event in person.events("asked")]
        assert len(held) == len(set(held))
        refused = querist("serve", "project", "--no-browser", folder=tmp_path)
        assert refused.returncode == 4
        assert str(person.command.process.pid) in refused.stderr
