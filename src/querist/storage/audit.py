"""Who took what out of a project, and when: a file to which lines are added, each with a digest over all before it.

Answers, changes of classes and settings, and imports are in the journal, which is chained in the same way. What leaves a
project changes nothing in it, and is written beside a server that holds the journal: so it has a file of its own.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from typing import Any

from querist.core.errors import StateError
from querist.core.types import Json
from querist.data.atomic import disk_full_named, write_whole
from querist.storage.lock import FileLock

__all__ = ["AUDIT", "HEAD", "Audit"]

AUDIT = "audit.jsonl"
HEAD = "audit.head"
"""Number and digest of the last line: without it nobody would miss a line that is cut off at the end."""
LOCK = "audit.lock"
_PATIENCE = 5.0


class Audit:
    """The trail of a project.

    Args:
        folder: of the project.
    """

    def __init__(self, folder: Path) -> None:
        self.path, self._head, self._lock = folder / AUDIT, folder / HEAD, folder / LOCK

    def add(self, act: str, who: str, where: str, **more: Json) -> None:
        """Add a line; it is on the disk when this returns.

        Args:
            act: what was done, such as "export".
            who: the person.
            where: "page" or "command line".
            **more: what else is worth knowing; no data of items.

        Raises:
            StateError: the trail was changed (code ``Corrupt``), or is kept busy (``Locked``).
            ResourceError: no space (code ``DiskFull``).
        """
        with self._alone(), disk_full_named(self.path, "All lines before are kept."):
            number, digest = self._end()
            at = datetime.now(UTC).isoformat(timespec="milliseconds")
            entry: dict[str, Json] = {"n": number + 1, "at": at, "act": act, "who": who, "where": where, **more}
            entry["digest"] = digest = _chained(digest, entry)
            descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            with os.fdopen(descriptor, "ab") as file:
                file.write(json.dumps(entry, ensure_ascii=False).encode() + b"\n")
                file.flush()
                os.fsync(file.fileno())
            self._point(number + 1, digest)

    def lines(self) -> list[dict[str, Any]]:
        """All lines, checked.

        Raises:
            StateError: a line was changed, moved, added or taken away (code ``Corrupt``), with its number.
        """
        out: list[dict[str, Any]] = []
        digest = ""
        raw = self.path.read_bytes().split(b"\n") if self.path.exists() else [b""]
        newest, pointed = self._pointed()
        torn = raw.pop()  # what a write that was cut off left has no line end
        for number, text in enumerate(raw, start=1):
            try:
                entry: Any = json.loads(text)
                said = entry.pop("digest")
                good = entry["n"] == number and _chained(digest, entry) == said
            except (ValueError, KeyError, TypeError, AttributeError):
                good, said = False, ""
            if not good:
                raise self._changed(f"line {number} is not what was written")
            out.append(entry)
            digest = said
            if number == newest and digest != pointed:
                raise self._changed(f"line {number} is not the one that was last")
        if len(out) < newest:
            raise self._changed(f"it ends at line {len(out)}, and {newest} were written")
        if torn:
            raise self._changed("its last line is cut off")
        return out

    def _end(self) -> tuple[int, str]:
        """Number and digest of the last line; a line that was cut off by a kill, never acknowledged, is taken away."""
        if self.path.exists():
            raw = self.path.read_bytes()
            whole = raw[: raw.rfind(b"\n") + 1]
            if len(whole) < len(raw):
                os.truncate(self.path, len(whole))
        entries = self.lines()
        if not entries:
            return 0, ""
        last = json.loads(self.path.read_bytes().splitlines()[-1])
        return len(entries), str(last["digest"])

    def _pointed(self) -> tuple[int, str]:
        try:
            number, digest = self._head.read_text(encoding="ascii").split()
            return int(number), digest
        except FileNotFoundError:
            return 0, ""
        except (OSError, ValueError) as error:
            raise self._changed(f"{HEAD} cannot be read") from error

    def _point(self, number: int, digest: str) -> None:
        write_whole(self._head, f"{number} {digest}".encode(), private=True)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        end = time.monotonic() + _PATIENCE
        while True:
            try:
                lock = FileLock(self._lock, f"the trail {self.path}")
                break
            except StateError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.02)
        try:
            yield
        finally:
            lock.release()

    def _changed(self, how: str) -> StateError:
        return StateError(
            f"the audit trail {self.path} was changed: {how}. Keep it and its copy in the last backup, look into who did "
            "it, and begin a new one by moving both files of the trail away",
            code="Corrupt",
        )


def _chained(before: str, entry: dict[str, Json]) -> str:
    text = json.dumps(entry, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return blake2b(f"{before}\n{text}".encode(), digest_size=16).hexdigest()
