"""The trainer's process: JSON lines in, JSON lines out, one round at a time; it reads the project and never writes to it.

It says a line at least each second while it works. A thread of its own does so, but only as long as the work itself has
reported a step not too long ago: work that hangs falls silent, and the server then kills it.
"""

from __future__ import annotations

import json
import os
import queue
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, TextIO

from querist.core.errors import QueristError, ResourceError, shorten
from querist.core.optional import spare_torch
from querist.data.atomic import disk_full_named
from querist.server.trainer.candidate import clear_candidates

__all__ = ["Lines", "Trainer", "main"]

_BEAT = 1.0
_STEP = 120.0
"""Longest that one step (a fit, a choice) may take before the beats stop."""
_PIXELS = 224
_BATCH = 32
"""Items a call of the better encoder: a round waits for one call at most."""
_QUEUE = 200
_MOST_QUEUE = 5_000
_AT_ONCE = 50_000
"""Items whose base features are made before the first round; of more, rounds have made what they look at, and the rest
is made between them."""
_TEXTS, _PICTURES = 1_000, 100
"""Items a step of that."""
_FILL = (0.25, 2.0)
"""Seconds that go to the rest after each round at least and at most, however many rounds are asked for: half of its own."""


class Lines:
    """Lines to the server, from any thread, and the beat.

    Args:
        out: where they go.
        step: seconds after which a step that reported nothing counts as hung.
    """

    def __init__(self, out: TextIO, *, step: float = _STEP) -> None:
        self._out, self._step = out, step
        self._mutex = threading.Lock()
        self._doing, self._since, self._last = "", 0.0, 0.0
        threading.Thread(target=self._beat_on, daemon=True, name="beat").start()

    def say(self, line: dict[str, Any]) -> None:
        """Write one line."""
        text = json.dumps(line, ensure_ascii=False, allow_nan=False)
        with self._mutex:
            self._last = time.monotonic()
            self._out.write(text + "\n")
            self._out.flush()

    def doing(self, what: str) -> None:
        """Begin another step of work; "" when there is none."""
        self._doing, self._since = what, time.monotonic()
        if what and self._since - self._last > _BEAT:
            self.say({"is": "beat", "doing": what})

    def _beat_on(self) -> None:
        while True:
            time.sleep(_BEAT / 2)
            now = time.monotonic()
            if self._doing and now - self._last >= _BEAT and now - self._since < self._step:
                try:
                    self.say({"is": "beat", "doing": self._doing})
                except (OSError, ValueError):  # the server is gone
                    os._exit(0)


