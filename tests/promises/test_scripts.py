"""R43: sixty texts that would run as a script, where data is shown; none runs, and the policy has nothing to stop.

Places: text and id of an item, names of classes, name of the project, guideline, notes, flags, search, address; name, rows,
new classes and faults of a file that is imported; what the trainer says of itself, its encoder, its items and its model.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from querist.core.errors import QueristError
from querist.data.record import Record
from querist.server import import_process
from querist.server.bring import Target
from querist.server.importer import Importer
from querist.server.project import Project
from querist.server.supervisor import Standing, Supervisor
from querist.server.task import Task
from server.browsing import browser, kept, watch, window
from serving import Asker, make, running

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.timeout(180)
RUN = "window.pwned=1"
_TAGS = [
    "<script>{}</script>",
    "<img src=x onerror={}>",
    "<svg onload={}>",
    "<svg><animate onbegin={} attributeName=x dur=1s>",
    "<body onload={}>",
    "<iframe srcdoc='<script>parent.{}</script>'></iframe>",
    "<details open ontoggle={}>",
    "<input autofocus onfocus={}>",
    "<video><source onerror={}></video>",
    "<math><mtext></p><style><img src onerror={}>",
    "<a href='javascript:{}'>a</a>",
    "<meta http-equiv=refresh content='0;url=javascript:{}'>",
    "<base href='javascript:{}//'>",
    "<object data='javascript:{}'></object>",
    "<form action='javascript:{}'><button>b</button></form>",
    "<style>@import 'javascript:{}';</style>",
    "<template><script>{}</script></template>",
    "<x onpointerenter={}>x</x>",
]
_FRONTS = ["{}", "\"'>{}", "</textarea></title></script>{}"]
PAYLOADS = [
    *(front.format(tag.format(RUN)) for front, tag in product(_FRONTS, _TAGS)),
    f"javascript:{RUN}//",
    f"{{{{constructor.constructor('{RUN}')()}}}}",
    f"${{{RUN}}}",
    f'[a](javascript:{RUN}) ![a](x" onerror="{RUN})',
    f"\u2028</script><script>{RUN}</script>\u202e",
    f"&lt;script&gt;{RUN}&lt;/script&gt;<!--><script>{RUN}</script>-->",
]
_WATCH = """
window.broken = [];
document.addEventListener('securitypolicyviolation', event => window.broken.push(event.violatedDirective));
"""


@pytest.fixture(scope="module")
def chrome() -> Iterator[Browser]:
    with browser() as one:
        yield one


def foreign(url: str, said: list[str]) -> None:
    if not url.startswith(("http://127.0.0.1", "data:", "blob:")):
        said.append(url)


def clean(page: Page, said: list[str], wait: float = 150) -> None:
    page.wait_for_timeout(wait)
    assert said == []
    assert page.evaluate("[window.pwned ?? null, window.broken]") == [None, []]
    odd = (
        "img[src=x], iframe, object, base[href^=java], math, svg animate, meta[content*=javascript], form[action^=java]"
    )
    assert page.locator(odd).count() == 0


@contextmanager
def watched(chrome: Browser, ask: Asker, said: list[str]) -> Iterator[Page]:
    """A page at the labelling desk; what it says by itself, and asks of others, comes into ``said``."""
    context = window(chrome)
    context.set_default_timeout(10_000)
    context.add_init_script(_WATCH)
    page = context.new_page()
    watch(page, said)
    page.on("request", lambda request: foreign(request.url, said))
    page.goto(ask.server.link())
    page.wait_for_selector(".item")
    yield page
    context.close()


def test_there_are_sixty() -> None:
    assert len(set(PAYLOADS)) == 60


def test_r43_text_is_text(chrome: Browser, tmp_path: Path) -> None:
    task = Task("single", tuple(PAYLOADS[:30]))
    records = [Record(id=f"{k} {text}"[:300], text=text) for k, text in enumerate(PAYLOADS)]
    Project.make(
        tmp_path / "p", records, task=task, modality="text", name=PAYLOADS[1] + ".csv", settings={"validation": 0.0}
    ).close()
    said: list[str] = []
    with running(tmp_path / "p") as ask:
        client = ask.server.client()
        for k, text in enumerate(PAYLOADS[:30]):
            handed = client.next()[0]
            client.label(handed, PAYLOADS[k], note=text)
        for record, text in zip(records, PAYLOADS, strict=True):
            client.flag(record.id or "", note=text)
        assert ask("PATCH", "/api/v1/settings", {"guideline": "\n\n".join(PAYLOADS)}).status == 200
        with watched(chrome, ask, said) as page:
            shown: set[str] = set()
            for _ in range(30):
                shown.add(page.inner_text(".item"))
                page.keyboard.press("Space")
                page.wait_for_timeout(30)
            assert len(shown) > 5
            page.keyboard.press("g")
            clean(page, said)
            kept(page)
            for path in ("/items", "/panel", "/settings", "/items?text=" + RUN):
                page.goto(ask.server.address + path)
                page.wait_for_timeout(400)
                clean(page, said)
                if path == "/items":
                    page.wait_for_selector("tbody tr")
                    for place in range(3):
                        page.locator(".row-open").nth(place).click()
                        page.wait_for_timeout(150)
                        clean(page, said)
                        page.keyboard.press("Escape")
            for text in PAYLOADS[:3]:  # what the server says of them is JSON or a plain page, and never runs
                page.goto(ask.server.address + "/" + text.replace("/", "%2F").replace("?", "%3F").replace("#", "%23"))
                assert page.evaluate("window.pwned ?? null") is None
    assert said == []


def read_here(_: Importer, order: dict[str, Any], __: Target, ___: str) -> dict[str, Any]:
    """What the process that reads a file says, without the second that its start takes."""
    try:
        return {"done": import_process._done(order)}
    except QueristError as error:
        return {"error": import_process._error(error)}


def test_r43_the_file_of_an_import_is_text(chrome: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Importer, "_asked", read_here)
    said: list[str] = []
    with running(make(tmp_path / "p")) as ask, watched(chrome, ask, said) as page:
        page.goto(ask.server.address + "/settings")
        part = page.locator("#import")
        told: list[str] = []
        for text in PAYLOADS:
            name = text.replace("/", " ") + ".jsonl"  # as no name of a file has it
            part.get_by_label("File").set_input_files({"name": name, "mimeType": "text/plain", "buffer": b""})
            part.get_by_text("Nothing was taken.").wait_for()
            told.append(part.locator(".brought").inner_text())
            clean(page, said, 0)
            part.get_by_label("File").set_input_files([])
            part.get_by_text("Nothing was taken.").wait_for(state="detached")
        assert all("window.pwned" in line for line in told), told


def test_r43_rows_and_new_classes_of_an_import_are_text(chrome: Browser, tmp_path: Path) -> None:
    said: list[str] = []
    rows = "".join(json.dumps({"id": text, "text": text, "label": text}) + "\n" for text in PAYLOADS)
    with running(make(tmp_path / "p")) as ask, watched(chrome, ask, said) as page:
        page.goto(ask.server.address + "/settings")
        part = page.locator("#import")
        part.get_by_label("File").set_input_files(
            {"name": f"{PAYLOADS[1]}.jsonl", "mimeType": "text/plain", "buffer": rows.encode()}
        )
        part.get_by_text("60 rows not understood").wait_for()
        why = part.locator(".bad-rows li").all_inner_texts()
        assert len(why) == 60
        assert why[1].endswith(f"the project has no class {PAYLOADS[1]!r}")
        clean(page, said)
        part.get_by_label("Add the classes").check()
        part.get_by_text("60 new items, 60 answers.").wait_for()
        clean(page, said)
        part.get_by_role("button", name="Take it in").click()
        part.get_by_text("New classes:").wait_for()
        clean(page, said)
        assert [one["name"] for one in ask("GET", "/api/v1/project").json["classes"]] == ["cat", "dog", *PAYLOADS]
        for path in ("/", "/items", "/panel"):
            page.goto(ask.server.address + path)
            page.wait_for_selector(".card, .item")
            clean(page, said)


def test_r43_what_the_trainer_says_is_text(chrome: Browser, tmp_path: Path) -> None:
    said: list[str] = []
    queue = [{"item": f"i{k}", "score": None, "reason": text, "role": "queue"} for k, text in enumerate(PAYLOADS)]
    advice = {"stop": True, "rule": PAYLOADS[1], "text": " ".join(PAYLOADS), "history": [], "hour": PAYLOADS[1]}
    report: dict[str, Any] = {"round": 0, "labels": 2, "upto": 0, "cost": 0.0, "model": None, "metrics": {}}
    report |= {"agreement": None, "surprise": None, "seconds": {}, "notes": PAYLOADS, "advice": advice}
    with running(make(tmp_path / "p", settings={"validation": 0.0, "control": 0.0})) as ask:
        coach = ask.server.service.coach
        coach._supervisor = trainer = Supervisor(tmp_path / "p", coach._promote, changed=coach._changed)
        ask.server.service.project.promote(report, queue, {})
        with watched(chrome, ask, said) as page:
            reasons: set[str] = set()
            for _ in PAYLOADS:
                reasons.add(page.inner_text("#reason"))
                item = page.get_attribute(".item", "data-item")
                page.keyboard.press("1")
                page.wait_for_selector(f".item:not([data-item='{item}']), .nothing")
            assert len({reason for reason in reasons if "window.pwned" in reason}) == 60
            for start in range(0, 60, 6):  # six at a time: the page asks again only after a while
                text = " ".join(PAYLOADS[start : start + 6])
                trainer._say(Standing("paused", text, encoder=text, done=1, of=60))
                page.locator("#trainer").filter(has_text=" ".join(f"({text})".split())).wait_for()
                clean(page, said, 0)
            for path, shown in (("/panel", PAYLOADS[1]), ("/settings", "Trainer:"), ("/items", "item 1")):
                page.goto(ask.server.address + path)
                page.get_by_text(shown).first.wait_for()
                clean(page, said)
    assert said == []
