"""One writer: refused at once with the holder's name, free at once when the holder dies, in whatever way."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from querist.core.errors import ResourceError, StateError
from querist.storage.lock import FileLock, read_holder

HOLD = """
import sys, time
from pathlib import Path
from querist.storage.lock import FileLock
lock = FileLock(Path(sys.argv[1]), "it")
print("held", flush=True)
time.sleep(60)
"""


def holder(path: Path) -> subprocess.Popen[str]:
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE, text=True, env=env)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


def test_a_second_one_is_refused_at_once_and_told_who_holds_it(tmp_path: Path) -> None:
    process = holder(tmp_path / "x.lock")
    try:
        started = time.perf_counter()
        with pytest.raises(StateError) as caught:
            FileLock(tmp_path / "x.lock", "the journal x")
        assert time.perf_counter() - started < 1.0
        assert caught.value.code == "Locked"
        assert caught.value.exit_code == 4
        for word in ("the journal x", f"process {process.pid}", socket.gethostname(), "since 2"):
            assert word in str(caught.value)
        found = read_holder(tmp_path / "x.lock")
        assert found is not None
        assert (found.pid, found.host) == (process.pid, socket.gethostname())
    finally:
        end(process)


def test_it_dies_with_its_holder(tmp_path: Path) -> None:
    process = holder(tmp_path / "x.lock")
    process.send_signal(signal.SIGKILL)
    process.communicate()
    started = time.perf_counter()
    lock = FileLock(tmp_path / "x.lock", "it")
    assert time.perf_counter() - started < 1.0
    mine = read_holder(tmp_path / "x.lock")
    assert mine is not None
    assert mine.pid == os.getpid()
    lock.release()


def test_in_one_process_too(tmp_path: Path) -> None:
    lock = FileLock(tmp_path / "x.lock", "it")
    with pytest.raises(StateError, match="this very process"):
        FileLock(tmp_path / "x.lock", "it")
    lock.release()
    lock.release()
    assert read_holder(tmp_path / "x.lock") is None
    FileLock(tmp_path / "x.lock", "it").release()


def test_given_back_when_forgotten(tmp_path: Path) -> None:
    lock = FileLock(tmp_path / "x.lock", "it")
    del lock
    FileLock(tmp_path / "x.lock", "it").release()


def test_a_stale_file_locks_nobody_out(tmp_path: Path) -> None:
    path = tmp_path / "x.lock"
    path.write_text(json.dumps({"pid": os.getppid(), "host": "elsewhere", "since": "long ago"}), encoding="utf-8")
    FileLock(path, "it").release()


@pytest.mark.parametrize("text", ["", "rubbish", "[1]", '{"pid": "x"}', "{}"])
def test_a_holder_without_a_readable_name(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.lock"
    lock = FileLock(path, "it")
    path.write_text(text, encoding="utf-8")
    with pytest.raises(StateError, match="has left no name"):
        FileLock(path, "it")
    lock.release()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_forked_child_does_not_keep_it(tmp_path: Path) -> None:
    """The child lives on after the parent has given the lock back, and does not hold it."""
    code = """
import os, sys, time
from pathlib import Path
from querist.storage.lock import FileLock
path = Path(sys.argv[1])
lock = FileLock(path, "it")
child = os.fork()
if child == 0:
    lock.release()  # must not free the parent's lock
    time.sleep(60)
    os._exit(0)
time.sleep(0.2)
try:
    FileLock(path, "it")
    print("the child freed it")
except Exception as error:
    print(error.code)
print(child, flush=True)
os._exit(0)
"""
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    command = [sys.executable, "-c", code, str(tmp_path / "x.lock")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "Locked\n"
        child = int(process.stdout.readline())
        process.wait()
        try:
            FileLock(tmp_path / "x.lock", "it").release()
        finally:
            os.kill(child, signal.SIGKILL)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(ResourceError, match="must be there and writable") as caught:
        FileLock(tmp_path / "no" / "x.lock", "it")
    assert caught.value.code == "NotWritable"
