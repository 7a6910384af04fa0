"""The one way to the data sets: by the variable, else beside the checkout, else the test skips and says why."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import real_data


def test_the_variable_goes_before_the_folder_beside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUERIST_DATA", str(tmp_path))
    assert real_data.folder() == tmp_path
    for value in ("", None):
        if value is None:
            monkeypatch.delenv("QUERIST_DATA")
        else:
            monkeypatch.setenv("QUERIST_DATA", value)
        assert real_data.folder() == Path(__file__).resolve().parents[2] / "shared" / "data"


def test_an_absent_file_skips_with_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUERIST_DATA", str(tmp_path))
    with pytest.raises(pytest.skip.Exception, match=r"graphs/cora\.npz is not there: set QUERIST_DATA"):
        real_data.citations()
    (tmp_path / "graphs").mkdir()
    (tmp_path / "graphs" / "cora.npz").write_bytes(b"")
    assert real_data.file("graphs/cora.npz").is_file()


def test_slices_have_the_rows_that_were_asked_for() -> None:
    for source, y in (
        real_data.table("power_plant", 60),
        real_data.table("pool_al/vehicle", 60),
        real_data.questions(60),
        real_data.garments(60),
    ):
        assert len(source) == len(y) == 60
        assert len(np.unique(y)) > 2, "not sorted by class"
