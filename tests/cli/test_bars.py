"""Bars: plain lines where there is no terminal."""

from __future__ import annotations

import pytest

from querist.cli import bars


def test_plain_lines(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bars, "_EVERY", 0.0)
    with bars.bar("job", 2) as move:
        move("one")
        move("two")
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.splitlines()[0].startswith("job: 1 of 2 (one)")
    assert len(shown.err.splitlines()) == 2


def test_a_bar_on_a_terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.delenv("NO_COLOR", raising=False)
    with bars.bar("job", 1) as move:
        move("one")
    assert "job" in capsys.readouterr().err


def test_long_work_is_shown_and_short_work_is_not(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from querist.cli import bars
    from querist.core.progress import tell

    monkeypatch.setattr(bars, "_EVERY", 0.0)
    with bars.watch():
        tell("picks", 1, 2)
    assert capsys.readouterr().err == ""
    with bars.watch(quiet_for=0.0):
        tell("picks", 1, 2)
    assert capsys.readouterr().err == "picks: 1 of 2\n"
