"""Kill whoever writes a file, at each step, and look at what is there. A script for POSIX: python tests/kill_files.py 300

A file of an old content is written anew in a forked process, which dies by SIGKILL before its nth opening, renaming,
removing or syncing, or by a limit on the size of files in the middle of its nth byte. What is found then must be the old
content or the new one, never a mixture, and writing once more must work (promise R4). A journal of the first schema is
opened in the same way, and must be of the old or the new schema with all its events (promise R7).
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import resource
import shutil
import signal
import sqlite3
import sys
import tempfile
import warnings
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from label_server import made, texts
from querist.data.formats import SUFFIXES, write_records
from querist.data.formats.exported import About, Exported
from querist.data.record import Record
from querist.server.auth import Session, Sessions
from querist.storage import SqliteStore
from querist.storage.artifacts import Artifacts
from querist.storage.backup import backup
from querist.storage.doctor import doctor
from querist.storage.migration import APPLICATION_ID, newest, schema_version
from querist.training.feature_file import filling, read_features

__all__ = ["KINDS", "Kind", "campaign", "upgrades"]

FIRST = Path(__file__).parent / "storage" / "assets" / "schema_0001.sql"
_AUDITED = {"open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "os.truncate", "sqlite3.connect"}


@dataclass(frozen=True)
class Kind:
    """A file that is written.

    Args:
        write: writes content ``version`` (0 or 1) into a folder.
        read: what is there, as something that can be compared; None when nothing is.
    """

    write: Callable[[Path, int], object]
    read: Callable[[Path], object]


def _exports(format: str) -> Kind:
    spans = format == "conll"

    def items(version: int) -> Iterator[Exported]:
        for k in range(300 + 40 * version):
            value: Any = [[0, 4, "cat"]] if spans else ("cat", "dog")[(k + version) % 2]
            label = {"kind": "label", "value": value, "annotator": "me"}
            yield Exported(Record(id=f"i{k}", text=f"word {k} and more"), [label], "labelled")

    def write(folder: Path, version: int) -> None:
        about = About("spans" if spans else "single", ("cat", "dog"))
        write_records(format, items(version), folder / "labels", about)

    return Kind(write, lambda folder: _content(folder / "labels"))


def _content(path: Path) -> str | None:
    """A digest of a file, or of a folder with its names."""
    if not path.exists():
        return None
    found = hashlib.blake2b(digest_size=16)
    for part in sorted(path.rglob("*")) if path.is_dir() else [path]:
        if part.is_file():
            found.update(part.name.encode() + part.read_bytes())
    return found.hexdigest()


def _sessions(folder: Path, version: int) -> None:
    sessions = Sessions(folder / "sessions.json", clock=lambda: 1_000.0)
    sessions._open = {f"{version}" * 64: Session("me", 1e3, 1e3)}
    sessions._write(1_000.0)


def _artifact(folder: Path, version: int) -> None:
    (folder / "artifacts").mkdir(exist_ok=True)
    Artifacts(folder / "artifacts").put(bytes([version]) * 9_000)


def _artifacts_there(folder: Path) -> object:
    kept = Artifacts(folder / "artifacts")
    return tuple(sorted((d, kept.fault(d)) for d in kept.digests()))


def _features(folder: Path, version: int) -> None:
    path = folder / "features.npy"
    if version == 0:
        return
    with filling(path, 64) as file:
        for at in range(file.rows, 64, 16):
            file.add(np.full((16, 8), at, dtype=np.float32))
            file.keep()


def _features_there(folder: Path) -> object:
    path = folder / "features.npy"
    return read_features(path, 64).tobytes() if path.exists() else None


def _backup(name: str) -> Kind:
    def write(folder: Path, version: int) -> None:
        project = folder / "project"
        if not project.exists():
            made(project, texts(20))
        if version and not (folder / name).exists():
            backup(project, folder / name)

    def read(folder: Path) -> object:
        target = folder / name
        if not target.exists():
            return None
        if target.is_dir():
            return sorted(p.name for p in target.iterdir())
        with zipfile.ZipFile(target) as packed:
            assert packed.testzip() is None
            return sorted(packed.namelist())

    return Kind(write, read)


KINDS: dict[str, Kind] = {
    **{f"export {f}": _exports(f) for f, suffix in SUFFIXES.items() if suffix},
    "sessions": Kind(_sessions, lambda folder: _content(folder / "sessions.json")),
    "artifact": Kind(_artifact, _artifacts_there),
    "features": Kind(_features, _features_there),
    "backup folder": _backup("copy"),
    "backup zip": _backup("copy.zip"),
}


def _killed(work: Callable[[], object], *, step: int = 0, bytes_: int = 0) -> bool:
    """Do the work in a child that dies at its nth step, or at the nth byte of a file; whether it died."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of a fork beside threads: the child uses none
        child = os.fork()
    if child == 0:
        try:
            if step:
                _die_at(step)
            else:
                signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
                resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
                resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_, bytes_))
            work()
            os._exit(0)
        finally:
            os._exit(1)
    status = os.waitpid(child, 0)[1]
    if os.WIFSIGNALED(status):
        return True
    assert os.WEXITSTATUS(status) == 0, "the write failed by itself"
    return False


