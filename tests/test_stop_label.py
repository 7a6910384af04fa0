"""The server stops with nothing lost; tests/stop_label.py does it a hundred times."""

from __future__ import annotations

import sys

import pytest

import stop_label


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGTERM to send")
def test_sigterm_under_load_loses_and_cuts_off_nothing() -> None:
    outcome = stop_label.campaign(2, trainer=False)
    assert outcome.lost == outcome.silent == []
    assert (outcome.stops, outcome.cut, outcome.codes) == (2, 0, {0})
    assert outcome.slowest < stop_label.LONGEST
    assert outcome.acknowledged > 10
