from __future__ import annotations

from functools import partial

import numpy as np
import pytest
import torch
from scipy.sparse import csr_array
from sklearn.linear_model import LogisticRegression

from querist.core.errors import ArgumentError, ArgumentTypeError, DataError
from querist.core.types import Labels
from querist.data.graph import graph_source
from querist.data.schema import SingleLabel
from querist.models.appnp import APPNP
from querist.models.gcn import GCN
from querist.models.sgc import SGC
from querist.training.feature_masking import mask_features, scaled_cosine
from querist.training.graph_learner import GraphLearner
from querist.training.recipe import Recipe
from rings import blocks, ring

QUICK = Recipe(lr=0.01, epochs=60)
SMALL = partial(GCN, hidden=16, dropout=0.2)


def test_the_loss_by_hand() -> None:
    target = torch.tensor([[1.0, 0.0], [0.0, 2.0], [1.0, 1.0]])
    guess = torch.tensor([[3.0, 0.0], [5.0, 0.0], [-1.0, -1.0]])
    assert float(scaled_cosine(guess, target, 1.0)) == pytest.approx((0 + 1 + 2) / 3, abs=1e-6)
    assert float(scaled_cosine(guess, target, 3.0)) == pytest.approx((0 + 1 + 8) / 3, abs=1e-5)
    assert float(scaled_cosine(guess[:0], target[:0], 2.0)) == 0.0


def test_hidden_features_are_told_better_and_hidden_rows_know_the_blocks() -> None:
    source, y = blocks()
    found = mask_features(source, SMALL, recipe=QUICK)
    assert found.losses[-10:].mean() < 0.8 * found.losses[:3].mean()
    assert found.features.shape == (150, 16)
    few = np.concatenate([np.flatnonzero(y == c)[:3] for c in range(3)])
    rest = np.setdiff1d(np.arange(150), few)

    def probe(x: object) -> float:
        return float(LogisticRegression(C=10.0).fit(np.asarray(x)[few], y[few]).score(np.asarray(x)[rest], y[rest]))

    assert probe(found.features) > probe(source.take(slice(0, 150))) + 0.1


def test_same_seed_same_features_and_nothing_global_moves() -> None:
    source, _ = blocks((20, 20, 20))
    state = torch.get_rng_state()
    a, b, c = (mask_features(source, SMALL, recipe=QUICK, seed=s) for s in (1, 1, 2))
    assert torch.equal(state, torch.get_rng_state())
    assert np.array_equal(a.features, b.features)
    assert all(torch.equal(a.weights[k], b.weights[k]) for k in a.weights)
    assert not np.array_equal(a.features, c.features)


def test_sparse_features_give_what_full_ones_give() -> None:
    rng = np.random.default_rng(0)
    x = (rng.random((30, 60)) < 0.05).astype(np.float32)
    sparse, full = (graph_source(given, ring(30)) for given in (csr_array(x), np.c_[x, np.ones((30, 10))]))
    assert full.take(slice(0, 1)).shape == (1, 70)
    thin = mask_features(sparse, partial(GCN, dropout=0.0), recipe=Recipe(epochs=5))
    dense = mask_features(sparse, lambda a, b: _Dense(a, b), recipe=Recipe(epochs=5))
    assert np.allclose(thin.features, dense.features, atol=1e-5)


class _Dense(GCN):
    sparse = False

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs, dropout=0.0)


@pytest.mark.parametrize("make", [SMALL, partial(APPNP, hidden=16)])
def test_weights_are_first_weights_of_a_learner(make: object) -> None:
    source, y = blocks((30, 30, 30))
    found = mask_features(source, make, recipe=Recipe(epochs=3))  # type: ignore[arg-type]
    assert not any(name.startswith("head.") for name in found.weights)
    schema = SingleLabel(("a", "b", "c"))
    still = Recipe(optimizer="sgd", lr=1e-12, epochs=1)
    learner = GraphLearner(make, source, schema, recipe=still, begin=found.weights, device="cpu")  # type: ignore[arg-type]
    report = learner.fit(Labels(source.items(np.arange(6)), y[:6]), seed=0)
    state = learner._module.state_dict()
    assert all(torch.allclose(state[name], value, atol=1e-6) for name, value in found.weights.items())
    assert "2 of" in report.notes[-1]


def test_what_cannot_be_is_refused() -> None:
    source, _ = blocks((10, 10))
    with pytest.raises(ArgumentTypeError, match=r"SGC has no encode"):
        mask_features(source, SGC)
    for bad in ({"share": 0.0}, {"share": 1.0}, {"power": 0.5}):
        with pytest.raises(ArgumentError, match="share must be between 0 and 1"):
            mask_features(source, **bad)  # type: ignore[arg-type]
    with pytest.raises(DataError, match="no node has features"):
        mask_features(graph_source(np.zeros((4, 2)), ring(4)), recipe=QUICK)
