from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from querist.core.errors import ArgumentError

pytest.importorskip("transformers", reason="needs the extra text")
from querist.models.guard import rng_kept
from querist.models.pretrained.encoder import load_backbone
from querist.models.pretrained.masked_head import masked_head
from querist.models.pretrained.place import find
from querist.models.pretrained.tokens import Tokens
from tiny_encoder import change, tiny_folder

SMALL = {"vocab_size": 15, "max_position_embeddings": 24}
KINDS: list[tuple[str, str, dict[str, int]]] = [
    ("BertForMaskedLM", "bert",
     {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 8}),
    ("RobertaForMaskedLM", "roberta",
     {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 8, "pad_token_id": 0}),
    ("DistilBertForMaskedLM", "distilbert", {"dim": 16, "n_layers": 1, "n_heads": 2, "hidden_dim": 8}),
]  # fmt: skip


def head(folder: Path) -> tuple[Any, Any]:
    place = find(str(folder))
    backbone = load_backbone(place)
    return masked_head(place, backbone, Tokens(place, 20)), backbone


@pytest.mark.parametrize(("model", "_kind", "settings"), KINDS, ids=[k for _, k, _ in KINDS])
def test_the_head_of_the_folder_is_used(tmp_path: Path, model: str, _kind: str, settings: dict[str, int]) -> None:
    import transformers

    tiny_folder(tmp_path)
    made: Any = getattr(transformers, model)
    with rng_kept(1):
        theirs = made(made.config_class(**SMALL, **settings)).eval()
        for p in theirs.parameters():
            torch.nn.init.normal_(p, std=0.3)
    theirs.save_pretrained(tmp_path)
    ours, backbone = head(tmp_path)
    ids = torch.tensor([[2, 5, 9, 10, 3]])
    with torch.no_grad():
        wanted = theirs(input_ids=ids, attention_mask=torch.ones_like(ids)).logits
        found = ours(backbone.words(ids + 1)[0], backbone.words_table)
    assert torch.allclose(found, wanted, atol=1e-5)


def test_without_one_it_is_drawn_and_tied(tmp_path: Path) -> None:
    ours, backbone = head(tiny_folder(tmp_path))
    assert [k for k, _ in ours.named_parameters()] == ["bias", "dense.weight", "dense.bias", "norm.weight", "norm.bias"]
    assert ours.mask == 4
    assert ours.ordinary.tolist() == [False] * 5 + [True] * 10
    rows = torch.randn(3, 16, generator=torch.Generator().manual_seed(0))
    by_hand = ours.norm(torch.nn.functional.gelu(ours.dense(rows))) @ backbone.words_table.T
    assert torch.allclose(ours(rows, backbone.words_table), by_hand, atol=1e-6)
    ours(rows, backbone.words_table).sum().backward()
    assert backbone.words_table.grad is not None


def test_what_cannot_be_trained_on_hidden_words_is_refused(tmp_path: Path) -> None:
    tiny_folder(tmp_path)
    change(tmp_path, "config.json", tie_word_embeddings=False)
    with pytest.raises(ArgumentError, match="its output embedding is not the one of its words") as caught:
        head(tmp_path)
    assert caught.value.code == "NeedsCapability"
    change(tmp_path, "config.json", tie_word_embeddings=True, is_decoder=True)
    with pytest.raises(ArgumentError, match="left to right"):
        head(tmp_path)


def test_no_mask_token_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tiny_folder(tmp_path)
    monkeypatch.setattr(Tokens, "mask", None)
    with pytest.raises(ArgumentError, match="no mask token"):
        head(tmp_path)
