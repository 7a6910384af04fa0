"""The short form of backup_label.py."""

from __future__ import annotations

from backup_label import campaign


def test_backups_under_load_are_consistent() -> None:
    times, acknowledged, wrong = campaign(4, seed=3)
    assert wrong == []
    assert times == 4
    assert acknowledged > 20
