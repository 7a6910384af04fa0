"""Weights of torch become safetensors in a process of its own; code in a file is never run."""

from __future__ import annotations

import json
import pickle
import subprocess
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from querist.core.errors import ArgumentError, DataError, ResourceError
from querist.models.convert import convert, main


class Evil:
    """Makes a file when it is unpickled."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> Any:
        return (Path.touch, (self.target,))


def test_tensors_come_through_a_child(tmp_path: Path) -> None:
    weight = torch.randn(3, 4)
    torch.save({"a": weight, "tied": weight, "turned": weight.T}, tmp_path / "m.bin")
    made = convert(tmp_path / "m.bin", tmp_path / "m.safetensors")
    assert (made.path, made.tensors) == (tmp_path / "m.safetensors", 3)
    read = load_file(made.path)
    assert torch.equal(read["a"], weight)
    assert torch.equal(read["tied"], weight)
    assert torch.equal(read["turned"], weight.T)
    assert {p.name for p in tmp_path.iterdir()} == {"m.bin", "m.safetensors"}


@pytest.mark.parametrize("kind", ["state", "plain", "empty", "list"])
def test_what_holds_more_is_refused_and_not_run(tmp_path: Path, kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    ran, source = tmp_path / "ran", tmp_path / "m.pt"
    if kind == "state":
        torch.save({"weight": Evil(ran)}, source)
    elif kind == "list":
        torch.save([1, 2], source)
    else:
        source.write_bytes(pickle.dumps(Evil(ran)) if kind == "plain" else b"")
    # in this process, without the limits, which would stay
    import querist.models.convert as here

    limits, here._limit = here._limit, lambda _: None  # type: ignore[assignment]
    try:
        assert main([str(source), str(tmp_path / "out")]) == 0
    finally:
        here._limit = limits
    said = json.loads(capsys.readouterr().out)
    assert (said["code"], "m.pt" in said["text"]) == ("UnsafeWeights", True)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["m.pt"]


def test_names_are_checked_before_anything_is_read(tmp_path: Path) -> None:
    (tmp_path / "m.joblib").write_bytes(b"x")
    for source, code in (("none.pt", "NoData"), ("", "NoData"), ("m.joblib", "PickleRefused")):
        with pytest.raises(DataError) as caught:
            convert(tmp_path / source, tmp_path / "o.safetensors")
        assert caught.value.code == code
    with pytest.raises(ArgumentError, match=r"ends in \.safetensors, got 'o\.pt'"):
        convert(tmp_path / "m.pt", tmp_path / "o.pt")


def test_a_child_that_dies_or_hangs_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "m.pt").write_bytes(b"x")

    def died(command: list[str], **_: Any) -> Any:
        return subprocess.CompletedProcess(command, -9, b"", b"")

    monkeypatch.setattr(subprocess, "run", died)
    with pytest.raises(ResourceError, match=r"died \(exit -9\)") as caught:
        convert(tmp_path / "m.pt", tmp_path / "o.safetensors")
    assert caught.value.code == "TooLarge"

    def hung(command: list[str], **_: Any) -> Any:
        raise subprocess.TimeoutExpired(command, 1)

    monkeypatch.setattr(subprocess, "run", hung)
    with pytest.raises(ResourceError, match="was ended"):
        convert(tmp_path / "m.pt", tmp_path / "o.safetensors")
    assert [p.name for p in tmp_path.iterdir()] == ["m.pt"]
