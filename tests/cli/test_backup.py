"""`querist backup`: faults; the story is in test_run.py."""

from __future__ import annotations

from pathlib import Path

from .conftest import Run


def test_what_is_not_there_is_named(cli: Run, tmp_path: Path) -> None:
    done = cli("backup", tmp_path / "nowhere", tmp_path / "target")
    assert done.code in (2, 3, 4)
    assert "nowhere" in done.err
    assert "Traceback" not in done.err
    assert not list(tmp_path.iterdir()), "nothing was made"
