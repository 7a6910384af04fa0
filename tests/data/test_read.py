"""`read`: every kind of thing finds its source; what has no use is refused, not ignored."""

from __future__ import annotations

import csv
import json
import pickle
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from scipy import sparse

import querist
from querist.core.errors import ArgumentError, ArgumentTypeError, DataError, QueristError, QueristWarning
from querist.core.optional import torch as load_torch
from querist.data.arrays import ArraySource
from querist.data.read import read

X = np.arange(6.0).reshape(3, 2)
ROWS = [{"id": "a", "text": "one", "label": "x"}, {"id": "b", "text": "two", "label": "y"}]


def test_arrays_are_not_copied_or_changed() -> None:
    before = X.copy()
    source = read(X, ids=["a", "b", "c"], labels=[1, 0, 1], name="mine")
    assert isinstance(source, ArraySource)
    assert np.shares_memory(source.array, X)
    assert (before == X).all()
    assert (source.truth, source.name) == (["1", "0", "1"], "mine")
    torch = load_torch()
    tensor = torch.from_numpy(X)
    tensors = read(tensor)
    assert isinstance(tensors, ArraySource)
    assert np.shares_memory(tensors.array, X)
    assert list(tensors.ids) == list(read(X).ids)


def test_other_things_in_memory() -> None:
    assert read(sparse.csr_matrix(X), labels=["p", "q", "r"]).truth == ["p", "q", "r"]
    assert read(["one", "two"], ids=[1, 2]).take(slice(None)) == ["one", "two"]
    assert read(("one", "two")).modality == "text"
    assert read(pd.Series(["one", "two"])).modality == "text"
    assert read(pd.Series([1.0, 2.0])).take(slice(None)).tolist() == [[1.0], [2.0]]
    torch = load_torch()
    source = read(torch.utils.data.TensorDataset(torch.from_numpy(X)), ids=["a", "b", "c"])
    assert source.take(np.array([2])).tolist() == [[4.0, 5.0]]


def test_a_frame() -> None:
    frame = pd.DataFrame({"w": [1, 2, 3], 5: [0.5, 1.5, 2.5], "kind": ["p", "q", None], "key": ["a", "b", "c"]})
    source = read(frame, label="kind", id="key")
    assert source.modality == "table"
    assert source.take(slice(None)).tolist() == [[1, 0.5], [2, 1.5], [3, 2.5]]
    assert source.truth == ["p", "q", None]
    assert list(source.ids) == ["a", "b", "c"]
    outside = read(frame[["w"]], ids=["p", "q", "r"], labels=[0, 1, 0])
    assert (list(outside.ids), outside.truth) == (["p", "q", "r"], ["0", "1", "0"])


def test_kinds_of_columns_in_a_frame() -> None:
    frame = pd.DataFrame(
        {
            "text": pd.Series(["one", "two"], dtype="string"),
            "label": pd.Categorical(["b", "a"]),
            "id": pd.Series([1, 2], dtype="Int64"),
        }
    )
    source = read(frame)
    assert (source.take(slice(None)), source.truth, list(source.ids)) == (["one", "two"], ["b", "a"], ["1", "2"])
    gaps = pd.DataFrame({"w": pd.Series([1, None], dtype="Int64")})
    with pytest.raises(DataError, match="'w'") as gap:
        read(gaps)
    assert gap.value.code == "BadFeatures"
    with pytest.raises(DataError, match="1 NaN or infinite values, 1 of them in column 'w'") as error:  # row 21
        read(pd.DataFrame({"v": [1.0, 2.0], "w": [1.0, np.nan]}))
    assert error.value.code == "BadFeatures"
    with pytest.raises(DataError, match="column 'w' stands there twice"):
        read(pd.DataFrame([[1, 2]], columns=["w", "w"]))


