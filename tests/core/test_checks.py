"""Bad values are found on first read, with counts, rows and the cure."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from querist.core.checks import check_signal, in_passing
from querist.core.errors import ArgumentError, DataError
from querist.core.signals import (
    DISCRIMINATOR,
    EMBEDDING,
    GRADIENT,
    GRAPH,
    GROUP,
    HISTORY,
    LABELS,
    MEMBERS,
    MULTILABEL,
    NBEST,
    NOISE,
    PROBS,
    TOKENS,
    Signal,
    View,
)


def _probs(n: int = 40_000, c: int = 3) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    return np.full((n, c), 1 / c, dtype=np.float32)


def test_good_values_pass() -> None:
    check_signal(PROBS, _probs(), "pool")
    check_signal(MEMBERS, np.full((5, 4, 2), 0.5), "pool")
    check_signal(MEMBERS, np.zeros((5, 4)), "pool")
    check_signal(EMBEDDING, np.zeros((3, 2)), "pool")
    check_signal(GRADIENT, (np.zeros((3, 2)), np.zeros((3, 4))), "pool")
    check_signal(LABELS, np.array([0, 1]), "labelled")
    check_signal(EMBEDDING, np.full((3, 2), 1e38, dtype=np.float32), "pool")  # a sum that overflows is no fault


def test_nan_in_a_late_block_is_found() -> None:
    p = _probs()
    p[39_999, 1] = np.nan
    p[17, 0] = np.inf
    with pytest.raises(DataError, match=r"2 of 40000 rows, first rows \[17, 39999\]") as error:
        check_signal(PROBS, p, "pool")
    assert error.value.code == "BadScores"
    e = np.zeros((40_000, 2))
    e[30_000] = np.nan
    with pytest.raises(DataError, match=r"embedding holds NaN .* first rows \[30000\]") as error:
        check_signal(EMBEDDING, e, "pool")
    assert error.value.code == "BadFeatures"


def test_logits_are_recognised() -> None:
    with pytest.raises(DataError, match="logits") as error:
        check_signal(PROBS, np.array([[3.0, -1.0], [0.5, 0.5]]), "pool")
    assert "row 0" in str(error.value)
    assert "2" in str(error.value)


def test_unnormalised_and_negative() -> None:
    with pytest.raises(DataError, match=r"worst is row 1 with 0\.9"):
        check_signal(PROBS, np.array([[0.5, 0.5], [0.5, 0.4]]), "pool")
    with pytest.raises(DataError, match=r"smallest value is -0\.1"):
        check_signal(PROBS, np.array([[1.1, -0.1]]), "pool")
    check_signal(PROBS, np.array([[0.5, 0.5005]]), "pool")


def test_members_name_the_item_and_not_the_flat_row() -> None:
    m = np.full((6, 4, 2), 0.5)
    m[5, 2] = [0.9, 0.9]
    with pytest.raises(DataError, match="worst is row 5"):
        check_signal(MEMBERS, m, "pool")


@pytest.mark.parametrize("classes", [2, 7, 8, 10, 24, 25, 100])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_one_bad_row_is_found_wherever_it_stands(classes: int, dtype: Any) -> None:
    p = np.full((23, classes), 1 / classes, dtype=dtype)
    check_signal(PROBS, p, "pool")
    for row in range(23):
        bad = p.copy()
        bad[row, -1] += 0.01
        with pytest.raises(DataError, match=f"worst is row {row} "):
            check_signal(PROBS, bad, "pool")


@pytest.mark.parametrize("fault", [np.nan, -0.5, 0.75])
def test_a_block_at_a_time_the_same_faults_are_found_in_the_same_words(fault: float) -> None:
    for signal, good in ((PROBS, np.full((9, 10), 0.1)), (MEMBERS, np.full((9, 4, 10), 0.1))):
        bad = good.copy()
        bad[7, ..., 0] = fault
        with pytest.raises(DataError) as whole:
            check_signal(signal, bad, "pool")
        value, look = in_passing(View(9, {signal: bad}, check=check_signal), signal)
        assert value is bad
        assert look is not None
        look(bad[:5])
        with pytest.raises(DataError) as part:
            look(bad[5:])
        assert str(part.value) == str(whole.value)


def test_an_array_counts_as_checked_once_all_rows_were_looked_at() -> None:
    p = np.full((9, 10), 0.1)
    view = View(9, {PROBS: p}, check=check_signal)
    for block in (p[:5], p[5:]):
        _, look = in_passing(view, PROBS)
        assert look is not None
        look(block)  # half of the rows, twice: neither call has seen all
    _, look = in_passing(view, PROBS)
    assert look is not None
    look(p[:5])
    look(p[5:])
    assert in_passing(view, PROBS)[1] is None
    p[0] = 9.0
    assert view[PROBS] is p  # not looked at again


def test_what_is_no_matter_of_blocks_is_checked_at_once() -> None:
    numbers = np.zeros((3, 4))
    assert in_passing(View(3, {MEMBERS: numbers}, check=check_signal), MEMBERS)[1] is None
    assert in_passing(View(3, {PROBS: numbers}), PROBS)[1] is None  # a view that checks nothing
    with pytest.raises(ArgumentError, match="no classes"):
        in_passing(View(3, {PROBS: np.zeros((3, 0))}, check=check_signal), PROBS)
    with pytest.raises(ArgumentError, match="must be numbers"):
        in_passing(View(1, {PROBS: np.array([["a"]])}, check=check_signal), PROBS)
    with pytest.raises(DataError, match="NaN"):
        in_passing(View(1, {MEMBERS: np.array([[np.nan]])}, check=check_signal), MEMBERS)


def test_shapes() -> None:
    with pytest.raises(ArgumentError, match=r"probs must have shape \(N, C\), got \(3,\)"):
        check_signal(PROBS, np.zeros(3), "pool")
    with pytest.raises(ArgumentError, match="no classes"):
        check_signal(PROBS, np.zeros((3, 0)), "pool")
    with pytest.raises(ArgumentError, match="labelled labels must be class numbers"):
        check_signal(LABELS, np.array([0.5]), "labelled")
    with pytest.raises(ArgumentError, match="must be numbers"):
        check_signal(EMBEDDING, np.array([["a", "b"]]), "pool")


def test_padding_of_tokens_is_all_zero() -> None:
    tokens = np.array([[[0.2, 0.8], [0.0, 0.0]], [[0.5, 0.5], [1.0, 0.0]]])
    check_signal(TOKENS, tokens, "pool")
    tokens[1, 1] = [0.5, 0.0]
    with pytest.raises(DataError, match="tokens must be probabilities"):
        check_signal(TOKENS, tokens, "pool")


@pytest.mark.parametrize(
    ("signal", "value"),
    [(MULTILABEL, [[1.5, 0.2]]), (NOISE, [-0.1]), (NBEST, [[0.5, -1.0]]), (DISCRIMINATOR, [1.2])],
)
def test_ranges(signal: Signal, value: list[float]) -> None:
    with pytest.raises(DataError, match=f"{signal.name} must lie between"):
        check_signal(signal, np.array(value), "pool")


def test_groups_are_whole_numbers() -> None:
    check_signal(GROUP, np.array([3, 3, 4]), "pool")
    with pytest.raises(ArgumentError, match="group must be group numbers"):
        check_signal(GROUP, np.array([0.5]), "pool")


def test_graphs_are_sparse_square_and_not_negative() -> None:
    from scipy.sparse import csr_array

    check_signal(GRAPH, csr_array(np.eye(3)), "pool")
    with pytest.raises(ArgumentError, match="graph must be a SciPy sparse matrix"):
        check_signal(GRAPH, np.eye(3), "pool")
    with pytest.raises(ArgumentError, match=r"graph must have shape \(N, N\)"):
        check_signal(GRAPH, csr_array((3, 4)), "pool")
    for bad in (np.nan, np.inf, -1.0):
        with pytest.raises(DataError, match="graph must hold finite weights"):
            check_signal(GRAPH, csr_array(np.diag([1.0, bad])), "pool")


def test_a_history_of_losses_may_have_gaps_for_labelled_items_only() -> None:
    losses = np.array([[np.nan, 0.5], [0.2, 0.1]])
    check_signal(HISTORY, losses, "labelled")
    for role, value in (("pool", losses), ("labelled", np.array([[np.inf, 0.5]])), ("labelled", losses[:, :, None])):
        with pytest.raises(DataError, match="history holds NaN or infinite values in 1 of"):
            check_signal(HISTORY, value, role)
