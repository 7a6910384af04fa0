"""Rebuild what a disk may hold after a power cut, and open it. A script, with strace: python tests/crash_images.py 1000

A labelling server runs under strace, which writes down each write, cut and sync of the database files and each reply. An
image is made for a moment of that trace: what was synced by then is on the disk; of the rest any part is, in whole, torn at
a sector, or not at all, and no order is kept. Each image must pass SQLite's integrity check, open as a project's journal,
and hold every answer that was acknowledged before that moment, as it was told (promise R2c; Pillai and others, All File
Systems Are Not Created Equal, 2014).
"""

from __future__ import annotations

import argparse
import random
import re
import shutil
import sqlite3
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from label_server import LabelServer, answer_all, free_port, made, texts
from querist.storage.sqlite_store import SqliteStore

__all__ = ["Op", "Trace", "fault_of", "image", "read_trace", "traced"]

SECTOR = 512
_CALLS = "trace=pwrite64,ftruncate,fdatasync,fsync,unlink,sendto,sendmsg,write,writev"
_LINE = re.compile(r"(\d+) +(?:(\w+)\((.*)|<\.\.\. (\w+) resumed>.*)")
_FILE = re.compile(r"\d+<((?:\\x[0-9a-f]{2})*)>")
_TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
_ACK = re.compile(rb'"counted":true.*?"item":"(i\d+)"')


@dataclass(frozen=True)
class Op:
    """One change of a file.

    Args:
        at: when, in lines of the trace.
        file: its name.
        kind: write, cut or unlink.
        offset: of a write; the new size of a cut.
        data: what is written.
    """

    at: int
    file: str
    kind: str
    offset: int = 0
    data: bytes = b""


@dataclass
class Trace:
    """What strace saw."""

    ops: list[Op] = field(default_factory=list)
    syncs: list[tuple[int, int, str]] = field(default_factory=list)
    """(began, ended, file)."""
    acks: list[tuple[int, str]] = field(default_factory=list)
    """(when, item)."""
    end: int = 0


def read_trace(lines: Iterable[str]) -> Trace:
    """Writes, syncs and acknowledgements of the database files, from the output of `strace -f -y -xx`."""
    out, begun = Trace(), dict[str, tuple[int, str]]()
    for at, line in enumerate(lines):
        out.end = at + 1
        found = _LINE.match(line)
        if found is None:
            continue
        thread, call, rest, resumed = found.groups()
        if resumed in ("fdatasync", "fsync") and thread in begun:
            start, name = begun.pop(thread)
            out.syncs.append((start, at, name))
        elif call in ("sendto", "sendmsg", "write", "writev") and "TCP" in rest:
            said = b"".join(_bytes(t) for t in _TEXT.findall(rest))
            out.acks += [(at, item.decode()) for item in _ACK.findall(said)]
        elif call in ("pwrite64", "ftruncate", "fdatasync", "fsync", "unlink"):
            _file_call(out, begun, at, thread, call, rest)
    return out


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.replace("\\x", ""))


def _file_call(out: Trace, begun: dict[str, tuple[int, str]], at: int, thread: str, call: str, rest: str) -> None:
    text, named = _TEXT.search(rest), _FILE.match(rest)
    data = _bytes(text[1]) if text else b""
    path = data.decode() if call == "unlink" else _bytes(named[1]).decode() if named else ""
    name = path.rpartition("/")[2]
    if not name.startswith(("journal.db", "items.db")) or name.endswith(("-shm", ".lock")):
        return
    if call == "pwrite64":
        offset = rest[text.end() :].split(",")[2] if text else "0"
        out.ops.append(Op(at, name, "write", int(offset.split(")")[0].split("<")[0]), data))
    elif call == "ftruncate":
        out.ops.append(Op(at, name, "cut", int(rest.split(",")[1].split(")")[0].split("<")[0])))
    elif call == "unlink":
        out.ops.append(Op(at, name, "unlink"))
    elif "unfinished" in rest:
        begun[thread] = (at, name)
    else:
        out.syncs.append((at, at, name))


