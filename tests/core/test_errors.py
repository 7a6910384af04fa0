"""Errors double as built-ins, carry codes, and travel between processes."""

from __future__ import annotations

import pickle

import pytest

from querist.core.errors import (
    ArgumentError,
    ArgumentTypeError,
    DataError,
    QueristError,
    ResourceError,
    StateError,
    UnknownNameError,
    nearest,
    shorten,
)


@pytest.mark.parametrize(
    ("kind", "builtin", "code"),
    [
        (ArgumentError, ValueError, 2),
        (ArgumentTypeError, TypeError, 2),
        (UnknownNameError, LookupError, 2),
        (DataError, ValueError, 3),
        (StateError, RuntimeError, 4),
        (ResourceError, RuntimeError, 5),
    ],
)
def test_six_classes_under_one_root(kind: type[QueristError], builtin: type[Exception], code: int) -> None:
    error = kind("what was wrong", code="SomeCode")
    assert isinstance(error, QueristError)
    assert isinstance(error, builtin)
    assert error.exit_code == code
    assert str(error) == "what was wrong"
    again = pickle.loads(pickle.dumps(error))  # noqa: S301  (as a process pool does)
    assert type(again) is kind
    assert (str(again), again.code) == ("what was wrong", "SomeCode")


def test_there_are_exactly_six() -> None:
    assert len(QueristError.__subclasses__()) == 6


def test_nearest_and_shorten() -> None:
    assert nearest("bacth_size", ["batch_size", "budget"]) == ["batch_size"]
    assert nearest("zzz", ["batch_size"]) == []
    assert nearest("Margin", ["margin", "marge"], 3)[0] == "margin"
    assert len(shorten("x" * 500)) == 80
    assert shorten([1, 2]) == "[1, 2]"
