"""How suites say no."""

from __future__ import annotations

import random

import numpy as np
import pytest

from querist.core.errors import StateError
from querist.testing.verdict import fail, require, running


def test_fail_names_the_check() -> None:
    with pytest.raises(StateError, match=r"^reads_back: it does not") as caught:
        fail("reads_back", "it does not")
    assert caught.value.code == "Contract"


def test_require() -> None:
    require(True, "x", "y")
    with pytest.raises(StateError, match="x: y"):
        require([], "x", "y")


def test_global_generators_are_watched() -> None:
    with running("x"):
        random.Random(0).random()
        np.random.default_rng(0).random()
    state, legacy = random.getstate(), np.random.get_state()  # noqa: NPY002
    try:
        with pytest.raises(StateError, match="global random generator"), running("x"):
            random.random()
        with pytest.raises(StateError, match="global random generator"), running("x"):
            np.random.rand()  # noqa: NPY002
    finally:
        random.setstate(state)
        np.random.set_state(legacy)  # noqa: NPY002


def test_other_errors_are_failures_with_the_name_of_the_check() -> None:
    with pytest.raises(StateError, match="reads_back: raised KeyError: 'x'") as caught, running("reads_back"):
        raise KeyError("x")
    assert caught.value.code == "Contract"
    with pytest.raises(StateError, match=r"^inner: why"), running("outer"):
        fail("inner", "why")
