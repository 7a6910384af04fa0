"""Bad values are found on first read, with counts, rows and the cure."""

from __future__ import annotations

import numpy as np
import pytest

from querist.core.checks import check_signal
from querist.core.errors import ArgumentError, DataError
from querist.core.signals import (
    DISCRIMINATOR,
    EMBEDDING,
    GRADIENT,
    GRAPH,
    GROUP,
    LABELS,
    MEMBERS,
    MULTILABEL,
    NBEST,
    NOISE,
    PROBS,
    TOKENS,
    Signal,
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
