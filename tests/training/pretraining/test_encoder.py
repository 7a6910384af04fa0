from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from querist.core.errors import ArgumentError, DataError
from querist.data.arrays import text_source
from querist.models.linear import LinearHead
from querist.models.mlp import MLP
from querist.testing.learners import check_learner
from querist.training.frozen import frozen_features, head_learner
from querist.training.network import Networks
from querist.training.pretraining.autoencoder import Autoencoder
from querist.training.pretraining.encoder import Encoder, begun_from
from querist.training.pretraining.loop import pretrain
from querist.training.recipe import Recipe
from querist.training.torch_learner import TorchLearner
from tiny import THREE, labels, print_of_generators, print_of_module, source


def net() -> Any:
    nn = torch.nn
    return nn.Sequential(nn.Linear(4, 6), nn.BatchNorm1d(6), nn.ReLU(), nn.Dropout(0.5), nn.Linear(6, 3))


def encoder() -> Encoder:
    return pretrain(source(), net, Autoencoder(), rows=np.arange(40), epochs=2, batch=20)


def test_it_gives_the_embedding_in_evaluation_mode_and_changes_nothing() -> None:
    one, batch = encoder(), source().take(np.arange(30))
    before, generators = print_of_module(one.module), print_of_generators()
    given = one(batch)
    with torch.no_grad():
        assert torch.equal(given, one.module[:4](torch.as_tensor(batch)))
    assert print_of_module(one.module) == before
    assert print_of_generators() == generators
    assert one(batch[:0]).shape == (0, 6)


def test_bytes_are_read_as_learners_read_them() -> None:
    one, batch = encoder(), np.random.default_rng(0).integers(0, 256, (5, 4), dtype=np.uint8)
    assert torch.allclose(one(batch), one(batch.astype(np.float32) / 255), atol=1e-6)


def test_saved_and_loaded_it_says_the_same_bit_by_bit(tmp_path: Path) -> None:
    one, batch = encoder(), source().take(np.arange(30))
    one.save(tmp_path / "kept")
    two = Encoder.load(tmp_path / "kept", net)
    assert torch.equal(one(batch), two(batch))
    assert (two.name, two.losses, two.task) == (one.name, one.losses, "autoencoder")
    assert sorted(p.name for p in (tmp_path / "kept").iterdir()) == ["config.json", "model.safetensors"]


def test_the_name_tells_weights_and_layers_apart() -> None:
    one = encoder()
    with torch.no_grad():
        other = Encoder(net(), "autoencoder")
    assert len({one.name, other.name, Encoder(one.module, "autoencoder", layer="0").name}) == 3


@pytest.mark.parametrize("how", ["other", "kind", "empty", "losses"])
def test_what_is_no_such_encoder_is_refused(tmp_path: Path, how: str) -> None:
    if how != "empty":
        encoder().save(tmp_path)
        config = json.loads((tmp_path / "config.json").read_text())
        if how == "kind":
            config["kind"] = "torch"
        if how == "losses":
            del config["losses"]
        (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(DataError) as caught:
        Encoder.load(tmp_path, (lambda: LinearHead(4, 3)) if how == "other" else net)
    assert caught.value.code == "BadWeights"


def test_features_are_frozen_kept_and_learnt_from(tmp_path: Path) -> None:
    of, one = source(), encoder()
    features = frozen_features(of, one, name=one.name, cache=tmp_path)
    assert np.array_equal(features.take(slice(None)), one(of.take(slice(None))).numpy())
    again = frozen_features(of, one, name=one.name, cache=tmp_path)
    assert np.array_equal(again.take(slice(None)), features.take(slice(None)))
    learner = head_learner(features, THREE, recipe=Recipe(epochs=2), device="cpu")
    assert learner.fit(labels(features, range(9)), seed=0).labels == 9


def test_a_network_begins_from_the_trunk_with_a_fresh_head() -> None:
    one = encoder()
    networks = Networks(begun_from(one, net), 3)
    first, second = networks.fresh(0, 3), networks.fresh(1, 3)
    for name, value in one.module.state_dict().items():
        head = name.startswith("4.")
        assert torch.equal(first.state_dict()[name], value) is not head
        assert torch.equal(first.state_dict()[name], second.state_dict()[name]) is not head
    wider = networks.fresh(0, 5)
    assert wider[4].out_features == 5
    assert torch.equal(wider[0].weight, one.module[0].weight)
    with torch.no_grad():
        first[0].weight.zero_()
    assert not torch.equal(networks.fresh(0, 3)[0].weight, first[0].weight)


def test_the_head_of_a_network_given_is_drawn_anew_too() -> None:
    one, given = encoder(), net()
    networks = Networks(begun_from(one, given), 3)
    first, second = networks.fresh(0, 3), networks.fresh(1, 3)
    assert torch.equal(first[0].weight, one.module[0].weight)
    assert not torch.equal(first[4].weight, second[4].weight)
    assert not torch.equal(first[4].weight, given[4].weight)


def test_a_network_of_another_shape_is_refused() -> None:
    with pytest.raises(ArgumentError, match="pre-train the same network"):
        begun_from(encoder(), lambda: MLP(9, 3, hidden=(2,)))()


def test_a_learner_that_begins_from_an_encoder_keeps_the_contract() -> None:
    def make(of: Any, schema: Any) -> TorchLearner:
        width = of.take(np.zeros(1, dtype=np.int64)).shape[1]

        def network() -> Any:
            nn = torch.nn
            return nn.Sequential(nn.Linear(width, 6), nn.BatchNorm1d(6), nn.ReLU(), nn.Linear(6, len(schema.classes)))

        one = pretrain(of, network, Autoencoder(), rows=np.arange(20), epochs=1)
        return TorchLearner(begun_from(one, network), of, schema, recipe=Recipe(epochs=30, lr=0.02), device="cpu")

    check_learner(make)


def test_fine_tuning_begins_from_the_trunk_and_moves_it() -> None:
    one, of = encoder(), source()
    begun = Networks(begun_from(one, net), 3).fresh(0, 3)[0].weight

    def trunk(recipe: Recipe) -> Any:
        learner = TorchLearner(begun_from(one, net), of, THREE, recipe=recipe, device="cpu")
        learner.fit(labels(of, range(12)), seed=0)
        return learner._module[0].weight

    assert torch.equal(trunk(Recipe(epochs=2, backbone_lr=0.0)), begun)
    assert not torch.equal(trunk(Recipe(epochs=2)), begun)


def test_texts_go_through_the_transform() -> None:
    of = text_source([f"{'word ' * k}end" for k in range(1, 30)])

    def counts(texts: list[str]) -> Any:
        return torch.tensor([[len(t), t.count(" "), t.count("o"), 1.0] for t in texts]) / 100

    one = pretrain(of, net, Autoencoder(), rows=np.arange(29), epochs=1, transform=counts)
    assert one(of.take(np.arange(3))).shape == (3, 6)
