from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import torch

from querist.core.errors import ArgumentError
from querist.models.embedding import last_linear, tapped
from querist.models.guard import rng_kept
from querist.models.pretrained.classifier import Noise, TextClassifier, text_classifier
from querist.models.pretrained.place import find
from querist.models.pretrained.tokens import packed
from querist.models.stochastic.dropout import dropout_layers, one_mask
from tiny_encoder import tiny_folder

pytest.importorskip("peft", reason="needs the extra text")
TOKENS = packed([[2, 5, 8, 7, 10, 3], [2, 6, 3]])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_folder(tmp_path_factory.mktemp("models") / "tiny")


def made(folder: Path, seed: int = 0, **settings: Any) -> TextClassifier:
    make = text_classifier(find(str(folder)), 3, **settings)
    with rng_kept(seed):
        return make().eval()


def test_logits_are_the_head_of_rows_of_size_one(folder: Path) -> None:
    net = made(folder, tune="full")
    pooled = net.backbone(TOKENS)
    wanted = pooled / pooled.norm(dim=1, keepdim=True) * 4 @ net.head.weight.T + net.head.bias
    torch.testing.assert_close(net(TOKENS), wanted)
    assert last_linear(net) == "head"
    with tapped(net, None) as tap:
        net(TOKENS)
    assert tap.value.norm(dim=1).tolist() == pytest.approx([4.0, 4.0])


def test_padding_changes_nothing(folder: Path) -> None:
    net = made(folder, tune="full")
    torch.testing.assert_close(net(TOKENS)[1:], net(TOKENS[1:]), rtol=1e-5, atol=1e-6)
    wider = torch.nn.functional.pad(TOKENS, (0, 9))
    assert torch.equal(net(wider), net(TOKENS))


def test_weights_that_begin_anew_are_head_and_adapters_and_nothing_else(folder: Path) -> None:
    one, again, other = (made(folder, seed, tune="lora") for seed in (0, 0, 1))
    differ = {n for n, p in one.named_parameters() if not torch.equal(p, other.get_parameter(n))}
    assert differ
    assert all("lora_A" in n or n.startswith("head") for n in differ)
    assert all(torch.equal(p, again.get_parameter(n)) for n, p in one.named_parameters())
    full, fuller = made(folder, 0, tune="full"), made(folder, 1, tune="full")
    assert {n for n, p in full.named_parameters() if not torch.equal(p, fuller.get_parameter(n))} == {
        "head.weight",
        "head.bias",
    }


def test_with_adapters_only_what_was_changed_is_in_the_state(folder: Path) -> None:
    net = made(folder, tune="lora")
    names = set(net.state_dict())
    assert names == {n for n, p in net.named_parameters() if p.requires_grad} | {"base_digest"}
    other = made(folder, 1, tune="lora")
    assert not torch.equal(other(TOKENS), net(TOKENS))
    other.load_state_dict(net.state_dict())
    assert torch.equal(other(TOKENS), net(TOKENS))
    inside, outside = torch.nn.Sequential(made(folder, 1, tune="lora")), torch.nn.Sequential(net)
    inside.load_state_dict(outside.state_dict())
    assert torch.equal(inside.eval()(TOKENS), net(TOKENS))
    twin = copy.deepcopy(made(folder, 2, tune="lora"))
    twin.load_state_dict(net.state_dict())
    assert torch.equal(twin(TOKENS), net(TOKENS))
    full = made(folder, tune="full")
    assert {n for n, _ in full.named_parameters()} < set(full.state_dict())


def test_what_is_missing_or_of_another_encoder_is_refused(folder: Path, tmp_path: Path) -> None:
    net = made(folder, tune="lora")
    state = net.state_dict()
    state.pop("head.weight")
    with pytest.raises(RuntimeError, match=r"Missing key.*head\.weight"):
        net.load_state_dict(state)
    other = made(tiny_folder(tmp_path / "other", seed=1), tune="lora")
    with pytest.raises(RuntimeError, match="trained over another encoder"):
        other.load_state_dict(net.state_dict())


def test_members_come_from_the_dropout_in_front_of_the_head(folder: Path) -> None:
    net = made(folder, tune="full", dropout=0.5)
    assert list(dropout_layers(net)) == ["dropout"]
    assert sum(isinstance(p, Noise) for p in net.modules()) > 2
    with one_mask(net, 3):
        whole, alone = net(TOKENS), net(TOKENS[1:])
    torch.testing.assert_close(whole[1:], alone, rtol=1e-5, atol=1e-6)
    assert not torch.allclose(whole, net(TOKENS))


def test_noise_is_dropout_while_training() -> None:
    x = torch.ones(2000)
    noise = Noise(0.25)
    with rng_kept(0):
        dropped = noise(x)
    assert 0.2 < float((dropped == 0).float().mean()) < 0.3
    assert torch.equal(dropped[dropped != 0].unique(), torch.tensor([4 / 3]))
    assert torch.equal(noise.eval()(x), x)


def test_settings_out_of_range_are_refused(folder: Path) -> None:
    with pytest.raises(ArgumentError) as caught:
        made(folder, tune="half")
    assert caught.value.code == "BadValue"
