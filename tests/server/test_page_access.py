"""The page for everyone, and against bad data: axe, touch, narrow windows, settings, hostile texts, the other pages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from server.browsing import AXE, browser, desk, serious
from server.mock_api import Mock

if TYPE_CHECKING:
    from playwright.sync_api import Browser

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
        for text in EVIL:
            shown = at.page.locator(".text").text_content()
            assert shown == text
            at.keys(*(["1", "Enter"] if task == "spans" else ["1"]))
            at.page.wait_for_timeout(60)
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
        at.page.wait_for_timeout(100)
        assert at.page.inner_text("#saying").strip() == "praise. Saved."
        assert at.page.locator("header, main, nav, aside").count() == 4


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
    for task, words in (("number", "not for numbers"), ("spans", "not for spans"), ("single", "needs more answers")):
        mock = Mock(task)
        figures = {**mock.panel(), "saved": None}
        setattr(mock, "panel", lambda said=figures: said)  # noqa: B010
        with desk(chrome, mock) as at:
            text = at.tab("/panel").locator(".panel").inner_text()
            assert words in text
            assert {"number": "concordance", "spans": "kappa of the tokens"}.get(task, "kappa at") in text


def test_panel_shows_the_figures(chrome: Browser) -> None:
    with desk(chrome, Mock()) as at:
        page = at.tab("/panel")
        text = page.locator(".panel").inner_text()
        for wanted in ("Go on", "Another hour", "87 %", "51 labels", "0.78", "514", "120 answers in 14 min"):
            assert wanted in text.replace("\n", " ")
        page.locator("summary", has_text="Numbers").last.click()
        assert page.locator(".chart table tr").count() > 12
