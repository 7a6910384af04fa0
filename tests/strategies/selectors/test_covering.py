"""What the covering selectors share: weights, what is known, sentences, memory-maps."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import querist

LINE = np.array([[0.0], [1.0], [2.0], [10.0], [11.0], [30.0]])
NAMES = ["facility_location(gamma=0.1)", "max_herding(sigma=2.0)", "prob_cover(delta=1.5)"]


@pytest.mark.parametrize("name", NAMES)
def test_labelled_and_pending_count_alike(name: str) -> None:
    free = querist.select(name, 2, embedding=LINE)
    assert free.indices[0] == 1, "the middle of the largest group"
    a = querist.select(name, 2, embedding=LINE, labelled={"embedding": LINE[1:2]})
    b = querist.select(name, 2, embedding=LINE, pending={"embedding": LINE[1:2]})
    both = querist.select(name, 1, embedding=LINE, labelled={"embedding": LINE[1:2]}, pending={"embedding": LINE[3:4]})
    assert a.indices.tolist() == b.indices.tolist()
    assert a.indices[0] in (3, 4)
    assert a.indices[1] == both.indices[0] == 5


@pytest.mark.parametrize("name", NAMES)
def test_a_score_weighs_what_is_covered(name: str) -> None:
    p = np.array([[0.99, 0.01]] * 5 + [[0.5, 0.5]])
    chosen = querist.select(f"margin >> {name}", 1, embedding=LINE, probs=p)
    assert chosen.indices.tolist() == [5]
    assert chosen.scores[0] == pytest.approx(1.0, abs=0.05), "1 - (p1 - p2) of the one item"
    sure = querist.select(f"margin >> {name}", 1, embedding=LINE, probs=np.array([[1.0, 0.0]] * 6))
    assert sure.indices.tolist() == [1], "weights that are all 0 are alike"


@pytest.mark.parametrize("name", NAMES)
def test_memory_maps(name: str, tmp_path: Path) -> None:
    x = np.random.default_rng(0).normal(size=(300, 4)).astype(np.float32)
    np.save(tmp_path / "x.npy", x)
    mapped = querist.select(name, 9, embedding=np.load(tmp_path / "x.npy", mmap_mode="r"))
    assert mapped.indices.tolist() == querist.select(name, 9, embedding=x).indices.tolist()


def test_nothing_left_to_cover() -> None:
    chosen = querist.select("prob_cover(delta=100)", 6, embedding=LINE)
    assert sorted(chosen.indices.tolist()) == list(range(6))
    assert chosen.reasons[0] == "covers 6 items within 100 that nothing labelled or chosen covers"
    assert set(chosen.reasons[1:]) == {"nothing is left to cover"}
    assert chosen.scores.tolist() == [6, 0, 0, 0, 0, 0]
