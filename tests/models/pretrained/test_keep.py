from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

pytest.importorskip("transformers", reason="needs the extra text")
from querist.models.pretrained.encoder import load_backbone
from querist.models.pretrained.keep import write_model
from querist.models.pretrained.place import find
from querist.models.pretrained.tokens import Tokens
from tiny_encoder import change, tiny_folder


def test_what_was_written_is_read_again(tmp_path: Path) -> None:
    place = find(str(tiny_folder(tmp_path / "from")))
    for name in ("onnx", "2_Dense"):
        (place.folder / name).mkdir()
        change(place.folder / name, "config.json", kind=name)
    (place.folder / "training_args.bin").write_bytes(b"a pickle")
    change(place.folder, "sentence_bert_config.json", max_seq_length=11)
    backbone = load_backbone(place, "last")
    with torch.no_grad():
        for p in backbone.parameters():
            p.add_(0.5)
    to = tmp_path / "to"
    to.mkdir()
    write_model(backbone, place, to)
    new = find(str(to))
    again = load_backbone(new)
    assert again.pooling == "last"
    assert all(torch.equal(v, again.state_dict()[k]) for k, v in backbone.state_dict().items())
    text = ["the film was good"]
    assert torch.equal(Tokens(new, 20)(text), Tokens(place, 20)(text))
    assert new.settings("sentence_bert_config.json") == {"max_seq_length": 11}
    assert json.loads((to / "config.json").read_text())["architectures"] == ["BertModel"]
    assert (to / "2_Dense" / "config.json").is_file()
    assert not (to / "onnx").exists()
    assert not list(to.rglob("*.bin"))
