"""Limits are set from outside, and hold."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from querist.server.limits import Limits, lower

pytest.importorskip("resource")
CODE = (
    "import sys, resource, os; sys.stdin.readline(); "
    "print(resource.getrlimit(resource.RLIMIT_AS)[0], resource.getrlimit(resource.RLIMIT_FSIZE)[0], "
    "resource.getrlimit(resource.RLIMIT_CORE)[0], os.nice(0), resource.getrlimit(resource.RLIMIT_DATA)[0])"
)


def said(limits: Limits) -> list[int]:
    with subprocess.Popen(
        [sys.executable, "-I", "-c", CODE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        lower(process.pid, limits)
        out, _ = process.communicate("go\n", timeout=20)
    return [int(v) for v in out.split()]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux sets limits of another process")
def test_limits_hold_in_the_child() -> None:
    memory, file_size, core, nice, own = said(Limits(memory=1 << 31, file_size=1 << 20, nice=7, own_memory=1 << 29))
    assert (memory, file_size, core, own) == (1 << 31, 1 << 20, 0, 1 << 29)
    assert nice >= 7


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux sets limits of another process")
def test_by_default_as_much_as_the_machine_has_and_none_where_zero_is_said() -> None:
    assert said(Limits())[0] >= 8 << 30
    assert said(Limits(memory=0))[0] == -1


@pytest.mark.skipif(not Path("/proc/self/autogroup").exists(), reason="the system shares out by process only")
@pytest.mark.parametrize("session_of_its_own", [True, False])
def test_a_session_stands_back_as_a_whole_and_never_that_of_somebody_else(session_of_its_own: bool) -> None:
    ours = Path("/proc/self/autogroup").read_text(encoding="ascii")
    with subprocess.Popen(
        [sys.executable, "-I", "-c", "input()"], stdin=subprocess.PIPE, start_new_session=session_of_its_own
    ) as process:
        lower(process.pid, Limits(nice=7))
        theirs = Path(f"/proc/{process.pid}/autogroup").read_text(encoding="ascii")
        process.communicate(b"go\n", timeout=20)
    assert theirs.endswith("nice 7\n") == session_of_its_own
    assert Path("/proc/self/autogroup").read_text(encoding="ascii") == ours


def test_a_process_that_is_gone_is_no_fault() -> None:
    with subprocess.Popen([sys.executable, "-I", "-c", ""]) as process:
        process.wait(20)
    lower(process.pid, Limits())
    assert not Path(f"/proc/{process.pid}").exists()
