"""Journeys: classes that change in mid-project, and advice to stop."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from journeys.person import at_page, browser, films, until

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.timeout(150)


@pytest.fixture(scope="module")
def chrome() -> Iterator[Browser]:
    with browser() as one:
        yield one


def _written(folder: Path, reviews: list[tuple[str, str]]) -> dict[str, str]:
    with (folder / "films.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("text",), *((text,) for text, _ in reviews)])
    return dict(reviews)


def test_classes_added_renamed_and_merged(chrome: Browser, tmp_path: Path) -> None:
    kinds = _written(tmp_path, films(120, easy=True))
    with at_page(chrome, tmp_path, "classes", "films.csv", "--labels", "good,bad") as person:
        first = [person.answer("1" if kinds[person.text()] == "good" else "2") for _ in range(30)]
        person.saved()
        person.learnt()
        page = person.tab("/settings")
        page.get_by_label("New class").fill("awful")
        page.get_by_role("button", name="Add", exact=True).click()
        page.get_by_text("Class awful added.").wait_for()
        person.page.get_by_role("radio", name="awful").wait_for()  # without a reload
        roles: list[str] = []
        reasons: list[str] = []
        mended = False  # which old label is doubted first is the model's to say
        for _ in range(80):
            kind = kinds[person.text()]
            person.page.wait_for_timeout(120)
            reasons.append(person.page.inner_text("#reason"))
            roles.append(next(e["role"] for e in person.events("asked")[::-1] if e["items"] == [person.item()]))
            if roles[-1] == "check" and roles.count("check") == 1:
                person.shots("check")
            person.answer("1" if kind == "good" else "3")
            mended = mended or (roles[-1] == "check" and kind != "good")
            if roles.count("check") >= 2 and mended:
                break
            if len(roles) % 10 == 0:  # what comes back for a check is in the model's next queue
                person.saved()
                person.learnt()
        assert roles.count("check") >= 2, roles
        checked = reasons[roles.index("check")]
        assert checked.startswith(("You labelled it 'bad' before", "You labelled it 'good' before")), checked
        assert "'awful' was added" in checked
        person.saved()
        rows = {row["id"]: row for row in person.exported()}
        assert any(rows[item]["label"] == "awful" for item in first)  # an old answer was mended

        page.get_by_label("Rename", exact=True).select_option("good")
        page.get_by_label("to", exact=True).fill("fine")
        page.get_by_role("button", name="Rename").click()
        page.get_by_text("good is now fine.").wait_for()
        page.get_by_label("Merge", exact=True).select_option("awful")
        page.get_by_label("into", exact=True).select_option("bad")
        page.get_by_role("button", name="Merge").click()
        page.get_by_text("awful went into bad.").wait_for()
        person.page.get_by_role("radio", name="fine").wait_for()
        until(lambda: person.page.get_by_role("radio").count() == 2, 10, "the page has two classes")
        labels = {row["label"] for row in person.exported()}
        assert labels == {"fine", "bad"}
        assert [one["name"] for one in person.api("/project")["classes"]] == ["fine", "bad"]
        person.shots("settings", page)


def test_keys_of_classes(chrome: Browser, tmp_path: Path) -> None:
    _written(tmp_path, films(40))
    names = ",".join(f"{kind}-{k}" for kind in ("drama", "comedy", "thriller", "western") for k in range(10))
    allow = ("422",)
    with at_page(chrome, tmp_path, "class-keys", "films.csv", "--labels", names, allow=allow) as person:
        page = person.tab("/settings")

        def give(name: str, key: str) -> None:
            page.get_by_role("button", name=f"Change the key: {name}", exact=True).click()
            page.keyboard.press(key)

        give("western-9", "w")
        page.get_by_role("button", name="Default key: western-9").wait_for()
        give("western-8", "w")
        page.get_by_text("the key 'w' is given to the classes").wait_for()
        give("western-8", "x")
        page.get_by_text("is the key of the action 'reject'").wait_for()
        person.shots("settings", page)
        person.page.locator(".label", has_text="western-9").locator("kbd", has_text="W").wait_for()
        first = person.answer("w")
        person.keys("/")
        person.page.keyboard.type("western-8")
        person.shots("finding")
        second = person.answer("Enter")
        person.saved()
        page.get_by_label("Rename", exact=True).select_option("western-9")
        page.get_by_label("to", exact=True).fill("the west")
        page.get_by_role("button", name="Rename").click()
        page.get_by_text("western-9 is now the west.").wait_for()
        person.page.get_by_role("radio", name="the west").wait_for()
        third = person.answer("w")
        person.saved()
        person.page.reload()
        person.page.wait_for_selector(".item")
        person.keys("ArrowLeft", "ArrowLeft", "ArrowLeft")
        person.page.wait_for_selector(f".item[data-item={json.dumps(first)}]")
        chosen = person.page.locator("[role=radio][aria-checked=true] .name")
        assert chosen.all_inner_texts() == ["the west"]
        person.shots("back")
        labels = {row["id"]: row["label"] for row in person.exported()}
        assert [labels[item] for item in (first, second, third)] == ["the west", "western-8", "the west"]
        assert person.api("/project")["settings"]["class_keys"] == {"the west": "w"}


def test_stop_advice_is_reached(chrome: Browser, tmp_path: Path) -> None:
    kinds = _written(tmp_path, films(200, easy=True))
    with at_page(chrome, tmp_path, "stop", "films.csv", "--labels", "good,bad") as person:
        for k in range(150):
            person.answer("1" if kinds[person.text()] == "good" else "2")
            if k >= 10 and k % 3 == 0:
                person.saved()
                person.learnt()
            if k >= 60 and person.api("/panel")["advice"]["stop"]:
                break
        figures = person.api("/panel")
        assert figures["advice"]["stop"], figures
        page = person.tab("/panel")
        page.get_by_role("heading", name="You can stop").wait_for()
        text = page.locator(".panel").inner_text()
        newest = figures["curve"][-1]
        assert newest["low"] < newest["accuracy"] <= newest["high"]
        assert f"measured on {newest['n']} items" in text.replace("\n", " ")
        assert "answers an hour" in text
        assert "Too early to tell" in text or "asked labels" in text
        assert "Another hour:" in text
        until(lambda: page.locator(".chart svg").count() >= 2, 5, "both charts")
        print(figures["advice"], figures["saved"], figures["notes"])
        person.shots("panel", page)
