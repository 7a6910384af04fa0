"""The short form of full_disk_label.py: a full disk costs nothing that was acknowledged, and needs no restart."""

from __future__ import annotations

import sys

import pytest

if sys.platform != "linux":
    pytest.skip("limits of another process are set on Linux only", allow_module_level=True)

import full_disk_label

SHORT = tuple(name for name in full_disk_label.SCENARIOS if name != "model save")


@pytest.mark.parametrize("mount", [False, True])
def test_a_full_disk_is_named_and_nothing_is_lost(mount: bool) -> None:
    if mount:
        with full_disk_label.small_disk(True) as disk:
            if disk is None:
                pytest.skip("no tmpfs can be mounted here")
    outcome = full_disk_label.campaign(1, mount=mount, scenarios=SHORT)
    assert outcome.wrong == []
    assert outcome.done == dict.fromkeys(SHORT, 1)
    assert outcome.acknowledged > 5
    assert outcome.slowest_back < full_disk_label.BACK
