"""The short form of kill_label.py: nothing acknowledged is lost when the server is killed under load."""

from __future__ import annotations

from kill_label import campaign


def test_nothing_acknowledged_is_lost() -> None:
    outcome = campaign(6, seed=1)
    assert outcome.lost == []
    assert outcome.kills == 6
    assert outcome.acknowledged > 30
