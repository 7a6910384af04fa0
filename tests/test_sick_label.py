"""The short form of sick_label.py."""

from __future__ import annotations

import sys

import pytest

if sys.platform != "linux":
    pytest.skip("limits and signals are Linux's", allow_module_level=True)

from sick_label import campaign


def test_the_last_model_stays_and_labelling_goes_on() -> None:
    outcome = campaign(["raises", "segfaults", "writes rubbish", "fills the disk", "names a stranger"])
    assert outcome.faults == []
    assert outcome.runs == 5
