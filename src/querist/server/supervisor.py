"""Starts, watches and restarts the trainer, and takes over what it hands in. Labelling never waits for any of it.

One thread reads the trainer's lines and keeps the time. A trainer that says nothing while it should is killed; one that
fails is started again after a while, three times, and then left alone with the reason until somebody asks for it. A
candidate is looked through, kept by its digest, and handed over; whatever is wrong with it, the last good model stays.
"""

from __future__ import annotations

import json
import queue
import shutil
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, TypeAlias

from querist.core.errors import DataError, QueristError, shorten
from querist.server.limits import Limits
from querist.server.trainer.candidate import Candidate, Guesses, Wanted, clear_candidates, read_candidate
from querist.server.trainer.child import Child, Inbox
from querist.storage.artifacts import Artifacts

__all__ = ["Standing", "Supervisor"]

Name: TypeAlias = Literal["starting", "idle", "busy", "paused", "off"]
Promote: TypeAlias = Callable[[Mapping[str, Any], Sequence[Wanted], Guesses], None]

_BACK_OFF = (1.0, 5.0, 20.0)
_QUEUE = 200
"""Length of the queue that a first round, or one after a failure, is asked for."""


@dataclass(frozen=True)
class Standing:
    """Where the trainer stands.

    Args:
        state: starting, idle, busy, paused or off.
        reason: why it is paused, off or starting again, in words; else None.
        doing: what it is at, e.g. "fit".
        encoder: name of the encoder whose features are being made, or None.
        done: items that have them.
        of: items in all.
        failures: in a row.
    """

    state: Name
    reason: str | None = None
    doing: str = ""
    encoder: str | None = None
    done: int = 0
    of: int = 0
    failures: int = 0


class _Failed(Exception):
    """The trainer failed; the text says how."""


