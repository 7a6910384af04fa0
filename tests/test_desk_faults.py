"""R10 in short: replies dropped, posts doubled and delayed, restarts between; each key is one row."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest

from desk_faults import run
from desk_world import MEMORY


@pytest.mark.parametrize("seed", range(3))
def test_each_key_is_one_row(seed: int) -> None:
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        words = run(Path(folder) / "p", 300, faults=0.4, seed=seed)
    assert words.startswith("300 keys")
    assert " 0 " not in words, "each kind of fault happened"


def test_a_desk_that_forgets_keys_does_not_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    def forgets(*args: Any) -> None:
        return None

    monkeypatch.setattr("querist.server.desk.repeated", forgets)
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder, pytest.raises(Exception, match=r"UNIQUE|rows|assert"):
        run(Path(folder) / "p", 50, faults=0.5)
