"""Labels saved against random: cases with a known answer, and cases in which nobody could know."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from querist.core.seeds import generator
from querist.core.types import Array, Labels
from querist.server.trainer.savings import Good, Saved, _needed, _sizes, estimate_saved, too_early

VALIDATION = 400


def settled(control: Labels, asked: Labels, good: Good, floor: Array, seed: int = 1) -> tuple[Saved, int]:
    """The estimate, and in how many steps it came."""
    steps = estimate_saved(control, asked, good, floor=floor, seed=seed)
    count = 0
    while True:
        try:
            next(steps)
        except StopIteration as done:
            saved: Saved = done.value
            return saved, count
        count += 1


def labels(kind: str, count: int) -> Labels:
    return Labels([f"{kind}{k}" for k in range(count)], np.zeros(count, dtype=np.int64))


def model(asked_rate: float, random_rate: float, validation: int = VALIDATION):  # type: ignore[no-untyped-def]
    """Accuracy grows as 1 - exp(-rate * labels); the same items are easy for all models."""
    easy = generator(0, "easy").uniform(size=validation)

    def hits(some: Labels) -> NDArray[np.bool_]:
        rate = random_rate if some.items[0].startswith("r") else asked_rate
        return np.asarray(easy < 1 - np.exp(-rate * len(some)))

    return hits


def estimate(asked: float, random: float, controls: int = 60, validation: int = VALIDATION):  # type: ignore[no-untyped-def]
    found, steps = settled(
        labels("r", controls), labels("a", 400), model(asked, random, validation), np.zeros(validation)
    )
    assert steps > 5
    return found


def test_asking_that_is_twice_as_good_saves_about_half() -> None:
    found = estimate(0.04, 0.02)
    assert found.random == 45  # three quarters of 60
    assert found.asked == pytest.approx(22, abs=4)
    assert "saved" in found.text
    assert found.to_json() == {"asked": found.asked, "random": 45, "text": found.text}


def test_asking_that_is_worse_is_told_so() -> None:
    found = estimate(0.01, 0.02)
    assert found.asked == pytest.approx(90, abs=15)
    assert "random does better" in found.text


def test_errors_of_numbers_are_compared_as_well() -> None:
    """Errors that fall as 1 / labels, twice as fast where asked."""
    level = generator(0, "level").uniform(0.5, 1.5, size=VALIDATION)

    def good(some: Labels) -> Array:
        rate = 1.0 if some.items[0].startswith("r") else 2.0
        return -level / (rate * len(some))

    found, _ = settled(labels("r", 60), labels("a", 400), good, -level)
    assert found.random == 45
    assert found.asked == pytest.approx(22.5, abs=2)
    assert "saved" in found.text


def test_equal_ways_are_too_early_to_tell() -> None:
    found = estimate(0.02, 0.02)
    assert found.asked is None
    assert "Too early to tell" in found.text


def test_asking_that_never_gets_there_is_no_figure() -> None:
    found = estimate(0.0, 0.02)
    assert found.asked is None
    assert "or more" in found.text


def test_too_few_of_anything() -> None:
    assert "12 of 20 control" in too_early(12, 100)
    assert "5 of 30" in too_early(50, 5)
    assert too_early(20, 30) == ""
    few, steps = settled(labels("r", 20), labels("a", 3), model(1, 1), np.zeros(VALIDATION))
    assert (few.asked, steps) == (None, 0)


def test_random_labels_that_teach_nothing_yet_are_no_measure() -> None:
    """Nine in ten are of one class: five asked labels are as good as that, and nothing was saved by it."""
    common = np.arange(VALIDATION) % 10 != 0
    found, steps = settled(labels("r", 60), labels("a", 400), lambda some: common.astype(float), common.astype(float))
    assert found.asked is None
    assert "hardly better than one answer for all" in found.text
    assert steps == 8, "no model of the asked labels was made"


def test_the_crossing_is_found_between_sizes_on_a_rising_curve() -> None:
    sizes = [10, 20, 40]
    assert _needed(np.array([0.2, 0.6, 0.5]), 0.4, sizes) == 15.0
    assert _needed(np.array([0.2, 0.6, 0.5]), 0.1, sizes) == 10.0
    assert _needed(np.array([0.2, 0.6, 0.5]), 0.7, sizes) == float("inf")
    assert _sizes(20, 400)[-1] == 60
    assert 20 in _sizes(20, 400)
    assert _sizes(20, 4) == []
