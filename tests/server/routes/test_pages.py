from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from querist.server.task import Task
from serving import Asker, make, running


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    with running(make(tmp_path_factory.mktemp("pages") / "p", 3)) as ask:
        yield ask


@pytest.mark.parametrize("path", ["/", "/items", "/settings", "/open"])
def test_a_page_is_a_shell_without_data(ask: Asker, path: str) -> None:
    said = ask("GET", path)
    assert (said.status, said.headers["content-type"]) == (200, "text/html; charset=utf-8")
    text = said.body.decode()
    assert "item 0" not in text
    assert "demo" not in text
    check_inert(ask, text)


def check_inert(ask: Asker, text: str) -> None:
    """Nothing inline, and all that is loaded is there and ours."""
    assert not re.search(r"<script(?![^>]*\bsrc=)", text)  # nothing inline, so that the policy can forbid it
    assert not re.search(r"\son\w+=|<style|\sstyle=|javascript:", text)
    for link in re.findall(r'(?:src|href)="([^"]+)"', text):
        assert re.match("/|#main$", link)
        if link.startswith("/static/"):
            assert ask("GET", link, anonymous=True).status == 200, link


def test_the_panel_is_drawn_by_the_server(ask: Asker) -> None:
    said = ask("GET", "/panel")
    assert (said.status, said.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert said.headers["cache-control"] == "no-store"
    text = said.body.decode()
    check_inert(ask, text)
    for wanted in ('<p class="brand" title="demo">', "No advice yet", "No answer yet.", ">cat</span>", ">dog</span>"):
        assert wanted in text
    client = ask.server.client()
    client.label(client.next()[0], "cat")
    now = ask("GET", "/panel").body.decode()
    assert "1 answer in under a minute." in now
    assert '<rect class="bar" width="100.00%"' in now


def test_the_panel_shows_a_report_without_advice(ask: Asker) -> None:
    metrics = {"accuracy": 0.75, "accuracy_low": 0.5, "accuracy_high": 0.875, "validation": 8.0}
    report: dict[str, Any] = {"round": 0, "labels": 12, "upto": 0, "cost": 0.0, "model": None, "metrics": metrics}
    report |= {"agreement": None, "surprise": None, "seconds": {}, "notes": ["<b>few</b> labels"], "advice": {}}
    ask.server.service.project.promote(report, [], {})
    text = ask("GET", "/panel").body.decode()
    assert "No advice yet: the rule needs a few rounds of the model first." in text
    assert "Accuracy 75 % (50 % to 88 %), measured on 8 items drawn at random." in text
    assert "&lt;b&gt;few&lt;/b&gt; labels" in text
    assert ask("GET", "/api/v1/panel").json["advice"] == {}


def test_names_on_the_panel_are_text(tmp_path: Path) -> None:
    evil = "<img src=x onerror=alert(1)>"
    with running(make(tmp_path / "p", 3, task=Task("multi", (evil, "dog")))) as ask:
        text = ask("GET", "/panel").body.decode()
    assert "<img" not in text
    assert '<span class="bar-name">&lt;img src=x onerror=alert(1)&gt;</span>' in text


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
