"""Nothing is lost and nothing is sent twice: the page without a server, with a failing one, logged out, in two tabs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from server.browsing import browser, desk, kept, slow_disk
from server.mock_api import Mock

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Dialog

MARKS = """window.marks = []; new MutationObserver(() => {
    const mark = document.getElementById("save-state");
    if (mark) window.marks.push(mark.textContent);
}).observe(document, { subtree: true, childList: true, characterData: true });"""


@pytest.fixture(scope="module")
def chrome() -> Iterator[Browser]:
    with browser() as one:
        yield one


@pytest.mark.parametrize("modality", ["text", "image"])
def test_twenty_answers_offline_and_back(chrome: Browser, modality: str) -> None:
    with desk(chrome, Mock(modality=modality)) as at:
        at.keys("1", "2", "1", "2", "1", "2")  # the model is there, and a reserve is kept
        at.told(6)
        at.reserve(21)
        at.context.set_offline(True)
        seen = []
        for k in range(20):
            seen.append(at.item())
            if modality == "image":
                picture = at.page.locator(f".item[data-item='{seen[-1]}'] .picture img")
                assert picture.evaluate("async one => { await one.decode(); return one.naturalWidth }") == 8
            at.keys(str(k % 2 + 1))
            at.state(f"{k + 1} waiting, offline")
        assert len(at.mock.told) == 6
        at.context.set_offline(False)
        at.told(26)
        assert [one["item"] for one in at.mock.told[6:]] == seen
        assert len({one["item"] for one in at.mock.told}) == 26
        assert len({one["key"] for one in at.mock.posts}) == 26


def test_undo_and_change_while_offline(chrome: Browser) -> None:
    with desk(chrome, Mock()) as at:
        at.keys("1", "1")
        at.told(2)
        at.context.set_offline(True)
        at.keys("1", "u", "2", "u", "u", "3", "3")  # item 2 again and again, then item 1
        at.keys("ArrowLeft", "ArrowLeft", "ArrowLeft", "4")  # item 0
        at.page.locator('#save-state:not([data-waiting="0"])').wait_for()
        at.context.set_offline(False)
        wanted = dict(zip(at.mock.ids[:3], ["other", "question", "question"], strict=True))
        # the presses are taken one after the other, and sent in order
        at.until(lambda: {item: one["value"] for item, one in list(at.mock.answers.items())} == wanted)
        at.saved()


def test_a_failing_server_a_reload_and_a_lost_reply(chrome: Browser) -> None:
    with desk(chrome, Mock()) as at:
        at.mock.failing = 507
        at.keys("1", "2", "3")
        at.state("3 waiting, server busy")
        assert "disk is full" in at.page.inner_text(".banner")
        kept(at.page)
        at.context.add_init_script(MARKS)
        at.page.reload()
        at.state("3 waiting, server busy")
        marks = at.page.evaluate("window.marks")
        assert marks
        assert "Saved" not in marks  # not for a moment
        assert at.mock.told == []
        at.page.get_by_role("button", name="Try now").click()  # at once, then after one second and two more
        at.page.wait_for_timeout(700)
        before = at.mock.calls.count(("POST", "/answers"))
        at.until(lambda: at.mock.calls.count(("POST", "/answers")) >= before + 2)
        at.page.get_by_role("button", name="Try now").click()
        at.mock.failing, at.mock.lose = 0, 1  # the first answer arrives, its reply does not
        at.told(3)
        assert at.values() == ["complaint", "praise", "question"]
        assert len(at.mock.posts) >= 4
        assert len({one["key"] for one in at.mock.posts}) == 3


def test_the_page_asks_before_it_is_left_with_what_is_not_on_disk(chrome: Browser) -> None:
    with desk(chrome, Mock()) as at:
        at.context.add_init_script(slow_disk(1_500))
        at.page.reload()
        assert at.faults == []  # nothing was pressed: nothing is asked
        at.page.close()
        at.page = at.context.new_page()
        asked: list[str] = []

        def stay(dialog: Dialog) -> None:
            asked.append(dialog.type)
            dialog.dismiss()

        at.page.on("dialog", stay)
        at.page.goto(at.url)
        at.page.wait_for_selector(".item")
        at.keys("1")
        at.page.close(run_before_unload=True)
        at.told(1)
        assert asked == ["beforeunload"]
        at.keys("2")
        kept(at.page)
        at.page.reload()
        at.told(2)
        assert asked == ["beforeunload"]


def test_another_project_at_the_same_address_gets_nothing(chrome: Browser) -> None:
    with desk(chrome, Mock()) as at:
        at.context.set_offline(True)
        at.keys("1", "2")
        at.state("2 waiting, offline")
        at.page.wait_for_timeout(300)  # what was on its way has failed
        at.mock.project["id"] = "fedcba9876543210"
        at.context.set_offline(False)
        at.saved()  # at the next try the page begins anew, with the other project
        assert at.mock.told == []
        del at.mock.project["id"]
        at.page.reload()
        at.told(2)
        assert at.values() == ["complaint", "praise"]


def test_logged_out_and_in_again(chrome: Browser) -> None:
    with desk(chrome, Mock()) as at:
        at.mock.logged_in = False
        at.keys("1", "2")
        at.state("2 waiting, logged out")
        assert "A new link lets you go on" in at.page.inner_text(".banner")
        other = at.tab("/open#used")
        other.get_by_role("heading", name="The link does not open").wait_for()
        other.goto(at.url + "/open#good")  # in the same tab: only what stands behind # is another
        other.wait_for_selector(".item")
        assert other.url == at.url + "/"
        at.told(2)
        assert at.values() == ["complaint", "praise"]


def test_what_the_server_refuses_is_shown_and_kept(chrome: Browser) -> None:
    with desk(chrome, Mock()) as at:
        at.mock.leases.clear()
        at.keys("1")
        at.state("Saved, 1 not accepted")
        assert "not handed out to you" in at.page.inner_text(".banner")
        at.page.get_by_role("button", name="Put away").click()
        at.saved()


def test_a_refused_answer_can_be_given_again(chrome: Browser) -> None:
    with desk(chrome, Mock()) as at:
        refused = at.item()
        at.mock.leases.clear()
        at.keys("n")
        at.page.wait_for_selector("#note:focus")
        at.page.keyboard.type("a long note")
        at.keys("Escape", "2")
        at.state("Saved, 1 not accepted")
        following = at.item()
        at.page.get_by_role("button", name="Answer again").click()
        at.see(refused)
        assert at.page.locator(".banner").count() == 0  # it is on the desk; only when it is answered the old one goes
        assert at.page.input_value("#note") == "a long note"
        at.page.reload()
        at.page.get_by_role("button", name="Answer again").click()
        at.see(refused)
        at.keys("3")
        at.told(1)
        assert [(one["item"], one["value"], one["note"]) for one in at.mock.told] == [
            (refused, "question", "a long note")
        ]
        assert at.item() != refused
        assert following != refused


def test_two_tabs_have_items_of_their_own(chrome: Browser) -> None:
    with desk(chrome, Mock()) as at:
        other = at.tab()
        mine, theirs = at.item(), other.get_attribute(".item", "data-item")
        assert mine != theirs
        at.context.set_offline(True)
        for _ in range(3):
            at.page.keyboard.press("1")
            other.keyboard.press("2")
        at.state("6 waiting, offline")
        at.context.set_offline(False)
        at.told(6)
        assert sorted(at.values()) == ["complaint"] * 3 + ["praise"] * 3
        assert len({one["item"] for one in at.mock.told}) == 6
        assert len(at.mock.posts) == 6
        held = len(at.mock.leases)
        other.close(run_before_unload=True)
        at.until(lambda: len(at.mock.leases) < held)  # a closed tab gives its items back


def test_an_undo_takes_back_what_its_own_tab_answered(chrome: Browser) -> None:
    with desk(chrome, Mock()) as at:
        mine = at.item()
        other = at.tab()
        theirs = other.get_attribute(".item", "data-item")
        at.keys("1")
        at.told(1)
        other.keyboard.press("2")
        at.told(2)
        at.page.wait_for_selector("#history li:nth-child(2)")  # both tabs show both answers
        at.keys("u")
        at.see(mine)
        at.told(1)
        assert list(at.mock.answers) == [theirs]
        assert "Undone: complaint" in at.page.inner_text("#saying")
        at.keys("3")
        at.told(2)
        at.keys("u", "u")  # the second finds none of this tab, and takes back the other's
        at.told(0)
        at.see(theirs or "")


def test_a_slow_server_does_not_hold_the_person(chrome: Browser) -> None:
    with desk(chrome, Mock()) as at:
        at.mock.delay = 3.0
        at.keys("1", "2", "3", "4")
        at.see(at.mock.ids[4])
        assert at.mock.told == []  # the fifth item is there before the first answer has arrived
        at.mock.delay = 0.0
        at.told(4)
        assert at.values() == ["complaint", "praise", "question", "other"]
