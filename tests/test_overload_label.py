"""The short form of overload_label.py."""

from __future__ import annotations

import sys

import pytest

if sys.platform != "linux":
    pytest.skip("memory and open files are read from /proc", allow_module_level=True)

from overload_label import campaign


def test_a_flood_is_refused_by_name_and_leaves_nothing_behind() -> None:
    outcome = campaign(clients=150, slow=50, silent=100, seconds=2.0)
    assert outcome.failed == []
    assert outcome.bare == 0
    assert set(outcome.statuses) <= {"200", "503", "TimeoutError", "ConnectionResetError"}
    assert outcome.after_files <= outcome.idle_files + 5
    assert outcome.most_bytes <= 1.5 * outcome.idle_bytes
