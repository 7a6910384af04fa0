"""A started process: lines in order, how it ended in words, and nothing left of it."""

from __future__ import annotations

import os
import queue
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from querist.server.limits import Limits
from querist.server.trainer.child import Child, Inbox


@contextmanager
def started(code: str) -> Iterator[tuple[Child, Inbox]]:
    inbox: Inbox = queue.Queue()
    child = Child([sys.executable, "-I", "-S", "-c", code], Limits(), inbox)
    try:
        yield child, inbox
    finally:
        child.end()


def lines(inbox: Inbox) -> list[bytes]:
    out: list[bytes] = []
    while True:
        kind, (_, raw) = inbox.get(timeout=20)
        if kind == "gone":
            return out
        out.append(raw)


def test_lines_go_in_and_come_out() -> None:
    with started("import sys\nfor line in sys.stdin: print(line.strip()); sys.stdout.flush(); break") as (child, inbox):
        assert child.send({"do": "round"})
        assert lines(inbox) == [b'{"do": "round"}\n']
        assert child.gone() == "it ended with exit code 0"


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import sys; sys.exit(7)", "exit code 7"),
        ("import os; os.kill(os.getpid(), 9)", "want of memory"),
        ("import os; os.kill(os.getpid(), 11)", "segmentation fault"),
        ("import os, time; os.close(1); time.sleep(100)", "did not end"),
    ],
)
def test_how_it_ended(code: str, said: str) -> None:
    with started(code) as (child, inbox):
        assert lines(inbox) == []
        assert said in child.gone()


def test_a_line_without_end_is_cut_off() -> None:
    with started("import sys; sys.stdout.write('x' * 100000)") as (_, inbox):
        assert [len(line) for line in lines(inbox)] == [65536, 100000 - 65536]


def test_one_that_is_gone_takes_no_line() -> None:
    with started("") as (child, inbox):
        lines(inbox)
        child.gone()
        assert not child.send({"do": "round"})


def test_one_thread_a_library_and_no_hub() -> None:
    code = "import os; print(os.environ['OMP_NUM_THREADS'], os.environ['HF_HUB_OFFLINE'])"
    with started(code) as (_, inbox):
        assert lines(inbox) == [b"1 1\n"]


def test_its_end_takes_its_children_along(tmp_path: Path) -> None:
    code = (
        "import os, sys, time, signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        f"child = os.fork()\nif child:\n    open({str(tmp_path / 'pid')!r}, 'w').write(str(child)); print(); "
        "sys.stdout.flush()\ntime.sleep(1000)"
    )
    with started(code) as (child, inbox):
        inbox.get(timeout=20)
        child.end()
        process = int((tmp_path / "pid").read_text())
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            try:
                os.kill(process, 0)
                if "State:\tZ" in Path(f"/proc/{process}/status").read_text():
                    break
            except (ProcessLookupError, FileNotFoundError):
                break
            time.sleep(0.02)
        else:
            pytest.fail("the child of the trainer lives on")
