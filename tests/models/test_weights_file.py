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


def test_tensors_and_the_digest_of_the_file(tmp_path: Path) -> None:
    state = {"weight": torch.randn(2, 3)}
    save_file(state, tmp_path / "a.safetensors")
    read, digest = read_state(tmp_path / "a.safetensors")
    assert set(read) == {"weight"}
    assert torch.equal(read["weight"], state["weight"])
    assert digest == hashlib.sha256((tmp_path / "a.safetensors").read_bytes()).hexdigest()


def test_a_pickle_is_refused_and_never_run(tmp_path: Path) -> None:
    target = tmp_path / "ran"
    torch.save({"weight": Evil(target)}, tmp_path / "evil.pth")
    (tmp_path / "plain.pt").write_bytes(pickle.dumps(Evil(target)))
    torch.save({"weight": torch.zeros(2)}, tmp_path / "good.bin")
    for file in ("evil.pth", "plain.pt", "good.bin"):
        with pytest.raises(DataError, match=rf"querist convert .*{file}$") as caught:
            read_state(tmp_path / file)
        assert caught.value.code == "PickleRefused"
    assert not target.exists()


def test_a_damaged_or_absent_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "cut.safetensors").write_bytes(b"\1")
    for file in ("cut.safetensors", "absent.safetensors"):
        with pytest.raises(DataError, match=file.replace(".", r"\.")) as caught:
            read_state(tmp_path / file)
        assert caught.value.code == "UnsafeWeights"


def test_a_head_too_much_is_left_out_and_a_layer_too_few_is_refused() -> None:
    net = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.BatchNorm1d(2))
    state = {k: torch.full_like(v, 2) for k, v in net.state_dict().items() if "num_batches" not in k}
    fill(net, {**state, "head.weight": torch.zeros(5, 2)}, "mine")
    assert all((v == 2).all() for k, v in net.state_dict().items() if "num_batches" not in k)
    with pytest.raises(DataError, match=r"mine lacks 1 of the 7 tensors .* first 0\.weight") as caught:
        fill(net, {**state, "0.weight": torch.zeros(9, 9)}, "mine")
    assert caught.value.code == "BadWeights"
