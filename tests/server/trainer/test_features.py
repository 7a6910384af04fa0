"""Features on disk: made once, gone on with, made anew when the project has grown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from live_project import animal_texts
from querist.core.errors import DataError
from querist.core.types import Array
from querist.data.item_store import ItemStore, Record
from querist.models.encoders.base import Encoder
from querist.server.trainer import features as module
from querist.server.trainer.feature_rows import FileRows
from querist.server.trainer.features import Contents, Features, base_encoder, better_encoder


class Lengths:
    """Counts how often it is called; a row is length and first letter of a text."""

    name = "lengths v1"

    def __init__(self, fail_at: int = 10**9) -> None:
        self.seen, self.fail_at = 0, fail_at

    def __call__(self, batch: Any, /) -> Any:
        self.seen += len(batch)
        if self.seen > self.fail_at:
            raise OSError("killed")
        return np.asarray([[len(t), ord(t[0])] for t in batch], dtype=np.float32)


def store(tmp_path: Path, count: int = 50) -> ItemStore:
    items = ItemStore(tmp_path / "items.db")
    items.add([Record(text=t) for t in animal_texts(count)[0]], "first")
    return items


def made(items: ItemStore, folder: Path) -> tuple[Features, Contents]:
    return Features(folder, items.ids(), [n for *_, n in items.imports()]), Contents(items, "text", folder)


def read(features: Features, encoder: Any) -> Array:
    """The features where they are few."""
    found = features.read(encoder)
    assert isinstance(found, np.ndarray)
    return found


def silent(doing: str) -> None:
    """Nobody listens."""


def test_rows_are_those_of_the_items_and_are_made_once(tmp_path: Path) -> None:
    items = store(tmp_path)
    features, contents = made(items, tmp_path)
    encoder = Lengths()
    assert list(features.fill(encoder, contents, batch=20)) == [(20, 50), (40, 50), (50, 50)]
    rows = read(features, encoder)
    assert rows[:, 0].tolist() == [len(i.text or "") for i in items.at(range(50))]
    assert features.ready(encoder)
    again = Lengths()
    assert list(features.fill(again, contents)) == [(50, 50)]
    assert again.seen == 0


def test_a_killed_run_goes_on_where_it_was(tmp_path: Path) -> None:
    items = store(tmp_path)
    features, contents = made(items, tmp_path)
    with pytest.raises(OSError, match="killed"):
        list(features.fill(Lengths(fail_at=45), contents, batch=10))
    second = Lengths()
    list(features.fill(second, contents, batch=10))
    assert second.seen == 10
    assert read(features, second)[:, 0].tolist() == [len(i.text or "") for i in items.at(range(50))]


def test_a_later_import_leaves_the_earlier_features(tmp_path: Path) -> None:
    items = store(tmp_path)
    features, contents = made(items, tmp_path)
    list(features.fill(Lengths(), contents))
    items.add([Record(text="zebra"), Record(text="yak")], "second")
    features, contents = made(items, tmp_path)
    encoder = Lengths()
    assert not features.ready(encoder)
    list(features.fill(encoder, contents))
    assert encoder.seen == 2
    assert read(features, encoder)[-2:].tolist() == [[5, ord("z")], [3, ord("y")]]


def test_of_many_items_only_the_rows_asked_for_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_IN_MEMORY", 10)
    items = store(tmp_path)
    items.add([Record(text="yak")], "second")
    features, contents = made(items, tmp_path)
    assert features.missing(Lengths()) == 51
    list(features.fill(Lengths(), contents))
    assert features.missing(Lengths()) == 0
    rows = features.read(Lengths())
    assert isinstance(rows, FileRows)
    assert rows[np.array([50, 0])].tolist() == [
        [3, ord("y")],
        [len(items.at([0])[0].text or ""), rows[slice(0, 1)][0, 1]],
    ]


def test_the_name_of_an_encoder_is_made_once_for_all_batches(tmp_path: Path) -> None:
    """The name of some is a digest of all their weights, and took more time than the features."""

    class Named(Lengths):
        asked = 0

        @property
        def name(self) -> str:  # type: ignore[override]
            Named.asked += 1
            return "named v1"

    features, contents = made(store(tmp_path), tmp_path)
    assert len(list(features.fill(Named(), contents, batch=5))) == 10
    assert Named.asked == 1


@pytest.mark.parametrize(
    ("given", "code"), [(np.zeros((3, 2)), "RowMismatch"), (np.full((50, 2), np.nan), "BadFeatures")]
)
def test_wrong_rows_are_refused(given: Any, code: str, tmp_path: Path) -> None:
    class Wrong:
        name = "wrong"

        def __call__(self, batch: Any, /) -> Any:
            return given

    features, contents = made(store(tmp_path), tmp_path)
    with pytest.raises(DataError) as caught:
        list(features.fill(Wrong(), contents))
    assert caught.value.code == code
    assert not features.ready(Wrong())


def test_a_damaged_file_is_deleted_and_made_anew(tmp_path: Path) -> None:
    features, contents = made(store(tmp_path), tmp_path)
    list(features.fill(Lengths(), contents))
    (file,) = tmp_path.glob("features-*.npy")
    file.write_bytes(b"rubbish")
    with pytest.raises(DataError, match="cached features"):
        features.read(Lengths())
    assert not features.ready(Lengths())


def test_the_base_encoder_is_kept_and_fitted_anew_when_the_project_doubled(tmp_path: Path) -> None:
    items = store(tmp_path)
    folder = tmp_path / "features"
    first = base_encoder(folder, Contents(items, "text", tmp_path), 0, silent)
    assert base_encoder(folder, Contents(items, "text", tmp_path), 0, silent).name == first.name
    items.add([Record(text=t) for t in animal_texts(60, seed=9)[0]], "second")
    assert base_encoder(folder, Contents(items, "text", tmp_path), 0, silent).name != first.name
    for kept in folder.iterdir():
        (kept / "encoder.json").write_text("{}")
    assert isinstance(base_encoder(folder, Contents(items, "text", tmp_path), 0, silent), Encoder)


def test_images_are_read_and_a_broken_one_is_grey(tmp_path: Path) -> None:
    for name, colour in (("red.png", (255, 0, 0)), ("blue.jpg", (0, 0, 255))):
        Image.new("RGB", (300, 200), colour).save(tmp_path / name)
    (tmp_path / "broken.png").write_bytes(b"no image")
    items = ItemStore(tmp_path / "items.db")
    items.add([Record(file=n) for n in ("red.png", "blue.jpg", "broken.png", "absent.png")], "x")
    contents = Contents(items, "image", tmp_path)
    pixels = contents.take(range(4))
    assert pixels.shape == (4, 3, 32, 32)
    assert pixels[0, :, 5, 5].tolist() == [255, 0, 0]
    assert pixels[1, 2, 5, 5] > 250
    assert (pixels[2:] == 128).all()
    assert contents.broken == 2
    encoder = base_encoder(tmp_path / "f", contents, 0, silent)
    assert encoder.kind == "pixels"


def test_a_sample_that_is_the_whole_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    items = ItemStore(tmp_path / "items.db")
    items.add([Record(id=f"i{k}", text=f"text {k} of some") for k in range(30)], "a")
    features, contents = made(items, tmp_path)
    read: list[int] = []
    real = ItemStore.at

    def at(self: ItemStore, rows: Any) -> Any:
        read.extend(rows)
        return real(self, rows)

    monkeypatch.setattr(ItemStore, "at", at)
    encoder = base_encoder(tmp_path / "features", contents, 0, silent)
    assert list(features.fill(encoder, contents, batch=20)) == [(20, 30), (30, 30)]
    assert sorted(read) == list(range(30))
    rows: Any = features.read(encoder)
    np.testing.assert_allclose(rows, encoder([f"text {k} of some" for k in range(30)]), atol=1e-6)
    contents.forget()
    assert contents.take(range(2)) == ["text 0 of some", "text 1 of some"]
    assert len(read) == 32


def test_tables_are_read(tmp_path: Path) -> None:
    items = ItemStore(tmp_path / "items.db")
    items.add([Record(id=str(k), fields={"a": k}) for k in range(5)], "x")
    contents = Contents(items, "table", tmp_path)
    assert contents.take([3, 1]) == [{"a": 3}, {"a": 1}]
    assert base_encoder(tmp_path / "f", contents, 0, silent)(contents.take(range(5))).shape == (5, 2)


def test_no_items_no_encoder(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no items"):
        base_encoder(tmp_path, Contents(ItemStore(tmp_path / "items.db"), "text", tmp_path), 0, silent)


@pytest.mark.parametrize(("asked", "modality"), [("base", "text"), ("auto", "table"), ("auto", "image")])
def test_where_there_is_no_better_encoder(asked: str, modality: str) -> None:
    assert better_encoder(asked, modality) is None


@pytest.mark.parametrize(("asked", "modality"), [("nowhere", "text"), ("minilm", "image")])
def test_an_encoder_that_cannot_be_used_is_refused(asked: str, modality: str) -> None:
    with pytest.raises(DataError, match="encoder"):
        better_encoder(asked, modality)


def test_without_its_package_auto_means_the_base_encoder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    assert better_encoder("auto", "text") is None


def test_a_folder_of_a_model_is_the_better_encoder(tmp_path: Path) -> None:
    pytest.importorskip("transformers")
    from tiny_encoder import tiny_folder

    encoder = better_encoder(str(tiny_folder(tmp_path / "model")), "text")
    assert encoder is not None
    items = store(tmp_path)
    features, contents = made(items, tmp_path)
    list(features.fill(encoder, contents, batch=20))
    assert features.read(encoder).shape[0] == 50
