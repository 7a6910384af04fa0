from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from querist.server.routes import pages
from serving import Asker, make, running


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    with running(make(tmp_path_factory.mktemp("pages") / "p", 3)) as ask:
        yield ask


@pytest.mark.parametrize("path", ["/", "/panel", "/items", "/settings", "/open"])
def test_a_page_is_a_shell_without_data(ask: Asker, path: str) -> None:
    said = ask("GET", path)
    assert (said.status, said.headers["content-type"]) == (200, "text/html; charset=utf-8")
    text = said.body.decode()
    assert "item 0" not in text
    assert "demo" not in text
    assert not re.search(r"<script(?![^>]*\bsrc=)", text)  # nothing inline, so that the policy can forbid it
    assert not re.search(r"\son\w+=|<style|\sstyle=|javascript:", text)
    for link in re.findall(r'(?:src|href)="([^"]+)"', text):
        assert link.startswith("/")
        assert ask("GET", link, anonymous=True).status == 200, link


def test_only_the_door_is_open(ask: Asker) -> None:
    assert ask("GET", "/open", anonymous=True).status == 200
    said = ask("GET", "/panel", anonymous=True)
    assert (said.status, said.headers["location"]) == (303, "/open?next=/panel")


def test_built_files_are_tagged(ask: Asker) -> None:
    said = ask("GET", "/static/app.js", anonymous=True)
    assert said.headers["content-type"].startswith("text/javascript")
    assert said.headers["cache-control"] == "no-cache"
    again = ask("GET", "/static/app.js", headers={"If-None-Match": said.headers["etag"]})
    assert (again.status, again.body) == (304, b"")


@pytest.mark.parametrize(
    "name",
    [
        "../pages/page.html",
        "..%2fpages%2fpage.html",
        "%2e%2e/pages/page.html",
        "..%5cpages",
        "/etc/passwd",
        "%2fetc%2fpasswd",
        "app.js%00",
        "",
        ".",
    ],
)
def test_nothing_else_is_a_built_file(ask: Asker, name: str) -> None:
    assert ask("GET", f"/static/{name}").status == 404


def test_templates_escape(monkeypatch: pytest.MonkeyPatch) -> None:
    assert pages._templates().from_string("{{ x }}").render(x="<b>") == "&lt;b&gt;"
