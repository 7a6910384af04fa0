"""A candidate: one folder that the trainer writes whole and the server looks through before it takes anything of it.

The folder holds the learner's files, ``queue.json`` and ``report.json``. It is written beside, synced, and renamed, so that
a name that is there is whole. What is read is checked to the last field: the trainer may have gone mad.
"""

from __future__ import annotations

import json
import math
import os
import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from querist.core.errors import DataError, QueristError, shorten
from querist.core.types import Event, ItemId
from querist.data.atomic import TEMPORARY, disk_full_named, staging, sync_folder, sync_tree
from querist.storage.digest import files_in
from querist.storage.events import encode

__all__ = ["CANDIDATES", "Candidate", "Guesses", "Wanted", "clear_candidates", "read_candidate", "write_candidate"]

CANDIDATES = "candidates"
"""Name of the folder of candidates in a project."""
Guesses = Mapping[ItemId, Sequence[tuple[str, float | None]]]
"""Most probable classes of an item with their probability, best first; a number, or spans in words, without one."""

_QUEUE, _REPORT = "queue.json", "report.json"
_PLACE = re.compile(rf"{CANDIDATES}/[0-9]{{1,12}}")
_ROLES = ("queue", "check")
_MOST_JSON = 64 << 20
_MOST_BYTES = 4 << 30
_MOST_FILES = 1_000
_MOST_QUEUE = 100_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """An item that the trainer wants to be asked about.

    Args:
        item: its id.
        score: how much it is wanted, or None where the strategy has no number.
        reason: why, in words.
        role: "queue", or "check" for an item whose old label is in doubt.
    """

    item: ItemId
    score: float | None = None
    reason: str = ""
    role: str = "queue"


@dataclass(frozen=True)
class Candidate:
    """What a round gave.

    Args:
        folder: where it lies.
        report: payload of the ``fitted`` event; its ``model`` is None until the digest is known.
        queue: what to ask next, best first.
        guesses: of items of the queue.
    """

    folder: Path
    report: Mapping[str, Any]
    queue: tuple[Wanted, ...] = ()
    guesses: Guesses = field(default_factory=dict)


def write_candidate(
    project: Path,
    number: int,
    save: Callable[[Path], None] | None,
    *,
    report: Mapping[str, Any],
    queue: Sequence[Wanted],
    guesses: Guesses,
) -> str:
    """Write a candidate and return its name, e.g. ``candidates/7``; one of this number that nobody took is replaced.

    Args:
        project: the project's folder.
        number: of the candidate.
        save: writes the learner into a folder; None where there is none yet.
        report: payload of the ``fitted`` event.
        queue: what to ask next.
        guesses: of items of the queue.

    Raises:
        ResourceError: no space (code ``DiskFull``); nothing is left behind.
    """
    place = project / CANDIDATES
    with disk_full_named(place, "All labels are kept, and the last model stays."):
        place.mkdir(mode=0o700, exist_ok=True)
        with staging(place) as box:
            fresh = box / "candidate"
            fresh.mkdir()
            if save is not None:
                save(fresh)
            said = {
                "queue": [{"item": w.item, "score": w.score, "reason": w.reason, "role": w.role} for w in queue],
                "guesses": {item: [[name, p] for name, p in found] for item, found in guesses.items()},
            }
            for name, value in ((_QUEUE, said), (_REPORT, dict(report))):
                (fresh / name).write_text(json.dumps(value, ensure_ascii=False, allow_nan=False), encoding="utf-8")
            sync_tree(fresh)
            final = place / str(number)
            if final.exists():
                shutil.rmtree(final)
            os.rename(fresh, final)
            sync_folder(place)
    return f"{CANDIDATES}/{number}"


def clear_candidates(project: Path) -> None:
    """Remove candidates and what a killed trainer left of them; called while no trainer runs."""
    place = project / CANDIDATES
    if place.is_dir() and not place.is_symlink():
        for path in place.iterdir():
            if path.name.startswith(TEMPORARY) or path.name.isdecimal():
                shutil.rmtree(path, ignore_errors=True)


