"""R43: sixty texts that would run as a script, where data is shown; none runs, and the policy has nothing to stop.

Places: text and id of an item, names of classes, name of the project, guideline, notes, flags, search, address.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from querist.data.record import Record
from querist.server.project import Project
from querist.server.task import Task
from server.browsing import browser
from serving import running

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


def clean(page: Page, said: list[str]) -> None:
    page.wait_for_timeout(150)
    assert said == []
    assert page.evaluate("[window.pwned ?? null, window.broken]") == [None, []]
    odd = (
        "img[src=x], iframe, object, base[href^=java], math, svg animate, meta[content*=javascript], form[action^=java]"
    )
    assert page.locator(odd).count() == 0


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
        context = chrome.new_context(viewport={"width": 1280, "height": 900})
        context.set_default_timeout(10_000)
        context.add_init_script(_WATCH)
        page = context.new_page()
        page.on("dialog", lambda dialog: said.append(dialog.message))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: foreign(request.url, said))
        page.goto(ask.server.link())
        page.wait_for_selector(".item")
        shown: set[str] = set()
        for _ in range(30):
            shown.add(page.inner_text(".item"))
            page.keyboard.press("Space")
            page.wait_for_timeout(30)
        assert len(shown) > 5
        page.keyboard.press("g")
        clean(page, said)
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
        context.close()
    assert said == []
