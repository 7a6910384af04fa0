from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from querist.models.guard import rng_kept
from querist.training.pretraining.halfway import read_halfway, write_halfway


def made(seed: int) -> tuple[dict[str, Any], Any]:
    with rng_kept(seed):
        parts: dict[str, Any] = {"a": torch.nn.Linear(3, 2), "b": torch.nn.Sequential(torch.nn.Linear(2, 1))}
    return parts, torch.optim.Adam([p for part in parts.values() for p in part.parameters()], lr=0.1)


def step(parts: dict[str, Any], optimizer: Any) -> None:
    optimizer.zero_grad()
    parts["b"](parts["a"](torch.arange(6.0).reshape(2, 3))).square().sum().backward()
    optimizer.step()


def test_modules_and_optimiser_stand_where_they_stood(tmp_path: Path) -> None:
    parts, optimizer = made(0)
    for _ in range(3):
        step(parts, optimizer)
    write_halfway(tmp_path / "new" / "half", parts, optimizer, [3.0, 2.0, 0.1], 8)
    step(parts, optimizer)
    others, second = made(1)
    assert read_halfway(tmp_path / "new" / "half", others, second, 8) == [3.0, 2.0, 0.1]
    step(others, second)
    for who, part in parts.items():
        assert all(torch.equal(v, others[who].state_dict()[k]) for k, v in part.state_dict().items())
    assert [p.name for p in (tmp_path / "new").iterdir()] == ["half"]


def test_nothing_to_go_on_from(tmp_path: Path) -> None:
    parts, optimizer = made(0)
    before = {k: v.clone() for k, v in parts["a"].state_dict().items()}
    write_halfway(tmp_path / "half", *made(1), [1.0], 8)
    (tmp_path / "damaged").write_bytes((tmp_path / "half").read_bytes()[:50])
    assert read_halfway(tmp_path / "half", parts, optimizer, 4) == []
    assert read_halfway(tmp_path / "damaged", parts, optimizer, 8) == []
    assert read_halfway(tmp_path / "absent", parts, optimizer, 8) == []
    assert all(torch.equal(v, parts["a"].state_dict()[k]) for k, v in before.items())
