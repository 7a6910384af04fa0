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