class Trainer:
    """Works off what the server asks for.

    Args:
        folder: of the project.
        lines: to the server.
        wanted: lines from the server, parsed; None when it is gone.
    """

    def __init__(self, folder: Path, lines: Lines, wanted: queue.Queue[dict[str, Any] | None]) -> None:
        self.folder, self.lines, self.wanted = folder, lines, wanted
        self._filling: Iterator[tuple[int, int]] | None = None
        self._filler: tuple[Any, str] = (None, "")
        self._base_fills = False
        self._fill_until = 0.0
        self._seen: tuple[Any, ...] = ()
        self._due = self._warmed = False
        self._told = 0.0
        self._in_use: tuple[str, tuple[tuple[str, int, int], ...], Any] | None = None
        self._told_in_use: tuple[Any, ...] = ()

    def run(self) -> int:
        """Work until told to stop."""
        from querist.server.trainer.round import Rounds
        from querist.server.trainer.snapshot import Snapshot

        self.lines.doing("read")
        clear_candidates(self.folder)
        snapshot = Snapshot(self.folder)
        self._snapshot, self._rounds = snapshot, Rounds(snapshot, self.lines.doing)
        last = _QUEUE
        while True:
            size = self._next()
            if size is None:
                return 0
            if size:
                last = size
                self._round(size)
            elif self._encode():
                self._round(last)

    def _next(self) -> int | None:
        """Items of the queue that the next round is to have, 0 to go on with the better encoder, None to stop.

        Requests that have piled up are one.
        """
        busy = self._filling is not None or self._due
        if not busy and self.wanted.empty():
            self.lines.doing("")
            self.lines.say({"is": "idle"})
        size = 0
        if self._filling is not None and time.monotonic() < self._fill_until:
            return size
        while True:
            try:
                line = self.wanted.get(block=not busy and not size)
            except queue.Empty:
                return size
            if line is None or line.get("do") == "stop":
                return None
            if line.get("do") == "round":
                asked = line.get("queue", _QUEUE)
                good = isinstance(asked, int) and not isinstance(asked, bool) and 0 < asked <= _MOST_QUEUE
                size = asked if good else _QUEUE

    def _round(self, size: int) -> None:
        began = time.monotonic()
        self._guarded(lambda: self._one_round(size))
        now, (least, most) = time.monotonic(), _FILL
        self._fill_until = now + min(max((now - began) / 2, least), most) if self._base_fills else 0.0

    def _guarded(self, work: Callable[[], None]) -> bool:
        """Do some work; False, and said, when it failed."""
        try:
            with disk_full_named(self.folder, "All labels are kept, and the last model stays."):
                work()
            return True
        except QueristError as error:
            self.lines.say({"is": "failed", "code": error.code, "text": shorten(str(error), 500)})
        except MemoryError:
            text = "there was not enough memory; close other programs, or choose a lighter strategy"
            self.lines.say({"is": "failed", "code": "OutOfMemory", "text": text})
        except Exception as error:
            traceback.print_exc()  # to the server's ring of last words; the line itself names no data
            text = f"the trainer failed with {type(error).__name__} in {_place(error)}"
            self.lines.say({"is": "failed", "code": "TrainerError", "text": text})
        return False

    def _one_round(self, size: int) -> None:
        self.lines.say({"is": "beat", "doing": "read"})
        self.lines.doing("read")
        self._snapshot.refresh()
        while self._see():  # to make features takes a while: what was said and brought meanwhile counts too
            self._snapshot.refresh()
        self._tell_in_use()
        name, number, upto = self._rounds.run(size)
        self.lines.say({"is": "candidate", "folder": name, "round": number, "upto": upto})
        if self.wanted.empty():
            self._warm(size)
            self._rounds.quiet(lambda: not self.wanted.empty())

    def _warm(self, size: int) -> None:
        """Before the first label: load what the first round with a model will want, while nobody waits for it."""
        if self._warmed or self._snapshot.labels:
            return
        from querist.server.trainer.rehearsal import rehearse

        self._warmed = True
        try:
            rehearse(self._rounds, size, self.lines.doing, lambda: not self.wanted.empty())
        except Exception:  # nothing hangs on it; what is wrong will be said by the round that it matters to
            traceback.print_exc()

    # -- encoders ------------------------------------------------------------------------------------------------------

    def _see(self) -> bool:
        """Have features of all items; whether they had to be made, or read.

        At first they are those of the base encoder; the better one comes when nobody waits.
        """
        from querist.server.trainer.features import Contents, Features, base_encoder

        snapshot = self._snapshot
        asked = (len(snapshot.pool), snapshot.setting("encoder", ""), snapshot.modality)
        if not len(snapshot.pool) or asked == self._seen:
            return False
        self._stop_filling()
        contents = Contents(snapshot.items, snapshot.modality, self._root)
        imports = [count for _, _, count in snapshot.items.imports()]
        self._features = Features(self.folder / "features", snapshot.pool.ids, imports)
        base = base_encoder(self.folder / "features", contents, snapshot.facts.seed, self.lines.doing)
        if self._features.missing(base) > _AT_ONCE:
            self._begin(base, contents)
        else:
            for done, total in self._features.fill(base, contents):
                self._progress(base.title, done, total)
            self._use(base, base.title)
            self._due = True
        contents.forget()
        self._seen = asked
        return True

    def _begin(self, base: Any, contents: Any) -> None:
        """Let rounds have base features of what they look at; all others are made between the rounds."""
        from querist.server.trainer.feature_rows import MadeRows

        made = MadeRows(lambda rows: base(contents.take(rows)), len(contents), lambda: self.lines.doing("features"))
        self._rounds.use(base.title, made)
        self._in_use = None
        batch = _PICTURES if self._snapshot.modality == "image" else _TEXTS
        self._filling, self._filler = self._features.fill(base, contents, batch=batch), (base, base.title)
        self._base_fills = True

    def _fill_base(self) -> None:
        """One batch of base features; when all are made they take the place of those that were made for rounds."""
        assert self._filling is not None
        step = next(self._filling, None)
        if step is not None:
            self._progress(self._filler[1], *step)
            return
        self._use(*self._filler)
        self._stop_filling()
        self._tell_in_use()
        self._due = True

    @property
    def _root(self) -> Path:
        return Path(str(self._snapshot.setting("root", "") or self.folder))

    def _encode(self) -> bool:
        """Make one batch of features, or load the better encoder; True when a round with other features is due."""
        if self._base_fills:
            if not self._guarded(self._fill_base):
                self._stop_filling()
                self._seen = ()  # the next round begins anew
            return False
        try:
            if self._filling is None:
                self._due = False
                return self._load_better()
            done, total = next(self._filling)
            self._progress(self._filler[1], done, total)
            return False
        except StopIteration:
            self._use(*self._filler)
            self._stop_filling()
            return True
        except (QueristError, OSError, ValueError, RuntimeError, ImportError) as error:
            self._stop_filling()
            said = shorten(str(error), 300)
            self._rounds.remark = f"the better encoder cannot be used, and the base one stays: {said}"
            return True

    def _load_better(self) -> bool:
        from querist.server.trainer.features import Contents, better_encoder

        self.lines.doing("load encoder")
        asked = str(self._snapshot.setting("encoder", "") or "auto")
        better = better_encoder(asked, self._snapshot.modality)
        self._rounds.remark = ""
        if better is None:
            return False
        if self._features.ready(better):
            self._use(better, better.name)
            return True
        more = Contents(self._snapshot.items, self._snapshot.modality, self._root, size=_PIXELS)
        self._filling, self._filler = self._features.fill(better, more, batch=_BATCH), (better, better.name)
        return False

    def _use(self, encoder: Any, title: str) -> None:
        """See the items through an encoder's features from now on, and the names of the classes, if it reads them."""
        from querist.server.trainer.features import better_encoder
        from querist.server.trainer.zero_shot import ClassNames, reads_meaning

        asked, modality = str(self._snapshot.setting("encoder", "") or "auto"), self._snapshot.modality
        names = ClassNames(lambda: better_encoder(asked, modality)) if reads_meaning(encoder) else None
        if names is not None:
            names.learn(encoder, self._snapshot.classes)
        self._rounds.use(title, self._features.read(encoder), names)
        self._in_use = (title, self._features.files(encoder), names)

    def _tell_in_use(self) -> None:
        """Say on the disk which features are in use, for the server to find items that are alike."""
        from querist.server.alike import InUse, write_in_use

        if self._in_use is None:
            return
        title, files, names = self._in_use
        self.lines.doing("read")
        vectors = {} if names is None else names.vectors(self._snapshot.classes)
        if (title, files, *vectors) != self._told_in_use:
            said = {name: vector.tolist() for name, vector in vectors.items()}
            with suppress(OSError):  # items that are alike cannot be found then; the round is worth more
                write_in_use(self.folder / "features", InUse(title, files, said))
                self._told_in_use = (title, files, *vectors)

    def _stop_filling(self) -> None:
        if self._filling is not None:
            self._filling.close()  # type: ignore[attr-defined]
        self._filling, self._filler, self._base_fills = None, (None, ""), False

    def _progress(self, name: str, done: int, total: int) -> None:
        self.lines.doing("features")
        if time.monotonic() - self._told >= _BEAT / 2 or done == total:
            self.lines.say({"is": "features", "done": done, "of": total, "encoder": shorten(name, 120)})
            self._told = time.monotonic()


