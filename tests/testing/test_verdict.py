"""How suites say no."""

from __future__ import annotations

import random

import numpy as np
import pytest

from querist.core.errors import StateError
from querist.testing.verdict import fail, global_generators_untouched, require


def test_fail_names_the_check() -> None:
    with pytest.raises(StateError, match=r"^reads_back: it does not") as caught:
        fail("reads_back", "it does not")
    assert caught.value.code == "Contract"


def test_require() -> None:
    require(True, "x", "y")
    with pytest.raises(StateError, match="x: y"):
        require([], "x", "y")


def test_global_generators_are_watched() -> None:
    with global_generators_untouched("x"):
        random.Random(0).random()
        np.random.default_rng(0).random()
    state, legacy = random.getstate(), np.random.get_state()  # noqa: NPY002
    try:
        with pytest.raises(StateError, match="global random generator"), global_generators_untouched("x"):
            random.random()
        with pytest.raises(StateError, match="global random generator"), global_generators_untouched("x"):
            np.random.rand()  # noqa: NPY002
    finally:
        random.setstate(state)
        np.random.set_state(legacy)  # noqa: NPY002
