"""The short form of soak_label.py: memory needs longer to show, files and the log do not."""

from __future__ import annotations

import sys

import pytest

if sys.platform != "linux":
    pytest.skip("memory and open files are read from /proc", allow_module_level=True)

from soak_label import FILES, LOG, Outcome, campaign


def test_the_judge() -> None:
    flat = Outcome([(k, 100 << 20, 30, 1 << 20) for k in range(20)])
    assert flat.faults() == []
    growing = Outcome([(k, (100 + k) << 20, 30 + k, (k + 50) << 20) for k in range(20)])
    assert [line.split()[0] for line in growing.faults()] == ["memory", "36", "the"]  # 34 to 37 in the first quarter


def test_a_few_seconds_of_mixed_work_leave_nothing_open() -> None:
    outcome = campaign(4.0, rate=40.0, trainer=False)
    assert outcome.failed == []
    assert outcome.answers > 10
    files = [note[2] for note in outcome.notes[4:]]
    assert max(files) - min(files) <= FILES
    assert max(note[3] for note in outcome.notes) < LOG
