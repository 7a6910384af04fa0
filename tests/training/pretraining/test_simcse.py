from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import torch

from querist.core.errors import ArgumentError

pytest.importorskip("transformers", reason="needs the extra text")
from querist.models.guard import rng_kept
from querist.models.pretrained.encoder import load_backbone
from querist.models.pretrained.place import find
from querist.models.pretrained.tokens import Tokens
from querist.training.pretraining.simcse import SimCSE, info_nce
from tiny import print_of_module
from tiny_encoder import tiny_folder


def test_two_texts_by_hand() -> None:
    """Cosines 1 and 0 in the first row, .6 and .8 in the second; over .05 these are 20, 0, 12 and 16."""
    first = torch.tensor([[2.0, 0.0], [0.6, 0.8]])
    second = torch.tensor([[1.0, 0.0], [0.0, 5.0]])
    wanted = (math.log(1 + math.exp(-20)) + math.log(1 + math.exp(-4))) / 2
    assert float(info_nce(first, second, 0.05)) == pytest.approx(wanted, abs=1e-6)
    turned = (20 + math.log(1 + math.exp(-20)) + 4 + math.log(1 + math.exp(-4))) / 2
    assert float(info_nce(first, second.flip(0), 0.05)) == pytest.approx(turned, rel=1e-6)


@pytest.mark.parametrize("temperature", [0.05, 1.0])
def test_pair_after_pair_as_equation_1_has_it(temperature: float) -> None:
    draw = torch.Generator().manual_seed(3)
    a, b = (torch.randn(5, 4, generator=draw) for _ in range(2))
    cosine = [[float(x @ y / x.norm() / y.norm()) for y in b] for x in a]
    total = 0.0
    for i in range(5):
        total -= math.log(math.exp(cosine[i][i] / temperature) / sum(math.exp(c / temperature) for c in cosine[i]))
    assert float(info_nce(a, b, temperature)) == pytest.approx(total / 5, rel=1e-4)


def parts(folder: Path) -> tuple[Any, Any, Tokens]:
    place = find(str(folder))
    return load_backbone(place), place, Tokens(place, 24)


def test_the_views_are_two_draws_of_dropout(tmp_path: Path) -> None:
    backbone, place, tokens = parts(tiny_folder(tmp_path))
    task = SimCSE()
    before = print_of_module(backbone)
    helper = task.helper(backbone, place, tokens)
    assert print_of_module(backbone) == before
    batch = tokens(["the film was good", "a meal was poor"])
    backbone.train()
    with rng_kept(0), torch.no_grad():
        found = float(task.loss(backbone, helper, batch))
    with rng_kept(0), torch.no_grad():
        rows = backbone(torch.cat([batch, batch]))
    assert not torch.allclose(rows[:2], rows[2:], atol=1e-3)
    assert found == pytest.approx(float(info_nce(rows[:2], rows[2:], 0.05)), abs=1e-6)


def test_an_encoder_without_dropout_is_refused(tmp_path: Path) -> None:
    backbone, place, tokens = parts(tiny_folder(tmp_path, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0))
    with pytest.raises(ArgumentError, match="has no dropout") as caught:
        SimCSE().helper(backbone, place, tokens)
    assert caught.value.code == "NeedsCapability"


def test_the_projection_has_the_width_of_the_encoder(tmp_path: Path) -> None:
    backbone, place, tokens = parts(tiny_folder(tmp_path))
    assert SimCSE(projection=True).helper(backbone, place, tokens)(torch.ones(3, 16)).shape == (3, 16)
    assert not list(SimCSE().helper(backbone, place, tokens).parameters())


@pytest.mark.parametrize("temperature", [0.0, -1.0, math.inf, math.nan])
def test_what_is_out_of_range_is_refused(temperature: float) -> None:
    with pytest.raises(ArgumentError, match="temperature"):
        SimCSE(temperature=temperature)
