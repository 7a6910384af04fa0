"""The same seed gives bitwise the same ids and scores in any process (promises.md R25)."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from querist.core.registry import registry
from querist.strategies.parser import KINDS

SCRIPT = Path(__file__).with_name("determinism.py")


def start(pollution: int, hash_seed: str, folder: Path) -> subprocess.Popen[str]:
    paths = [str(SCRIPT.parent.parent / "src"), os.environ.get("PYTHONPATH", "")]
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
    return subprocess.Popen(
        [sys.executable, str(SCRIPT), str(pollution)],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_two_fresh_processes_agree_on_every_part(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    runs = [start(1, "1", tmp_path), start(999, "4242", tmp_path / "elsewhere")]
    (first, trouble), (second, more) = (run.communicate(timeout=240) for run in runs)
    assert [run.returncode for run in runs] == [0, 0], trouble + more
    assert first.splitlines() == second.splitlines()
    names = [line.split()[0] for line in first.splitlines()]
    assert names == [entry.name for entry in registry.entries(*KINDS)]
    assert all(int(line.split()[1]) > 0 for line in first.splitlines())  # every part chose something
    digests = {line.split()[0]: line.split()[2] for line in first.splitlines()}
    assert digests["margin"] != digests["entropy"] != digests["random"]
