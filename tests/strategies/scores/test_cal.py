"""`cal` by hand, its identities and its refusals."""

from __future__ import annotations

import numpy as np
import pytest

import querist
from querist.core.errors import ArgumentError
from querist.strategies.scores.cal import Cal

X = np.array([[0.0], [10.0]])
P = np.array([[0.5, 0.5], [0.25, 0.75]])
KNOWN = {"embedding": np.array([[0.1], [9.0], [12.0]]), "probs": np.array([[1.0, 0.0], [0.25, 0.75], [0.5, 0.5]])}


def test_by_hand() -> None:
    one = querist.score("cal(k=1)", embedding=X, probs=P, labelled=KNOWN)
    assert one == pytest.approx([np.log(2), 0.0])
    two = querist.score("cal(k=2)", embedding=X, probs=P, labelled=KNOWN)
    other = 0.25 * np.log(0.25 / 0.5) + 0.75 * np.log(0.75 / 0.5)
    back = 0.5 * np.log(0.5 / 0.25) + 0.5 * np.log(0.5 / 0.75)
    assert two == pytest.approx([(np.log(2) + other) / 2, (0 + back) / 2])


def test_fewer_labelled_than_k_means_all() -> None:
    all_three = querist.score("cal(k=3)", embedding=X, probs=P, labelled=KNOWN)
    assert querist.score("cal", embedding=X, probs=P, labelled=KNOWN) == pytest.approx(all_three)


def test_zero_probability_is_floored() -> None:
    sure = np.array([[0.0, 1.0], [1.0, 0.0]])
    value = querist.score("cal(k=1)", embedding=X, probs=sure, labelled=KNOWN)
    assert value[0] == pytest.approx(-np.log(1e-12))


def test_direction_is_neighbour_to_item() -> None:
    known = {"embedding": X[:1], "probs": np.array([[0.9, 0.1]])}
    value = querist.score("cal(k=1)", embedding=X[:1], probs=np.array([[0.2, 0.8]]), labelled=known)[0]
    assert value == pytest.approx(0.9 * np.log(0.9 / 0.2) + 0.1 * np.log(0.1 / 0.8))


def test_refusals() -> None:
    for bad in (0, 1.5, True):
        with pytest.raises(ArgumentError, match="k must be a whole number ≥ 1"):
            Cal(k=bad)  # type: ignore[arg-type]
    with pytest.raises(ArgumentError) as error:
        querist.score("cal", embedding=X, probs=P)
    assert error.value.code == "MissingSignal"
    assert querist.select("cal(k=1)", 1, embedding=X, probs=P, labelled=KNOWN).reasons == (
        "predicted otherwise than its 1 nearest labelled items (divergence 0.693 nats)",
    )
