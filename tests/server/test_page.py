"""Journeys through the labelling page, by keys alone unless said, against a stand-in of the API."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from server.browsing import browser, desk
from server.mock_api import Mock

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="module")
def chrome() -> Iterator[Browser]:
    with browser() as one:
        yield one


def test_twenty_answers_by_keys(chrome: Browser) -> None:
    with desk(chrome, Mock()) as at:
        seen = []
        for k in range(20):
            seen.append(at.item())
            at.keys("Space" if k == 5 else "x" if k == 11 else str(k % 4 + 1))
            at.page.wait_for_selector(f".item:not([data-item='{seen[-1]}'])")
        at.told(20)
        assert [one["item"] for one in at.mock.told] == seen
        assert len(set(seen)) == 20
        names = ["complaint", "praise", "question", "other"]
        wanted = [None if k in (5, 11) else names[k % 4] for k in range(20)]
        assert at.values() == wanted
        assert [at.mock.told[k]["kind"] for k in (4, 5, 11)] == ["label", "skip", "reject"]
        assert len({one["key"] for one in at.mock.told}) == 20
        assert at.page.inner_text("#labelled") == "18"
        assert at.page.locator("#history li").count() == 10
        assert "Saved" in at.page.inner_text("#saying")
        assert all(one["seconds"] > 0 and one["shown"] is False for one in at.mock.told)


def test_soft_label_note_and_flag(chrome: Browser) -> None:
    with desk(chrome, Mock()) as at:
        item = at.item()
        at.keys("s", "1", "1", "1", "2", "Shift+2", "4")
        at.keys("n")
        at.page.wait_for_selector("#note:focus")
        at.page.keyboard.type("12xsf? hard one")  # nothing fires inside a text field
        assert at.mock.told == []
        at.keys("Escape", "f", "Enter")
        at.told(1)
        (told,) = at.mock.told
        assert (told["item"], told["kind"]) == (item, "distribution")
        assert told["value"] == {"complaint": 0.75, "other": 0.25}
        assert told["note"] == "12xsf? hard one"
        assert at.mock.flags == {item: True}


def test_reason_in_words_and_in_a_picture(chrome: Browser) -> None:
    with desk(chrome, Mock()) as at:
        text = at.mock.texts[0]
        at.keys("r", "ArrowRight", "Shift+ArrowRight", "Space", "r", "2")
        at.told(1)
        ((start, end),) = at.mock.told[0]["rationale"]["words"]
        assert text[start:end] == " ".join(text.split()[1:3])
        assert at.mock.told[0]["value"] == "praise"
    with desk(chrome, Mock(modality="image", items=40)) as at:
        at.keys("r", "ArrowRight", "Shift+ArrowDown", "Space")
        area = at.page.locator(".layer").bounding_box()
        assert area is not None
        mouse = at.page.mouse
        mouse.move(area["x"] + area["width"] * 0.1, area["y"] + area["height"] * 0.2)
        mouse.down()
        mouse.move(area["x"] + area["width"] * 0.5, area["y"] + area["height"] * 0.6)
        mouse.up()
        at.page.get_by_role("button", name="Brush").click()
        mouse.move(area["x"] + 20, area["y"] + 20)
        mouse.down()
        mouse.move(area["x"] + 60, area["y"] + 50)
        mouse.up()
        at.keys("r", "7")
        at.told(1)
        told = at.mock.told[0]
        assert told["value"] == "7"  # a class named by a digit has that digit
        first, second = told["rationale"]["boxes"]
        assert first == pytest.approx([0.37, 0.35, 0.3, 0.32])
        assert second == pytest.approx([0.1, 0.2, 0.4, 0.4], abs=0.01)
        assert len(told["rationale"]["strokes"][0]) >= 2


def test_undo_across_items(chrome: Browser) -> None:
    with desk(chrome, Mock()) as at:
        first = at.item()
        at.keys("1", "2", "3")
        at.told(3)
        fourth = at.item()
        at.keys("Backspace", "u", "Control+z")
        at.see(first)
        at.told(0)
        assert at.mock.told == []
        assert at.page.get_attribute("[role=radio][aria-checked=true]", "class") is not None
        at.keys("4", "3", "2")
        at.see(fourth)
        at.told(3)
        assert at.values() == ["other", "question", "praise"]
        assert [one["item"] for one in at.mock.told] == at.mock.ids[:3]
        assert len(at.mock.answers) == 3


def test_looking_back_and_changing(chrome: Browser) -> None:
    with desk(chrome, Mock()) as at:
        at.keys("1", "2", "3")
        at.told(3)
        here = at.item()
        at.keys("ArrowLeft", "ArrowLeft")
        at.see(at.mock.ids[1])
        at.keys("ArrowRight", "ArrowRight")
        at.see(here)
        at.keys("ArrowLeft", "ArrowLeft", "ArrowLeft", "4")
        at.see(here)
        at.told(4)
        assert at.mock.answers[at.mock.ids[0]]["value"] == "other"
        assert ("POST", f"/items/{at.mock.ids[0]}/take") in at.mock.calls


def test_spans_by_keys_and_by_mouse(chrome: Browser) -> None:
    with desk(chrome, Mock("spans")) as at:
        text = at.mock.texts[0] = "Zoë 💶 paid Karl in Kraków."
        at.page.reload()
        at.page.wait_for_selector(".item")
        at.keys(
            "1", "ArrowRight", "2", "ArrowRight", "ArrowRight", "Shift+ArrowRight", "1", "Backspace", "ArrowLeft", "1"
        )
        at.page.wait_for_selector(".span-list li:nth-child(3)")
        at.page.locator(".piece", has_text="Kraków").dblclick()
        at.page.get_by_role("button", name="place", exact=True).click()
        at.keys("Enter")
        at.told(1)
        spans = at.mock.told[0]["value"]
        assert [(text[a:b], name) for a, b, name in spans] == [
            ("Zoë", "person"),
            ("💶", "place"),
            ("Karl", "person"),
            ("Kraków", "place"),
        ]


def test_several_classes_and_a_rating(chrome: Browser) -> None:
    with desk(chrome, Mock("multi")) as at:
        at.keys("1", "3", "1", "4", "Enter", "Enter")
        at.told(2)
        assert at.values() == [["quality", "service"], []]
    with desk(chrome, Mock("number")) as at:
        at.keys("4", "9", "1")
        at.told(2)
        assert at.values() == [4, 1]
    with desk(chrome, Mock("number", number={"low": 0, "high": 100, "step": 0.5})) as at:
        at.keys("Enter", "4", "7", "Backspace", ".", "5", "Enter")
        at.told(1)
        assert at.values() == [4.5]


def test_the_desk_says_when_to_stop_and_nothing_before(chrome: Browser) -> None:
    for stop in (False, True):
        mock = Mock()
        figures = mock.panel()
        figures["advice"].update(stop=stop, text="You can stop: the score is flat. In figures: 0.81, 0.81.")
        setattr(mock, "panel", lambda said=figures: said)  # noqa: B010
        with desk(chrome, mock) as at:
            at.page.wait_for_selector("#trainer")
            if stop:
                at.page.wait_for_selector("#stop-advice")
                assert at.page.inner_text("#stop-advice") == "You can stop: the score is flat. See why"
            else:
                at.keys("1")
                at.told(1)
                assert at.page.locator("#stop-advice").count() == 0


def test_the_guess_before_after_and_never(chrome: Browser) -> None:
    mock = Mock()
    mock.round = 1
    with desk(chrome, mock) as at:
        assert "62 %" not in at.page.inner_text(".dock")
        at.keys("1")
        assert "62 %" in at.page.inner_text("#guess-after")
        assert "wavers" in at.page.inner_text("#reason")
    mock = Mock()
    mock.round, mock.settings["suggestions"] = 1, "before"
    with desk(chrome, mock) as at:
        assert "62 %" in at.page.inner_text(".dock")
        at.keys("2")
        at.told(1)
        assert at.mock.told[0]["shown"] is True
    for task, words in (("number", "3.5"), ("spans", "“Ada” person")):
        mock = Mock(task)
        mock.round, mock.settings["suggestions"] = 1, "before"
        with desk(chrome, mock) as at:
            assert at.page.locator("#guess-before").count() == (task == "number")
            assert "%" not in at.page.inner_text(".dock")
            at.keys("4" if task == "number" else "Enter")
            at.told(1)
            assert at.mock.told[0]["shown"] is (task == "number")
            late = at.page.locator("#guess-after")
            assert late.all_inner_texts() == ([] if task == "number" else [f" · the model’s guess was {words}"])
    mock = Mock()
    mock.round, mock.settings["suggestions"] = 1, "before"
    with desk(chrome, mock) as at:
        at.keys("2")
        at.told(1)
        assert at.page.locator("#guess-after").count() == 0
