from __future__ import annotations

from pathlib import Path

import pytest

from querist.server import auth
from serving import Asker, make, running


@pytest.fixture
def ask(tmp_path: Path) -> object:
    with running(make(tmp_path / "p", 3)) as ask:
        yield ask


def test_a_link_opens_a_session_once(ask: Asker) -> None:
    address, _, token = ask.server.link().partition("/open#")
    assert address == ask.server.address
    said = ask("POST", "/api/v1/session", {"token": token}, anonymous=True)
    assert (said.status, said.json) == (200, {"user": "me"})
    cookie = said.headers["set-cookie"]
    name, _, value = cookie.split(";")[0].partition("=")
    assert name == f"querist-{ask.server.port}"
    assert len(value) == 43
    flags = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert {"httponly", "samesite=strict", "path=/", "max-age=604800"} <= flags
    assert "domain" not in cookie.lower()
    assert ask("GET", "/api/v1/session", headers={"Cookie": f"{name}={value}"}).json == {"user": "me"}
    again = ask("POST", "/api/v1/session", {"token": token}, anonymous=True)
    assert (again.status, again.code) == (401, "BadToken")
    assert token not in again.body.decode()


def test_a_log_in_replaces_the_session_of_its_browser(ask: Asker) -> None:
    token = ask.server.link().partition("#")[2]
    assert ask("POST", "/api/v1/session", {"token": token}).status == 200
    assert ask("GET", "/api/v1/session").status == 401


def test_a_link_that_is_too_old_is_refused(ask: Asker, monkeypatch: pytest.MonkeyPatch) -> None:
    token = ask.server.link().partition("#")[2]
    clock = ask.server.service.links._clock
    monkeypatch.setattr(ask.server.service.links, "_clock", lambda: clock() + auth.LINK)
    assert ask("POST", "/api/v1/session", {"token": token}, anonymous=True).code == "BadToken"


def test_a_fresh_link_is_given_to_who_is_logged_in(ask: Asker) -> None:
    said = ask("POST", "/api/v1/session/link", {}).json
    token = said["link"].partition("#")[2]
    assert said["seconds"] == 600
    assert ask("POST", "/api/v1/session", {"token": token}, anonymous=True).status == 200


def test_logging_out_takes_the_cookie_back(ask: Asker) -> None:
    said = ask("DELETE", "/api/v1/session")
    assert said.status == 204
    assert "max-age=0" in said.headers["set-cookie"].lower()
    assert ask("DELETE", "/api/v1/session").status == 401


def test_secrets_are_nowhere_to_be_found(ask: Asker) -> None:
    """In no file of the project, whole, hashed aside: neither the token of a link nor a session."""
    token = ask.server.link().partition("#")[2]
    kept = b"".join(p.read_bytes() for p in ask.server.service.folder.rglob("*") if p.is_file())
    assert token.encode() not in kept
    assert ask.session.encode() not in kept
