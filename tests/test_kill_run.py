"""Thirty kills of a running `querist run`: nothing acknowledged is lost, and the rest is asked as if unbroken."""

from __future__ import annotations

import os

import pytest

from kill_run import campaign


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.skipif(os.name != "posix", reason="kills process groups")
def test_killed_runs_lose_nothing_and_resume_identically() -> None:
    report = campaign(30)
    assert report.kills == 30
    assert report.lost == 0
    assert report.differing == 0, report.notes
    assert report.acknowledged > 0
    assert report.slowest_open < 2.0
