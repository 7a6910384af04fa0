from __future__ import annotations

from pathlib import Path

import pytest
import torch

from querist.core.errors import DataError
from querist.training.weights import read_config, read_weights, state_digest, write_weights


def test_what_is_written_is_read_bitwise(tmp_path: Path) -> None:
    state = {"a": torch.randn(3, 4).T, "n": torch.tensor(7), "h": torch.randn(2).half()}
    write_weights(tmp_path, state, {"kind": "torch", "seed": 2**62})
    back, config = read_weights(tmp_path, "torch")
    assert config == {"kind": "torch", "seed": 2**62}
    assert back.keys() == state.keys()
    assert all(torch.equal(back[k], state[k]) and back[k].dtype == state[k].dtype for k in state)


def test_tensors_that_share_memory_can_be_written(tmp_path: Path) -> None:
    shared = torch.ones(2)
    write_weights(tmp_path, {"a": shared, "b": shared}, {"kind": "torch"})
    assert torch.equal(read_weights(tmp_path, "torch")[0]["b"], shared)


def test_another_kind_is_refused(tmp_path: Path) -> None:
    write_weights(tmp_path, {"a": torch.ones(1)}, {"kind": "sklearn"})
    with pytest.raises(DataError, match="'sklearn', not 'torch'") as caught:
        read_weights(tmp_path, "torch")
    assert caught.value.code == "BadWeights"


@pytest.mark.parametrize("text", ["", "[]", "{", "null", '{"kind": ["torch"]}', "[" * 100_000])
def test_a_damaged_description_is_refused(tmp_path: Path, text: str) -> None:
    write_weights(tmp_path, {"a": torch.ones(1)}, {"kind": "torch"})
    (tmp_path / "config.json").write_text(text)
    with pytest.raises(DataError) as caught:
        read_config(tmp_path, "torch")
    assert caught.value.code == "BadWeights"


@pytest.mark.parametrize("content", [b"", b"\x80\x04garbage", b"\xff" * 40, b"PK\x03\x04"])
def test_damaged_weights_are_refused(tmp_path: Path, content: bytes) -> None:
    write_weights(tmp_path, {"a": torch.ones(1)}, {"kind": "torch"})
    (tmp_path / "model.safetensors").write_bytes(content)
    with pytest.raises(DataError) as caught:
        read_weights(tmp_path, "torch")
    assert caught.value.code == "BadWeights"


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds no learner"):
        read_weights(tmp_path, "torch")


def test_the_digest_depends_on_names_shapes_types_and_numbers_only() -> None:
    base = {"a": torch.arange(6.0).reshape(2, 3), "b": torch.ones(1)}
    same = {"b": torch.ones(1), "a": torch.arange(6.0).reshape(3, 2).reshape(2, 3)}
    assert state_digest(base) == state_digest(same)
    others = [
        {"a": base["a"].reshape(3, 2), "b": base["b"]},
        {"a": base["a"].double(), "b": base["b"]},
        {"A": base["a"], "b": base["b"]},
        {"a": base["a"] + torch.eye(2, 3) * 1e-6, "b": base["b"]},
    ]
    assert len({state_digest(o) for o in [base, *others]}) == 5
