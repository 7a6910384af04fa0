"""A limit on labels."""

from __future__ import annotations

from dataclasses import replace

import pytest

from querist.core.errors import ArgumentError, ArgumentTypeError
from querist.core.types import StopReason
from querist.session.rules.max_labels import MaxLabels
from querist.testing.rules import progress_of


@pytest.mark.parametrize("labels, stops", [(0, False), (499, False), (500, True), (501, True)])
def test_stops_at_the_limit(labels: int, stops: bool) -> None:
    progress = replace(progress_of([0.5]), labels=labels)
    assert (MaxLabels(500).check(progress) is not None) is stops


def test_reason_names_the_figures() -> None:
    progress = replace(progress_of([0.5]), labels=512)
    assert MaxLabels(500).check(progress) == StopReason(
        "max_labels(500)", "512 items are labelled, and 500 were wanted"
    )


def test_bad_parameters() -> None:
    with pytest.raises(ArgumentError, match=r"n must be ≥ 1, got 0"):
        MaxLabels(0)
    with pytest.raises(ArgumentTypeError, match="float"):
        MaxLabels(2.5)  # type: ignore[arg-type]
