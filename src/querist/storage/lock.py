"""One writer at a time: a lock of the operating system, which dies with its holder, with the holder's name in the file.

The file stays when the lock is given back: removing it would open a gap in which two processes hold two files.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import sys
import time
import weakref
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from querist.core.errors import ResourceError, StateError

__all__ = ["FileLock", "Holder", "read_holder"]

_FAR = 1 << 30
"""On Windows a locked byte cannot be read; this one lies beyond what is written."""
_held: weakref.WeakSet[FileLock] = weakref.WeakSet()


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a lock.

    Args:
        pid: number of the process.
        host: name of its machine.
        since: when it took the lock, ISO 8601 in UTC.
    """

    pid: int
    host: str
    since: str


def read_holder(path: Path) -> Holder | None:
    """Who wrote itself into the lock file, or None when nobody can be read. The lock may be free all the same."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        return Holder(int(data["pid"]), str(data["host"]), str(data["since"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


class FileLock:
    """Holds ``path`` until `release`, or until the process ends in whatever way.

    A forked child does not hold it: it could otherwise outlive the holder and keep the lock.

    Args:
        path: the lock file, made when it is not there.
        what: what the lock protects, for the message.

    Raises:
        StateError: somebody holds it, in this process or another (code ``Locked``). This is said at once.
        ResourceError: the file cannot be made (code ``NotWritable``).
    """

    def __init__(self, path: Path, what: str) -> None:
        self.path = path
        self._descriptor: int | None = None
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        except OSError as error:
            raise ResourceError(
                f"cannot make the lock file {path} ({error.strerror}); the folder must be there and writable",
                code="NotWritable",
            ) from error
        if not _take(descriptor):
            os.close(descriptor)
            raise _refused(path, what)
        self._descriptor = descriptor
        _held.add(self)
        _sign(descriptor)

    def release(self) -> None:
        """Give the lock back; a second time does nothing."""
        descriptor, self._descriptor = self._descriptor, None
        _held.discard(self)
        if descriptor is None:
            return
        with contextlib.suppress(OSError):
            os.ftruncate(descriptor, 0)
        with contextlib.suppress(OSError):
            _give(descriptor)
        os.close(descriptor)

    def _drop(self) -> None:
        """In a forked child: close the copy of the descriptor and leave the parent's lock alone."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)

    def __del__(self) -> None:
        """Give the lock back when nobody refers to it any more."""
        if getattr(self, "_descriptor", None) is not None:
            self.release()


def _sign(descriptor: int) -> None:
    now = datetime.now(UTC).isoformat(timespec="seconds")
    text = json.dumps({"pid": os.getpid(), "host": socket.gethostname(), "since": now})
    with contextlib.suppress(OSError):  # a full disk must not cost the lock: only the name is missing then
        os.ftruncate(descriptor, 0)
        os.lseek(descriptor, 0, os.SEEK_SET)
        os.write(descriptor, text.encode("utf-8"))


def _refused(path: Path, what: str) -> StateError:
    holder = read_holder(path)
    for _ in range(10):  # the holder may be about to write its name
        if holder is not None:
            break
        time.sleep(0.02)
        holder = read_holder(path)
    if holder is None:
        who = "another process, which has left no name"
    else:
        who = f"process {holder.pid} on {holder.host} since {holder.since}"
        who += " (this very process)" if holder.pid == os.getpid() and holder.host == socket.gethostname() else ""
    return StateError(
        f"{what} is open in {who}; close it there, or wait until that process ends, then try again", code="Locked"
    )


if sys.platform == "win32":
    import msvcrt

    def _take(descriptor: int) -> bool:
        os.lseek(descriptor, _FAR, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _give(descriptor: int) -> None:
        os.lseek(descriptor, _FAR, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _take(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _give(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_UN)

    def _forked() -> None:
        for lock in list(_held):
            lock._drop()
        _held.clear()

    os.register_at_fork(after_in_child=_forked)
