from __future__ import annotations

import logging
import re
import socket
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any

import pytest

from querist.cli import page
from querist.server.ports import remember_port
from querist.server.serve import Server
from serving import make


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, int]]:
    """What the browser was given: address, content and mode of the file."""
    out: list[tuple[str, str, int]] = []

    def browse(address: str) -> bool:
        path = Path(address.removeprefix("file://"))
        out.append((address, path.read_text(), path.stat().st_mode & 0o777))
        return True

    monkeypatch.setattr("webbrowser.open", browse)
    monkeypatch.setattr(Server, "run", lambda self: None)
    return out


def test_the_link_is_printed_and_never_in_arguments(
    tmp_path: Path,
    opened: list[tuple[str, str, int]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("DISPLAY", ":0")
    folder = make(tmp_path / "p", 3)
    assert page.show(folder, host="127.0.0.1", port=0, browser=True, trainer=False) == 0
    printed = re.search(r"http://127\.0\.0\.1:\d+/open#(\S{43})", capsys.readouterr().out)
    assert printed is not None
    ((address, content, mode),) = opened
    assert "#" not in address
    assert mode == 0o600
    assert "/open#" in content
    assert printed[1] not in content  # each works once, so the browser has one of its own
    assert not list(folder.glob(".new-*"))
    assert (folder / "server.log").stat().st_mode & 0o777 == 0o600


def test_without_a_screen_nothing_is_opened(
    tmp_path: Path, opened: list[tuple[str, str, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    page.show(make(tmp_path / "p", 3), host="127.0.0.1", port=0, browser=True, trainer=False)
    assert opened == []


def test_a_port_that_was_taken_meanwhile_is_said(
    tmp_path: Path, opened: list[tuple[str, str, int]], capsys: pytest.CaptureFixture[str]
) -> None:
    folder = make(tmp_path / "p", 3)
    with socket.create_server(("127.0.0.1", 0)) as other:
        remember_port(folder, other.getsockname()[1])
        page.show(folder, host="127.0.0.1", port=None, browser=False, trainer=False)
        assert f"--port {other.getsockname()[1]}" in capsys.readouterr().err
    page.show(folder, host="127.0.0.1", port=None, browser=False, trainer=False)
    assert "note:" not in capsys.readouterr().err


def test_a_browser_that_fails_is_no_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def browse(address: str) -> Any:
        raise OSError("none")

    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr("webbrowser.open", browse)
    monkeypatch.setattr(Server, "run", lambda self: None)
    assert page.show(make(tmp_path / "p", 3), host="127.0.0.1", port=0, browser=True, trainer=False) == 0
    assert "by hand" in capsys.readouterr().err
    assert not [h for h in logging.getLogger("querist.server").handlers if isinstance(h, RotatingFileHandler)]
