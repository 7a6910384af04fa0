"""`flqmi` finds a rare class from a few examples; what is known counts; bad parameters."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import querist
from querist.core.errors import ArgumentError, ArgumentTypeError


def pool() -> tuple[np.ndarray, np.ndarray]:
    """190 common rows, 10 rare ones behind; three rare examples."""
    rng = np.random.default_rng(0)
    common, rare = rng.normal([5, 0, 0], 1, size=(190, 3)), rng.normal([0, 0, 5], 0.5, size=(13, 3))
    return np.concatenate([common, rare[:10]]), rare[10:]


@pytest.mark.parametrize("text", ["flqmi", "flqmi(kernel=rbf)"])
def test_a_rare_class_is_found(text: str) -> None:
    x, target = pool()
    chosen = querist.select(text, 8, embedding=x, reference={"embedding": target})
    assert (chosen.indices >= 190).mean() >= 0.75
    assert chosen.reasons[0].startswith("stands for row ")


def test_labelled_and_pending_count_alike() -> None:
    x = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    target: dict[str, Any] = {"embedding": x[:2]}
    free = querist.select("flqmi(eta=0.0)", 1, embedding=x, reference=target)
    assert free.indices.tolist() == [2], "0.71 for both"
    one = querist.select("flqmi(eta=0.0)", 1, embedding=x, reference=target, labelled={"embedding": x[:1]})
    two = querist.select("flqmi(eta=0.0)", 1, embedding=x, reference=target, pending={"embedding": x[:1]})
    assert one.indices.tolist() == two.indices.tolist() == [1]
    assert one.scores == pytest.approx([1.0])


def test_bad_input() -> None:
    for text, words in (("kernel=linear", "cosine or rbf"), ("eta=-1", "eta must be a number ≥ 0")):
        with pytest.raises(ArgumentError, match=words):
            querist.parse(f"flqmi({text})")
    with pytest.raises(ArgumentTypeError, match="got str"):
        querist.parse("flqmi(eta='a')")
    with pytest.raises(ArgumentError, match="reference"):
        querist.select("flqmi", 1, embedding=np.eye(3))
