from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from querist.core.errors import ArgumentError
from querist.models.guard import rng_kept
from querist.models.pretrained.encoder import load_backbone
from querist.models.pretrained.lora import LoRA, add_adapters
from querist.models.pretrained.place import find
from querist.models.pretrained.tokens import packed
from tiny_encoder import tiny_folder

pytest.importorskip("peft", reason="needs the extra text")
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:peft")


def with_adapters(folder: Path, seed: int = 0, **settings: Any) -> Any:
    backbone = load_backbone(find(str(folder)))
    with rng_kept(seed):
        backbone.model = add_adapters(backbone.model, LoRA(**settings))
    return backbone.eval()


def test_it_begins_at_the_pretrained_model_and_only_adapters_learn(tmp_path: Path) -> None:
    folder = tiny_folder(tmp_path / "m")
    tokens = packed([[2, 5, 8, 3], [2, 6, 3]])
    before = load_backbone(find(str(folder)))(tokens)
    backbone = with_adapters(folder, rank=2)
    torch.testing.assert_close(backbone(tokens), before, rtol=0, atol=0)
    learns = {n: p.numel() for n, p in backbone.named_parameters() if p.requires_grad}
    assert all("lora_" in n for n in learns)
    assert sum(learns.values()) == 2 * 2 * (2 * 16 + 16 * 2), "two layers, query and value, A and B of 16 x 2"


def test_the_sum_is_equation_3(tmp_path: Path) -> None:
    backbone = with_adapters(tiny_folder(tmp_path / "m"), rank=2, alpha=6.0, dropout=0.0)
    layer = backbone.model.encoder.layer[0].attention.self.query
    a, b = layer.lora_A.default.weight, layer.lora_B.default.weight
    torch.nn.init.normal_(b)
    x = torch.randn(3, 16)
    torch.testing.assert_close(layer(x), layer.base_layer(x) + (6.0 / 2) * x @ a.T @ b.T)


def test_adapters_are_drawn_from_the_seed_and_sit_where_they_are_wanted(tmp_path: Path) -> None:
    folder = tiny_folder(tmp_path / "m")

    def drawn(seed: int) -> Any:
        return with_adapters(folder, seed, rank=2).model.encoder.layer[0].attention.self.query.lora_A.default.weight

    assert torch.equal(drawn(1), drawn(1))
    assert not torch.equal(drawn(1), drawn(2))
    names = {n for n, p in with_adapters(folder, target=["dense"]).named_parameters() if p.requires_grad}
    assert names
    assert all(".dense.lora_" in n for n in names)
    with pytest.raises(ArgumentError, match=r"no adapters .*\['nothing'\].* dense, key, query, value") as caught:
        with_adapters(folder, target=["nothing"])
    assert caught.value.code == "BadValue"


@pytest.mark.parametrize(
    "settings", [{"rank": 0}, {"rank": True}, {"rank": 1.5}, {"alpha": 0.0}, {"alpha": float("nan")}, {"dropout": 1.0}]
)
def test_values_out_of_range_are_refused(settings: Any) -> None:
    with pytest.raises(ArgumentError) as caught:
        LoRA(**settings)
    assert caught.value.code == "BadValue"
