"""The short form of million_label.py: counts and structure, no times."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

if sys.platform != "linux":
    pytest.skip("memory is read from /proc", allow_module_level=True)

from million_label import _PAGES, _SCANS, Figures, imported, measured, written
from querist.server.read_only import read_only


def test_a_file_becomes_a_project_by_the_command_and_is_served(tmp_path: Path) -> None:
    figures = Figures(2_000)
    project = tmp_path / "project"
    figures.import_s, figures.import_bytes = imported(project, written(tmp_path / "texts.jsonl", 2_000, labels=50))
    assert figures.import_bytes > 1 << 20
    with read_only(project) as opened:
        assert len(opened.items) == 2_000
        assert opened.task.classes == ("cat", "dog")
        assert str(opened.items.get("i1999").text).endswith("note 1999")
    measured(project, figures, calls=3, rounds=1)
    assert set(figures.calls) == {"next", "answer", *_PAGES, *_SCANS}
    assert {name: len(times) for name, times in figures.calls.items()} == dict.fromkeys(figures.calls, 3)
    assert set(figures.busy) == {"next", "answer", *_PAGES}
    assert len(figures.round_s) == 1
    assert figures.features_s is not None
    assert min(figures.server_bytes, figures.trainer_bytes) > 1 << 20


def test_it_says_which_bound_was_not_kept() -> None:
    assert Figures(1, import_bytes=1 << 30, trainer_bytes=1 << 30, calls={"next": [0.1], _SCANS[0]: [3.0]}).over() == []
    over = Figures(1, import_bytes=2 << 30, trainer_bytes=3 << 30, page_s=0.3, busy={"next": [0.1, 0.4, 0.5]}).over()
    assert over == [
        "the import held 2048 MiB",
        "the trainer held 3072 MiB",
        "first page took 300 ms",
        "next took 400 ms while the trainer works",
    ]
