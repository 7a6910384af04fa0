"""The short form of lease_label.py."""

from __future__ import annotations

from lease_label import LATER, campaign


def test_items_of_dead_clients_come_back_after_their_lease_and_over_a_restart() -> None:
    outcome = campaign(20)
    assert outcome.early == outcome.orphans == []
    assert (outcome.dead, outcome.back, outcome.restarts) == (20, 20, 1)
    assert outcome.slowest < LATER
