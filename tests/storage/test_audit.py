"""The trail of what left a project: chained, so that no line is changed, moved or taken away unseen."""

from __future__ import annotations

import stat
import threading
from pathlib import Path

import pytest

from querist.core.errors import StateError
from querist.storage.audit import AUDIT, HEAD, Audit


@pytest.fixture
def audit(tmp_path: Path) -> Audit:
    one = Audit(tmp_path)
    for k in range(6):
        one.add("export", f"person {k}", "page", format="csv", items=k)
    return one


def test_lines_say_who_what_when_and_from_where(audit: Audit) -> None:
    lines = audit.lines()
    assert [(e["n"], e["act"], e["who"], e["where"], e["items"]) for e in lines] == [
        (k + 1, "export", f"person {k}", "page", k) for k in range(6)
    ]
    assert lines[0]["at"] <= lines[-1]["at"]
    assert stat.S_IMODE(audit.path.stat().st_mode) == 0o600
    assert Audit(audit.path.parent / "none").lines() == []


def test_a_changed_line_is_found_at_every_place(audit: Audit) -> None:
    text = audit.path.read_bytes()
    for place in range(0, len(text), 7):
        audit.path.write_bytes(text[:place] + bytes([text[place] ^ 1]) + text[place + 1 :])
        with pytest.raises(StateError, match="was changed"):
            audit.lines()


def test_a_line_taken_away_added_or_moved_is_found(audit: Audit) -> None:
    lines = audit.path.read_bytes().splitlines(keepends=True)
    for k in range(6):
        others = [line for n, line in enumerate(lines) if n != k]
        for changed in (others, [*lines[: k + 1], lines[k], *lines[k + 1 :]], [*others[:2], lines[k], *others[2:]]):
            if changed == lines:
                continue
            audit.path.write_bytes(b"".join(changed))
            with pytest.raises(StateError, match="was changed"):
                audit.lines()
            with pytest.raises(StateError, match="was changed"):
                audit.add("export", "x", "page")
    audit.path.unlink()
    with pytest.raises(StateError, match="it ends at line 0, and 6 were written"):
        audit.lines()


def test_what_a_kill_left_is_no_hindrance(audit: Audit, tmp_path: Path) -> None:
    text, head = audit.path.read_bytes(), (tmp_path / HEAD).read_bytes()
    audit.add("export", "seventh", "page")
    seventh = audit.path.read_bytes()
    (tmp_path / HEAD).write_bytes(head)  # killed between the line and the head
    assert len(audit.lines()) == 7
    audit.path.write_bytes(seventh[: len(text) + 9])  # killed within the line
    audit.add("export", "again", "page")
    assert [e["who"] for e in audit.lines()][-2:] == ["person 5", "again"]


def test_several_write_at_once(tmp_path: Path) -> None:
    def write(name: str) -> None:
        for _ in range(5):
            Audit(tmp_path).add("export", name, "page")

    threads = [threading.Thread(target=write, args=(f"t{k}",)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(Audit(tmp_path).lines()) == 20
    assert (tmp_path / AUDIT).exists()