def main(arguments: Sequence[str]) -> int:
    """Run the trainer of the project folder that is named.

    Returns:
        The exit code: 0 when told to stop, 2 for wrong arguments, 4 and 5 as everywhere.
    """
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m querist.server.trainer FOLDER\n")
        return 2
    out = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a library prints is no line of ours
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")  # of libraries that are not loaded yet
    spare_torch()
    threading.Thread(target=_import_ahead, daemon=True, name="imports").start()
    lines = Lines(out)
    wanted: queue.Queue[dict[str, Any] | None] = queue.Queue()
    threading.Thread(target=_listen, args=(wanted,), daemon=True, name="listen").start()
    try:
        from threadpoolctl import threadpool_limits

        with threadpool_limits(1):
            return Trainer(Path(arguments[0]), lines, wanted).run()
    except QueristError as error:
        lines.say({"is": "failed", "code": error.code, "text": shorten(str(error), 500)})
        return error.exit_code
    except MemoryError:
        lines.say({"is": "failed", "code": "OutOfMemory", "text": "there was not enough memory to begin"})
        return ResourceError.exit_code
    except BrokenPipeError:
        return 0


def _listen(wanted: queue.Queue[dict[str, Any] | None]) -> None:
    """Parse lines from the server; when it is gone, so are we, whatever we are at."""
    for text in sys.stdin:
        try:
            line = json.loads(text)
        except ValueError:
            continue
        if isinstance(line, dict):
            wanted.put(line)
    wanted.put(None)
    time.sleep(2.0)
    os._exit(0)


def _import_ahead() -> None:
    """Load what is needed soon, while the items are read and counted: half of that leaves the interpreter free."""
    with suppress(Exception):  # whoever needs it will say what is wrong with it
        import querist.server.trainer.round
        import querist.strategies.algebra  # noqa: F401


def _place(error: BaseException) -> str:
    """File and line where an error arose; names of items and texts of data are not in it."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{Path(frames[-1].filename).name} line {frames[-1].lineno}" if frames else "an unknown place"
