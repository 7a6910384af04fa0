"""Kept by digest: whole, durable, never overwritten, and compared whenever they are taken."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from querist.core.errors import ArgumentError, DataError, StateError
from querist.core.ports import Artifacts as Port
from querist.storage.artifacts import Artifacts
from querist.storage.digest import folder_digest


@pytest.fixture
def model(tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    (folder / "sub").mkdir(parents=True)
    (folder / "weights.safetensors").write_bytes(b"\0" * 5000)
    (folder / "sub" / "recipe.json").write_text('{"rate": 0.1}')
    return folder


def test_kept_and_given_back(tmp_path: Path, model: Path) -> None:
    kept = Artifacts(tmp_path / "artifacts")
    assert isinstance(kept, Port)
    digest = kept.put(model)
    assert digest == folder_digest(model)
    shutil.rmtree(model)
    found = kept.get(digest)
    assert (found / "sub" / "recipe.json").read_text() == '{"rate": 0.1}'
    assert (found / "weights.safetensors").read_bytes() == b"\0" * 5000
    assert kept.has(digest)
    assert list(kept.digests()) == [digest]
    assert kept.leftovers() == []


def test_bytes_are_a_folder_with_one_file(tmp_path: Path) -> None:
    kept = Artifacts(tmp_path / "artifacts")
    assert (kept.get(kept.put(b"hello")) / "content").read_bytes() == b"hello"


def test_the_same_content_is_kept_once(tmp_path: Path, model: Path) -> None:
    kept = Artifacts(tmp_path / "artifacts")
    digest = kept.put(model)
    before = kept.get(digest).stat().st_mtime_ns
    assert kept.put(model) == digest
    assert kept.get(digest).stat().st_mtime_ns == before
    assert sorted(p.name for p in (tmp_path / "artifacts").iterdir()) == [digest]


def test_nothing_there(tmp_path: Path) -> None:
    kept = Artifacts(tmp_path / "artifacts")
    assert list(kept.digests()) == []
    assert kept.leftovers() == []
    assert not kept.has("ab" * 32)
    with pytest.raises(StateError) as caught:
        kept.get("ab" * 32)
    assert caught.value.code == "NoArtifact"
    assert not (tmp_path / "artifacts").exists()


@pytest.mark.parametrize("fault", ["bit", "cut", "missing", "added", "renamed"])
def test_changed_content_is_named_and_left_alone(tmp_path: Path, model: Path, fault: str) -> None:
    kept = Artifacts(tmp_path / "artifacts")
    digest = kept.put(model)
    weights = kept.get(digest) / "weights.safetensors"
    if fault == "bit":
        weights.write_bytes(b"\0" * 4999 + b"\1")
    elif fault == "cut":
        weights.write_bytes(b"\0" * 4000)
    elif fault == "missing":
        weights.unlink()
    elif fault == "added":
        (weights.parent / "more").write_text("")
    else:
        weights.rename(weights.with_name("other"))
    with pytest.raises(StateError) as caught:
        kept.get(digest)
    assert caught.value.code == "DigestMismatch"
    assert caught.value.exit_code == 4
    for words in (digest, "querist restore BACKUP NEW_FOLDER"):
        assert words in str(caught.value)
    assert kept.has(digest)


def test_a_damaged_copy_is_set_aside_and_replaced(tmp_path: Path, model: Path) -> None:
    kept = Artifacts(tmp_path / "artifacts")
    digest = kept.put(model)
    for n in range(2):
        (kept.folder / digest / "weights.safetensors").write_bytes(b"damaged %d" % n)
        assert kept.put(model) == digest
        assert kept.fault(digest) == ""
        assert len(kept.leftovers()) == n + 1
    assert (kept.leftovers()[0] / "weights.safetensors").read_bytes() == b"damaged 0"


def test_a_failure_on_the_way_leaves_nothing(tmp_path: Path, model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Artifacts(tmp_path / "artifacts")

    def fail(*args: object) -> None:
        raise OSError("the disk is gone")

    monkeypatch.setattr("querist.storage.artifacts.sync_tree", fail)
    with pytest.raises(OSError, match="the disk is gone"):
        kept.put(model)
    assert list(kept.folder.iterdir()) == []


def test_content_is_on_the_disk_before_its_name(tmp_path: Path, model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Artifacts(tmp_path / "artifacts")
    steps: list[str] = []
    rename = os.rename
    monkeypatch.setattr("querist.storage.artifacts.sync_tree", lambda p: steps.append("content"))
    monkeypatch.setattr("querist.storage.artifacts.sync_folder", lambda p: steps.append("name"))

    def watched(a: Path, b: Path) -> None:
        steps.append("rename")
        rename(a, b)

    monkeypatch.setattr("os.rename", watched)
    kept.put(model)
    assert steps == ["content", "rename", "name"]


def test_another_process_may_be_quicker(tmp_path: Path, model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Artifacts(tmp_path / "artifacts")
    digest = folder_digest(model)

    def meanwhile(folder: Path) -> None:
        shutil.copytree(model, kept.folder / digest)

    monkeypatch.setattr("querist.storage.artifacts.sync_tree", meanwhile)
    assert kept.put(model) == digest
    assert kept.fault(digest) == ""


@pytest.mark.parametrize("digest", ["", "..", "../../etc", "AB" * 32, "ab" * 31, None, 3])
def test_only_digests_are_names(tmp_path: Path, digest: str) -> None:
    kept = Artifacts(tmp_path / "artifacts")
    assert not kept.has(digest)
    for act in (kept.get, kept.fault):
        with pytest.raises(ArgumentError) as caught:
            act(digest)
        assert caught.value.code == "BadDigest"


def test_only_folders_and_bytes_are_kept(tmp_path: Path, model: Path) -> None:
    kept = Artifacts(tmp_path / "artifacts")
    with pytest.raises(ArgumentError, match="neither"):
        kept.put(model / "weights.safetensors")
    with pytest.raises(ArgumentError, match="neither"):
        kept.put(tmp_path / "missing")
    (model / "link").symlink_to(tmp_path)
    with pytest.raises(DataError, match="link"):
        kept.put(model)
    assert list(kept.folder.iterdir()) == []


def test_a_dropped_folder_is_gone_and_can_be_put_again(tmp_path: Path) -> None:
    kept = Artifacts(tmp_path / "artifacts")
    digest = kept.put(b"weights")
    kept.drop(digest)
    assert not kept.has(digest)
    assert kept.leftovers() == []
    kept.drop(digest)
    assert kept.put(b"weights") == digest