def write(folder: Path, kind: str) -> Path:
    path = folder / f"x.{kind}"
    if kind in ("csv", "tsv"):
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, ["id", "text", "label"], delimiter="\t" if kind == "tsv" else ",")
            writer.writeheader()
            writer.writerows(ROWS)
    elif kind == "jsonl":
        path.write_text("\n".join(map(json.dumps, ROWS)))
    else:
        pytest.importorskip("pyarrow")
        pd.DataFrame(ROWS).to_parquet(path)
    return path


@pytest.mark.parametrize("kind", ["csv", "tsv", "jsonl", "parquet"])
def test_the_same_table_from_any_file_is_the_same_pool(tmp_path: Path, kind: str) -> None:
    path = write(tmp_path, kind)
    data = path.read_bytes()
    for given in (path, str(path)):
        source = read(given)
        assert source.digest == read(pd.DataFrame(ROWS)).digest
        assert (source.truth, source.name) == (["x", "y"], f"x.{kind}")
    assert read(path, name="reviews").name == "reviews"
    assert path.read_bytes() == data
    with pytest.raises(DataError, match=f"x.{kind} has no column 'body'; it has: id, text, label") as error:  # row 42
        read(path, text="body")
    assert (error.value.code, error.value.exit_code) == ("NoColumn", 3)


def test_arrays_images_and_bundled_data(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", X)
    np.savez(tmp_path / "x.npz", X=X, y=["a", "b", "c"])
    assert len(read(tmp_path / "x.npy")) == 3
    assert read(tmp_path / "x.npz").truth == ["a", "b", "c"]
    Image.new("L", (4, 4)).save(tmp_path / "x.png")
    assert read(tmp_path, size=5).take(slice(None)).shape == (1, 3, 5, 5)
    assert len(read("sklearn:iris", dedupe=True)) == 149
    assert querist.read is read


def test_left_out_rows_are_told(tmp_path: Path) -> None:  # row 45
    path = tmp_path / "x.jsonl"
    path.write_text('{"text": "one"}\n{"text": \n{"text": "two"}\nrubbish\n')
    with pytest.raises(DataError, match=r"x\.jsonl, line 2, column 10"):
        read(path)
    with pytest.warns(QueristWarning, match=r"x\.jsonl: 2 bad rows left out, first line 2: column 10"):
        source = read(path, skip_bad=True)
    assert source.take(slice(None)) == ["one", "two"]
    assert [line for line, _ in source.noticed.skipped] == [2, 4]


@pytest.mark.parametrize("ending", ["pkl", "pickle", "pt", "pth", "joblib", "ckpt", "PT"])
def test_pickles_are_refused_unopened(tmp_path: Path, ending: str, monkeypatch: pytest.MonkeyPatch) -> None:  # row 51
    monkeypatch.chdir(tmp_path)
    Path(f"model.{ending}").write_bytes(pickle.dumps([1]))
    opened: list[str] = []
    watching = True

    def watch(event: str, arguments: Any) -> None:
        if watching and event == "open" and str(arguments[0]).endswith(ending):
            opened.append(event)

    sys.addaudithook(watch)
    with pytest.raises(
        DataError, match=rf"model\.{ending} is a \.{ending.lower()} file, .*run code.*querist convert"
    ) as e:
        read(f"model.{ending}")
    watching = False
    assert (e.value.code, e.value.exit_code) == ("PickleRefused", 3)
    assert not opened


@pytest.mark.parametrize(
    "path, words",
    [
        ("missing.csv", ["missing.csv", "No such file"]),
        ("missing.npy", ["missing.npy", "No such file"]),
        ("missing.parquet", ["missing.parquet", "No such file"]),
        ("missing", ["missing", "no such file or folder"]),
        ("digits", ["digits", "'sklearn:digits'"]),
        ("folder.csv", ["folder.csv", "it is a folder"]),
        ("notes.docx", ["notes.docx", ".jsonl"]),
        ("notes.docx/photos", ["notes.docx/photos", "no such file or folder"]),
        ("", ["no path"]),
        ("a\0b.csv", ["no path"]),
    ],
)
def test_paths_are_named_as_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, words: list[str]
) -> None:  # row 41
    monkeypatch.chdir(tmp_path)
    Path("folder.csv").mkdir()
    Path("notes.docx").touch()
    with pytest.raises(DataError) as error:
        read(path)
    assert (error.value.code, error.value.exit_code) == ("NoData", 3)
    assert all(word in str(error.value) for word in words)
    assert str(tmp_path) not in str(error.value)


