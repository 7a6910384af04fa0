"""From columns to a source: the usual names, missing columns, what is no number and no text."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from querist.core.errors import ArgumentError, ArgumentTypeError, DataError
from querist.data.source import Noticed, Source
from querist.data.table import Columns, table_source

ROWS: dict[str, list[Any]] = {"id": ["a", "b"], "text": ["one", "two"], "label": ["x", "y"], "size": [1.0, 2.0]}


def table(columns: Mapping[str, Any], wanted: Columns | None = None, **more: Any) -> Source:
    return table_source(columns, wanted or Columns(), name="the table", **more)


def test_the_usual_names_are_found() -> None:
    source = table(ROWS)
    assert source.modality == "text"
    assert source.take(slice(None)) == ["one", "two"]
    assert list(source.ids) == ["a", "b"]
    assert source.truth == ["x", "y"]
    shouted = table({name.upper(): values for name, values in ROWS.items()})
    assert list(shouted.ids) == ["a", "b"]
    assert shouted.truth == ["x", "y"]


def test_named_columns_come_first() -> None:
    source = table({**ROWS, "stars": [5, 1], "body": ["p", "q"], "key": [7, 8]}, Columns("body", "stars", "key"))
    assert source.take(slice(None)) == ["p", "q"]
    assert source.truth == ["5", "1"]
    assert list(source.ids) == ["7", "8"]


def test_without_text_the_other_columns_are_features() -> None:
    source = table({"id": ["a", "b"], "w": [1, 2], "h": ["3.5", "4"], "label": ["x", "y"]})
    assert source.modality == "table"
    assert source.take(slice(None)).tolist() == [[1.0, 3.5], [2.0, 4.0]]
    chosen = table({**ROWS, "w": [8, 9]}, Columns(features=["w"]))
    assert chosen.take(slice(None)).tolist() == [[8.0], [9.0]]
    assert chosen.truth == ["x", "y"]


def test_a_column_asked_for_as_a_feature_is_no_label() -> None:
    source = table({"y": [1.0, 2.0], "class": ["p", "q"]}, Columns(features=["y"]))
    assert source.truth == ["p", "q"]
    assert source.take(slice(None)).tolist() == [[1.0], [2.0]]


def test_columns_of_lists_are_features_side_by_side() -> None:
    source = table({"w": [1, 2], "e": [[3, 4], [5, 6]], "m": [[[7, 8]], [[9, 10]]]})
    assert source.take(slice(None)).tolist() == [[1, 3, 4, 7, 8], [2, 5, 6, 9, 10]]
    with pytest.raises(DataError, match=r"column 'e\[1\]'"):
        table({"w": [1, 2], "e": [[3, None], [5, 6]]})
    with pytest.raises(DataError, match=r"column 'e' mixes .* several lengths"):
        table({"e": [[3, 4], [5]]})


def test_numbers_keep_their_precision() -> None:
    source = table({"w": np.array([1, 2], dtype=np.float32)})
    assert source.take(slice(None)).dtype == np.float32
    assert table({"w": [Decimal("1.5"), Decimal(2)]}).take(slice(None)).tolist() == [[1.5], [2.0]]


def test_ids_and_labels_from_outside_replace_the_columns() -> None:
    source = table({"id": ["a", "b"], "label": ["x", "y"], "w": [1, 2]}, ids=["p", "q"], truth=["s", "t"])
    assert list(source.ids) == ["p", "q"]
    assert source.truth == ["s", "t"]
    assert source.take(slice(None)).tolist() == [[1.0], [2.0]], "the columns do not become features"


def test_missing_labels_are_none() -> None:
    assert table({**ROWS, "label": ["x", ""]}).truth == ["x", None]
    assert table({**ROWS, "label": ["", None]}).truth is None


@pytest.mark.parametrize(
    "wanted", [Columns("txet"), Columns(label="txet"), Columns(id="txet"), Columns(features=["txet"])]
)
def test_a_missing_column_names_those_found(wanted: Columns) -> None:  # row 42
    with pytest.raises(DataError) as error:
        table(ROWS, wanted)
    assert (error.value.code, error.value.exit_code) == ("NoColumn", 3)
    for word in ("the table", "'txet'", "id, text, label, size", "Did you mean 'text'?"):
        assert word in str(error.value)


def test_what_is_no_number_is_counted_and_placed() -> None:  # row 21
    with pytest.raises(DataError, match="'w' holds 2 values that are no numbers, first in row 1: 'tall'") as error:
        table({"w": [1, "tall", ""]})
    assert error.value.code == "BadFeatures"
    with pytest.raises(DataError, match="first in line 9: '2024-01-01'"):
        table({"w": ["1", "2024-01-01"]}, lines=[2, 9])
    with pytest.raises(DataError, match="2 NaN or infinite values, 2 of them in column 'w'"):
        table({"v": [1, 2, 3], "w": [1, None, "nan"]})


def test_what_is_no_text_is_placed() -> None:
    with pytest.raises(DataError, match="the table, line 4: column 'text' holds no text but NoneType") as error:
        table({"text": ["a", None]}, lines=[2, 4])
    assert error.value.code == "BadText"


def test_nothing_to_use() -> None:
    with pytest.raises(DataError, match=r"has no column of text or numbers; .* It has: id, label") as error:
        table({"id": [1], "label": ["x"]})
    assert error.value.code == "NoColumn"
    empties: list[dict[str, list[Any]]] = [{}, {"text": []}]
    for columns in empties:
        with pytest.raises(DataError, match=r"0 items: the table .*\(1 bad rows") as empty:
            table(columns, noticed=Noticed(skipped=((2, "bad"),)))
        assert empty.value.code == "EmptyPool"
    with pytest.raises(DataError, match="has no column 'body'"):
        table({"text": []}, Columns("body"))


def test_mixed_labels_are_refused() -> None:  # row 12
    with pytest.raises(DataError, match=r"int \(first in row 0: 1\), str \(first in row 1: '1'\)") as error:
        table({"text": ["a", "b"], "label": [1, "1"]})
    assert error.value.code == "MixedLabelTypes"


@pytest.mark.parametrize(
    "more, kind",
    [
        ({"features": "ab"}, ArgumentTypeError),
        ({"features": ["a", 3]}, ArgumentTypeError),
        ({"text": 3}, ArgumentTypeError),
        ({"text": "a", "features": ["b"]}, ArgumentError),
        ({"text": "a", "label": "a"}, ArgumentError),
        ({"features": ["a", "a"]}, ArgumentError),
    ],
)
def test_odd_wishes_are_refused(more: dict[str, Any], kind: type[Exception]) -> None:
    with pytest.raises(kind) as error:
        Columns(**more)
    assert error.value.code == "BadColumns"  # type: ignore[attr-defined]
