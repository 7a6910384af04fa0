"""The command line in this process: arguments in; exit code, stdout and stderr out."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from querist.cli import app


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str


Run = Callable[..., Done]


def runner(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command; what it prints is caught by ``capsys``."""

    def run(*arguments: object) -> Done:
        with warnings.catch_warnings():
            warnings.simplefilter("default")
            warnings.showwarning = app._warn
            code = app._run([str(a) for a in arguments])
        shown = capsys.readouterr()
        return Done(code, shown.out, shown.err)

    return run
