from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from querist.core.errors import ArgumentError
from querist.core.signals import AUGMENTED, PROBS
from querist.data.arrays import array_source, text_source
from querist.data.schema import Number
from querist.models.linear import LinearHead
from querist.training.providers.augmented import Augmented, feature_noise
from querist.training.recipe import Recipe
from querist.training.torch_learner import TorchLearner
from tiny import THREE, labels, print_of_generators, source

QUICK = Recipe(epochs=5, lr=0.05)


def fitted(provider: Any, seed: int = 0) -> TorchLearner:
    learner = TorchLearner(
        lambda: LinearHead(4, 3), source(), THREE, recipe=QUICK, providers=[provider], device="cpu", score_batch=16
    )
    learner.fit(labels(learner.source, range(20)), seed=seed)
    return learner


def told(learner: TorchLearner, rows: Any = None) -> tuple[NDArray[Any], NDArray[Any]]:
    items = learner.source.items(np.arange(60) if rows is None else rows)
    view = learner.signals(items, frozenset({PROBS, AUGMENTED}))
    return view[PROBS], view[AUGMENTED]


def test_an_augmentation_that_changes_nothing_gives_the_probabilities() -> None:
    probs, augmented = told(fitted(Augmented(lambda x, _: x, times=3)))
    assert augmented.shape == (60, 3, 3)
    for a in range(3):
        np.testing.assert_array_equal(augmented[:, a], probs)
    probs, augmented = told(fitted(Augmented(feature_noise(0.0), times=2)))
    np.testing.assert_array_equal(augmented[:, 1], probs)


def test_each_copy_is_the_network_of_the_altered_input() -> None:
    learner = fitted(Augmented(lambda x, _: 2.0 * x - 1.0, times=1))
    x = torch.as_tensor(learner.source.take(slice(None)))
    with torch.no_grad():
        expected = learner._module(2.0 * x - 1.0).softmax(dim=1).numpy()
    np.testing.assert_allclose(told(learner)[1][:, 0], expected, atol=1e-6)


def test_noise_is_of_the_seed_and_of_the_copy() -> None:
    generators = print_of_generators()
    learner = fitted(Augmented(feature_noise(0.5), times=3))
    probs, first = told(learner)
    assert print_of_generators() == generators
    assert np.array_equal(first, told(learner)[1])
    assert not np.allclose(first[:, 0], first[:, 1])
    assert np.abs(first.mean(axis=1) - probs).max() > 1e-3
    small = told(fitted(Augmented(feature_noise(1e-6), times=3)))
    np.testing.assert_allclose(small[1], np.repeat(small[0][:, None], 3, axis=1), atol=1e-4)


def test_what_cannot_be_augmented_is_refused() -> None:
    for times in (0, -1):
        with pytest.raises(ArgumentError, match="times must be 1 or more"):
            fitted(Augmented(times=times))
    with pytest.raises(ArgumentError, match="the labels are numbers") as error:
        TorchLearner(lambda: LinearHead(4, 1), source(), Number(), providers=[Augmented()], device="cpu")
    assert error.value.code == "NeedsCapability"

    def tokens(texts: Any) -> torch.Tensor:
        return torch.as_tensor([[len(str(t)) % 5, 1] for t in texts])

    def network() -> torch.nn.Module:
        nn = torch.nn
        return nn.Sequential(nn.Embedding(5, 3), nn.Flatten(), nn.Linear(6, 3))

    texts = text_source(["a", "bb", "ccc"])
    with pytest.raises(ArgumentError, match="pass augment="):
        TorchLearner(network, texts, THREE, providers=[Augmented()], transform=tokens, device="cpu")
    TorchLearner(network, texts, THREE, providers=[Augmented(lambda x, _: x)], transform=tokens, device="cpu")


def test_pictures() -> None:
    from querist.models.cnn import SmallCNN

    pictures = array_source(np.random.default_rng(0).integers(0, 255, size=(12, 1, 4, 4), dtype=np.uint8))

    def turned(x: torch.Tensor, draw: torch.Generator) -> torch.Tensor:
        return x.flip(-1) if int(torch.randint(2, (1,), generator=draw)) else x

    learner = TorchLearner(
        lambda: SmallCNN(1, 3, 4, width=2, hidden=4),
        pictures,
        THREE,
        recipe=QUICK,
        providers=[Augmented(turned, times=8)],
        device="cpu",
    )
    learner.fit(labels(pictures, range(6)), seed=0)
    view = learner.signals(pictures.items(), frozenset({PROBS, AUGMENTED}))
    straight = [np.array_equal(view[AUGMENTED][:, a], view[PROBS]) for a in range(8)]
    assert 0 < sum(straight) < 8