def image(trace: Trace, base: Path, into: Path, moment: int, rng: random.Random) -> tuple[int, int]:
    """Make the files of ``base`` as a power cut at ``moment`` may leave them; changes that were and were not synced."""
    safe = {f: max((b for b, e, g in trace.syncs if g == f and e < moment), default=-1) for f in _files(trace)}
    into.mkdir()
    for path in base.glob("*.db*"):
        if not path.name.endswith(("-shm", ".lock")):
            shutil.copy(path, into)
    kept = rng.choice((0.0, 0.2, 0.5, 0.8, 1.0))
    synced = open_ = 0
    for op in trace.ops:
        if op.at >= moment:
            break
        if op.at < safe[op.file]:
            synced += 1
            _apply(op, into, None)
            continue
        open_ += 1
        if rng.random() < kept:
            torn = rng.random() < 0.2 and len(op.data) > SECTOR
            _apply(op, into, SECTOR * rng.randrange(1, len(op.data) // SECTOR) if torn else None)
    return synced, open_


def _files(trace: Trace) -> set[str]:
    return {op.file for op in trace.ops}


def _apply(op: Op, into: Path, torn: int | None) -> None:
    path = into / op.file
    if op.kind == "unlink":
        path.unlink(missing_ok=True)
        return
    with path.open("r+b" if path.exists() else "w+b") as file:
        if op.kind == "cut":
            file.truncate(op.offset)
        else:
            file.seek(op.offset)
            file.write(op.data[:torn])


def fault_of(folder: Path, acked: set[str]) -> str | None:
    """What is wrong with an image, or None."""
    try:
        with SqliteStore(folder / "journal.db") as store:
            last = store.last("main")
            with store.transaction() as work:
                (verdict,) = work.connection.execute("PRAGMA integrity_check").fetchone()
                rows = work.connection.execute("SELECT id FROM item WHERE state = 'labelled'").fetchall()
            events = sum(1 for _ in store.read("main"))
    except Exception as error:
        return f"it does not open: {type(error).__name__}: {error}"
    if verdict != "ok":
        return f"integrity check: {verdict}"
    if events != last:
        return f"{events} events can be read, {last} are told"
    lost = acked - {str(r[0]) for r in rows}
    return f"{len(lost)} acknowledged answers are lost, {min(lost)} first" if lost else None


def traced(posts: int, folder: Path) -> Trace:
    """The trace of ``posts`` answers by four clients; ``folder / "base"`` holds the files before it."""
    project = made(folder / "project", texts(posts + 100), validation=0.0)
    shutil.copytree(project, folder / "base")
    out = folder / "trace"
    prefix = [
        "strace",
        "-f",
        "-q",
        "-y",
        "-yy",
        "-xx",
        "-s",
        "70000",
        "-e",
        _CALLS,
        "-e",
        "signal=none",
        "-o",
        str(out),
    ]
    server = LabelServer(project, port=free_port(), prefix=prefix, more=["--no-trainer"])

    answer_all(server, posts)
    server.kill()
    with out.open(encoding="ascii", errors="replace") as lines:
        return read_trace(lines)


def moments(trace: Trace, count: int, rng: random.Random) -> Iterator[int]:
    """Moments of a trace; every second one while the log is being copied into the database."""
    first = trace.acks[0][0]
    copies = [op.at for op in trace.ops if op.file == "journal.db" and op.at > first]
    for k in range(count):
        yield rng.choice(copies) + 1 if k % 2 and copies else rng.randrange(first, trace.end + 1)


def campaign(images: int, posts: int, seed: int = 0) -> tuple[Counter[str], list[str]]:
    """Make and open ``images`` images; counts, and what was wrong."""
    rng, counts, wrong = random.Random(seed), Counter[str](), list[str]()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        trace = traced(posts, folder)
        counts.update(writes=len(trace.ops), syncs=len(trace.syncs), acknowledged=len(trace.acks))
        for number, moment in enumerate(moments(trace, images, rng)):
            place = folder / "image"
            _, left = image(trace, folder / "base", place, moment, rng)
            counts.update(images=1, unsynced=left)
            acked = {item for at, item in trace.acks if at < moment}
            if (fault := fault_of(place, acked)) is not None:
                wrong.append(f"image {number}, line {moment}: {fault}")
            shutil.rmtree(place)
    return counts, wrong


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("images", type=int, nargs="?", default=1000)
    parser.add_argument("--posts", type=int, default=600)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    if shutil.which("strace") is None:
        sys.exit("strace is not installed")
    counts, wrong = campaign(options.images, options.posts, options.seed)
    print(", ".join(f"{n} {what}" for what, n in counts.items()) + f"; SQLite {sqlite3.sqlite_version}")
    print(f"{len(wrong)} of {counts['images']} images at fault")
    for line in wrong[:20]:
        print(line)
    sys.exit(bool(wrong) or not counts["acknowledged"])


if __name__ == "__main__":
    main()
