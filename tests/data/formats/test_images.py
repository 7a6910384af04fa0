"""Folders of images: classes by folder, broken files set aside, copies by class."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from querist.core.errors import ArgumentError, DataError, QueristWarning
from querist.data.formats.exported import About, Exported
from querist.data.formats.images import read, write
from querist.data.formats.reading import Reading
from querist.data.record import Record


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    for place, name in enumerate(("cat/1.png", "cat/2.jpg", "dog/1.png")):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (3, 3), (place, 0, 0)).save(folder / name)
    return folder


def test_folders_are_classes(root: Path) -> None:
    records = list(read(root, Reading()))
    assert [(r.id, r.file, r.labels[0]["value"]) for r in records] == [
        ("cat/1.png", "cat/1.png", "cat"),
        ("cat/2.jpg", "cat/2.jpg", "cat"),
        ("dog/1.png", "dog/1.png", "dog"),
    ]
    Image.new("RGB", (3, 3)).save(root / "top.png")
    assert all(not r.labels for r in read(root, Reading())), "one image lies outside of the folders"


def test_broken_files_are_set_aside(root: Path, tmp_path: Path) -> None:
    (root / "cat" / "empty.png").write_bytes(b"")
    (root / "cat" / "text.png").write_text("no image")
    (tmp_path / "outside.png").write_bytes((root / "cat" / "1.png").read_bytes())
    (root / "cat" / "link.png").symlink_to(tmp_path / "outside.png")
    bad: list[str] = []
    assert len(list(read(root, Reading(bad=lambda place, why: bad.append(why))))) == 3
    assert bad == [
        "cat/empty.png: the file is empty (0 bytes)",
        "cat/link.png: a link out of the folder",
        "cat/text.png: not an image of a known kind (wrong first bytes)",
    ]
    with pytest.warns(QueristWarning, match="3 of 6 images are set aside"):
        assert len(list(read(root, Reading()))) == 3


def test_a_folder_without_images_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds no image that can be read") as caught:
        list(read(tmp_path, Reading()))
    assert caught.value.code == "EmptyPool"


def test_images_are_copied_by_class(root: Path, tmp_path: Path) -> None:
    items = [
        Exported(Record(r.id, None, r.file), [{"kind": "label", "value": label, "note": "n"}], "labelled")
        for r, label in zip(read(root, Reading()), ("a/b", "dog", "dog"), strict=True)
    ]
    items.append(Exported(Record("cat/1.png", None, "cat/1.png"), [{"kind": "skip"}], "skipped"))
    items.append(Exported(Record("dog/1.png", None, "dog/1.png"), [{"kind": "label", "value": "a/b"}], "labelled"))
    lost = write(items, tmp_path / "out", About(root=root))
    made = sorted(p.relative_to(tmp_path / "out").as_posix() for p in (tmp_path / "out").rglob("*.*"))
    assert made == ["a_b/1-1.png", "a_b/1.png", "dog/1.png", "dog/2.jpg"]
    assert (tmp_path / "out" / "a_b" / "1-1.png").read_bytes() == (root / "dog" / "1.png").read_bytes()
    assert [(x.what, x.items) for x in lost] == [
        ("name of the class", 2),
        ("note", 3),
        ("the whole item: it has no class", 1),
    ]


def test_nothing_is_copied_from_outside(root: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.png").write_bytes(b"x")
    item = Exported(Record("i", None, "../secret.png"), [{"kind": "label", "value": "a"}], "labelled")
    with pytest.raises(DataError, match="leads out of it") as caught:
        write([item], tmp_path / "out", About(root=root))
    assert caught.value.code == "BadPath"
    assert not (tmp_path / "out").exists(), "whole or not at all"
    assert not list(tmp_path.glob(".new-*"))
    with pytest.raises(ArgumentError, match="copied from the folder"):
        write([item], tmp_path / "out", About())
