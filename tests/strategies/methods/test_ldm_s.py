"""LDM-S: the easiest to flip first, then by ease and direction."""

from __future__ import annotations

import numpy as np

import querist

# Three items that flip easily (metric 1/5) and two that never do; the first two point the same way.
P = np.repeat([[0.6, 0.4]], 5, axis=0)
Q = np.repeat(P[:, None], 3, axis=1)
Q[[0, 1, 2], [0, 1, 2]] = [0.4, 0.6]
X = np.array([[1.0, 0.0], [2.0, 0.0], [0.0, 1.0], [1.0, 1.0], [-1.0, 0.0]])


def test_the_first_is_the_easiest_to_flip() -> None:
    first = {int(querist.select("ldm_s", 1, probs=P, perturbed=Q, embedding=X, seed=s).indices[0]) for s in range(40)}
    assert first == {0, 1, 2}
    assert querist.score("least_disagree", probs=P, perturbed=Q).tolist() == [-0.2] * 3 + [-1.0] * 2


def test_the_second_is_away_from_the_first() -> None:
    """From row 0: row 1 is at 0, row 2 at 1 with weight 1; rows 3 and 4 weigh exp(-4) scaled."""
    for seed in range(30):
        got = querist.select("ldm_s", 2, probs=P, perturbed=Q, embedding=X, seed=seed)
        a, b = got.indices.tolist()
        assert {a, b} != {0, 1}
        assert got.scores[0] == 1.0
        assert got.reasons[0] == "a model that relabels 20.0% of the pool relabels it; 1 from those chosen"


def test_draws_follow_the_square() -> None:
    """Two classes of direction, all alike to flip: from (1, 0), distances 1 and 2 are drawn as 1 to 4."""
    x = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]])
    p = np.repeat([[0.6, 0.4]], 3, axis=0)
    q = np.repeat(p[:, None], 1, axis=1)
    known = {"embedding": x[:1]}
    hits = [
        querist.select("ldm_s", 1, probs=p, perturbed=q, embedding=x, pending=known, seed=s).indices[0]
        for s in range(1500)
    ]
    assert abs(np.mean(np.array(hits) == 2) - 0.8) < 0.04
    assert 0 not in hits


def test_when_nothing_is_away_the_seed_draws() -> None:
    same = np.ones((5, 2))
    got = querist.select("ldm_s", 5, probs=P, perturbed=Q, embedding=same)
    assert sorted(got.indices.tolist()) == [0, 1, 2, 3, 4]
    assert got.scores[1:].tolist() == [0.0] * 4


def test_labelled_items_play_no_part() -> None:
    known = {"embedding": X[:3]}
    one = querist.select("ldm_s", 3, probs=P, perturbed=Q, embedding=X, labelled=known)
    assert one.indices.tolist() == querist.select("ldm_s", 3, probs=P, perturbed=Q, embedding=X).indices.tolist()
