"""`querist bench`: a grid from a file, resume, faults."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .conftest import Run

GRID = """\
[data]
source = "sklearn:wine"
[model]
scale = true
[run]
batch = 8
budget = 24
[grid]
strategies = ["random", "margin"]
workers = 1
"""


def test_grid_and_resume(cli: Run, tmp_path: Path) -> None:
    (tmp_path / "grid.toml").write_text(GRID)
    done = cli("bench", tmp_path / "grid.toml", "--out", tmp_path / "out", "--seeds", 2, "--json")
    assert done.code == 0, done.err
    document = json.loads(done.out)
    assert {s["strategy"] for s in document["summary"]} == {"random", "margin"}
    assert document["ceiling"]["accuracy"] > 0.8
    assert str(tmp_path) not in done.out
    more = cli("bench", tmp_path / "grid.toml", "--out", tmp_path / "out", "--seeds", 3, "--resume", "--json")
    assert len(json.loads(more.out)["runs"]) == 6


@pytest.mark.parametrize(
    ("text", "more", "words"),
    [
        (GRID.split("[grid]")[0], [], "no [grid] table"),
        (GRID.replace('"margin"', '"margn"'), [], "did you mean margin"),
        (GRID, ["--engine", "ray"], "engine 'ray' is not there"),
    ],
)
def test_faults(cli: Run, tmp_path: Path, text: str, more: list[str], words: str) -> None:
    (tmp_path / "grid.toml").write_text(text)
    done = cli("bench", tmp_path / "grid.toml", "--out", tmp_path / "out", *more)
    assert done.code == 2
    assert words in done.err
    assert not (tmp_path / "out" / "results.json").exists()
