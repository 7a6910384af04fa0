"""The form of kill_label.py for each commit: nothing acknowledged is lost when the server is killed under load."""

from __future__ import annotations

import pytest

from crash_server import POINTS
from kill_label import campaign


@pytest.mark.timeout(1200)
def test_nothing_acknowledged_is_lost() -> None:
    outcome = campaign(50, seed=1)
    assert outcome.lost == []
    assert outcome.kills == 50
    assert [point for point in POINTS if not outcome.points[point]] == [], "the server was killed at each point"
    assert outcome.acknowledged > 200