class Supervisor:
    """Keeps a trainer at work on one project. Its methods may be called from any thread, and return at once.

    Args:
        folder: of the project.
        promote: called with report (its ``model`` filled in), queue and guesses of each good candidate, from the
            supervisor's thread; what it raises counts as the trainer's failure.
        changed: called when the standing has changed, from the supervisor's thread.
        known: whether an item id is the project's; None looks at no ids.
        patience: seconds without a line after which a busy trainer is killed.
        longest: seconds after which a round that came to nothing counts as hung, whatever the trainer says.
        quiet: seconds without a line after which the standing says so.
        back_off: seconds before the first, second, ... restart; after the last one it is paused.
        command: what to start; by default the trainer on ``folder``.
        limits: on memory, size of files, and how nice it is.
    """

    def __init__(
        self,
        folder: Path,
        promote: Promote,
        *,
        changed: Callable[[Standing], None] | None = None,
        known: Callable[[str], bool] | None = None,
        patience: float = 30.0,
        longest: float = 900.0,
        quiet: float = 4.0,
        back_off: Sequence[float] = _BACK_OFF,
        command: Sequence[str] | None = None,
        limits: Limits | None = None,
    ) -> None:
        self.folder, self._promote, self._known = folder, promote, known
        self._changed = changed
        self._quiet = quiet
        self.patience, self.longest, self._back_off = patience, longest, tuple(back_off)
        self._command = list(command or (sys.executable, "-P", "-m", "querist.server.trainer", str(folder)))
        self._limits = limits if limits is not None else Limits()
        self._artifacts = Artifacts(folder / "artifacts")
        self._inbox: Inbox = queue.Queue()
        self._mutex = threading.Lock()
        self._standing = Standing("off", "not started")
        self._thread: threading.Thread | None = None
        self._child: Child | None = None
        self._last_child: Child | None = None
        self._wanted = 0
        self._failures = 0
        self._heard, self._asked = 0.0, 0.0
        self._ahead = False

    # -- from the server -----------------------------------------------------------------------------------------------

    @property
    def standing(self) -> Standing:
        """Where the trainer stands now."""
        return self._standing

    @property
    def last_words(self) -> str:
        """The end of what the trainer wrote to its error output; for `doctor`, not for logs: it may hold data."""
        return "" if self._last_child is None else self._last_child.last_words

    def start(self) -> None:
        """Start the trainer, and ask it for a first round."""
        with self._mutex:
            if self._thread is not None and self._thread.is_alive():
                return
            self._wanted = self._wanted or _QUEUE
            self._thread = threading.Thread(target=self._run, daemon=True, name="trainer supervisor")
            self._thread.start()

    def round(self, queue: int = _QUEUE) -> None:
        """Ask for a round; several that wait are one. A paused trainer stays paused."""
        with self._mutex:
            waiting, self._wanted = self._wanted > 0, max(self._wanted, queue)
        if not waiting:  # one that waits was told before: the thread is not woken for each answer
            self._inbox.put(("round", None))

    def pause(self, reason: str = "paused by you") -> None:
        """Stop the trainer until `resume`."""
        self._inbox.put(("pause", reason))

    def resume(self) -> None:
        """Begin anew after a pause, the failures forgotten."""
        self._inbox.put(("resume", None))

    def stop(self, timeout: float = 10.0) -> None:
        """End the trainer and the thread; a second time does nothing."""
        self._inbox.put(("stop", None))
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout)

    # -- the thread ----------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        reason = "stopped"
        try:
            while True:
                try:
                    if not self._live():
                        return
                except _Failed as failure:
                    if not self._after(str(failure)):
                        return
        except BaseException as error:
            reason = f"the supervisor itself failed with {type(error).__name__}; start the server again"
            raise
        finally:
            self._end()
            self._say(Standing("off", reason))

    def _live(self) -> bool:
        """One trainer from start to end; False when the supervisor is to stop."""
        self._start_child()
        while True:
            kind, value = self._get()
            if kind == "stop":
                return False
            if kind == "pause":
                return self._paused(str(value))
            if kind == "round":
                self._send()
            elif kind == "line":
                self._line(value)
            elif kind == "gone":
                raise _Failed("it ended" if self._child is None else self._child.gone())
            elif kind == "silent":
                raise _Failed(self._silent())

    def _get(self) -> tuple[str, Any]:
        """The next thing that happens to the present trainer; "silent" when its time is over."""
        while True:
            waiting: float | None = None
            if self._standing.state in ("starting", "busy"):
                until = self._heard + self.patience
                if self._asked:
                    until = min(until, self._asked + self.longest)
                waiting = until - time.monotonic()
                if waiting <= 0:
                    return "silent", None
                waiting = self._until_quiet(waiting)
            try:
                kind, value = self._inbox.get(timeout=waiting)
            except queue.Empty:
                continue
            if kind in ("line", "gone"):
                child, value = value
                if child is not self._child:
                    continue  # of a trainer that is no more
                self._heard = time.monotonic()
            return kind, value

    def _until_quiet(self, waiting: float) -> float:
        """How long to wait; a trainer that has said nothing for a while is reported long before it is ended."""
        left = self._heard + self._quiet - time.monotonic()
        if left > 0:
            return min(waiting, left)
        if self._standing.reason is None:
            why = f"it has said nothing for {self._quiet:g} seconds; after {self.patience:g} it is ended and started again"
            self._say(replace(self._standing, reason=why))
        return waiting

    def _after(self, reason: str) -> bool:
        """What follows a failure: wait and start again, or pause; False when the supervisor is to stop."""
        self._end()
        self._failures += 1
        self._want()
        if self._failures > len(self._back_off):
            return self._paused(f"{reason}. It failed {self._failures} times in a row; press resume to try again")
        until = time.monotonic() + self._back_off[self._failures - 1]
        self._say(Standing("starting", f"{reason}; it is started again", failures=self._failures))
        while (left := until - time.monotonic()) > 0:
            try:
                kind, value = self._inbox.get(timeout=left)
            except queue.Empty:
                break
            if kind == "stop":
                return False
            if kind == "pause":
                return self._paused(str(value))
            if kind == "resume":
                self._failures = 0
                break
        return True

    def _paused(self, reason: str) -> bool:
        """Wait until somebody resumes; False when the supervisor is to stop."""
        self._end()
        self._say(Standing("paused", reason, failures=self._failures))
        while True:
            kind, _ = self._inbox.get()
            if kind == "stop":
                return False
            if kind == "resume":
                self._failures = 0
                self._want()
                return True

    # -- lines ---------------------------------------------------------------------------------------------------------

    def _line(self, raw: bytes) -> None:
        line = _parsed(raw)
        kind = line.get("is")
        now = self._standing
        if kind == "idle":
            if not self._asked:  # else it was said before our request came to it
                self._say(Standing("idle", encoder=now.encoder, done=now.done, of=now.of))
                self._send()
        elif kind == "beat":
            said = Standing("busy", None, shorten(str(line.get("doing", "")), 60), now.encoder, now.done, now.of)
            self._say(said)
        elif kind == "features":
            done, total = line.get("done"), line.get("of")
            if not isinstance(done, int) or not isinstance(total, int) or not 0 <= done <= total:
                raise _Failed(f"it wrote a line that makes no sense: {shorten(line)}")
            self._say(Standing("busy", None, "features", shorten(str(line.get("encoder", "")), 120), done, total))
            self._asked = self._asked and time.monotonic()
        elif kind == "candidate":
            self._take(line)
        elif kind == "failed":
            text = shorten(str(line.get("text", "")), 500)
            raise _Failed(f"{text} ({shorten(str(line.get('code', '')), 40)})")
        else:
            raise _Failed(f"it wrote a line that makes no sense: {shorten(line)}")

    def _take(self, line: Mapping[str, Any]) -> None:
        """Look a candidate through, keep it, and hand it over."""
        try:
            found = read_candidate(self.folder, line.get("folder"), known=self._known)
            if (found.report["round"], found.report["upto"]) != (line.get("round"), line.get("upto")):
                raise DataError("the candidate is of another round than the trainer says", code="BadCandidate")
            self._hand_over(found)
        except QueristError as error:
            raise _Failed(f"{error} ({error.code})") from error
        except OSError as error:
            raise _Failed(f"its candidate cannot be kept: {error.strerror or type(error).__name__}") from error
        self._failures, self._asked, self._ahead = 0, 0.0, False
        self._send()

    def _hand_over(self, found: Candidate) -> None:
        has_model = any(path.suffix == ".safetensors" for path in found.folder.iterdir())
        digest = self._artifacts.put(found.folder) if has_model else None
        try:
            self._promote({**found.report, "model": digest}, found.queue, found.guesses)
        except QueristError:
            raise
        except Exception as error:
            raise _Failed(f"its model could not be promoted ({type(error).__name__})") from error
        finally:
            shutil.rmtree(found.folder, ignore_errors=True)

    def _send(self) -> None:
        """Pass on the request that waits, once the trainer listens; one beside that which it is at, and no more.

        Requests are no sign of life: those that come while one is open do not prolong a trainer's time, nor fill its pipe.
        """
        child = self._child
        if not self._wanted or child is None or self._standing.state == "starting" or (self._asked and self._ahead):
            return
        with self._mutex:
            wanted, self._wanted = self._wanted, 0
        if not child.send({"do": "round", "queue": wanted}):
            self._want()
            return
        if self._asked:
            self._ahead = True
            return
        self._heard = self._asked = time.monotonic()
        now = self._standing
        self._say(Standing("busy", None, now.doing, now.encoder, now.done, now.of))

    def _want(self) -> None:
        """Have a round asked for as soon as the trainer listens."""
        with self._mutex:
            self._wanted = self._wanted or _QUEUE

    # -- the process ---------------------------------------------------------------------------------------------------

    def _start_child(self) -> None:
        clear_candidates(self.folder)
        again = self._standing.reason if self._failures else None
        self._say(Standing("starting", again, failures=self._failures))
        self._heard = time.monotonic()
        try:
            self._child = self._last_child = Child(self._command, self._limits, self._inbox)
        except OSError as error:
            raise _Failed(f"it cannot be started: {error.strerror}") from error

    def _silent(self) -> str:
        at = self._standing.doing or "its start"
        if self._asked and time.monotonic() - self._asked >= self.longest:
            return f"its round came to nothing in {self.longest:g} seconds (it was at {at}), and it was ended"
        return f"it said nothing for {self.patience:g} seconds while it was at {at}, and was ended"

    def _end(self) -> None:
        child, self._child = self._child, None
        self._asked, self._ahead = 0.0, False
        if child is not None:
            child.end()

    def _say(self, standing: Standing) -> None:
        before, self._standing = self._standing, standing
        if before != standing and self._changed is not None:
            with suppress(Exception):  # whoever listens may be gone, and the trainer is watched all the same
                self._changed(standing)


def _parsed(raw: bytes) -> dict[str, Any]:
    try:
        if not raw.endswith(b"\n"):
            raise ValueError("it is too long or cut off")
        line = json.loads(raw.decode("utf-8"))
        if not isinstance(line, dict):
            raise ValueError("it is no object")
    except (ValueError, RecursionError) as error:
        raise _Failed(f"it wrote a line that is no JSON of ours ({shorten(str(error), 60)})") from error
    return line
