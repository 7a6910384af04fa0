"""The short form of kill_files.py, and that its judge sees a writer that writes in place."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs fork")


def test_every_step_of_three_writers() -> None:
    from kill_files import KINDS, campaign

    chosen = {k: KINDS[k] for k in ("export jsonl", "sessions", "artifact")}
    done, wrong = campaign(45, kinds=chosen)
    assert wrong == []
    assert sum(done.values()) >= 45
    assert set(done) == set(chosen)


def test_a_writer_in_place_is_caught() -> None:
    from kill_files import Kind, campaign

    def write(folder: Path, version: int) -> None:
        with (folder / "x").open("w") as out:
            out.write(f"{version}" * 20_000)

    _, wrong = campaign(6, kinds={"in place": Kind(write, lambda folder: (folder / "x").read_text())})
    assert any("neither the old nor the new" in line for line in wrong)


def test_upgrades() -> None:
    from kill_files import upgrades

    assert upgrades(12) == (12, [])
