"""The short form of import_label.py: counts, no times."""

from __future__ import annotations

import sys

import pytest

if sys.platform != "linux":
    pytest.skip("memory is read from /proc", allow_module_level=True)

from import_label import campaign


def test_every_row_and_answer_is_there_after_an_import_beside_a_person() -> None:
    outcome = campaign(2_000, items=500, quiet=0.5)
    assert outcome.wrong == []
    assert outcome.took["items"] == 2_000
    assert outcome.took["answers"] == 2_000
    assert len(outcome.beside["post"]) > 2
