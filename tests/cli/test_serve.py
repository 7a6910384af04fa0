from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from serving import make, running

Run = Callable[..., Any]


def test_no_project_is_named(cli: Run, tmp_path: Path) -> None:
    done = cli("serve", tmp_path / "nothing")
    assert done.code == 4
    assert "querist label PATH" in done.err


def test_row_52_another_host_is_refused_before_anything(cli: Run, tmp_path: Path) -> None:
    done = cli("serve", tmp_path / "nothing", "--host", "0.0.0.0")
    assert (done.code, "NotLoopback" in done.err) == (2, True)


def test_row_47_a_project_that_is_open_elsewhere(cli: Run, tmp_path: Path) -> None:
    folder = make(tmp_path / "p", 3)
    with running(folder):
        done = cli("serve", folder, "--no-browser")
    assert done.code == 4
    assert "open in process" in done.err
    assert "since" in done.err


def test_options_reach_the_server(cli: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said: dict[str, Any] = {}

    def show(folder: Path, **more: Any) -> int:
        said.update(more, folder=folder)
        return 0

    monkeypatch.setattr("querist.cli.page.show", show)
    folder = make(tmp_path / "p", 3)
    assert cli("serve", folder, "--port", 8123, "--no-browser", "--no-trainer").code == 0
    assert said == {
        "folder": folder,
        "host": "127.0.0.1",
        "port": 8123,
        "browser": False,
        "trainer": False,
        "debug": False,
    }
