"""The checks about inputs leave no trace, and the faults that they plant are faults. See also test_strategies.py."""

from __future__ import annotations

import random

import numpy as np
import pytest

from querist.core.checks import check_signal
from querist.core.errors import DataError
from querist.core.signals import CATALOGUE, EMBEDDING, GRADIENT, MEMBERS, PROBS
from querist.testing.pools import make_pool
from querist.testing.strategies import CHECKS
from querist.testing.strategy_inputs import INPUT_CHECKS, _faults
from querist.testing.subject import Subject, fingerprint


def test_they_are_part_of_the_suite() -> None:
    assert INPUT_CHECKS.items() <= CHECKS.items()


def test_global_generators_are_put_back() -> None:
    random.seed(3)
    np.random.seed(3)  # noqa: NPY002
    expected = (random.random(), float(np.random.random()))  # noqa: NPY002
    random.seed(3)
    np.random.seed(3)  # noqa: NPY002
    INPUT_CHECKS["global_generators"](Subject("entropy"))
    assert (random.random(), float(np.random.random())) == expected  # noqa: NPY002


@pytest.mark.parametrize("signal", [PROBS, MEMBERS, EMBEDDING, GRADIENT], ids=str)
def test_planted_faults_are_found_by_the_check_of_signals(signal: object) -> None:
    pool = make_pool("generic", 8, 3)
    value = pool.arrays[str(signal)]
    before = fingerprint(pool)
    words = []
    for word, broken in _faults(CATALOGUE[str(signal)], value):
        words.append(word)
        if word == "a row too few":
            sizes = {len(part) for part in broken} if isinstance(broken, tuple) else {len(broken)}
            assert 7 in sizes
            continue
        with pytest.raises(DataError, match=str(signal)):
            check_signal(CATALOGUE[str(signal)], broken, "pool")
    assert {"NaN", "an infinite value", "a row too few"} <= set(words)
    assert ("logits" in words) == (signal in (PROBS, MEMBERS))
    assert fingerprint(pool) == before