@pytest.mark.parametrize("empty", [np.empty((0, 2)), [], pd.DataFrame({"w": []}), sparse.csr_matrix((0, 2))])
def test_an_empty_pool_is_refused(empty: Any) -> None:  # row 5
    with pytest.raises(DataError, match="pool has 0 items: plants") as error:
        read(empty, name="plants")
    assert error.value.code == "EmptyPool"


@pytest.mark.parametrize("more", [{"ids": ["a", "b"]}, {"labels": ["a", "b"]}])
@pytest.mark.parametrize("data", [X, ["p", "q", "r"], pd.DataFrame({"w": [1, 2, 3]}), sparse.csr_matrix(X)])
def test_lengths_must_agree(data: Any, more: dict[str, Any]) -> None:  # row 29
    with pytest.raises(DataError, match="2 (ids|labels) for 3 items") as error:  # noqa: RUF043
        read(data, **more)
    assert error.value.code == "LengthMismatch"


def test_ids_that_repeat_are_refused(tmp_path: Path) -> None:  # row 23
    path = tmp_path / "x.csv"
    path.write_text("id,text\n7,one\n8,two\n7,three\n")
    cases: list[tuple[Any, dict[str, Any]]] = [(path, {}), (X, {"ids": ["7", "8", 7]})]
    for data, more in cases:
        with pytest.raises(DataError, match="id '7' stands in rows 0 and 2") as error:
            read(data, **more)
        assert error.value.code == "DuplicateId"


def test_mixed_labels_are_refused() -> None:  # row 12
    with pytest.raises(DataError, match=r"int \(first in row 0: 1\), str .*, float .*") as error:
        read(np.arange(4.0), labels=[1, "1", 1.0, True])
    assert error.value.code == "MixedLabelTypes"


@pytest.mark.parametrize(
    "data, more",
    [
        (X, {"text": "t"}),
        (X, {"size": 3}),
        (X, {"skip_bad": True}),
        (["one"], {"label": "l"}),
        (pd.DataFrame({"w": [1]}), {"size": 3}),
        ("missing.csv", {"ids": ["a"]}),
        ("missing.csv", {"size": 8}),
        ("missing.parquet", {"skip_bad": True}),
        ("missing.npy", {"labels": [1]}),
        ("sklearn:digits", {"label": "l"}),
        (".", {"text": "t"}),
        (read(X), {"ids": ["a", "b", "c"]}),
        (pd.DataFrame({"w": [1]}), {"id": "w", "ids": ["a"]}),
    ],
)
def test_arguments_without_effect_are_refused(data: Any, more: dict[str, Any]) -> None:
    with pytest.raises(ArgumentError) as error:
        read(data, **more)
    assert error.value.code == "UnusedArgument"
    assert f"{next(iter(more))}=" in str(error.value)


@pytest.mark.parametrize("data", [3, None, object(), {"a": [1]}, [[1.0, 2.0]], b"bytes", iter("ab")])
def test_other_things_are_refused(data: Any) -> None:
    with pytest.raises(ArgumentTypeError, match="cannot make items of") as error:
        read(data)
    assert error.value.code == "BadSource"


def test_texts_with_a_gap_are_refused() -> None:
    with pytest.raises(DataError, match="row 1 is no text but NoneType") as error:
        read(["one", None])
    assert error.value.code == "BadText"


def test_a_source_stays_as_it_is() -> None:
    source = read(X)
    assert read(source) is source


def test_errors_are_of_the_one_root() -> None:
    with pytest.raises(QueristError):
        read("missing.jsonl")
