"""The short form of load_label.py: counts, no times."""

from __future__ import annotations

import sys

import pytest

if sys.platform != "linux":
    pytest.skip("the trainer is found in /proc", allow_module_level=True)

from load_label import Phase, campaign


def test_nothing_is_lost_while_the_trainer_works_dies_and_hangs() -> None:
    phases, faults = campaign(["busy", "killed", "hung"], posts=160, clients=8, seconds=1.0, rate=50.0, apart=False)
    assert faults == []
    busy, killed, hung = phases
    assert [phase.kind for phase in phases] == ["busy", "killed", "hung"]
    assert busy.fits >= 1
    assert 0 < busy.busy <= 1
    assert killed.troubled >= 1
    assert killed.told
    assert all(len(phase.items) == 160 + 50 for phase in phases), [len(phase.items) for phase in phases]
    assert hung.lost_models == 0


def test_it_says_what_the_trainer_did() -> None:
    phase = Phase("killed", [0.002], [0.003], [0.004, 0.006], [0.01], ["a"], 0, 1.5, 3, 0.25, 2, [0.5], 0, 1.25)
    first, opened, closed = phase.lines()
    assert first.startswith("trainer killed: 3 models, busy 25% of the time; killed 2 times, reason told after 0.50 s")
    assert "post: p50 2.0" in opened
    assert closed.startswith("  closed loop, 1.5 s: post: p50 5.0")


def test_it_says_which_bound_does_not_hold() -> None:
    good = Phase("killed", [0.01] * 9, [0.1], [0.3], [0.9], spent=24.0, told=[0.5, 4.9])
    assert good.slow() == []
    bad = Phase("killed", [0.016, 0.016, 0.2], [0.3], [0.5], spent=26.0, told=[0.5, 6.0])
    assert [line.rpartition(": ")[0] for line in bad.slow()] == [
        "trainer killed: open loop, post p99",
        "trainer killed: open loop, post p50",
        "trainer killed: open loop, next p99",
        "trainer killed: closed loop",
        "trainer killed: closed loop, post p99",
        "trainer killed: reason told",
    ]
    assert bad.slow()[2] == "trainer killed: open loop, next p99: 300 ms, more than 200"


def test_the_closed_loop_is_judged_at_its_own_size_only() -> None:
    assert Phase("busy", [0.01], [0.1], [0.5], spent=26.0).slow(whole=False) == []


def test_what_was_not_measured_does_not_hold() -> None:
    assert len(Phase("hung").slow()) == 5
