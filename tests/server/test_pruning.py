"""Models of a live loop: milestones and the newest stay, the others go, and the doctor is content."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from querist.data.record import Record
from querist.server.project import Project
from querist.server.pruning import LAST, worn
from querist.server.task import Task
from querist.storage.doctor import doctor


@pytest.fixture
def project(tmp_path: Path) -> Project:
    records = [Record(text=f"text {k}") for k in range(10)]
    return Project.make(tmp_path / "p", records, task=Task("single", ("a", "b")), modality="text", name="t")


def promote(project: Project, number: int, labels: int) -> str:
    digest = project.artifacts.put(f"model {number}".encode())
    report = {"round": number, "labels": labels, "cost": 0.0, "model": digest, "metrics": {}, "agreement": None}
    project.promote({**report, "surprise": None, "notes": [], "seconds": {}}, [], {})
    return digest


def test_milestones_and_the_newest_stay(project: Project) -> None:
    with project:
        digests = [promote(project, n, n + 1) for n in range(76)]  # pruned at rounds 25, 50 and 75
        kept = set(project.artifacts.digests())
        assert set(digests[-LAST:]) <= kept
        # 1, then at least five more each time; from 50 on a tenth more
        marks = [1, 6, 11, 16, 21, 26, 31, 36, 41, 46, 51]
        assert kept - set(digests[-LAST:]) == {digests[labels - 1] for labels in marks} - set(digests[-LAST:])
        assert project.writer.do(lambda w: worn(w.connection)) == []
        project.store.refold()
        assert project.writer.do(lambda w: worn(w.connection)) == []
    assert [f for f in doctor(project.folder) if f.severity == "error"] == []


def test_a_model_that_is_kept_under_two_rounds_stays(project: Project) -> None:
    with project:
        same = project.artifacts.put(b"same")
        for n in range(60):
            report: dict[str, Any] = {
                "round": n,
                "labels": 1 if n < 59 else 9,
                "cost": 0.0,
                "model": same,
                "metrics": {},
            }
            project.promote({**report, "agreement": None, "surprise": None, "notes": [], "seconds": {}}, [], {})
        assert project.artifacts.has(same)
