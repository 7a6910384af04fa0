from __future__ import annotations

import pytest

from command_line import Done, Run, runner

__all__ = ["Done", "Run", "cli"]


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Run:
    return runner(capsys)
