"""The page for everyone, and against bad data: axe, touch, narrow windows, settings, hostile texts, the other pages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING

import pytest

from server.browsing import AXE, browser, desk, serious
from server.mock_api import Mock

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PAGES = ["/", "/panel", "/items", "/settings"]
EVIL = [
    "<img src=x onerror='window.pwned=1;alert(1)'>",
    "<script>window.pwned=1</script>",
    "\"><svg onload=window.pwned=1>",
    "javascript:window.pwned=1//",
    "{{constructor.constructor('window.pwned=1')()}}",
    "</textarea><iframe srcdoc='<script>parent.pwned=1</script>'>",
]  # fmt: skip


@pytest.fixture(scope="module")
def chrome() -> Iterator[Browser]:
    with browser() as one:
        yield one


@pytest.mark.skipif(not AXE.exists(), reason="axe-core is not there; npm ci in web/")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(chrome: Browser, scheme: str) -> None:
    mock = Mock()
    mock.round = 1
    with desk(chrome, mock, color_scheme=scheme) as at:
        at.keys("1", "2", "Space")
        at.told(3)
        assert serious(at.page) == []
        at.keys("s", "1", "2", "n")
        assert serious(at.page) == []
        at.keys("Escape", "s", "r", "ArrowRight", "Space", "ArrowLeft")
        assert serious(at.page) == []
        at.keys("r", "?")
        assert serious(at.page) == []
        for path in PAGES[1:]:
            page = at.tab(path)
            page.wait_for_selector(".card")
            assert (path, serious(page)) == (path, [])
            page.close()


@pytest.mark.skipif(not AXE.exists(), reason="axe-core is not there; npm ci in web/")
@pytest.mark.parametrize("task", ["multi", "number", "spans"])
def test_axe_on_other_tasks(chrome: Browser, task: str) -> None:
    with desk(chrome, Mock(task)) as at:
        at.keys("1")
        assert serious(at.page) == []


@pytest.mark.parametrize("task", ["single", "spans"])
def test_hostile_texts_stay_texts(chrome: Browser, task: str) -> None:
    mock = Mock(task, items=40)
    mock.texts[:6] = EVIL
    mock.classes[:3] = EVIL[:3]
    mock.guideline = "\n\n".join(EVIL)
    mock.project = {"name": EVIL[0], "encoder": {"name": EVIL[1], "done": 1, "of": 2}}
    mock.settings["strategy"] = EVIL[2]
    with desk(chrome, mock) as at:
        for item, text in zip(mock.ids, EVIL, strict=False):
            at.see(item)
            assert at.page.locator(".text").text_content() == text
            at.keys(*(["1", "Enter"] if task == "spans" else ["1"]))
        at.keys("g")
        assert EVIL[0] in at.page.inner_text(".guideline")
        for path in PAGES:
            page = at.tab(path)
            page.wait_for_selector(".card")
            assert page.evaluate("window.pwned") is None
            assert page.locator("img[src=x], iframe, .card script").count() == 0
            page.close()
        assert at.page.evaluate("window.pwned") is None


def test_the_policy_is_kept(chrome: Browser) -> None:
    with desk(chrome, Mock()) as at:
        broken: list[str] = []
        page = at.context.new_page()
        page.on("console", lambda line: broken.append(line.text) if line.type == "error" else None)
        for path in PAGES:
            page.goto(at.url + path)
            page.wait_for_selector(".card")
        assert broken == []
        assert page.evaluate("document.querySelectorAll('[style*=url], script:not([src])').length") == 0


@pytest.mark.parametrize("width", [320, 360])
def test_narrow_windows_and_fingers(chrome: Browser, width: int) -> None:
    with desk(chrome, Mock()) as at:
        for path in PAGES:
            page = at.tab(path)
            page.set_viewport_size({"width": width, "height": 640})
            page.wait_for_selector(".card")
            page.wait_for_timeout(150)
            assert (path, page.evaluate("document.documentElement.scrollWidth")) == (path, width)
            small = page.evaluate(
                "[...document.querySelectorAll('button, select, nav a')].filter(e => e.checkVisibility() && "
                "e.getBoundingClientRect().height < 43.5).map(e => e.outerHTML.slice(0, 120))"
            )
            assert (path, small) == (path, [])
            page.close()


def test_radio_group_and_announcements(chrome: Browser) -> None:
    from playwright.sync_api import expect

    mock = Mock()
    mock.settings["advance"] = False
    with desk(chrome, mock) as at:
        group = at.page.get_by_role("radiogroup", name="Label")
        assert group.get_by_role("radio").count() == 4
        group.get_by_role("radio").first.focus()
        at.keys("ArrowRight", "Space")  # the radio in focus is pressed, the item is not skipped
        at.page.wait_for_selector("[role=radio][aria-checked=true] >> text=praise")
        assert at.page.inner_text("#saying").strip() == "praise chosen. Enter saves."
        at.page.evaluate("document.activeElement.blur()")
        at.keys("Enter")
        at.told(1)
        assert at.values() == ["praise"]
        expect(at.page.locator("#saying")).to_have_text(re.compile(r"^praise\. Saved\. Next: "))
        assert at.page.locator("header, main, nav, aside").count() == 4


def test_a_screen_reader_is_told_the_first_item_and_every_next_one(chrome: Browser) -> None:
    from playwright.sync_api import expect

    mock = Mock(items=12)
    mock.texts[1] = "word " * 200
    with desk(chrome, mock) as at:

        def said(words: str) -> None:
            expect(at.page.locator("#saying")).to_have_text(words)

        why = "Unlike what is labelled."
        said(f"Next: {mock.texts[0]} {why}")
        at.keys("1")
        said(f"complaint. Saved. Next: {('word ' * 40).strip()} … {why}")
        at.context.set_offline(True)
        at.keys("2")
        said(f"praise. Kept in this browser. Next: {mock.texts[2]} {why}")
        at.context.set_offline(False)
        at.told(2)
    with desk(chrome, Mock(modality="image", items=3)) as at:
        expect(at.page.locator("#saying")).to_have_text(f"Next: item-0000. {why}")


def test_a_flag_shows_when_the_item_comes_and_is_taken_off(chrome: Browser) -> None:
    from playwright.sync_api import expect

    mock = Mock()
    first, second = mock.ids[:2]
    mock.flags[first] = True
    with desk(chrome, mock) as at:
        flagged = at.page.locator(".tools button[aria-pressed=true]", has_text="Flag")
        at.see(first)
        expect(flagged).to_have_count(1)
        at.keys("f")
        expect(flagged).to_have_count(0)
        at.keys("f", "1")
        at.see(second)
        expect(flagged).to_have_count(0)
        at.keys("ArrowLeft")
        at.see(first)
        expect(flagged).to_have_count(1)
        at.keys("f", "ArrowRight")
        at.see(second)
        at.keys("f", "ArrowLeft")
        at.see(first)
        expect(flagged).to_have_count(0)
        at.keys("ArrowRight")
        at.see(second)
        expect(flagged).to_have_count(1)
        at.saved()
        assert mock.flags == {first: False, second: True}


def test_settings_reach_the_desk(chrome: Browser) -> None:
    with desk(chrome, Mock()) as at:
        page = at.tab("/settings")
        page.get_by_label("New class").fill("thanks")
        page.get_by_role("button", name="Add").click()
        page.get_by_text("Class thanks added.").wait_for()
        at.page.get_by_role("radio", name="thanks").wait_for()  # by the events, without a reload
        page.get_by_label("New class").fill("thanks")
        page.get_by_role("button", name="Add").click()
        page.get_by_text("is there already").wait_for()
        page.get_by_label("Profile").select_option("label-studio")
        page.get_by_role("button", name="Change the key: Reject").click()
        page.get_by_text("press a key").wait_for()
        page.keyboard.press("Tab")  # moves the focus, as always
        page.get_by_text("press a key").wait_for(state="hidden")
        page.get_by_role("button", name="Change the key: Reject").click()
        page.keyboard.press("q")
        at.page.locator(".tools button", has_text="Q").wait_for()
        at.keys("Space", "x")
        at.keys("Control+Space", "q", "5")
        at.told(3)
        assert [(one["kind"], one["value"]) for one in at.mock.told] == [
            ("skip", None),
            ("reject", None),
            ("label", "thanks"),
        ]
        with page.expect_download() as got:
            page.get_by_role("button", name="JSONL").click()
        assert got.value.suggested_filename == "letters.jsonl"


def test_seeds_are_words_an_example_or_the_class(chrome: Browser) -> None:
    with desk(chrome, Mock()) as at:
        page = at.tab("/settings")
        name = page.locator("#seed-class option").first.inner_text()

        def sent() -> object:
            with page.expect_request("**/api/v1/seeds") as asked:
                page.get_by_role("button", name="Put first").click()
            return asked.value.post_data_json

        page.get_by_label("Words").fill("thank you ")
        assert sent() == {"class": name, "text": "thank you"}
        page.get_by_text("come first.").wait_for()
        page.get_by_label("Items", exact=True).select_option("item")
        page.get_by_label("Id", exact=True).fill("n7")
        assert sent() == {"class": name, "item": "n7"}
        page.get_by_label("Items", exact=True).select_option("class")
        assert sent() == {"class": name}
        page.get_by_text(f"Items like {name} come first.").wait_for()


def test_items_filter_page_and_take(chrome: Browser) -> None:
    with desk(chrome, Mock(items=120)) as at:
        at.keys("1", "2")
        at.told(2)
        page = at.tab("/items")
        page.wait_for_selector("tbody tr:nth-child(50)")
        page.get_by_role("button", name="Next").click()
        page.get_by_text("Page 2").wait_for()
        page.get_by_label("State").select_option("labelled")
        page.wait_for_selector("tbody:not(:has(tr:nth-child(3)))")
        assert page.locator("tbody tr").count() == 2
        page.locator(".row-open").first.click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_text("answered").wait_for()
        dialog.get_by_role("button", name="Flag").click()
        dialog.get_by_role("button", name="Remove the flag").wait_for()
        assert at.mock.flags == {at.mock.ids[0]: True}


def test_panel_promises_nothing_that_cannot_come(chrome: Browser) -> None:
    for task in ("number", "spans", "single"):
        mock = Mock(task)
        figures = {**mock.panel(), "saved": None}
        mock.panel = partial(dict, figures)  # type: ignore[method-assign]
        with desk(chrome, mock) as at:
            text = at.tab("/panel").locator(".panel").inner_text()
            assert "needs more answers" in text
            assert {"number": "concordance", "spans": "kappa of the tokens"}.get(task, "kappa at") in text


def test_panel_shows_the_figures(chrome: Browser) -> None:
    with desk(chrome, Mock()) as at:
        page = at.tab("/panel")
        text = page.locator(".panel").inner_text()
        for wanted in ("Go on", "Another hour", "87 %", "51 labels", "0.78", "514", "120 answers in 14 min"):
            assert wanted in text.replace("\n", " ")
        page.locator("summary", has_text="Numbers").last.click()
        assert page.locator(".chart table tr").count() > 12


def test_the_panel_needs_no_script(chrome: Browser) -> None:
    with desk(chrome, Mock()) as at, closing(chrome.new_context(java_script_enabled=False)) as context:
        page = context.new_page()
        page.goto(at.url + "/panel")
        assert "120 answers in 14 min" in page.inner_text(".panel")
        page.locator("summary", has_text="Numbers").last.click()
        assert page.locator(".chart table").last.is_visible()
        page.get_by_role("link", name="Settings").click()
        page.wait_for_url("**/settings")


def test_the_frame_of_the_panel_is_that_of_the_applications(chrome: Browser) -> None:
    def frame(page: Page) -> list[str]:
        page.locator(".theme").wait_for()
        found: list[str] = page.evaluate(
            "['.jump', '.head', '#saying'].map(one => document.querySelector(one).outerHTML"
            ".replace(/ aria-current=\"page\"| id=\"head-end\"/g, '').replace(/>\\s+</g, '><'))"
        )
        return found

    with desk(chrome, Mock()) as at:
        panel, items = at.tab("/panel"), at.tab("/items")
        items.locator(".brand", has_text="letters").wait_for()
        assert frame(panel) == frame(items)
        assert panel.locator("nav [aria-current=page]").all_inner_texts() == ["Panel"]
        panel.locator(".theme").click()
        panel.locator("html[data-theme=light]").wait_for()


def test_the_panel_follows_the_model_and_what_a_person_does_stays(chrome: Browser) -> None:
    mock = Mock()
    first = mock.panel()
    figures = {**first, "advice": {}, "classes": [], "notes": []}
    mock.panel = lambda: figures  # type: ignore[method-assign]
    with desk(chrome, mock) as at:
        page = at.tab("/panel")
        page.set_viewport_size({"width": 360, "height": 480})
        page.locator("#curve-summary").click()
        page.locator("#curve-table").focus()
        page.locator("#curve-table").evaluate("one => { one.scrollTop = 40; window.held = one; }")
        assert page.evaluate("scrollY") > 0
        point = {"labels": 130, "accuracy": 0.97, "low": 0.9, "high": 1.0, "n": 30}
        figures = {**first, "curve": [*first["curve"], point]}
        mock.version += 1
        page.locator("#card-curve", has_text="Accuracy 97 %").wait_for()
        assert page.locator("#curve-table tbody tr").count() == 13
        assert page.locator("#card-advice .lead").count() == page.locator("#card-classes").count() == 1
        assert page.evaluate("[document.activeElement === held, held.isConnected, held.scrollTop]") == [True, True, 40]
        assert page.locator("#curve-numbers").get_attribute("open") is not None
        assert page.locator("#rule").get_attribute("open") is None
        assert page.evaluate("scrollY") > 0
        figures = {**first, "advice": None, "classes": [], "saved": None}
        mock.version += 1
        page.locator("#card-advice", has_text="No advice yet").wait_for()
        assert page.locator("#card-classes").count() == 0
        assert page.locator(".panel section").evaluate_all("all => all.map(one => one.id)") == [
            "card-advice",
            "card-time",
            "card-curve",
            "card-saved",
            "card-agreement",
            "card-notes",
        ]


def test_the_panel_says_when_the_session_has_ended(chrome: Browser) -> None:
    with desk(chrome, Mock()) as at:
        page = at.tab("/panel")
        page.locator(".theme").wait_for()
        at.mock.logged_in = False
        at.mock.version += 1
        page.get_by_role("heading", name="This session has ended").wait_for()
        assert "120 answers in 14 min" in page.inner_text(".panel")
        at.mock.logged_in = True
        at.mock.version += 1
        page.get_by_role("heading", name="This session has ended").wait_for(state="detached")
        at.mock.version += 1
        page.wait_for_timeout(300)  # the event has come; what it asks for fails
        at.context.set_offline(True)
        page.get_by_role("alert").get_by_text("The server does not answer.").wait_for()
        at.context.set_offline(False)
        page.get_by_role("button", name="Try again").click()
        page.get_by_role("alert").wait_for(state="detached")


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_the_numbers_of_a_chart_can_be_read_at_every_width(chrome: Browser, width: int) -> None:
    with desk(chrome, Mock()) as at:
        page = at.tab("/panel")
        page.set_viewport_size({"width": width, "height": 800})
        boxes = page.locator(".chart text").evaluate_all(
            "all => all.map(one => one.getBoundingClientRect()).map(at => [at.x, at.y, at.width, at.height])"
        )
        assert len(boxes) > 10
        for k, (x, y, w, h) in enumerate(boxes):
            assert h >= 12
            assert 0 <= x < x + w <= width
            for x2, y2, w2, h2 in boxes[:k]:
                assert x + w <= x2 or x2 + w2 <= x or y + h <= y2 + 1 or y2 + h2 <= y + 1
        for chart in page.locator(".chart .plot").all():
            room, line = chart.bounding_box(), chart.locator(".line").bounding_box()
            assert room is not None
            assert line is not None
            assert line["width"] > 0.7 * room["width"]
