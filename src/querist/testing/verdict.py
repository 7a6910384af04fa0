"""How a conformance suite says that a part broke its contract."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import numpy as np

from querist.core.errors import StateError

__all__ = ["fail", "global_generators_untouched", "require"]


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
def global_generators_untouched(check: str) -> Iterator[None]:
    """Fail when the global generators of Python or NumPy are moved inside."""
    python, legacy = random.getstate(), str(np.random.get_state())  # noqa: NPY002  (it is watched, not used)
    yield
    same = python == random.getstate() and legacy == str(np.random.get_state())  # noqa: NPY002
    require(same, check, "a global random generator was moved; take numbers from querist.core.seeds.generator")
