from __future__ import annotations

import sys
from typing import Any

import pytest

from querist.training import progress_bar as bars
from querist.training.progress_bar import progress_bar


def test_off_a_terminal_a_line_is_written_at_the_end_and_not_for_every_step(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_bar("features") as report:
        for done in range(1, 6):
            report(done, 5)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("features: 5 of 5, ")


def test_off_a_terminal_long_work_speaks_now_and_then(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bars, "_EVERY", 0.0)
    with progress_bar("features") as report:
        report(1, 9)
        report(2, 9)
    assert [line.split(",")[0] for line in capsys.readouterr().err.splitlines()] == [
        "features: 1 of 9",
        "features: 2 of 9",
    ]


def test_on_a_terminal_a_bar_is_drawn(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.delenv("NO_COLOR", raising=False)
    error: Any = sys.stderr
    monkeypatch.setattr(error, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    with progress_bar("features") as report:
        report(3, 3)
    drawn = capsys.readouterr().err
    assert "features" in drawn
    assert "100%" in drawn
