"""Every registered part on drawn pools: 1 to 500 items, 1 to 50 classes, ties, duplicates, constant features.

50 examples a part here; ``QUERIST_EXAMPLES=2000`` (the nightly script) draws more. Each example is selected twice and once
in another order.
"""

from __future__ import annotations

import os

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from querist.strategies.algebra import AnyPart
from querist.testing.pools import KINDS, make_pool, restrict
from querist.testing.strategies import examples
from querist.testing.subject import Subject, same

EXAMPLES = int(os.environ.get("QUERIST_EXAMPLES", "50"))
SIZES = st.one_of(st.integers(1, 40), st.integers(1, 500))
FEW_CLASSES = {"bait": 5, "firal": 10}
"""Work that grows with the cube of the classes: so many classes at most in CI, all of them in the nightly script."""


@pytest.mark.timeout(300 if EXAMPLES <= 50 else 7200)
@pytest.mark.parametrize("part", [pytest.param(part, id=name) for name, part in examples()])
def test_exact_distinct_repeatable_and_blind_to_order(part: AnyPart) -> None:
    subject = Subject(part)

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=EXAMPLES <= 50,
        suppress_health_check=list(HealthCheck),
    )
    @given(
        kind=st.sampled_from(KINDS),
        size=SIZES,
        classes=st.integers(1, 50),
        share=st.floats(0, 1.1),
        seed=st.integers(0, 2**32),
        others=st.booleans(),
        short=st.booleans(),
    )
    def holds(kind: str, size: int, classes: int, share: float, seed: int, others: bool, short: bool) -> None:
        dtype = np.float32 if short else np.float64
        if EXAMPLES <= 50:
            classes = min(classes, FEW_CLASSES.get(str(part), 50))
        whole = make_pool(
            kind, size, classes, seed=seed, dtype=dtype, regression=subject.regression, outputs=subject.outputs
        )
        pool = restrict(whole, subject.needs, others=others)
        n = min(max(1, round(share * size)), 60 if size > 60 else size + 2)
        chosen = subject.attempt(pool, n, seed=seed)  # held to: exactly min(n, N) distinct rows of the pool
        again = subject.attempt(pool, n, seed=seed)
        assert (chosen is None) == (again is None)
        if chosen is None or again is None:
            return
        assert len(set(chosen.ids)) == len(chosen) == min(n, size)
        assert same(chosen, again), "the same seed chose otherwise"
        if subject.equivariant:
            mixed = pool.take(np.random.default_rng(seed).permutation(size))
            other = subject.attempt(mixed, n, seed=seed)
            assert other is not None
            assert set(other.ids) == set(chosen.ids), "another order of the pool, another choice"

    holds()
