"""Stand-ins for abilities of a learner."""

from __future__ import annotations

from querist.testing.capabilities import STAND_INS


def test_the_lengths_depend_on_the_ids_alone() -> None:
    attack = STAND_INS["adversarial_margin"]
    ids = [f"item-{i:03d}" for i in range(40)]
    lengths = attack(ids)
    assert attack(ids[::-1]).tolist() == lengths.tolist()[::-1]
    assert set(lengths.tolist()) == {1.0, 2.0, 3.0, 4.0, 5.0}
