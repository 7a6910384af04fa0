"""`querist convert`: where it writes, and that it writes over nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from querist.models.convert import Converted

from .conftest import Run


def test_the_file_lies_beside_unless_named(cli: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[Path, Path]] = []

    def convert(source: Path, target: Path) -> Converted:
        asked.append((source, target))
        target.write_bytes(b"")
        return Converted(target, 7)

    monkeypatch.setattr("querist.models.convert.convert", convert)
    done = cli("convert", tmp_path / "m.pth")
    assert (done.code, done.out) == (0, f"{tmp_path / 'm.safetensors'}: 7 tensors\n")
    again = cli("convert", tmp_path / "m.pth")
    assert (again.code, "--force" in again.err) == (4, True)
    assert cli("convert", tmp_path / "m.pth", "--force").code == 0
    assert cli("convert", tmp_path / "m.pth", tmp_path / "o.safetensors").code == 0
    assert [target.name for _, target in asked] == ["m.safetensors", "m.safetensors", "o.safetensors"]
