from __future__ import annotations

import http.client
from collections.abc import Iterator

import pytest

from querist.server.security import HEADERS, allowed_hosts, comes_from_us
from serving import Asker, make, running


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    with running(make(tmp_path_factory.mktemp("security") / "p")) as ask:
        yield ask


def test_every_answer_carries_the_headers(ask: Asker) -> None:
    for method, path in (
        ("GET", "/health"),
        ("GET", "/api/v1/project"),
        ("GET", "/nothing"),
        ("DELETE", "/health"),
        ("GET", "/api/v1/items?limit=0"),
        ("GET", "/api/v1/events/../x"),
    ):
        headers = ask(method, path).headers
        for name, value in HEADERS.items():
            assert headers[name.lower()] == value, (path, name)
        assert "access-control-allow-origin" not in headers
        assert "server" not in headers
    refused = ask("GET", "/health", headers={"Host": "evil.example"})
    assert refused.headers["content-security-policy"] == HEADERS["Content-Security-Policy"]


def test_the_policy_allows_nothing_inline() -> None:
    policy = HEADERS["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert "*" not in policy


def hosts(port: int) -> list[tuple[str, bool]]:
    good = [f"127.0.0.1:{port}", f"localhost:{port}", f"[::1]:{port}"]
    bad = [
        "127.0.0.1", "localhost", "evil.example", "", f"127.0.0.1:{port + 1}", f"evil.example:{port}",
        f"127.0.0.1.evil.example:{port}", f"localhost.evil.example:{port}", f"127.0.0.2:{port}", f"0.0.0.0:{port}",
        f"LOCALHOST:{port}", f"localhost.:{port}", f"user@localhost:{port}", f"localhost:{port}@evil.example",
        f"2130706433:{port}", f"0x7f.1:{port}", f"[::ffff:127.0.0.1]:{port}", f"localhost:{port}, evil.example",
        f"localhost:{port}/", f"localhost:0{port}",
    ]  # fmt: skip
    return [(h, True) for h in good] + [(h, False) for h in bad]


def test_only_our_own_names_are_answered(ask: Asker) -> None:
    for host, good in hosts(ask.server.port):
        said = ask("GET", "/health", headers={"Host": host})
        assert (said.status == 200) == good, host
        if not good:
            assert said.code == "ForeignHost"
            assert "evil" not in said.json["detail"]


def test_a_request_with_two_hosts_or_none_is_refused(ask: Asker) -> None:
    port = ask.server.port
    two = f"GET /health HTTP/1.1\r\nHost: localhost:{port}\r\nHost: evil.example\r\nConnection: close\r\n\r\n"
    same = f"GET /health HTTP/1.1\r\nHost: localhost:{port}\r\nHost: localhost:{port}\r\nConnection: close\r\n\r\n"
    for text in (two, same, "GET /health HTTP/1.0\r\n\r\n"):
        assert b" 400 " in ask.wire(text.encode()).split(b"\r\n")[0]
    absolute = "GET http://evil.example/api/v1/project HTTP/1.1\r\nHost: evil.example\r\n"
    absolute += f"Cookie: {ask.cookie}\r\nConnection: close\r\n\r\n"
    assert b" 400 " in ask.wire(absolute.encode()).split(b"\r\n")[0]


def test_rebinding_reaches_nothing(ask: Asker) -> None:
    """A name of the attacker resolves to us: the browser sends that name, and calls the request same-origin."""
    host = f"rebound.example:{ask.server.port}"
    for method, path in (
        ("GET", "/api/v1/project"),
        ("POST", "/api/v1/next"),
        ("GET", "/api/v1/events"),
        ("GET", "/open"),
    ):
        said = ask(method, path, headers={"Host": host, "Origin": f"http://{host}", "Sec-Fetch-Site": "same-origin"})
        assert (said.status, said.code) == (400, "ForeignHost")


def cross_site(port: int) -> list[tuple[dict[str, str | None], bool]]:
    own = f"http://127.0.0.1:{port}"
    return [
        ({"Origin": own}, True),
        ({"Origin": None, "Sec-Fetch-Site": "same-origin"}, True),
        ({"Origin": own, "Sec-Fetch-Site": "same-origin"}, True),
        ({"Origin": None}, False),
        ({"Origin": "null"}, False),
        ({"Origin": ""}, False),
        ({"Origin": "http://evil.example"}, False),
        ({"Origin": f"http://evil.example:{port}"}, False),
        ({"Origin": f"http://127.0.0.1:{port + 1}"}, False),
        ({"Origin": f"http://localhost:{port}"}, False),  # ours, but not the host that was asked
        ({"Origin": f"https://127.0.0.1:{port}"}, False),
        ({"Origin": own + "/"}, False),
        ({"Origin": own + ".evil.example"}, False),
        ({"Origin": own, "Sec-Fetch-Site": "cross-site"}, False),
        ({"Origin": own, "Sec-Fetch-Site": "same-site"}, False),  # another port of this machine
        ({"Origin": own, "Sec-Fetch-Site": "none"}, False),
        ({"Origin": None, "Sec-Fetch-Site": "none"}, False),
        ({"Origin": None, "Sec-Fetch-Site": "cross-site"}, False),
        ({"Origin": None, "Referer": own + "/"}, False),
    ]


@pytest.mark.parametrize(
    "method, path, body",
    [
        ("POST", "/api/v1/next", {"count": 1}),
        ("POST", "/api/v1/return", {"queries": []}),
        ("PATCH", "/api/v1/settings", {"advance": True}),
        ("POST", "/api/v1/trainer", {"do": "pause"}),
        ("POST", "/api/v1/session", {"token": "x"}),
        ("POST", "/api/v1/session/link", {}),
    ],
)
def test_what_changes_something_comes_from_our_own_page(ask: Asker, method: str, path: str, body: object) -> None:
    for headers, good in cross_site(ask.server.port):
        said = ask(method, path, body, headers=headers)
        refused = said.status == 403 and said.code == "ForeignOrigin"
        assert refused != good, (headers, said.body)


def test_so_does_whoever_listens(ask: Asker) -> None:
    for headers, good in cross_site(ask.server.port):
        if not good:
            said = ask("GET", "/api/v1/events", headers=headers)
            assert (said.status, said.code) == (403, "ForeignOrigin"), headers


def test_a_form_of_another_site_does_nothing(ask: Asker) -> None:
    """What HTML alone can send: three kinds of body, with the cookie as if the browser gave it."""
    before = ask("GET", "/api/v1/project").json
    for kind in ("application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain"):
        for origin in ("http://evil.example", "null"):
            said = ask(
                "POST", "/api/v1/classes", raw=b'{"add": "evil"}', headers={"Content-Type": kind, "Origin": origin}
            )
            assert said.status == 403
        said = ask("POST", "/api/v1/classes", raw=b'{"add": "evil"}', headers={"Content-Type": kind})
        assert (said.status, said.code) == (415, "BadContentType")
    assert ask("GET", "/api/v1/project").json == before


def test_a_picture_or_script_of_another_site_loads_nothing(ask: Asker) -> None:
    for site in ("cross-site", "same-site"):
        for mode, destination in (
            ("no-cors", "image"),
            ("no-cors", "script"),
            ("cors", "empty"),
            ("navigate", "iframe"),
        ):
            headers = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": mode, "Sec-Fetch-Dest": destination, "Origin": None}
            assert ask("GET", "/api/v1/items/i0", headers=headers).status == 403
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document", "Origin": None}
    assert ask("GET", "/health", headers=link).status == 200


def test_no_preflight_is_granted(ask: Asker) -> None:
    headers = {"Origin": "http://evil.example", "Access-Control-Request-Method": "POST"}
    said = ask("OPTIONS", "/api/v1/next", headers=headers)
    assert said.status == 405
    assert not [name for name in said.headers if name.startswith("access-control")]


def test_nothing_changes_by_reading(ask: Asker) -> None:
    before = (ask.server.service.folder / "journal.db").stat().st_mtime_ns, ask("GET", "/api/v1/project").json
    for path in (
        "/api/v1/next",
        "/api/v1/answers",
        "/api/v1/undo",
        "/api/v1/items/i0/take",
        "/api/v1/classes",
        "/api/v1/export",
    ):
        assert ask("GET", path).status == 405
    assert before[1] == ask("GET", "/api/v1/project").json


def test_too_much_at_once_is_turned_away(ask: Asker) -> None:
    shield = ask.server._uvicorn.config.loaded_app
    kept = shield._at_once
    try:
        shield._at_once = -1_000
        said = ask("GET", "/health")
        assert (said.status, said.code, said.headers["retry-after"]) == (503, "Busy", "1")
        # who was served before on the same connection goes on
        shield._at_once = 1
        line = http.client.HTTPConnection("127.0.0.1", ask.server.port)
        line.request("GET", "/health")
        assert line.getresponse().read()
        shield._at_once = 0
        line.request("GET", "/health")
        assert line.getresponse().status == 200
        line.close()
        other = http.client.HTTPConnection("127.0.0.1", ask.server.port)
        other.request("GET", "/health")
        assert other.getresponse().status == 503
        other.close()
    finally:
        shield._at_once = kept
    assert ask("GET", "/health").status == 200
    assert shield.running <= 1


def test_the_port_belongs_to_the_host() -> None:
    assert allowed_hosts(8123) == {b"localhost:8123", b"127.0.0.1:8123", b"[::1]:8123"}
    assert b"localhost" in allowed_hosts(80)


def test_origin_and_site_must_agree() -> None:
    assert comes_from_us({b"origin": b"http://localhost:1"}, b"localhost:1") == ""
    assert comes_from_us({}, b"localhost:1") != ""
