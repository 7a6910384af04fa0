from __future__ import annotations

import numpy as np
import pytest
import torch

from querist.models.bilstm_crf import WindowCrf
from querist.training.recipe import Recipe
from querist.training.tag_fit import Ragged, TaggedSet, _batches, train_tagger

LENGTHS = np.array([2, 1, 4, 3])
ROWS = np.arange(1, 21).reshape(10, 2)
CPU = torch.device("cpu")


def test_items_of_different_lengths_are_taken_padded() -> None:
    ragged = Ragged.of(ROWS, LENGTHS)
    rows, lengths = ragged.take(np.array([3, 1, 0]), CPU)
    assert rows[:, :, 0].tolist() == [[15, 17, 19], [5, 0, 0], [1, 3, 0]]
    assert lengths.tolist() == [3, 1, 2]


def test_an_epoch_takes_every_sentence_once_and_like_lengths_together() -> None:
    draw = np.random.default_rng(0)
    lengths = draw.integers(1, 50, size=100)
    batches = list(_batches(np.arange(100), lengths, 8, False, draw))
    assert sorted(np.concatenate(batches).tolist()) == list(range(100))
    spread = np.mean([np.ptp(lengths[b]) for b in batches])
    assert spread < 15 < np.ptp(lengths)
    short = list(_batches(np.arange(100), lengths, 8, True, draw))
    assert {len(b) for b in short} == {8}
    assert [len(b) for b in _batches(np.arange(3), lengths[:3], 8, True, draw)] == [3], "never nothing"


def trained(
    recipe: Recipe, weights: np.ndarray | None = None, seed: int = 0, batch: int = 2
) -> tuple[WindowCrf, list[str]]:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        module = WindowCrf(30, 3, width=8, dropout=0.0)
        tags = np.array([[1, 0, 0, 0], [2, 0, 0, 0], [0, 1, 2, 1], [2, 2, 0, 0]])
        notes = train_tagger(
            module, TaggedSet(Ragged.of(ROWS, LENGTHS), np.arange(4), tags, weights), recipe, seed, batch, CPU
        )
    return module, notes


@pytest.mark.parametrize("optimizer", ["adam", "adamw", "nadam", "sgd"])
def test_the_likelihood_of_what_was_shown_rises(optimizer: str) -> None:
    recipe = Recipe(optimizer=optimizer, lr=0.05, epochs=40, schedule="cosine", grad_clip=5.0)  # type: ignore[arg-type]
    module, notes = trained(recipe)
    assert notes == []
    assert not module.training
    features, lengths = Ragged.of(ROWS, LENGTHS).take(np.arange(4), CPU)
    paths, logs = module.crf.viterbi(module(features, lengths)[0], lengths)
    assert paths.tolist() == [[1, 0, 0, 0], [2, 0, 0, 0], [0, 1, 2, 1], [2, 2, 0, 0]]
    assert float(logs.min()) > -1


def test_equal_weights_are_no_weights() -> None:
    recipe = Recipe(epochs=3)
    plain, _ = trained(recipe)
    weighed, _ = trained(recipe, np.full(4, 2.0))
    for a, b in zip(plain.state_dict().values(), weighed.state_dict().values(), strict=True):
        torch.testing.assert_close(a, b)


@pytest.mark.parametrize("weights", [None, np.array([1.0, 3.0, 0.5, 2.0])])
def test_gradients_added_up_are_those_of_one_large_batch(weights: np.ndarray | None) -> None:
    summed, _ = trained(Recipe(optimizer="sgd", lr=0.1, epochs=5, accumulate=2), weights)
    large, _ = trained(Recipe(optimizer="sgd", lr=0.1, epochs=5), weights, batch=4)
    small, _ = trained(Recipe(optimizer="sgd", lr=0.1, epochs=5), weights)
    torch.testing.assert_close(summed.head.weight, large.head.weight)
    assert not torch.allclose(summed.head.weight, small.head.weight, atol=1e-4)


def test_the_rate_rises_over_the_warm_up() -> None:
    rise, _ = trained(Recipe(optimizer="sgd", lr=0.1, epochs=1, warmup=0.99), batch=4)
    plain, _ = trained(Recipe(optimizer="sgd", lr=0.1 / 1.99, epochs=1), batch=4)  # one step, at lr / (0.99 + 1)
    torch.testing.assert_close(rise.head.weight, plain.head.weight)


def test_patience_keeps_the_best_weights_and_says_when_it_cannot() -> None:
    _, notes = trained(Recipe(epochs=2, patience=1, validation=0.1))
    assert len(notes) == 1
    assert "validation" in notes[0]
    stopped, notes = trained(Recipe(epochs=100, lr=0.5, patience=2, validation=0.5))
    best, _ = trained(Recipe(epochs=100, lr=0.5, patience=2, validation=0.5))
    assert notes == []
    assert all(torch.equal(v, best.state_dict()[k]) for k, v in stopped.state_dict().items())
    other, _ = trained(Recipe(epochs=100, lr=0.5))
    assert not torch.equal(other.head.weight, stopped.head.weight), "it stopped long before"