def _die_at(step: int) -> None:
    left, begun = step, os.getpid()

    def strike(*_: object) -> None:
        nonlocal left
        left -= os.getpid() == begun
        if left == 0:
            os.kill(begun, signal.SIGKILL)

    def heard(event: str, _: object) -> None:
        if event in _AUDITED:
            strike()

    sync, connect = os.fsync, sqlite3.connect

    def fsync(descriptor: int) -> None:
        strike()
        sync(descriptor)
        strike()

    def connected(*arguments: Any, **named: Any) -> sqlite3.Connection:
        made_: sqlite3.Connection = connect(*arguments, **named)
        made_.set_trace_callback(strike)
        return made_

    os.fsync, sqlite3.connect = fsync, connected  # type: ignore[assignment]
    sys.addaudithook(heard)


def campaign(kills: int, seed: int = 0, kinds: dict[str, Kind] = KINDS) -> tuple[Counter[str], list[str]]:
    """Kills by kind of file, and what was wrong: at every step of every kind, then at random bytes."""
    rng, done, wrong = random.Random(seed), Counter[str](), list[str]()
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        sides = {what: _sides(kind, root / str(k)) for k, (what, kind) in enumerate(kinds.items())}

        def once(what: str, **how: int) -> bool:
            kind, (base, old, new), work = kinds[what], sides[what], root / "work"
            shutil.copytree(base, work)
            died = _killed(lambda: kind.write(work, 1), **how)
            done[what] += died
            if kind.read(work) not in ((old, new) if died else (new,)):
                wrong.append(f"{what}, {how}: neither the old nor the new content")
            if kind.read(work) != new:
                kind.write(work, 1)
                if kind.read(work) != new:
                    wrong.append(f"{what}, {how}: it could not be written again")
            shutil.rmtree(work)
            return died

        for what in kinds:
            step = 1
            while once(what, step=step):
                step += 1
        while sum(done.values()) < kills:
            once(rng.choice(list(kinds)), bytes_=rng.choice((1, 100, 1_000, 5_000, 10_000, 40_000)))
    return done, wrong


def _sides(kind: Kind, folder: Path) -> tuple[Path, object, object]:
    """A folder of the old content, and how the old and the new content read."""
    base, other = folder / "base", folder / "other"
    base.mkdir(parents=True)
    kind.write(base, 0)
    shutil.copytree(base, other)
    kind.write(other, 1)
    old, new = kind.read(base), kind.read(other)
    assert old != new, f"the contents must differ: {old}"
    return base, old, new


def upgrades(kills: int, seed: int = 0) -> tuple[int, list[str]]:
    """Kills while a journal of the first schema is brought up to date, and what was wrong."""
    rng, done, wrong, most = random.Random(seed), 0, list[str](), 0
    with tempfile.TemporaryDirectory() as name:
        base = Path(name) / "base.db"
        connection = sqlite3.connect(base, isolation_level=None)
        connection.executescript(FIRST.read_text(encoding="utf-8"))
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        events = connection.execute("SELECT * FROM event ORDER BY seq").fetchall()
        connection.close()
        step = 0
        while done < kills:
            path = Path(name) / f"{step}-{done}" / "journal.db"
            path.parent.mkdir()
            shutil.copy(base, path)
            step = step + 1 if not most else rng.randint(1, most)
            if _killed(lambda path=path: SqliteStore(path).close(), step=step):  # type: ignore[misc]
                done += 1
            else:
                most = step - 1
            wrong += [f"step {step}: {fault}" for fault in _upgrade_faults(path, events)]
            shutil.rmtree(path.parent)
    return done, wrong


def _upgrade_faults(path: Path, events: list[Any]) -> Iterator[str]:
    def look() -> tuple[int, list[Any], str]:
        connection = sqlite3.connect(path)
        found = schema_version(connection), connection.execute("SELECT * FROM event ORDER BY seq").fetchall()
        (verdict,) = connection.execute("PRAGMA integrity_check").fetchone()
        connection.close()
        return *found, verdict

    version, kept, verdict = look()
    if version not in (1, newest()) or kept != events or verdict != "ok":
        yield f"schema {version}, {len(kept)} of {len(events)} events, {verdict}"
    SqliteStore(path).close()
    version, kept, verdict = look()
    if version != newest() or kept != events or verdict != "ok":
        yield f"opened again: schema {version}, {len(kept)} of {len(events)} events, {verdict}"
    if faults := [f.what for f in doctor(path.parent) if f.severity == "error"]:
        yield f"the doctor says {faults[0]}"


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kills", type=int, nargs="?", default=300)
    parser.add_argument("--upgrades", type=int, default=100)
    options = parser.parse_args()
    done, wrong = campaign(options.kills)
    print(f"{sum(done.values())} kills of writers: " + ", ".join(f"{what} {n}" for what, n in done.items()))
    number, more = upgrades(options.upgrades)
    print(f"{number} kills of upgrades; {len(wrong)} and {len(more)} faults")
    for line in [*wrong, *more][:20]:
        print(line)
    sys.exit(bool(wrong or more))


if __name__ == "__main__":
    main()
