"""Candidates: written whole, read with suspicion."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from querist.core.errors import DataError, ResourceError
from querist.server.trainer import candidate as module
from querist.server.trainer.candidate import Wanted, clear_candidates, read_candidate, write_candidate

REPORT: dict[str, Any] = {
    "round": 3,
    "labels": 12,
    "cost": 12.0,
    "model": None,
    "metrics": {"accuracy": 0.5},
    "agreement": None,
    "surprise": None,
    "notes": [],
    "seconds": {},
    "encoder": "hashed text",
    "upto": 40,
    "advice": {},
}
QUEUE = [Wanted("a", 0.5, "unsure"), Wanted("b", None, "at random", "check")]


def write(folder: Path, **report: Any) -> str:
    def save(into: Path) -> None:
        (into / "config.json").write_text("{}")
        (into / "estimator.safetensors").write_bytes(b"weights")

    said = {**REPORT, **report}
    return write_candidate(
        folder, 7, save, report=said, queue=QUEUE, guesses={"a": [("cat", 0.75)], "b": [("3.5", None)]}
    )


def test_what_was_written_is_read(tmp_path: Path) -> None:
    name = write(tmp_path)
    assert name == "candidates/7"
    found = read_candidate(tmp_path, name, known={"a", "b"}.__contains__)
    assert found.report == REPORT
    assert list(found.queue) == QUEUE
    assert found.guesses == {"a": (("cat", 0.75),), "b": (("3.5", None),)}
    assert [p.name for p in (tmp_path / "candidates").iterdir()] == ["7"]


def test_a_failed_write_leaves_nothing(tmp_path: Path) -> None:
    def save(into: Path) -> None:
        (into / "half.json").write_text("{")
        raise OSError(28, "No space left on device")

    with pytest.raises(ResourceError) as caught:
        write_candidate(tmp_path, 1, save, report=REPORT, queue=[], guesses={})
    assert caught.value.code == "DiskFull"
    assert list((tmp_path / "candidates").iterdir()) == []


def test_clearing_removes_candidates_and_halves_and_nothing_else(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "candidates" / ".new-x").mkdir()
    (tmp_path / "candidates" / "notes").mkdir()
    clear_candidates(tmp_path)
    assert [p.name for p in (tmp_path / "candidates").iterdir()] == ["notes"]
    clear_candidates(tmp_path / "elsewhere")


def queue_of(change: Callable[[dict[str, Any]], object]) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        file = folder / "queue.json"
        said = json.loads(file.read_text())
        change(said)
        file.write_text(json.dumps(said))

    return spoil


def report_of(**change: Any) -> Callable[[Path], Any]:
    return lambda folder: (folder / "report.json").write_text(json.dumps({**REPORT, **change}))


def linked(folder: Path) -> None:
    os.symlink("report.json", folder / "other.json")


SPOILT: dict[str, Callable[[Path], Any]] = {
    "no queue": lambda f: (f / "queue.json").unlink(),
    "no report": lambda f: (f / "report.json").unlink(),
    "no json": lambda f: (f / "queue.json").write_text("{"),
    "no utf-8": lambda f: (f / "queue.json").write_bytes(b'"\xff"'),
    "nan": lambda f: (f / "report.json").write_text(json.dumps({**REPORT, "metrics": {"accuracy": float("nan")}})),
    "deep": lambda f: (f / "queue.json").write_text("[" * 100_000),
    "a list": lambda f: (f / "queue.json").write_text("[]"),
    "a number for a report": lambda f: (f / "report.json").write_text("5"),
    "twice": queue_of(lambda s: s["queue"].append(s["queue"][0])),
    "stranger": queue_of(lambda s: s["queue"].append({**s["queue"][0], "item": "zz"})),
    "stranger guessed": queue_of(lambda s: s["guesses"].update({"zz": []})),
    "role": queue_of(lambda s: s["queue"][0].update(role="validation")),
    "score": queue_of(lambda s: s["queue"][0].update(score="high")),
    "more": queue_of(lambda s: s["queue"][0].update(script="<b>")),
    "guess": queue_of(lambda s: s["guesses"].update(a=[["cat", "much"]])),
    "guess word": queue_of(lambda s: s["guesses"].update(a=[[None, 0.5]])),
    "guess shape": queue_of(lambda s: s["guesses"].update(a={"cat": 1})),
    "labels": report_of(labels=-1),
    "round": report_of(round=True),
    "no encoder": report_of(encoder=None),
    "a model": report_of(model="0" * 64),
    "a metric": report_of(metrics={"accuracy": "good"}),
    "a pickle": lambda f: (f / "model.pkl").write_bytes(b"\x80\x04"),
    "a link": linked,
}


@pytest.mark.parametrize("spoil", SPOILT.values(), ids=SPOILT.keys())
def test_anything_wrong_is_refused_by_name(spoil: Callable[[Path], Any], tmp_path: Path) -> None:
    name = write(tmp_path)
    spoil(tmp_path / name)
    with pytest.raises(DataError, match="last good model stays") as caught:
        read_candidate(tmp_path, name, known={"a", "b"}.__contains__)
    assert caught.value.code == "BadCandidate"


@pytest.mark.parametrize(
    "name", [None, 7, "", "candidates/8", "candidates/../journal.db", "../candidates/7", "/etc", "candidates/7/x"]
)
def test_other_names_are_refused(name: object, tmp_path: Path) -> None:
    write(tmp_path)
    with pytest.raises(DataError, match="refused"):
        read_candidate(tmp_path, name)


def test_a_candidate_that_is_a_link_is_refused(tmp_path: Path) -> None:
    write(tmp_path)
    os.rename(tmp_path / "candidates" / "7", tmp_path / "elsewhere")
    os.symlink(tmp_path / "elsewhere", tmp_path / "candidates" / "7")
    with pytest.raises(DataError, match="no such folder"):
        read_candidate(tmp_path, "candidates/7")


def test_too_large_a_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = write(tmp_path)
    monkeypatch.setattr(module, "_MOST_JSON", 10)
    with pytest.raises(DataError, match="more than 10 bytes"):
        read_candidate(tmp_path, name)
    monkeypatch.setattr(module, "_MOST_BYTES", 10)
    with pytest.raises(DataError, match="more or larger"):
        read_candidate(tmp_path, name)
