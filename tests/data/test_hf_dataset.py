"""Hugging Face datasets: texts, tables, images and class names; dictionaries and streams are refused."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from querist.core.errors import ArgumentTypeError, DataError, QueristWarning
from querist.data.hf_dataset import HfImageSource, hf_source, is_hf
from querist.data.table import Columns

datasets = pytest.importorskip("datasets")
TEXTS = {"text": ["one", "two", "three"], "label": [1, 0, -1]}


def texts() -> Any:
    features = {"text": datasets.Value("string"), "label": datasets.ClassLabel(names=["neg", "pos"])}
    return datasets.Dataset.from_dict(TEXTS, features=datasets.Features(features))


def png(shade: int) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (5, 4), (shade, 0, 0)).save(out, "PNG")
    return out.getvalue()


def images(files: list[Any], **columns: Any) -> Any:
    features = {"image": datasets.Image(), **{name: datasets.Value("string") for name in columns}}
    return datasets.Dataset.from_dict({"image": files, **columns}, features=datasets.Features(features))


def test_class_numbers_become_names() -> None:
    source = hf_source(texts(), Columns())
    assert source.take(slice(None)) == ["one", "two", "three"]
    assert source.truth == ["pos", "neg", None], "-1 is no class"


def test_lists_of_class_numbers_become_names() -> None:
    features = {"text": datasets.Value("string"), "y": datasets.List(datasets.ClassLabel(names=["a", "b", "c"]))}
    data = datasets.Dataset.from_dict({"text": ["p", "q"], "y": [[0, 2], []]}, features=datasets.Features(features))
    assert hf_source(data, Columns()).truth == [["a", "c"], []]


def test_the_format_and_the_order_of_a_set_are_minded() -> None:
    data = datasets.Dataset.from_dict({"w": [1.0, 2.0, 3.0], "v": [4, 5, 6]}).select([2, 0]).with_format("numpy")
    assert hf_source(data, Columns()).take(slice(None)).tolist() == [[3.0, 6.0], [1.0, 4.0]]


def test_faults_name_the_columns() -> None:
    with pytest.raises(DataError, match="the reviews has no column 'body'; it has: text, label"):
        hf_source(texts(), Columns("body"), name="the reviews")


def test_images_are_decoded_when_taken(tmp_path: Path) -> None:
    (tmp_path / "c.png").write_bytes(png(30))
    data = images([{"bytes": png(10), "path": None}, {"bytes": png(20), "path": None}, str(tmp_path / "c.png")])
    source = hf_source(data, Columns(), truth=["x", "y", "z"], size=6)
    assert isinstance(source, HfImageSource)
    assert source.modality == "image"
    batch = source.take(np.array([2, 0]))
    assert (batch.shape, batch.dtype) == ((2, 3, 6, 6), np.dtype("uint8"))
    assert batch[:, 0, 0, 0].tolist() == [30, 10]
    assert source.truth == ["x", "y", "z"]
    assert hf_source(data, Columns()).take(slice(0, 1)).shape == (1, 3, 64, 64)


def test_broken_images_are_set_aside() -> None:
    files: list[Any] = [png(1), png(2)[:-30], b"text", None, png(1)]
    data = images(
        [None if f is None else {"bytes": f, "path": None} for f in files], id=list("abcde"), label=list("vwxyz")
    )
    with pytest.warns(QueristWarning, match="3 of 5 images are set aside, first b: cannot be decoded"):
        source = hf_source(data, Columns(), dedupe=True)
    assert list(source.ids) == ["a"]
    assert source.truth == ["v"]
    assert [name for name, _ in source.noticed.quarantined] == ["b", "c", "d"]
    assert source.noticed.dropped == 1
    with pytest.raises(DataError, match="has no column 'kind'; it has: id, label"):
        hf_source(data, Columns(label="kind"))


def test_images_gone_from_disk_are_set_aside(tmp_path: Path) -> None:
    data = images([str(tmp_path / "missing.png"), {"bytes": png(1), "path": None}])
    with pytest.warns(QueristWarning, match="1 of 2 images are set aside, first row 0: the file is empty"):
        assert len(hf_source(data, Columns())) == 1


def test_several_sets_are_refused_with_a_hint() -> None:
    for data in (datasets.DatasetDict({"train": texts(), "test": texts()}), datasets.IterableDatasetDict({"train": 1})):
        assert is_hf(data)
        with pytest.raises(ArgumentTypeError, match=r"choose one split, e\.g\. dataset\['train'\]") as error:
            hf_source(data, Columns())
        assert error.value.code == "BadSource"


def test_streams_are_refused() -> None:
    stream = texts().to_iterable_dataset()
    assert is_hf(stream)
    with pytest.raises(ArgumentTypeError, match="streaming"):
        hf_source(stream, Columns())


def test_what_is_one() -> None:
    assert is_hf(texts())
    local = type("Dataset", (), {"__module__": "datasets"})()
    assert not is_hf(local), "a module of one's own may have this name"
    others: list[Any] = [3, "datasets", [], sys]
    assert not any(is_hf(v) for v in others)
