"""The short form of kill_label.py: nothing acknowledged is lost when the server is killed under load."""

from __future__ import annotations

from kill_label import campaign


def test_nothing_acknowledged_is_lost() -> None:
    points = ("before the commit", "after the commit", "between head and body", "the project is open")
    outcome = campaign(8, seed=1, points=points)
    assert outcome.lost == []
    assert outcome.kills == 8
    assert outcome.points == dict.fromkeys(points, 1)
    assert outcome.acknowledged > 30
