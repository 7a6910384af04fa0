"""Columns of a table: every number by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from querist.core.errors import DataError
from querist.models.encoders.table_columns import TableColumns

ROWS: list[dict[str, Any]] = [
    {"age": 10, "town": "Ulm", "born": "2020-01-01", "name": "a"},
    {"age": "20", "town": "Bonn", "born": "2020-01-03", "name": "b"},
    {"age": None, "town": "Ulm", "born": "", "name": "c"},
    {"age": 30.0, "town": " ", "born": "2020-01-05", "name": "d"},
]


def test_numbers_dates_and_categories_by_hand() -> None:
    encoder = TableColumns(most=2).fit(ROWS)
    rows = encoder(ROWS)
    spread = float(np.std([10, 20, 30]))
    title = list(encoder.titles)
    assert title[:2] == ["age", "age is missing"]
    np.testing.assert_allclose(rows[:, 0], [(10 - 20) / spread, 0, 0, (30 - 20) / spread], rtol=1e-6)
    assert rows[:, 1].tolist() == [0, 0, 1, 0]
    assert title[2:5] == ["town = Ulm", "town = missing", "town = other"]
    assert rows[:, 2:5].tolist() == [[1, 0, 0], [0, 0, 1], [1, 0, 0], [0, 1, 0]]
    days = float(np.std([0, 2, 4]))
    np.testing.assert_allclose(rows[:, 5], [-2 / days, 0, 0, 2 / days], rtol=1e-5)
    assert rows[:, 6].tolist() == [0, 0, 1, 0]


def test_a_column_in_which_every_value_differs_is_left_out() -> None:
    assert not any(t.startswith("name") for t in TableColumns(most=2).fit(ROWS).titles)


def test_later_rows_with_other_columns_kinds_and_wild_values_are_read() -> None:
    encoder = TableColumns(most=2).fit(ROWS)
    rows = encoder([{"age": "many", "new": 1}, {"age": 1e300, "town": ["a"], "born": 5}, {}])
    assert np.isfinite(rows).all()
    assert rows[0, :2].tolist() == [0, 1]  # no number: missing
    assert rows[1, 0] == 8.0  # cut off
    assert rows[2, 1] == 1


def test_columns_beyond_the_width_are_left_out() -> None:
    wide = [{f"c{k}": float(k * n) for k in range(50)} for n in range(5)]
    encoder = TableColumns(width=10).fit(wide)
    assert encoder(wide).shape == (5, 10)


def test_an_empty_table_is_refused() -> None:
    with pytest.raises(DataError, match="no columns") as caught:
        TableColumns().fit([{}, {}])
    assert caught.value.code == "BadFeatures"


@pytest.mark.parametrize("damage", [{"kind": "code"}, {"spread": 0.0}, {"mean": None}])
def test_damaged_columns_are_refused(damage: dict[str, object], tmp_path: Path) -> None:
    TableColumns().fit(ROWS).save(tmp_path)
    file = tmp_path / "encoder.json"
    said = json.loads(file.read_text())
    said["learnt"]["columns"][0].update(damage)
    file.write_text(json.dumps(said))
    with pytest.raises(DataError, match="no encoder"):
        TableColumns.load(tmp_path)
