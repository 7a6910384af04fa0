"""The short form of sick_label.py: counts, no times."""

from __future__ import annotations

import sys

import pytest

if sys.platform != "linux":
    pytest.skip("limits and signals are Linux's", allow_module_level=True)

from sick_label import Outcome, campaign


def test_the_last_model_stays_and_labelling_goes_on() -> None:
    outcome = campaign(["raises", "segfaults", "writes rubbish", "fills the disk", "names a stranger"])
    assert outcome.faults == []
    assert outcome.runs == len(outcome.told) == 5
    assert len(outcome.asks) == len(outcome.posts) >= 10


def test_it_says_which_bound_does_not_hold() -> None:
    good = Outcome(1, asks=[0.1] * 99, posts=[0.05] * 99, told=[("spins", 4.1)])
    assert good.slow() == []
    assert good.line() == (
        "1 runs, 0 faults; next p50 100.0, p99 100.0, worst 100.0 ms (99); post p50 50.0, p99 50.0, worst 50.0 ms (99); "
        "reason told after 4.10 s at most (1)"
    )
    assert Outcome(1, asks=[0.3], posts=[0.2], told=[("spins", 4.1), ("ends", 5.2)]).slow() == [
        "ends: the reason is told after 5.2 s, not 5",
        "next: p99 300 ms, more than 200",
        "post: p99 200 ms, more than 100",
    ]
    assert len(Outcome().slow()) == 2
