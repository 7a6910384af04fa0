"""Journey: 200 pictures of digits, in a plain folder and in folders of their classes; a reason drawn on a picture."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from journeys.person import at_page, browser

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.timeout(150)
DIGITS = ",".join(str(k) for k in range(10))


@pytest.fixture(scope="module")
def chrome() -> Iterator[Browser]:
    with browser() as one:
        yield one


def _write(folder: Path, count: int, *, by_class: bool) -> dict[str, str]:
    """Digits as PNG files; the digit of each by its path."""
    found: Any = load_digits()
    truth = {}
    for k in range(count):
        kind = str(found.target[k])
        name = f"{kind}/{k}.png" if by_class else f"{k}.png"
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray((found.images[k] * 15.9).astype(np.uint8)).resize((64, 64), Image.Resampling.NEAREST).save(path)
        truth[name] = kind
    return truth


def test_sixty_digits_by_keys(chrome: Browser, tmp_path: Path) -> None:
    truth = _write(tmp_path / "digits", 200, by_class=False)
    with at_page(chrome, tmp_path, "pictures", "digits", "--labels", DIGITS) as person:
        given = {}
        for k in range(60):
            item = person.item()
            if k == 50:  # a reason: a rectangle by the mouse, one by arrows
                person.learnt()
                person.keys("r")
                area = person.page.locator(".layer").bounding_box()
                assert area is not None
                mouse = person.page.mouse
                mouse.move(area["x"] + area["width"] * 0.25, area["y"] + area["height"] * 0.25)
                mouse.down()
                mouse.move(area["x"] + area["width"] * 0.75, area["y"] + area["height"] * 0.5)
                mouse.up()
                person.shots("reason")
                person.keys("ArrowRight", "Space", "r")
                drawn = item
            person.answer(truth[item])  # a class named by a digit has that digit as its key
            given[item] = truth[item]
        person.saved()
        person.learnt()
        rows = person.exported()
        assert {row["id"]: row["label"] for row in rows} == given
        assert len(given) == 60
        (row,) = (row for row in rows if row["id"] == drawn)
        boxes = row["answers"][-1]["rationale"]["boxes"]
        assert boxes[0] == pytest.approx([0.25, 0.25, 0.5, 0.25], abs=0.01)
        assert len(boxes) == 2
        assert all("rationale" not in one["answers"][-1] for one in rows if one["id"] != drawn)
        person.shots("sixty")
        page = person.tab("/items")
        page.wait_for_selector(".items img")
        person.shots("items", page)
        page.locator(".row-open").first.click()
        page.get_by_role("dialog").get_by_text("History").wait_for()
        person.shots("one", page)


def test_folders_of_classes(chrome: Browser, tmp_path: Path) -> None:
    truth = _write(tmp_path / "digits", 60, by_class=True)
    with at_page(chrome, tmp_path, "folders", "digits") as person:
        project = person.api("/project")
        assert [one["name"] for one in project["classes"]] == [str(k) for k in range(10)]
        assert project["items"] == 60
        assert project["labelled"] == 60  # the folders are labels that came with the pictures
        person.page.get_by_role("heading", name="Nothing is left to ask").wait_for()
        person.shots("start")
        assert {row["id"]: row["label"] for row in person.exported()} == truth
