"""Paired statistics against hand-computed values and slow, obvious forms."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from querist.benchmark.statistics import bootstrap_band, bootstrap_interval, holm, sign_flip, wilcoxon, wins
from querist.core.errors import ArgumentError

_whole = st.integers(-6, 6)  # whole numbers: sums are exact, so ties are real ties


def slow_sign_flip(differences: list[float]) -> float:
    observed = abs(sum(differences))
    sums = [
        abs(sum(s * d for s, d in zip(signs, differences)))
        for signs in itertools.product((-1, 1), repeat=len(differences))
    ]
    return sum(s >= observed for s in sums) / len(sums)


def test_sign_flip_by_hand() -> None:
    # of the eight sign vectors of (1, 2, 3) only +++ and --- reach a sum of 6
    assert sign_flip([1, 2, 3]) == 2 / 8
    # of (1, 2, -1) with sum 2: the sums are ±4 (2), ±2 (4), 0 (2)
    assert sign_flip([1, 2, -1]) == 6 / 8
    assert sign_flip([0.7]) == 1.0


def test_sign_flip_of_ten_wins_is_two_in_1024() -> None:
    assert sign_flip([0.01 * k for k in range(1, 11)]) == 2 / 1024


def test_sign_flip_of_zeros_is_one() -> None:
    assert sign_flip([0.0] * 30) == 1.0


@settings(max_examples=30, deadline=None)
@given(st.lists(_whole, min_size=1, max_size=9))
def test_sign_flip_is_the_brute_force_count(differences: list[int]) -> None:
    values = [float(d) for d in differences]
    assert sign_flip(values) == slow_sign_flip(values)


@settings(max_examples=30, deadline=None)
@given(st.lists(_whole, min_size=1, max_size=9), st.randoms(use_true_random=False))
def test_sign_flip_does_not_mind_order_sign_or_unit(differences: list[int], rng: object) -> None:
    values = [d * 0.1 for d in differences]
    p = sign_flip(values)
    assert sign_flip(values[::-1]) == p
    assert sign_flip([-v for v in values]) == p
    assert sign_flip([v * 1000 for v in values]) == p


def test_sign_flip_is_exact_up_to_twenty() -> None:
    # of 2**20 vectors, over several chunks, all but +...+ and -...- fall short
    assert sign_flip([1.0] * 20) == 2 / 2**20
    # a sum of 18 needs at most one of twenty signs turned: 2 * (1 + 20) vectors
    assert sign_flip([1.0] * 19 + [-1.0]) == 2 * 21 / 2**20
    assert sign_flip([1.0] * 20, seed=1) == sign_flip([1.0] * 20, seed=2)


def test_sign_flip_above_twenty_is_drawn() -> None:
    # 2 / 2**21 is out of reach of 100,000 draws: the added one is what remains
    assert sign_flip([1.0] * 21) == 1 / 100_001


def test_sign_flip_of_many_is_monte_carlo_near_the_normal_tail_and_never_zero() -> None:
    values = np.linspace(-1, 1.6, 40).tolist()
    z = sum(values) / math.sqrt(sum(v * v for v in values))
    assert sign_flip(values) == pytest.approx(math.erfc(z / math.sqrt(2)), abs=0.01)
    assert sign_flip(values, seed=1) == sign_flip(values, seed=1) != sign_flip(values, seed=2)
    assert sign_flip([1.0] * 40) == 1 / 100_001


def test_wilcoxon_by_hand() -> None:
    # ranks 1..5 all positive: 2 of 32 sign vectors are as far out
    assert wilcoxon([1, 2, 3, 4, 5]) == pytest.approx(2 / 32)
    assert wilcoxon([0, 0, 0]) == 1.0
    assert wilcoxon([0, 1, 2, 3, 4, 5]) == pytest.approx(2 / 32)


def test_wilcoxon_with_ties_warns_of_nothing() -> None:
    assert 0.5 < wilcoxon([1, 1, -1, -1, 2, -2, 1]) <= 1


def test_holm_worked_example() -> None:
    # sorted .005 .01 .03 .04 times 4 3 2 1 is .02 .03 .06 .04; the last is held at .06
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.5, 0.9]) == [1.0, 1.0]
    assert holm([]) == []


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holm_lies_between_the_p_and_bonferroni_and_keeps_the_order(ps: list[float]) -> None:
    adjusted = holm(ps)
    for p, q in zip(ps, adjusted):
        assert p <= q <= 1
        assert q <= max(len(ps) * max(ps), 0) + 1e-12
    for (p, q), (r, s) in itertools.combinations(zip(ps, adjusted), 2):
        if p < r:
            assert q <= s


def test_bootstrap_interval_of_two_values_by_hand() -> None:
    # the mean of two draws is 0, 1/2 or 1 with probability 1/4, 1/2, 1/4
    assert bootstrap_interval([0.0, 1.0]) == (0.0, 1.0)
    assert bootstrap_interval([0.0, 1.0], level=0.4) == (0.5, 0.5)


def test_bootstrap_interval_of_one_value_is_the_value() -> None:
    assert bootstrap_interval([0.3]) == (0.3, 0.3)
    low, high = bootstrap_interval([0.1] * 7)
    assert (low, high) == (0.1, 0.1)


def test_bootstrap_interval_is_near_the_normal_one_and_seeded() -> None:
    values = np.linspace(0, 1, 50).tolist()
    low, high = bootstrap_interval(values, seed=3)
    half = 1.96 * np.std(values) / math.sqrt(50)
    assert low == pytest.approx(0.5 - half, abs=0.01)
    assert high == pytest.approx(0.5 + half, abs=0.01)
    assert bootstrap_interval(values, seed=3) == (low, high) != bootstrap_interval(values, seed=4)


def test_bootstrap_band_is_the_interval_at_each_point() -> None:
    rows = np.array([[0.0, 5.0], [1.0, 5.0], [4.0, 5.0]])
    low, high = bootstrap_band(rows, seed=2)
    assert (low[0], high[0]) == bootstrap_interval([0.0, 1.0, 4.0], seed=2)
    assert (low[1], high[1]) == (5.0, 5.0)


def test_wins_counts() -> None:
    assert wins([0.1, 0.0, -0.2, 0.3, 0.0]) == (2, 2, 1)
    assert wins([]) == (0, 0, 0)


@pytest.mark.parametrize("values,code", [([], "EmptyData"), ([1.0, math.nan], "NotFinite"), ([math.inf], "NotFinite")])
def test_bad_values_are_refused(values: list[float], code: str) -> None:
    for call in (sign_flip, wilcoxon, bootstrap_interval):
        with pytest.raises(ArgumentError) as caught:
            call(values)
        assert caught.value.code == code
    with pytest.raises(ArgumentError) as caught:
        bootstrap_interval([1.0], level=1.5)
    assert caught.value.code == "BadLevel"
