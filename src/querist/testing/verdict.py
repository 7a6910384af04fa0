"""How a conformance suite says that a part broke its contract."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import numpy as np

from querist.core.errors import StateError

__all__ = ["fail", "require", "running"]


def fail(check: str, why: str) -> NoReturn:
    """Say that ``check`` failed.

    Raises:
        StateError: always (code ``Contract``); the message begins with the name of the check.
    """
    raise StateError(f"{check}: {why}", code="Contract")


def require(condition: object, check: str, why: str) -> None:
    """Fail unless ``condition`` holds.

    Raises:
        StateError: it does not (code ``Contract``).
    """
    if not condition:
        fail(check, why)


@contextmanager
def running(check: str) -> Iterator[None]:
    """Around a check: whatever else it raises is a failure with its name, and so is a moved global generator."""
    python, legacy = random.getstate(), str(np.random.get_state())  # noqa: NPY002  (it is watched, not used)
    try:
        yield
    except Exception as error:
        if isinstance(error, StateError) and error.code == "Contract":
            raise
        raise StateError(f"{check}: raised {type(error).__name__}: {error}", code="Contract") from error
    same = python == random.getstate() and legacy == str(np.random.get_state())  # noqa: NPY002
    require(same, check, "a global random generator was moved; take numbers from querist.core.seeds.generator")
