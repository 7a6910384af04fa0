from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import pytest

from querist.server import protocol
from serving import Asker, make, running, until


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    with running(make(tmp_path_factory.mktemp("protocol") / "p", 3)) as ask:
        yield ask


def request(ask: Asker, more: str = "") -> bytes:
    return f"GET /health HTTP/1.1\r\nHost: 127.0.0.1:{ask.server.port}\r\n{more}".encode()


def first_line(answer: bytes) -> bytes:
    return answer.split(b"\r\n")[0]


def test_a_head_that_is_too_large_is_refused(ask: Asker) -> None:
    assert b" 200 " in first_line(ask.wire(request(ask, "X-A: " + "a" * 20_000 + "\r\nConnection: close\r\n\r\n")))
    answer = ask.wire(request(ask, "X-A: " + "a" * 70_000))
    assert b" 431 " in first_line(answer)
    assert b'"TooLarge"' in answer
    many = "".join(f"X-{k}: 1\r\n" for k in range(10_000))
    assert b" 431 " in first_line(ask.wire(request(ask, many)))
    assert b" 431 " in first_line(ask.wire(b"GET /" + b"a" * 70_000))


def test_a_slow_head_is_given_up(ask: Asker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.2)
    began = time.monotonic()
    assert b" 408 " in first_line(ask.wire(request(ask)))
    assert ask.wire(b"") == b""  # nothing was sent: closed without a word
    assert time.monotonic() - began < 4


def test_a_kept_connection_gets_a_clock_for_each_head(ask: Asker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.3)
    with socket.create_connection(("127.0.0.1", ask.server.port), timeout=5) as line:
        for _ in range(3):
            line.sendall(request(ask, "\r\n"))
            answer = b""
            while not answer.endswith(b'"up"}'):
                answer += line.recv(1 << 16)
            assert b" 200 " in first_line(answer)
            time.sleep(0.2)
        line.sendall(b"GET /hea")
        assert b" 408 " in first_line(line.recv(1 << 16))


def test_connections_are_bounded(ask: Asker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "CONNECTIONS", 5)
    held = [socket.create_connection(("127.0.0.1", ask.server.port)) for _ in range(5)]
    try:
        until(lambda: len(ask.server._uvicorn.server_state.connections) >= 5)
        answer = ask.wire(request(ask, "\r\n"))
        assert b" 503 " in first_line(answer)
        assert b"retry-after: 1" in answer
    finally:
        for line in held:
            line.close()
    until(lambda: len(ask.server._uvicorn.server_state.connections) < 5)
    assert ask("GET", "/health").status == 200


@pytest.mark.parametrize(
    "data",
    [
        b"\x00\x01\x02\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /health HTTP/1.1\r\nbad header\r\n\r\n",
        b"\x16\x03\x01\x02\x00",
    ],
)
def test_what_is_no_http_is_refused(ask: Asker, data: bytes) -> None:
    answer = ask.wire(data + b"\r\n\r\n", wait=2)
    assert b" 400 " in first_line(answer)


def test_a_body_in_two_lengths_is_refused(ask: Asker) -> None:
    head = (
        f"POST /api/v1/next HTTP/1.1\r\nHost: 127.0.0.1:{ask.server.port}\r\nOrigin: {ask.server.address}\r\n"
        f"Cookie: {ask.cookie}\r\nContent-Type: application/json\r\nContent-Length: 2\r\n"
        "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n0\r\n\r\n"
    )
    assert b" 400 " in first_line(ask.wire(head.encode(), wait=2))


def test_no_web_socket_is_opened(ask: Asker) -> None:
    more = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    more += "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    answer = ask.wire(request(ask, more), wait=2)
    assert b" 101 " not in first_line(answer)
