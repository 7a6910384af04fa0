from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from querist.core.errors import StateError
from querist.server.auth import ABSOLUTE, IDLE, LINK, Links, Sessions, read_secret


class Clock:
    def __init__(self, now: float = 1_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def test_a_link_works_once() -> None:
    links = Links()
    token = links.issue("ann")
    assert len(token) == 43  # 256 bits
    assert links.redeem(token) == "ann"
    assert links.redeem(token) is None


def test_a_link_dies_after_ten_minutes() -> None:
    clock = Clock()
    links = Links(clock)
    young, old = links.issue("ann"), links.issue("ann")
    clock.now += LINK - 1
    assert links.redeem(young) == "ann"
    clock.now += 1
    assert links.redeem(old) is None


def test_unknown_tokens_open_nothing() -> None:
    links = Links()
    links.issue("ann")
    for token in ("", "x", "a" * 43, "\ud800", "é" * 43):
        assert links.redeem(token) is None


def test_links_are_bounded() -> None:
    links = Links()
    first = links.issue("ann")
    for _ in range(16):
        links.issue("ann")
    assert links.redeem(first) is None


def test_a_session_is_known_until_log_out() -> None:
    sessions = Sessions()
    token, other = sessions.start("ann"), sessions.start("ann")
    assert token != other
    assert sessions.user(token) == "ann"
    sessions.end(token)
    assert sessions.user(token) is None
    assert sessions.user(other) == "ann"
    sessions.end_all()
    assert sessions.user(other) is None


@pytest.mark.parametrize("token", [None, "", "x", "a" * 43, "\ud800" * 43])
def test_a_foreign_session_is_nobody(token: str | None) -> None:
    sessions = Sessions()
    sessions.start("ann")
    assert sessions.user(token) is None


def test_a_session_ends_when_idle_and_after_a_week() -> None:
    clock = Clock()
    sessions = Sessions(clock=clock)
    token = sessions.start("ann")
    clock.now += IDLE - 1
    assert sessions.user(token) == "ann"
    clock.now += IDLE
    assert sessions.user(token) is None
    token, start = sessions.start("ann"), clock.now
    while clock.now - start < ABSOLUTE - 3600:
        assert sessions.user(token) == "ann"
        clock.now += 3600
    clock.now = start + ABSOLUTE
    assert sessions.user(token) is None


def test_a_clock_put_back_makes_no_session_eternal() -> None:
    clock = Clock()
    sessions = Sessions(clock=clock)
    token = sessions.start("ann")
    clock.now -= ABSOLUTE
    assert sessions.user(token) is None


def test_only_digests_are_on_disk_and_a_restart_keeps_them(tmp_path: Path) -> None:
    file = tmp_path / "sessions.json"
    sessions = Sessions(file)
    token = sessions.start("ann")
    text = file.read_text()
    assert token not in text
    assert list(json.loads(text)) == [hashlib.sha256(token.encode()).hexdigest()]
    assert file.stat().st_mode & 0o777 == 0o600
    again = Sessions(file)
    assert again.user(token) == "ann"
    again.end(token)
    assert Sessions(file).user(token) is None


@pytest.mark.parametrize("text", ["", "[]", '{"x": 1}', '{"x": {"user": "a"}}', "\x00", '{"x":'])
def test_a_damaged_file_logs_out_and_no_more(tmp_path: Path, text: str) -> None:
    file = tmp_path / "sessions.json"
    file.write_text(text)
    sessions = Sessions(file)
    assert sessions.user("a" * 43) is None
    assert sessions.user(sessions.start("ann")) == "ann"


def test_sessions_are_bounded() -> None:
    clock = Clock()
    sessions = Sessions(clock=clock)
    first = sessions.start("ann")
    for _ in range(64):
        clock.now += 1
        last = sessions.start("ann")
    assert sessions.user(first) is None
    assert sessions.user(last) == "ann"


def test_the_secret_is_made_once_and_private(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    made = read_secret(file)
    assert len(made) == 32
    assert read_secret(file) == made
    assert file.stat().st_mode & 0o777 == 0o600


def test_an_open_or_damaged_secret_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    read_secret(file)
    file.chmod(0o640)
    with pytest.raises(StateError, match="others") as caught:
        read_secret(file)
    assert caught.value.code == "OpenSecret"
    file.chmod(0o600)
    file.write_text("zz")
    with pytest.raises(StateError) as caught:
        read_secret(file)
    assert caught.value.code == "BadSecret"
