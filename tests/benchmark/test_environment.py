"""The environment is a whitelist."""

from __future__ import annotations

import getpass
import json
import platform
import socket
from importlib import metadata
from pathlib import Path

import pytest

from querist.benchmark import environment as module
from querist.benchmark.environment import environment


def test_only_the_whitelist() -> None:
    assert list(environment()) == [
        "querist",
        "python",
        "torch",
        "numpy",
        "scipy",
        "scikit-learn",
        "processor",
        "threads",
        "system",
    ]


def test_values_are_those_of_this_interpreter() -> None:
    found = environment()
    assert found["numpy"] == metadata.version("numpy")
    assert found["python"] == platform.python_version()
    assert found["threads"] > 0
    assert found["system"] == platform.system()


def test_nothing_personal(monkeypatch: pytest.MonkeyPatch) -> None:
    text = json.dumps(environment())
    assert str(Path.home()) not in text
    assert str(Path.cwd()) not in text
    words = set(text.replace('"', " ").replace(",", " ").split())
    assert socket.gethostname() not in words
    assert getpass.getuser() not in words


def test_processor_from_the_file_and_without_it(tmp_path: Path) -> None:
    file = tmp_path / "cpuinfo"
    file.write_text("processor\t: 0\nmodel name\t: Fast  Chip 9\nmodel name\t: Other\n", encoding="utf-8")
    assert module._processor(file) == "Fast Chip 9"
    assert module._processor(tmp_path / "absent") == (platform.processor() or platform.machine())


def test_absent_package_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", absent)
    found = environment()
    assert found["torch"] is None
    assert found["querist"]
