"""An answer as it is sent: what counts as the same, and what cannot be kept."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from querist.core.errors import ArgumentError
from querist.server.post import Post

POST = Post("k", "q1", 1, "a", "label", "cat", None, "note", 1.5, True)


def test_the_digest_is_of_all_but_the_key() -> None:
    assert replace(POST, key="other").digest == POST.digest
    changes: dict[str, Any] = {"query": "q2", "fence": 2, "item": "b", "kind": "skip", "value": "dog"}
    changes |= {"rationale": {}, "note": None, "seconds": 2.0, "shown": False}
    digests = {POST.digest} | {replace(POST, **{name: value}).digest for name, value in changes.items()}
    assert len(digests) == 10


def test_order_of_names_is_no_difference() -> None:
    one, two = replace(POST, value={"a": 0.5, "b": 0.5}), replace(POST, value={"b": 0.5, "a": 0.5})
    assert one.digest == two.digest


@pytest.mark.parametrize("seconds", [0, 0.0, 3, 1e9, None])
def test_times_that_are_kept(seconds: float | None) -> None:
    replace(POST, seconds=seconds).check()


@pytest.mark.parametrize("seconds", [-1, float("nan"), float("inf"), 1e10, True, "3"])
def test_times_that_are_none(seconds: Any) -> None:
    with pytest.raises(ArgumentError, match="0 or more") as caught:
        replace(POST, seconds=seconds).check()
    assert caught.value.code == "BadPost"


@pytest.mark.parametrize(
    "change",
    [
        {"key": "k" * 201},
        {"key": 3},
        {"key": None},
        {"note": "n" * 20_001},
        {"note": 5},
        {"key": "\ud800"},
        {"note": "a\udfff"},
        {"query": 3},
        {"item": None},
    ],
)
def test_texts_that_are_too_long_or_none(change: dict[str, Any]) -> None:
    with pytest.raises(ArgumentError, match="must be text of at most") as caught:
        replace(POST, **change).check()
    assert caught.value.code == "BadPost"
    assert next(iter(change)) in str(caught.value)
