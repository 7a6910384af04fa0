"""Journeys through the labelling page, by keys alone unless said, against a stand-in of the API."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

import pytest

from server.browsing import browser, desk, serious
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


def test_shares_and_note_are_there_again_after_undo(chrome: Browser) -> None:
    with desk(chrome, Mock()) as at:
        at.keys("s", "1", "1", "1", "2", "n")
        at.page.wait_for_selector("#note:focus")
        at.page.keyboard.type("mixed")
        at.keys("Escape", "Enter")
        at.told(1)
        at.keys("u")
        at.told(0)
        at.page.locator("#note").wait_for()
        assert at.page.input_value("#note") == "mixed"
        at.keys("Enter")
        at.told(1)
        assert at.values() == [{"complaint": 0.75, "praise": 0.25}]
        assert at.mock.told[0]["note"] == "mixed"


def test_one_class_in_doubt_weighs_half(chrome: Browser) -> None:
    with desk(chrome, Mock()) as at:
        at.keys("s", "Enter")  # no class yet
        at.page.locator(".notice").wait_for()
        at.keys("1", "Enter", "2")
        at.told(2)
        at.keys("u", "u")
        at.told(0)
        at.page.locator("button[aria-pressed=true]", has_text="Not sure").wait_for()
        at.keys("Enter")
        at.told(1)
        assert [(one["kind"], one["value"], one["weight"]) for one in at.mock.told] == [("label", "complaint", 0.5)]
    with desk(chrome, Mock("multi")) as at:
        at.keys("1", "s", "2", "2", "2", "Enter", "1", "s", "Enter", "3", "Enter")
        at.told(3)
        assert [(one["value"], one["weight"]) for one in at.mock.told] == [
            ({"price": 1, "delivery": 0.3}, None),
            (["price"], 0.5),
            (["quality"], None),
        ]


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


def test_the_key_0_takes_a_point_away_too(chrome: Browser) -> None:
    with desk(chrome, Mock(modality="image", items=40)) as at:
        at.keys("s", "0", "0", "1", "Shift+0", "Enter")
        at.told(1)
        assert at.values() == [{"0": 0.5, "1": 0.5}]


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


def test_undo_keeps_what_was_begun(chrome: Browser) -> None:
    with desk(chrome, Mock("multi")) as at:
        first = at.item()
        at.keys("2", "Enter")
        at.told(1)
        second = at.item()
        at.keys("1", "3", "u")
        at.see(first)
        at.keys("Enter")
        at.see(second)
        assert at.page.locator(".label.on .name").all_inner_texts() == ["price", "quality"]
        at.keys("ArrowLeft", "u")  # undo from a look back
        at.see(first)
        at.keys("Enter", "Enter")
        at.told(2)
        assert at.values() == [["delivery"], ["price", "quality"]]


def test_undo_after_a_class_has_a_new_name(chrome: Browser) -> None:
    with desk(chrome, Mock()) as at:
        at.keys("1", "2")
        at.told(2)
        with at.mock.lock:
            at.mock.classes_changed({"rename": "praise", "to": "thanks"})
        at.page.get_by_role("radio", name="thanks").wait_for()
        at.keys("ArrowLeft")
        at.page.locator("[role=radio][aria-checked=true]", has_text="thanks").wait_for()
        at.keys("Escape", "u")
        at.told(1)
        at.page.locator("[role=radio][aria-checked=true]", has_text="thanks").wait_for()
        at.keys("Enter")
        at.told(2)
        assert at.values() == ["complaint", "thanks"]


@pytest.mark.parametrize("again", [False, True])
def test_looking_back_says_the_names_of_now(chrome: Browser, again: bool) -> None:
    with desk(chrome, Mock("multi")) as at:
        at.keys("1", "2", "Enter", "s", "1", "1", "3", "Enter", "1", "Enter")
        at.told(3)
        at.keys("1")  # begun, and not given
        at.page.get_by_role("button", name="price", pressed=True).wait_for()
        with at.mock.lock:
            at.mock.classes_changed({"rename": "price", "to": "cost"})
            at.mock.classes_changed({"merge": "quality", "into": "service"})
            at.mock.classes_changed({"add": "price"})
        at.page.get_by_role("button", name="cost").first.wait_for()
        if again:
            at.page.reload()
            at.page.wait_for_selector(".item")
        else:
            at.page.get_by_role("button", name="cost", pressed=True).wait_for()
        answers = at.page.locator(".history-answer")
        answers.nth(2).get_by_text("cost, delivery").wait_for()
        assert answers.all_inner_texts() == ["cost", "cost 20 %, service 10 %", "cost, delivery"]
        at.keys("ArrowLeft", "ArrowLeft", "ArrowLeft")
        at.page.get_by_role("button", name="delivery", pressed=True).wait_for()
        assert at.page.locator(".label[aria-pressed=true] .name").all_inner_texts() == ["cost", "delivery"]
        at.keys("ArrowRight")
        at.page.get_by_role("meter", name="Share of service").wait_for()
        assert at.page.get_by_role("meter", name="Share of service").get_attribute("value") == "0.1"
        assert at.page.get_by_role("meter", name="Share of cost").get_attribute("value") == "0.2"


def test_spans_of_a_renamed_class(chrome: Browser) -> None:
    with desk(chrome, Mock("spans")) as at:
        assert at.page.locator("#none-yet").inner_text().endswith("Look at them with ,, or choose one.")
        at.keys("1", "Enter")
        at.told(1)
        with at.mock.lock:
            at.mock.classes_changed({"rename": "person", "to": "who"})
        at.page.get_by_role("button", name="who").wait_for()
        at.keys(",")
        at.page.locator(".span-list strong", has_text="who").wait_for()


def _many(task: str = "single") -> Mock:
    mock = Mock(task)
    mock.classes = [f"{kind} {k}" for kind in ("apple", "pear", "plum", "grape") for k in range(10)]
    return mock


def test_the_fortieth_class_by_keys_alone(chrome: Browser) -> None:
    with desk(chrome, _many()) as at:
        at.keys("/")
        at.page.wait_for_selector("#find:focus")
        at.page.keyboard.type("x GRAPE 9")  # x is no rejection here
        at.page.locator("#find-about", has_text="No label has that.").wait_for()
        at.keys("Enter")
        at.page.keyboard.press("Control+a")
        at.page.keyboard.type("GRAPE 9")
        assert at.page.locator(".labels .name").all_inner_texts() == ["grape 9"]
        assert serious(at.page) == []
        at.keys("Enter")
        at.told(1)
        at.keys("1")  # the keys are free again
        at.told(2)
        at.keys("/")
        at.page.keyboard.type("plum")
        assert at.page.locator(".labels .name").count() == 10
        at.keys("Escape", "2")
        at.told(3)
        at.keys("/", "Enter")  # nothing typed chooses nothing
        at.page.locator(".notice").wait_for()
        at.page.keyboard.type("plum")
        at.page.get_by_role("radio", name="plum 3").click()
        at.told(4)
        at.keys("3")
        at.told(5)
        at.keys("/")
        at.page.keyboard.type("plum")
        at.page.get_by_role("button", name="Skip").click()
        at.told(6)
        at.keys("4")
        at.told(7)
        assert at.values() == ["grape 9", "apple 0", "apple 1", "plum 3", "apple 2", None, "apple 3"]


def test_several_classes_and_shares_by_their_names(chrome: Browser) -> None:
    with desk(chrome, _many("multi")) as at:
        for name in ("grape 9", "plum 7"):
            at.keys("/")
            at.page.keyboard.type(name)
            at.keys("Enter")
        at.keys("Enter")
        at.told(1)
        assert at.values() == [["grape 9", "plum 7"]]
        at.keys("s", "/")
        at.page.keyboard.type("grape 8")
        assert at.page.locator(".soft-row").count() == 1
        assert serious(at.page) == []
        at.keys("Enter", "Enter")
        at.told(2)
        assert at.values()[1] == {"grape 8": 0.1}


def test_the_box_comes_with_its_key_where_labels_are_few(chrome: Browser) -> None:
    with desk(chrome, Mock("spans")) as at:
        assert not at.page.locator("#find").is_visible()
        at.keys("/")
        at.page.keyboard.type("org")
        at.keys("Enter")
        at.page.locator(".span-list strong", has_text="organisation").wait_for()
        assert not at.page.locator("#find").is_visible()


def test_a_key_for_a_class(chrome: Browser) -> None:
    with desk(chrome, Mock()) as at:
        page = at.tab("/settings")
        page.get_by_role("button", name="Change the key: question").click()
        page.keyboard.press("q")
        page.get_by_role("button", name="Default key: question").wait_for()
        at.page.locator(".label kbd", has_text="Q").wait_for()  # without a reload
        at.keys("q", "3")
        at.told(2)
        assert at.values() == ["question", "other"]
        page.get_by_role("button", name="Default key: question").click()
        page.get_by_role("button", name="Default key: question").wait_for(state="detached")
        assert at.mock.settings["class_keys"] == {}


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
        item = at.item()
        at.keys("Enter")
        at.told(1)
        # the first press removes the span; the others remove nothing, and undo nothing
        at.keys("ArrowRight", "2", "Backspace", "Backspace", "Backspace")
        at.page.locator(".notice", has_text="Nothing to remove").wait_for()
        assert len(at.mock.told) == 1
        at.keys(",")
        at.see(item)
        at.keys(".")
        at.page.wait_for_selector(f".item:not([data-item='{item}'])")
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
    with desk(chrome, Mock("number", number={"low": 1, "high": 10, "step": 1})) as at:
        assert at.page.locator(".ratings kbd").all_inner_texts() == [*"1234567890"]
        at.keys("0", "1")
        at.told(2)
        item = at.item()
        at.page.get_by_role("radio").first.focus()
        at.keys("ArrowRight", "ArrowLeft", "ArrowLeft", "ArrowLeft")  # within the group, not through the history
        assert at.item() == item
        at.keys("Space")
        at.told(3)
        assert at.values() == [10, 1, 9]
    with desk(chrome, Mock("number", number={"low": 0, "high": 100, "step": 0.5})) as at:
        at.keys("Enter", "4", "7", "Backspace", "Backspace", "Backspace", "4", ".", "5", "Enter")
        at.told(1)
        assert at.values() == [4.5]


def test_the_desk_says_when_to_stop_and_nothing_before(chrome: Browser) -> None:
    for stop in (False, True):
        mock = Mock()
        figures = mock.panel()
        figures["advice"].update(stop=stop, text="You can stop: the score is flat. In figures: 0.81, 0.81.")
        mock.panel = partial(dict, figures)  # type: ignore[method-assign]
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


def test_a_hint_goes_by_itself(chrome: Browser) -> None:
    with desk(chrome, Mock()) as at:
        at.page.clock.install()
        at.page.reload()
        at.page.wait_for_selector(".item")
        at.keys("ArrowLeft")
        at.page.locator(".notice", has_text="No earlier answers").wait_for()
        at.page.clock.fast_forward(4_000)
        assert at.page.locator(".notice").count() == 1
        at.page.clock.fast_forward(4_000)
        at.page.locator(".notice").wait_for(state="detached")
