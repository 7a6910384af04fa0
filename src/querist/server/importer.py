"""Imports of a served project: the file is read in a process of its own, so that nobody who labels waits for that."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from querist.core import errors
from querist.core.errors import DataError, QueristError, StateError
from querist.core.types import Json
from querist.server.bring import Gathered, Target, take_in
from querist.server.limits import Limits, lower
from querist.server.project import ITEMS, Project

__all__ = ["Importer"]

_LIMITS = Limits(memory=2 << 30, file_size=4 << 30, computing=60, own_memory=512 << 20)
"""On a slow machine a file of 50 MB with half a million texts takes 14 s of computing and 220 MiB, as Parquet 10 s and 320
MiB; one with two and a half million texts of two words 56 to 60 s and 160 MiB: it may have to be sent in parts."""
_LONGEST = 600.0
"""Seconds that one file may take to be read."""


class Importer:
    """Reads files into a project, one import at a time; threads may share it.

    Args:
        project: open for writing.
        limits: of the process that reads.
        longest: seconds that it may take.
    """

    def __init__(self, project: Project, *, limits: Limits = _LIMITS, longest: float = _LONGEST) -> None:
        self._project, self._limits, self._longest = project, limits, longest
        self._mutex = threading.Lock()
        self._children: set[subprocess.Popen[str]] = set()
        self._closed = False

    def check(self, path: Path, name: str, *, new_classes: bool = False) -> dict[str, Any]:
        """What an import of the file would do, as the route says it.

        Raises:
            QueristError: as `check_file` does. DataError: it takes too long or too much memory (code ``TooLarge``).
        """
        return self._read(Target.of(self._project), path, name, None, False, new_classes)

    def take(self, path: Path, name: str, *, skip_bad: bool = False, new_classes: bool = False) -> dict[str, Any]:
        """Take a file in; what came of it, as the route says it. A file beside it, ``.answers``, is left.

        Raises:
            QueristError: as `read_file` does. DataError: it takes too long or too much memory (code ``TooLarge``);
                nothing was taken then. StateError: the server stops (code ``Closed``); what was taken before that stays,
                and the same file again brings the rest.
        """
        answers = path.with_name(".answers")
        with self._project.importing:
            said = self._read(Target.of(self._project), path, name, answers, skip_bad, new_classes)
            found = said.pop("gathered")
            gathered = Gathered(**{**found, "flagged": [(id, note) for id, note in found["flagged"]]})
            brought = take_in(self._project, gathered, partial(self._pieces, answers, name), name)
        return {**asdict(brought), **said}

    def close(self) -> None:
        """End what is being read; what waits to be told is not told."""
        with self._mutex:
            self._closed = True
            for child in self._children:
                child.kill()

    def _pieces(self, answers: Path, name: str) -> Iterator[list[dict[str, Json]]]:
        with answers.open(encoding="utf-8") as file:
            for piece in file:
                if self._closed:
                    raise _closed(name)
                yield json.loads(piece)

    def _read(
        self, target: Target, path: Path, name: str, answers: Path | None, skip_bad: bool, new_classes: bool
    ) -> dict[str, Any]:
        order = {
            "target": {**{k: getattr(target, k) for k in target.__slots__}, "task": target.task.to_json()},
            "items": str(self._project.folder / ITEMS),
            "path": str(path),
            "name": name,
            "answers": None if answers is None else str(answers),
            "skip_bad": skip_bad,
            "new_classes": new_classes,
        }
        said = self._asked(order, target, name)
        if "fault" in said:
            raise RuntimeError(f"reading an import: {said['fault']}")
        if "error" in said:
            kind = getattr(errors, said["error"]["type"])
            raise kind(said["error"]["text"], code=said["error"]["code"])
        done: dict[str, Any] = said["done"]
        return done

    def _asked(self, order: dict[str, Any], target: Target, name: str) -> dict[str, Any]:
        child = self._started(name)
        late = threading.Event()

        def end() -> None:
            late.set()
            child.kill()

        timer = threading.Timer(self._longest, end)
        timer.start()
        try:
            assert child.stdin is not None
            assert child.stdout is not None
            child.stdin.write(json.dumps(order) + "\n")
            child.stdin.flush()
            said: dict[str, Any] = json.loads(child.stdout.readline())
            return said
        except (OSError, ValueError) as error:
            raise self._died(child, target, name, late.is_set()) from error
        finally:
            timer.cancel()
            self._ended(child)

    def _started(self, name: str) -> subprocess.Popen[str]:
        with self._mutex:
            if self._closed:
                raise _closed(name)
            child = subprocess.Popen(
                [sys.executable, "-P", "-m", "querist.server.import_process"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                encoding="utf-8",
                start_new_session=True,
                # Arrow's own way takes a gibibyte at its start, used or not.
                env={**os.environ, "ARROW_DEFAULT_MEMORY_POOL": "system"},
            )
            self._children.add(child)
        lower(child.pid, self._limits)
        return child

    def _ended(self, child: subprocess.Popen[str]) -> None:
        with self._mutex:
            self._children.discard(child)
        child.kill()
        child.wait()
        for pipe in (child.stdin, child.stdout):
            if pipe is not None:
                pipe.close()

    def _died(self, child: subprocess.Popen[str], target: Target, name: str, late: bool) -> QueristError:
        code = child.wait(10)
        if self._closed:
            return _closed(name)
        if late:
            why = f"{name} was not read within {self._longest:g} s"
        elif code == -getattr(signal, "SIGXCPU", 0):
            why = f"{name} takes more than {self._limits.computing} s of computing to be read"
        else:
            why = f"the process that read {name} died (exit {code}); the file may hold too much"
        left = len(self._project.items) > target.registered  # it was at its end already
        then = "import it again to bring the rest" if left else "nothing of it was taken; send it in parts"
        return DataError(f"{why}; {then}", code="TooLarge")


def _closed(name: str) -> StateError:
    return StateError(f"the server is stopping; import {name} again to bring what is missing", code="Closed")
