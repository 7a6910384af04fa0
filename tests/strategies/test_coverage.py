"""The coverage switch by hand, at its border, and with pending items."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import querist
from querist.core.errors import ArgumentError, ArgumentTypeError, QueristError
from querist.strategies.coverage import CoverageSwitch

X = np.arange(10.0)[:, None]
P = np.column_stack([np.linspace(0.5, 0.9, 10), np.linspace(0.5, 0.1, 10)])
TEXT = "coverage_switch(first=k_center, then=margin, radius=2, share=0.5)"


def reason(text: str = TEXT, dtype: Any = float, **known: Any) -> str:
    return querist.select(text, 1, probs=P, embedding=X.astype(dtype), **known).reasons[0]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_by_hand(dtype: Any) -> None:
    """4 covers 2 to 6, the border included: 5 of 10."""
    known = {"embedding": np.array([[4.0]], dtype=dtype)}
    assert reason(dtype=dtype, labelled=known).endswith("margin at 50% of the pool covered (switch at 50%)")
    assert reason(dtype=dtype, labelled={"embedding": np.array([[9.0]], dtype=dtype)}).endswith(
        "k_center at 30% of the pool covered (switch at 50%)"
    )


def test_pending_items_cover_too() -> None:
    at = {"embedding": np.array([[9.0]])}
    also = {"embedding": np.array([[0.0]])}
    assert "margin at 60%" in reason(labelled=at, pending=also)
    assert "margin at 60%" in reason(pending={"embedding": np.array([[9.0], [0.0]])})


def test_nothing_known_covers_nothing() -> None:
    assert "k_center at 0%" in reason()


def test_text() -> None:
    part = CoverageSwitch(first="k_center", then="margin", radius=2, share=0.5)
    assert str(part) == "coverage_switch(first=k_center, then=margin, radius=2.0, share=0.5)"
    assert querist.parse(TEXT) == part
    assert repr(part) == "CoverageSwitch(first=KCenter(), then=Margin(), radius=2.0, share=0.5)"


@pytest.mark.parametrize(
    ("radius", "share", "kind", "words"),
    [
        (0, 0.5, ArgumentError, "radius must be a number above 0, got 0"),
        (float("inf"), 0.5, ArgumentError, "radius must be a number above 0, got inf"),
        ("far", 0.5, ArgumentTypeError, "radius must be a number above 0, got str far"),
        (1, 1.5, ArgumentError, "share must be a number above 0 and at most 1, got 1.5"),
        (1, True, ArgumentTypeError, "share must be a number above 0 and at most 1, got bool"),
    ],
)
def test_bad_parameters(radius: Any, share: Any, kind: type[QueristError], words: str) -> None:
    with pytest.raises(kind, match=words):
        CoverageSwitch("k_center", "margin", radius, share)
