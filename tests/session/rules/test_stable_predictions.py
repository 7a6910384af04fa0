"""Predictions that stand still."""

from __future__ import annotations

from dataclasses import replace

import pytest

from querist.core.errors import ArgumentError
from querist.core.types import Progress
from querist.session.rules.stable_predictions import StablePredictions
from querist.testing.rules import progress_of


def with_agreements(values: list[float | None]) -> Progress:
    progress = progress_of([0.5] * len(values))
    return replace(progress, history=tuple(replace(r, agreement=a) for r, a in zip(progress.history, values)))


@pytest.mark.parametrize(
    "agreements, stops",
    [
        ([], False),
        ([None, 1.0, 1.0], False),  # three rounds, two agreements
        ([None, 1.0, 1.0, 1.0], True),
        ([None, 0.99, 0.99, 0.99], True),  # exactly enough
        ([None, 0.985, 0.99, 1.0], True),  # the mean is .9917: the paper averages
        ([None, 0.96, 1.0, 1.0], False),  # the mean is .9867
        ([None, 1.0, 1.0, 1.0, 0.2], False),  # only the last three count
        ([None, 0.2, 1.0, 1.0, 1.0], True),
        ([None, None, 1.0, None], False),  # a learner without probabilities
    ],
)
def test_by_hand(agreements: list[float | None], stops: bool) -> None:
    assert (StablePredictions().check(with_agreements(agreements)) is not None) is stops


def test_reason_names_the_figures() -> None:
    reason = StablePredictions(kappa=0.95, window=2).check(with_agreements([None, 0.3, 0.96, 0.98]))
    assert reason is not None
    assert reason.rule == "stable_predictions(kappa=0.95, window=2)"
    assert reason.text == (
        "the predictions are stable: kappa between successive models was 0.96, 0.98 in the last 2 rounds, "
        "0.97 on average, and 0.95 is enough"
    )


@pytest.mark.parametrize("more", [{"kappa": 0}, {"kappa": 1.2}, {"window": 0}])
def test_bad_parameters(more: dict[str, float]) -> None:
    with pytest.raises(ArgumentError, match=next(iter(more))):
        StablePredictions(**more)  # type: ignore[arg-type]
