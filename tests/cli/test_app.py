"""The frame: exit codes, one-line errors, no traceback, examples in every help."""

from __future__ import annotations

import subprocess
import sys

import pytest

from querist import __version__
from querist.cli import app as frame
from querist.core.errors import QueristWarning, ResourceError

from .conftest import Run

VERBS = [c.name or "" for c in frame.app.registered_commands]


def test_version(cli: Run) -> None:
    assert cli("--version").out.strip() == f"querist {__version__}"


def test_all_verbs_are_there() -> None:
    assert set(VERBS) >= {
        "demo", "init", "run", "select", "bench", "report", "strategies", "replay", "backup", "restore", "doctor",
    }  # fmt: skip


@pytest.mark.parametrize("verb", VERBS)
def test_help_has_examples(cli: Run, verb: str) -> None:
    done = cli(verb, "--help")
    assert done.code == 0
    assert "Examples: querist" in " ".join(done.out.split())


@pytest.mark.parametrize("arguments", [["nonsense"], ["run"], ["select", "margin"], ["demo", "--seeds", "0"]])
def test_usage_errors_exit_with_2(cli: Run, arguments: list[str]) -> None:
    done = cli(*arguments)
    assert done.code == 2
    assert "Traceback" not in done.err


def test_errors_are_one_line_with_code(cli: Run) -> None:
    done = cli("select", "margn", "-n", "1")
    assert done.code == 2
    assert done.err.count("\n") == 1
    assert done.err.startswith("error: ")
    assert "[UnknownStrategy]" in done.err


def test_our_own_faults_exit_with_1(cli: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("oops")

    monkeypatch.setattr("querist.cli.strategies.listing", broken)
    done = cli("strategies")
    assert done.code == 1
    assert "querist --debug" in done.err
    assert "Traceback" not in done.err


def test_resources_exit_with_5_and_interrupts_with_130(cli: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def scarce() -> None:
        raise ResourceError("no space", code="DiskFull")

    monkeypatch.setattr("querist.cli.strategies.listing", scarce)
    assert cli("strategies").code == 5

    def stopped() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("querist.cli.strategies.listing", stopped)
    assert cli("strategies").code == 130


def test_the_command_itself() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "querist", "select", "margn", "-n", "1"], capture_output=True, text=True
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert "did you mean margin" in done.stderr


def test_a_warning_is_shown_once(capsys: pytest.CaptureFixture[str]) -> None:
    for text in ("two", "two", "three"):
        frame._warn(QueristWarning(text), QueristWarning, "here", 1)
    frame._warn(UserWarning("of others"), UserWarning, "here", 1)
    assert capsys.readouterr().err == "warning: two\nwarning: three\n"
