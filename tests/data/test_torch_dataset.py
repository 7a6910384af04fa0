"""Map-style datasets: tensors, pairs, dicts and texts; streams and unstable items are refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PIL import Image

from querist.core.errors import ArgumentTypeError, DataError, QueristError, QueristWarning
from querist.core.optional import torch as load_torch
from querist.data.torch_dataset import DatasetSource, is_dataset, is_stream, torch_source

torch = load_torch()
X = np.arange(12, dtype=np.float32).reshape(4, 3)


class Listed:
    """A map-style dataset without torch."""

    def __init__(self, items: list[Any]) -> None:
        self.items = items
        self.read = 0

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int) -> Any:
        assert type(index) is int, "datasets index lists with it"
        self.read += 1
        return self.items[index]


def test_a_tensor_dataset() -> None:
    labels = torch.tensor([2, 0, 1, 2])
    source = torch_source(torch.utils.data.TensorDataset(torch.from_numpy(X), labels), name="numbers")
    assert isinstance(source, DatasetSource)
    assert source.take(np.array([3, 1])).tolist() == X[[3, 1]].tolist()
    assert source.take(slice(0, 2)).tolist() == X[:2].tolist()
    assert source.truth == ["2", "0", "1", "2"]
    assert source.modality == "array"
    assert torch_source(torch.utils.data.TensorDataset(torch.from_numpy(X))).truth is None


def test_a_subset_has_the_ids_of_its_items() -> None:
    whole = torch.utils.data.TensorDataset(torch.from_numpy(X))
    part = torch.utils.data.Subset(whole, [2, 0])
    ids = torch_source(whole).ids
    assert list(torch_source(part).ids) == [ids[2], ids[0]]


@pytest.mark.parametrize("key", ["image", "pixel_values", "x"])
def test_dicts(key: str) -> None:
    source = torch_source(Listed([{key: row, "label": "ab"[k % 2]} for k, row in enumerate(X)]))
    assert source.take(slice(None)).tolist() == X.tolist()
    assert source.truth == ["a", "b", "a", "b"]


def test_texts_pictures_and_bare_items() -> None:
    texts = torch_source(Listed([("one", 1), ("two", 0)]))
    assert (texts.modality, texts.take(np.array([1])), texts.truth) == ("text", ["two"], ["1", "0"])
    pictures = torch_source(Listed([Image.new("RGB", (5, 4), (k, 0, 0)) for k in range(3)]))
    assert pictures.take(slice(None)).shape == (3, 4, 5, 3)
    bare = torch_source(Listed(list(X)))
    assert bare.take(slice(None)).tolist() == X.tolist()


@pytest.mark.parametrize(
    "labels, wanted",
    [
        ([torch.tensor([1, 0, 1]), torch.tensor([0.0, 0.0, 0.0])], [["0", "2"], []]),
        ([np.array([0.25, 0.75]), np.array([0.5, 0.5])], [{"0": 0.25, "1": 0.75}, {"0": 0.5, "1": 0.5}]),
        ([torch.tensor(1.5), torch.tensor(2.0)], [1.5, 2.0]),
        ([np.int64(3), None], ["3", None]),
    ],
)
def test_labels_of_many_forms(labels: list[Any], wanted: list[Any]) -> None:
    assert torch_source(Listed(list(zip(X[:2], labels, strict=True)))).truth == wanted


def test_ids_and_labels_may_be_given() -> None:
    source = torch_source(Listed(list(X)), ids=["a", "b", "c", "d"], truth=["p", "q", "p", "q"])
    assert list(source.ids) == ["a", "b", "c", "d"]
    assert source.truth == ["p", "q", "p", "q"]
    with pytest.raises(DataError, match="3 ids for 4 items"):
        torch_source(Listed(list(X)), ids=["a", "b", "c"])


def test_copies_can_be_dropped() -> None:
    items = [(X[0], "a"), (X[1], "b"), (X[0], "c"), (X[3], "d")]
    with pytest.warns(QueristWarning, match="1 of 4"):
        torch_source(Listed(items))
    source = torch_source(Listed(items), dedupe=True)
    assert source.take(slice(None)).tolist() == X[[0, 1, 3]].tolist()
    assert source.truth == ["a", "b", "d"]


class Flipped(Listed):
    """Items that differ with each reading, as random transforms make them."""

    def __getitem__(self, index: int) -> Any:
        return super().__getitem__(index) + self.read


def test_unstable_items_need_ids() -> None:
    with pytest.raises(DataError, match=r"look different each time .* pass ids=") as error:
        torch_source(Flipped(list(X)))
    assert error.value.code == "UnstableItems"
    ids = ["a", "b", "c", "d"]
    source = torch_source(Flipped(list(X)), ids=ids)
    assert list(source.ids) == ids
    assert source.digest == torch_source(Flipped(list(X)), ids=ids).digest, "the pool is known by its ids"


class Stream(torch.utils.data.IterableDataset):  # type: ignore[misc,name-defined]
    """A stream that even has a length."""

    def __iter__(self) -> Any:
        return iter(X)

    def __len__(self) -> int:
        return 4


def test_streams_are_refused_by_name() -> None:
    assert is_stream(Stream())
    assert not is_dataset(Stream())
    with pytest.raises(ArgumentTypeError, match="Stream is an IterableDataset: a map-style dataset is needed") as error:
        torch_source(Stream())
    assert error.value.code == "BadSource"
    with pytest.raises(ArgumentTypeError, match="without __getitem__"):
        torch_source(iter(X))


def test_what_is_a_dataset() -> None:
    assert is_dataset(Listed([]))
    assert is_dataset(torch.utils.data.TensorDataset(torch.zeros(2)))
    assert not any(is_dataset(v) for v in ("text", b"x", {}, [], (), {1}, 3, object()))


@pytest.mark.parametrize(
    "items, code, words",
    [
        ([X[0], {"pic": X[1]}], "BadSource", ["item 1", "dict", "pixel_values", "pic"]),
        ([X[0], ()], "BadSource", ["item 1", "empty tuple"]),
        ([X[0], object()], "BadSource", ["item 1", "object"]),
        ([X[0], X[1] * np.nan], "BadFeatures", ["item 1", "3 NaN"]),
        (["one", X[1]], "BadText", ["1 of 2"]),
        ([(X[0], 1), (X[1], "1")], "MixedLabelTypes", ["int", "str", "row 1"]),
        ([], "EmptyPool", ["pool has 0 items"]),
    ],
)
def test_odd_items_are_named(items: list[Any], code: str, words: list[str]) -> None:
    with pytest.raises(QueristError) as error:
        torch_source(Listed(items), name="the set")
    assert error.value.code == code
    assert all(word in str(error.value) for word in ["the set", *words])


def test_items_of_several_shapes_are_named_when_taken() -> None:
    source = torch_source(Listed([X[0], X[1, :2]]), ids=["a", "b"])
    assert source.take(np.array([1])).shape == (1, 2)
    with pytest.raises(DataError, match=r"item 'b' has shape \(2,\) and item 'a' \(3,\)") as error:
        source.take(slice(None))
    assert error.value.code == "ShapeMismatch"
