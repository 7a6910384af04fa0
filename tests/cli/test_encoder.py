"""An encoder that is named on the command line is looked at before a project is made with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from querist.cli.encoder import checked_encoder
from querist.core.errors import QueristError


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "good").mkdir()
    (tmp_path / "good" / "config.json").write_text("{}")
    (tmp_path / "good" / "model.safetensors").write_bytes(b"")
    (tmp_path / "bare").mkdir()
    (tmp_path / "bare" / "config.json").write_text("{}")
    (tmp_path / "net").mkdir()
    (tmp_path / "net" / "config.json").write_text('{"architecture": "resnet18", "num_classes": 1000}')
    (tmp_path / "net" / "model.safetensors").write_bytes(b"")
    (tmp_path / "w.safetensors").write_bytes(b"")
    (tmp_path / "w.pth").write_bytes(b"")
    (tmp_path / "w.txt").write_bytes(b"")
    return tmp_path


@pytest.mark.parametrize(
    ("asked", "modality", "kept"),
    [
        ("auto", "text", "auto"),
        ("base", "table", "base"),
        ("minilm", "text", "minilm"),
        ("good", "text", "{}/good"),
        ("timm:resnet18", "image", "timm:resnet18"),
        ("net", "image", "timm:resnet18={}/net/model.safetensors"),
        ("timm:resnet18=default", "image", "timm:resnet18=default"),
        ("timm:resnet18=w.safetensors", "image", "timm:resnet18={}/w.safetensors"),
    ],
)
def test_what_can_be_had_is_kept_by_its_whole_path(folder: Path, asked: str, modality: str, kept: str) -> None:
    assert checked_encoder(asked, modality) == kept.format(folder.resolve())


@pytest.mark.parametrize(
    ("asked", "modality", "code", "words"),
    [
        ("nowhere", "text", "BadValue", "no folder that is there"),
        ("w.txt", "text", "BadValue", "no folder that is there"),
        ("w.pth", "text", "PickleRefused", "querist convert w.pth"),
        ("bare", "text", "UnsafeWeights", "no safetensors"),
        ("good", "image", "BadValue", "names its architecture"),
        ("nowhere", "image", "NeedsCapability", "a folder of timm, timm:NAME=WEIGHTS"),
        ("good", "table", "NeedsCapability", "name base"),
        ("timm:resnet18=none.safetensors", "image", "BadValue", "no file none.safetensors"),
        ("timm:resnet18=w.pth", "image", "PickleRefused", "querist convert w.pth"),
    ],
)
def test_what_cannot_is_named(folder: Path, asked: str, modality: str, code: str, words: str) -> None:
    with pytest.raises(QueristError) as caught:
        checked_encoder(asked, modality)
    assert (caught.value.code, words in str(caught.value)) == (code, True), caught.value
