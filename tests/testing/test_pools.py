"""The synthetic pools are what they say, and the same everywhere."""

from __future__ import annotations

import numpy as np
import pytest

from querist.core.checks import check_signal
from querist.core.signals import CATALOGUE, EMBEDDING, LABELS, PROBS, Needs
from querist.testing.pools import KINDS, ROLES, make_pool, pools, restrict
from querist.testing.subject import fingerprint


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_every_signal_is_there_and_valid(kind: str, dtype: type) -> None:
    pool = make_pool(kind, 17, 3, dtype=dtype)
    assert set(pool.arrays) == set(CATALOGUE) - {"labels", "targets"}
    assert set(pool.labelled) == set(CATALOGUE) - {"graph"}
    for role in ROLES:
        for name, value in pool.role(role).items():
            check_signal(CATALOGUE[name], value, role)
    assert pool.arrays["probs"].dtype == dtype
    assert len(set(pool.ids)) == pool.size == 17


def test_kinds_are_what_they_say() -> None:
    different = {kind: len(np.unique(make_pool(kind, 24, 4).arrays["embedding"], axis=0)) for kind in KINDS}
    assert different["generic"] == different["sure"] == 24
    assert different["constant"] == 1
    assert different["ties"] <= 4
    assert different["duplicates"] <= 12
    assert set(np.unique(make_pool("sure", 24, 4).arrays["probs"])) == {0.0, 1.0}
    assert make_pool("generic", 9, 3, regression=True).arrays["members"].ndim == 2


def test_the_same_numbers_in_both_precisions_and_every_time() -> None:
    short, long = make_pool("generic", 9, 3), make_pool("generic", 9, 3, dtype=np.float64)
    assert np.array_equal(short.arrays["probs"], long.arrays["probs"])
    assert fingerprint(short) == fingerprint(make_pool("generic", 9, 3)) != fingerprint(long)
    assert fingerprint(short) != fingerprint(make_pool("generic", 9, 3, seed=1))


def test_sizes_and_classes() -> None:
    all_pools = list(pools())
    assert {pool.size for pool in all_pools} >= {1, 2, 60}
    assert {pool.arrays["probs"].shape[1] for pool in all_pools} == {1, 2, 3, 4, 5, 6}
    assert {pool.name.split()[0] for pool in all_pools} == set(KINDS)


def test_restrict_and_take() -> None:
    needs = Needs(pool=frozenset({PROBS}), labelled=frozenset({LABELS}), uses=frozenset({EMBEDDING}))
    pool = restrict(make_pool("generic", 9, 3), needs)
    assert [sorted(pool.role(role)) for role in ROLES] == [["probs"], ["embedding", "labels"], ["embedding"], []]
    bare = restrict(make_pool("generic", 9, 3), needs, others=False)
    assert [sorted(bare.role(role)) for role in ROLES] == [["probs"], ["labels"], [], []]
    rows = np.array([4, 2])
    whole = make_pool("generic", 9, 3)
    taken = whole.take(rows)
    assert taken.ids == ("item-004", "item-002")
    assert np.array_equal(taken.arrays["gradient"][1], whole.arrays["gradient"][1][rows])
    assert taken.arrays["graph"].shape == (2, 2)
    assert taken.arguments()["labelled"] is whole.labelled
    assert "reference" not in pool.arguments()
