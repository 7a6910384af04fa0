"""Folders of images: classes from folders, broken files set aside, nothing read outside."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from querist.core.errors import ArgumentError, DataError, QueristWarning
from querist.data.image_folder import ImageSource, image_source


def picture(path: Path, shade: int, kind: str | None = None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (6, 4), (shade, 0, 0)).save(path, kind)
    return path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    picture(folder / "dog" / "a.png", 10)
    picture(folder / "cat" / "b.JPG", 20)
    picture(folder / "cat" / "old" / "c.gif", 30)
    return folder


def test_folders_are_classes_and_ids_are_paths(root: Path) -> None:
    source = image_source(root, size=8)
    assert list(source.ids) == ["cat/b.JPG", "cat/old/c.gif", "dog/a.png"]
    assert source.truth == ["cat", "cat", "dog"]
    assert (source.modality, source.name) == ("image", "photos")
    batch = source.take(np.array([2, 0]))
    assert (batch.shape, batch.dtype) == ((2, 3, 8, 8), np.dtype("uint8"))
    assert abs(int(batch[0, 0, 0, 0]) - 10) <= 2
    assert abs(int(batch[1, 0, 0, 0]) - 20) <= 2
    assert source.take(slice(0, 0)).shape == (0, 3, 8, 8)
    assert source.take(slice(1, None)).shape == (2, 3, 8, 8)


def test_a_flat_folder_has_no_labels(root: Path) -> None:
    picture(root / "loose.png", 40)
    assert image_source(root).truth is None


def test_grey_and_the_usual_size(root: Path) -> None:
    assert image_source(root, mode="L").take(slice(0, 1)).shape == (1, 1, 64, 64)
    with pytest.raises(ArgumentError, match="mode must be"):
        image_source(root, mode="CMYK")
    with pytest.raises(ArgumentError, match="size must be"):
        image_source(root, size=0)


def test_broken_images_are_set_aside_and_counted(root: Path) -> None:  # row 46
    (root / "cat" / "empty.png").touch()
    (root / "cat" / "text.jpg").write_text("this is text")
    whole = (root / "dog" / "a.png").read_bytes()
    (root / "dog" / "cut.png").write_bytes(whole[: len(whole) - 30])
    (root / "dog" / "notes.txt").write_text("not looked at")
    with pytest.warns(QueristWarning, match=r"photos: 3 of 6 images are set aside: cat/empty\.png: the file is empty"):
        source = image_source(root)
    assert len(source) == 3
    reasons = dict(source.noticed.quarantined)
    assert sorted(reasons) == ["cat/empty.png", "cat/text.jpg", "dog/cut.png"]
    assert "wrong first bytes" in reasons["cat/text.jpg"]
    assert "cannot be decoded" in reasons["dog/cut.png"]
    assert source.take(slice(None)).shape == (3, 3, 64, 64)


def test_links_out_of_the_folder_are_not_followed(root: Path, tmp_path: Path) -> None:
    secret = picture(tmp_path / "secret" / "s.png", 99)
    (root / "cat" / "link.png").symlink_to(secret)
    (root / "cat" / "inside.png").symlink_to(root / "dog" / "a.png")
    (root / "cat" / "dead.png").symlink_to(root / "dog" / "missing.png")
    (root / "more").symlink_to(tmp_path / "secret")
    (root / "again").symlink_to(root / "cat")
    os.mkfifo(root / "cat" / "pipe.png")
    with pytest.warns(QueristWarning) as caught:  # and the copy that the link within makes
        source = image_source(root)
    assert "5 of 9 images are set aside" in str(caught[0].message)
    assert "1 of 4 items repeat" in str(caught[1].message)
    assert dict(source.noticed.quarantined) == {
        "again": "a link to another folder",
        "cat/dead.png": "a link to nothing, or no plain file",
        "cat/link.png": "a link out of the folder",
        "cat/pipe.png": "a link to nothing, or no plain file",
        "more": "a link out of the folder",
    }
    assert "cat/inside.png" in source.ids


def test_hidden_files_are_not_looked_at(root: Path) -> None:
    picture(root / ".thumbnails" / "t.png", 50)
    (root / "cat" / "._b.jpg").write_text("the file system's own notes")
    assert len(image_source(root)) == 3


def test_copies_can_be_dropped(root: Path) -> None:
    (root / "zoo").mkdir()
    (root / "zoo" / "copy.png").write_bytes((root / "dog" / "a.png").read_bytes())
    source = image_source(root, dedupe=True)
    assert isinstance(source, ImageSource)
    assert list(source.ids) == ["cat/b.JPG", "cat/old/c.gif", "dog/a.png"]
    assert source.noticed.dropped == 1
    assert [p.name for p in source.paths] == ["b.JPG", "c.gif", "a.png"]


def test_a_name_that_is_no_text_is_set_aside(root: Path) -> None:
    name = os.fsdecode(b"bad\xff.png")
    try:
        picture(root / "cat" / name, 60, "PNG")
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    with pytest.warns(QueristWarning) as caught:
        source = image_source(root)
    ((shown, reason),) = source.noticed.quarantined
    assert reason == "its name is not UTF-8"
    shown.encode("utf-8")
    str(caught[0].message).encode("utf-8")


def test_no_folder_and_no_images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # rows 5, 41
    monkeypatch.chdir(tmp_path)
    Path("file.dat").touch()
    for name, reason in (("missing", "no such folder"), ("file.dat", "it is a file, and a folder is needed")):
        with pytest.raises(DataError, match=f"cannot read {name}: {reason}") as error:
            image_source(Path(name))
        assert (error.value.code, error.value.exit_code) == ("NoData", 3)
    Path("bare").mkdir()
    with pytest.raises(DataError, match="pool has 0 items: bare holds no image") as empty:
        image_source(Path("bare"))
    assert empty.value.code == "EmptyPool"


def test_a_folder_that_cannot_be_listed(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # row 41
    listing = os.scandir

    def refuse(path: str | Path) -> object:
        if str(path).endswith("dog"):
            raise PermissionError(13, "Permission denied", str(path))
        return listing(path)

    monkeypatch.setattr(os, "scandir", refuse)  # a superuser may list anything, so it is played
    with pytest.raises(DataError, match=r"dog: Permission denied") as error:
        image_source(root)
    assert error.value.code == "NoData"


def test_a_file_that_goes_away_is_named(root: Path) -> None:
    source = image_source(root)
    (root / "dog" / "a.png").unlink()
    with pytest.raises(DataError, match=r"photos: image 'dog/a\.png' could be read before") as error:
        source.take(np.array([0, 2]))
    assert error.value.code == "BadImage"


def test_this_folder_has_a_name(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root)
    assert image_source(Path(".")).name == "photos"
    assert image_source(Path(".")).ids[0] == "cat/b.JPG"
