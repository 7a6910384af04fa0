from __future__ import annotations

import sys
import types
from pathlib import Path
from typing import Any

import pytest

from querist.core.errors import ArgumentError, DataError, QueristError, ResourceError
from querist.models.pretrained.place import find


def plain(folder: Path) -> Path:
    """A folder with the files that are looked at."""
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text('{"model_type": "bert"}')
    (folder / "model.safetensors").write_bytes(b"weights")
    return folder


def code(name: str, **more: Any) -> str:
    with pytest.raises(QueristError) as caught:
        find(name, **more)
    return caught.value.code


def test_a_folder_is_its_own_name_and_its_digest_is_of_every_byte(tmp_path: Path) -> None:
    folder = plain(tmp_path / "mine")
    place = find(str(folder))
    assert (place.name, place.folder, place.revision) == ("mine", folder, None)
    assert find(str(plain(tmp_path / "copy"))).digest == place.digest, "where it lies plays no part"
    (folder / "README.md").write_text("words")
    assert find(str(folder)).digest == place.digest
    (folder / "model.safetensors").write_bytes(b"weighty")
    assert find(str(folder)).digest != place.digest


def test_settings_are_read_and_damage_is_named(tmp_path: Path) -> None:
    place = find(str(plain(tmp_path / "mine")))
    assert place.settings("config.json") == {"model_type": "bert"}
    assert place.settings("no.json") == {}
    (place.folder / "no.json").write_text("{")
    with pytest.raises(DataError, match=r"no\.json of mine") as caught:
        place.settings("no.json")
    assert caught.value.code == "BadWeights"


def test_pickled_weights_are_refused_by_name(tmp_path: Path) -> None:
    folder = plain(tmp_path / "mine")
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(DataError, match=r"pytorch_model\.bin, which may run code .*save_pretrained") as caught:
        find(str(folder))
    assert caught.value.code == "UnsafeWeights"


@pytest.mark.parametrize(
    ("file", "inside"),
    [
        ("adapter_config.json", '{"base_model_name_or_path": "somebody/else"}'),
        ("modules.json", '[{"type": "my_code.Pooling", "path": ""}]'),
        ("config.json", '{"model_type": "bert", "_attn_implementation_internal": "somebody/kernel"}'),
    ],
)
def test_what_would_fetch_or_run_more_than_weights_is_refused(file: str, inside: str, tmp_path: Path) -> None:
    folder = plain(tmp_path / "mine")
    (folder / file).write_text(inside)
    assert code(str(folder)) == "UnsafeWeights"


def test_modules_of_sentence_transformers_are_looked_into(tmp_path: Path) -> None:
    folder = plain(tmp_path / "mine")
    for path, file, bad in (
        ("2_Dense", "model.safetensors", False),
        ("2_Dense", "pytorch_model.bin", True),
        ("../2_Dense", "model.safetensors", True),
    ):
        (folder / "modules.json").write_text(f'[{{"type": "sentence_transformers.models.Dense", "path": "{path}"}}]')
        dense = folder / "2_Dense"
        dense.mkdir()
        (dense / file).write_bytes(b"weights")
        if bad:
            assert code(str(folder)) == "UnsafeWeights"
        else:
            assert find(str(folder)).name == "mine"
        (dense / file).unlink()
        dense.rmdir()


def test_names_that_are_nothing_are_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert code(str(tmp_path / "empty")) == "BadWeights"
    assert code(str(tmp_path / "nowhere" / "at" / "all")) == "BadValue"
    with pytest.raises(ArgumentError, match="is for models of the hub") as caught:
        find(str(plain(tmp_path / "mine")), revision="main")
    assert caught.value.code == "BadValue"


class Hub:
    """Stands for huggingface_hub and keeps what was asked."""

    def __init__(self, folder: Path | None) -> None:
        self.folder, self.asked = folder, dict[str, Any]()

    def snapshot_download(self, name: str, **asked: Any) -> str:
        self.asked = {"name": name, **asked}
        if self.folder is None:
            raise OSError("Cannot reach the hub\nmore lines")
        return str(self.folder)


def stand_in(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    module = types.ModuleType("huggingface_hub")
    module.snapshot_download = hub.snapshot_download  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "huggingface_hub", module)


def test_the_hub_is_asked_for_one_revision_and_no_pickle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hub = Hub(plain(tmp_path / ("c" * 40)))
    stand_in(hub, monkeypatch)
    place = find("owner/model", revision="v2")
    assert (place.name, place.revision) == ("owner/model", "c" * 40)
    assert (hub.asked["name"], hub.asked["revision"]) == ("owner/model", "v2")
    assert not [p for p in hub.asked["allow_patterns"] if p.endswith((".bin", ".pt", ".py", "*"))]


def test_without_a_network_the_way_out_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(Hub(None), monkeypatch)
    with pytest.raises(ResourceError, match=r"owner/model at revision v2 .*HF_HOME.*HF_HUB_OFFLINE") as caught:
        find("owner/model", revision="v2")
    assert caught.value.code == "NoHub"
    assert "more lines" not in str(caught.value)


def test_without_the_extra_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(ResourceError, match=r"querist\[text\]") as caught:
        find("owner/model")
    assert caught.value.code == "MissingExtra"


def test_a_pickle_is_named_with_the_way_to_safetensors(tmp_path: Path) -> None:
    for name in ("m.pt", "m.BIN", "m.joblib"):
        (tmp_path / name).write_bytes(b"")
        with pytest.raises(DataError, match="querist convert") as caught:
            find(str(tmp_path / name))
        assert caught.value.code == "PickleRefused"
