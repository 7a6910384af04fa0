from __future__ import annotations

import hashlib
import pickle
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from querist.core.errors import DataError
from querist.models.weights_file import fill, read_state


class Evil:
    """Makes a file when it is unpickled."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> Any:
        return (Path.touch, (self.target,))


def test_tensors_come_from_both_kinds_of_files(tmp_path: Path) -> None:
    state = {"weight": torch.randn(2, 3)}
    save_file(state, tmp_path / "a.safetensors")
    torch.save(state, tmp_path / "a.pth")
    torch.save({"state_dict": state, "epoch": 3}, tmp_path / "b.pt")
    for file in ("a.safetensors", "a.pth", "b.pt"):
        read, digest = read_state(tmp_path / file)
        assert set(read) == {"weight"}
        assert torch.equal(read["weight"], state["weight"])
        assert digest == hashlib.sha256((tmp_path / file).read_bytes()).hexdigest()


def test_code_in_a_file_is_refused_and_never_run(tmp_path: Path) -> None:
    target = tmp_path / "ran"
    torch.save({"weight": Evil(target)}, tmp_path / "evil.pth")
    (tmp_path / "plain.pt").write_bytes(pickle.dumps(Evil(target)))
    (tmp_path / "cut.safetensors").write_bytes(b"\1")
    torch.save([1, 2], tmp_path / "list.pt")
    for file in ("evil.pth", "plain.pt", "cut.safetensors", "list.pt", "absent.pt"):
        with pytest.raises(DataError, match=file.replace(".", r"\.")) as caught:
            read_state(tmp_path / file)
        assert caught.value.code == "UnsafeWeights"
    assert not target.exists()


def test_a_head_too_much_is_left_out_and_a_layer_too_few_is_refused() -> None:
    net = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.BatchNorm1d(2))
    state = {k: torch.full_like(v, 2) for k, v in net.state_dict().items() if "num_batches" not in k}
    fill(net, {**state, "head.weight": torch.zeros(5, 2)}, "mine")
    assert all((v == 2).all() for k, v in net.state_dict().items() if "num_batches" not in k)
    with pytest.raises(DataError, match=r"mine lacks 1 of the 7 tensors .* first 0\.weight") as caught:
        fill(net, {**state, "0.weight": torch.zeros(9, 9)}, "mine")
    assert caught.value.code == "BadWeights"