def read_candidate(project: Path, name: object, *, known: Callable[[str], bool] | None = None) -> Candidate:
    """Look a candidate through.

    Args:
        project: the project's folder.
        name: what the trainer called it.
        known: whether there is an item of this id.

    Raises:
        DataError: anything about it is not as it must be, naming what (code ``BadCandidate``).
    """
    if not isinstance(name, str) or not _PLACE.fullmatch(name):
        raise _bad(name, "a candidate is called candidates/NUMBER")
    folder = project / name
    try:
        _check_files(folder, name)
        report, said = _json(folder / _REPORT, name), _json(folder / _QUEUE, name)
        queue = tuple(_wanted(entry, name) for entry in _list(said, "queue", name))
        guesses = {item: _guess(found, name) for item, found in _mapping(said, "guesses", name).items()}
        if not isinstance(report, dict):
            raise _bad(name, f"{_REPORT} holds no object")
        _check_report(report, name)
    except OSError as error:
        raise _bad(name, f"it cannot be read ({error.strerror})") from error
    seen = {w.item for w in queue}
    if len(queue) > _MOST_QUEUE or len(seen) != len(queue):
        raise _bad(name, f"its queue of {len(queue)} names an item twice, or too many")
    if known is not None:
        stranger = next((item for item in (*seen, *guesses) if not known(item)), None)
        if stranger is not None:
            raise _bad(name, f"it names the item {shorten(stranger)!r}, which is not in this project")
    return Candidate(folder, report, queue, guesses)


def _check_files(folder: Path, name: str) -> None:
    if folder.is_symlink() or folder.parent.is_symlink() or not folder.is_dir():
        raise _bad(name, "there is no such folder")
    try:
        files = list(files_in(folder))
    except QueristError as error:
        raise _bad(name, "it holds a link or no plain file") from error
    if len(files) > _MOST_FILES or sum(path.stat().st_size for _, path in files) > _MOST_BYTES:
        raise _bad(name, f"it holds {len(files)} files, more or larger ones than a model has")
    wrong = next((n for n, _ in files if not n.endswith((".json", ".safetensors"))), None)
    if wrong is not None:
        raise _bad(name, f"it holds {shorten(wrong)!r}, and a model is JSON and safetensors")


def _json(path: Path, name: str) -> Any:
    if not path.is_file():
        raise _bad(name, f"{path.name} is missing")
    if path.stat().st_size > _MOST_JSON:
        raise _bad(name, f"{path.name} has more than {_MOST_JSON:,} bytes")
    try:
        return json.loads(path.read_bytes().decode("utf-8"), parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise _bad(name, f"{path.name} is no JSON ({shorten(str(error))})") from error


def _refuse(text: str) -> None:
    raise ValueError(f"{text} is no number of JSON")


def _list(said: Any, key: str, name: str) -> list[Any]:
    found = said.get(key) if isinstance(said, dict) else None
    if not isinstance(found, list):
        raise _bad(name, f"{_QUEUE} has no list {key!r}")
    return found


def _mapping(said: Any, key: str, name: str) -> dict[str, Any]:
    found = said.get(key) if isinstance(said, dict) else None
    if not isinstance(found, dict):
        raise _bad(name, f"{_QUEUE} has no object {key!r}")
    return found


def _wanted(entry: Any, name: str) -> Wanted:
    if not isinstance(entry, dict) or set(entry) != {"item", "score", "reason", "role"}:
        raise _bad(name, f"an entry of its queue is no item, score, reason and role: {shorten(entry)}")
    item, score, reason, role = (entry[k] for k in ("item", "score", "reason", "role"))
    good = isinstance(item, str) and bool(item) and isinstance(reason, str) and role in _ROLES
    if not good or not (score is None or _finite(score)):
        raise _bad(name, f"an entry of its queue is wrong: {shorten(entry)}")
    return Wanted(item, None if score is None else float(score), shorten(reason, 300), role)


def _guess(found: Any, name: str) -> tuple[tuple[str, float | None], ...]:
    if not isinstance(found, list) or not all(map(_is_guess, found)):
        raise _bad(name, f"a guess is no list of class and probability: {shorten(found)}")
    return tuple((word, None if share is None else float(share)) for word, share in found)


def _is_guess(pair: Any) -> bool:
    if not isinstance(pair, list) or len(pair) != 2 or not isinstance(pair[0], str):
        return False
    return pair[1] is None or _finite(pair[1])


def _check_report(report: dict[str, Any], name: str) -> None:
    for key, kinds in (("round", int), ("labels", int), ("upto", int), ("encoder", str), ("metrics", dict)):
        if not isinstance(report.get(key), kinds) or isinstance(report.get(key), bool):
            raise _bad(name, f"{_REPORT} has no {key}, or a wrong one: {shorten(report.get(key))}")
    if report.get("model") is not None:
        raise _bad(name, f"{_REPORT} names a model; its digest is for the server to find")
    if not all(v is None or _finite(v) for v in report["metrics"].values()):
        raise _bad(name, "a metric is no number")
    try:
        encode(Event("fitted", report))  # what the journal would say to it
    except QueristError as error:
        raise _bad(name, shorten(str(error), 200)) from error


def _finite(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _bad(name: object, what: str) -> DataError:
    return DataError(
        f"the trainer's candidate {shorten(name)} is refused: {what}; the last good model stays", code="BadCandidate"
    )
