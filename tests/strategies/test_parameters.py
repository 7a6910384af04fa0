"""Parameters of parts are refused by name, with the value."""

from __future__ import annotations

import math

import pytest

from querist.core.errors import ArgumentError, ArgumentTypeError
from querist.strategies.parameters import check_flag, check_positive, check_whole


@pytest.mark.parametrize("bad", [0, -3, True, 2.0, "4", None])
def test_whole_numbers(bad: object) -> None:
    with pytest.raises(ArgumentError, match="k must be a whole number ≥ 1, got ") as error:
        check_whole(bad, "k")
    assert repr(bad) in str(error.value)
    assert error.value.code == "BadParameter"
    check_whole(1, "k")
    check_whole(0, "steps", least=0)
    with pytest.raises(ArgumentError, match="steps must be a whole number ≥ 5, got 4"):
        check_whole(4, "steps", least=5)


@pytest.mark.parametrize("bad", [0, -1.5, math.inf, math.nan])
def test_numbers_above_zero(bad: float) -> None:
    with pytest.raises(ArgumentError, match="ridge must be a number > 0, got "):
        check_positive(bad, "ridge")
    check_positive(1e-9, "ridge")


def test_zero_a_limit_and_other_kinds() -> None:
    check_positive(0, "rate", zero=True)
    check_positive(1, "share", most=1.0)
    with pytest.raises(ArgumentError, match="share must be a number > 0 and ≤ 1, got 2"):
        check_positive(2, "share", most=1.0)
    for other in ("x", True, None):
        with pytest.raises(ArgumentTypeError, match="rate must be a number ≥ 0, got"):
            check_positive(other, "rate", zero=True)


@pytest.mark.parametrize("bad", [1, 0, "yes", None])
def test_flags(bad: object) -> None:
    check_flag(True, "far")
    check_flag(False, "far")
    with pytest.raises(ArgumentTypeError, match="far must be True or False, got ") as error:
        check_flag(bad, "far")
    assert repr(bad) in str(error.value)
