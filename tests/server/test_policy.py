from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import APIRouter

from querist.server import app as apps
from querist.server import policy
from querist.server.app import build, routes_of
from querist.server.policy import GuardedRoute, policy_of, public
from serving import Asker, make, running


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    with running(make(tmp_path_factory.mktemp("policy") / "p")) as ask:
        yield ask


PUBLIC = {
    ("POST", "/api/v1/session"),
    ("GET", "/health"),
    ("GET", "/open"),
    ("GET", "/static/{name:path}"),
    ("GET", "/favicon.ico"),
}


def table(ask: Asker) -> list[tuple[str, str, Any]]:
    return [(m, r.path, policy_of(r.endpoint)) for r in routes_of(build(ask.server.service)) for m in sorted(r.methods)]


def test_every_route_declares_who_may_call_it(ask: Asker) -> None:
    routes = table(ask)
    assert len(routes) > 25
    assert {(m, p) for m, p, rule in routes if rule.who == "public"} == PUBLIC


def test_a_route_without_a_policy_stops_the_app(ask: Asker, monkeypatch: pytest.MonkeyPatch) -> None:
    loose = APIRouter()

    @loose.get("/loose")
    async def _loose() -> dict[str, str]:
        return {}

    class Module:
        router = loose

    monkeypatch.setattr(apps, "ROUTERS", (*apps.ROUTERS, Module))
    with pytest.raises(LookupError, match="/loose"):
        build(ask.server.service)
    guarded = APIRouter(route_class=GuardedRoute)
    with pytest.raises(LookupError, match="declares no policy"):
        guarded.get("/open")(_loose)


def test_whoever_is_not_logged_in_gets_nothing(ask: Asker) -> None:
    """Every route that is not public, with a body that would be good, and with cookies that are none."""
    cookies = [
        None,
        "",
        "querist-1=x",
        f"querist-{ask.server.port}={'a' * 43}",
        f"querist-{ask.server.port}=",
        "x" * 5000,
    ]
    for method, path, rule in table(ask):
        if rule.who == "public":
            continue
        address = re.sub(r"{.*?}", "i0", path)
        for cookie in cookies:
            said = ask(method, address, {} if method != "GET" else None, headers={"Cookie": cookie}, anonymous=True)
            if rule.page:
                assert said.status == 303
                assert said.headers["location"].startswith("/open?next=/")
                assert said.body == b""
            else:
                assert (said.status, said.code) == (401, "NoSession"), (method, path)


def test_an_item_that_is_there_and_one_that_is_not_look_alike_to_strangers(ask: Asker) -> None:
    there, absent = (ask("GET", f"/api/v1/items/{id}", anonymous=True) for id in ("i0", "nothing"))
    assert (there.status, there.body) == (absent.status, absent.body)


def test_nothing_is_said_about_the_interface_to_strangers(ask: Asker) -> None:
    for path in ("/docs", "/redoc", "/openapi.json", "/api/v1/docs"):
        assert ask("GET", path).status == 404
    assert ask("GET", "/api/v1/openapi.json", anonymous=True).status == 401
    assert ask("GET", "/health", anonymous=True).body == b'{"status":"up"}'


def test_log_out_counts_at_once(ask: Asker) -> None:
    other = Asker(ask.server)
    assert other("GET", "/api/v1/project").status == 200
    assert other("DELETE", "/api/v1/session").status == 204
    assert other("GET", "/api/v1/project").status == 401
    assert ask("GET", "/api/v1/project").status == 200


def test_a_body_that_is_too_large_is_refused(ask: Asker) -> None:
    said = ask("POST", "/api/v1/next", raw=b" " * (policy.BODY + 1))
    assert (said.status, said.code) == (413, "TooLarge")
    assert "1,048,576" in said.json["detail"]
    said = ask(
        "POST", "/api/v1/import", raw=b"x" * (51 << 20), headers={"Content-Type": "multipart/form-data; boundary=x"}
    )
    assert (said.status, said.code) == (413, "TooLarge")
    said = ask("POST", "/api/v1/session", raw=b'{"token": "' + b"x" * 5000 + b'"}', anonymous=True)
    assert said.status == 413


def chunked(ask: Asker, path: str, pieces: list[bytes], kind: str = "application/json") -> bytes:
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{ask.server.port}\r\nOrigin: {ask.server.address}\r\n"
        f"Cookie: {ask.cookie}\r\nContent-Type: {kind}\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    )
    body = b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in pieces)
    return ask.wire(head.encode() + body + b"0\r\n\r\n")


def test_a_body_without_a_length_is_counted(ask: Asker) -> None:
    assert b" 200 " in chunked(ask, "/api/v1/next", [b'{"count"', b": 1}"]).split(b"\r\n")[0]
    assert b" 413 " in chunked(ask, "/api/v1/next", [b" " * 65536] * 17).split(b"\r\n")[0]


def test_a_slow_body_is_given_up(ask: Asker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policy, "_SECONDS", 0.2)
    head = (
        f"POST /api/v1/next HTTP/1.1\r\nHost: 127.0.0.1:{ask.server.port}\r\nOrigin: {ask.server.address}\r\n"
        f"Cookie: {ask.cookie}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{{"
    )
    began = time.monotonic()
    said = ask.wire(head.encode())
    assert b" 408 " in said.split(b"\r\n")[0]
    assert b'"SlowBody"' in said
    assert b"0.2 s" in said
    assert time.monotonic() - began < 4


def test_a_session_id_is_not_taken_from_elsewhere(ask: Asker) -> None:
    headers = {"Authorization": f"Bearer {ask.session}", "X-Session": ask.session}
    assert ask("GET", f"/api/v1/project?querist={ask.session}", headers=headers, anonymous=True).status == 401


def test_public_and_session_are_marked_on_the_function() -> None:
    @public()
    def one() -> None: ...

    assert policy_of(one).who == "public"
    with pytest.raises(LookupError):
        policy_of(len)
