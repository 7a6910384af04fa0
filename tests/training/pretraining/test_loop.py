from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from querist.core.errors import ArgumentError, DataError, QueristWarning
from querist.data.arrays import array_source
from querist.models.mlp import MLP
from querist.training.pretraining.autoencoder import Autoencoder
from querist.training.pretraining.loop import pretrain
from querist.training.pretraining.simclr import SimCLR
from querist.training.weights import state_digest
from tiny import pollute, print_of_generators, print_of_module, source

ROWS = np.arange(40)


def net() -> Any:
    nn = torch.nn
    return nn.Sequential(nn.Linear(4, 6), nn.BatchNorm1d(6), nn.ReLU(), nn.Linear(6, 3))


def run(of: Any = None, module: Any = net, task: Any = None, **more: Any) -> Any:
    settings: dict[str, Any] = {"rows": ROWS, "epochs": 2, "batch": 16, **more}
    return pretrain(of or source(), module, task or Autoencoder(), **settings)


def weights(encoder: Any) -> str:
    return state_digest(encoder.module.state_dict())


def test_the_seed_decides_and_nothing_global_moves_or_counts() -> None:
    before = print_of_generators()
    one = run(seed=1)
    assert print_of_generators() == before
    pollute(7)
    assert weights(run(seed=1)) == weights(one)
    assert weights(run(seed=2)) != weights(one)
    assert not one.module.training
    assert all(p.grad is None for p in one.module.parameters())


def test_items_that_may_not_be_looked_at_have_no_part() -> None:
    x = np.array(source().take(slice(None)))
    changed = x.copy()
    changed[40:] *= 1e3
    assert weights(run(array_source(x))) == weights(run(array_source(changed)))
    assert weights(run(array_source(x))) != weights(run(array_source(x), rows=np.arange(41)))


def test_the_order_of_rows_and_repeats_do_not_count() -> None:
    assert weights(run(rows=np.concatenate([ROWS[::-1], ROWS[:3]]))) == weights(run())


def test_training_begins_at_a_network_given_which_is_not_changed() -> None:
    module = net()
    before = print_of_module(module)
    one = run(module=module, epochs=1, lr=1e-30)
    assert print_of_module(module) == before
    assert torch.equal(one.module[0].weight, module[0].weight)  # where training begins
    assert not torch.equal(run(module=module).module[0].weight, module[0].weight)
    assert print_of_module(module) == before


def test_the_head_stays_as_it_was_and_the_trunk_learns() -> None:
    one = run(epochs=20, lr=0.01)
    fresh = run(epochs=1, lr=1e-30)
    assert torch.equal(one.module[3].weight, fresh.module[3].weight)
    assert not torch.equal(one.module[0].weight, fresh.module[0].weight)
    assert one.losses[-1] < one.losses[0]
    assert len(one.losses) == 20


def test_the_cache_gives_the_same_encoder_without_training(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    one = run(cache=tmp_path, progress=lambda a, b: told.append((a, b)))
    assert told == [(1, 2), (2, 2)]
    two = run(cache=tmp_path, progress=lambda a, b: told.append((a, b)))
    assert len(told) == 2
    assert (two.name, two.losses) == (one.name, one.losses)
    assert torch.equal(one(source().take(ROWS)), two(source().take(ROWS)))
    changes: list[dict[str, Any]] = [
        {"seed": 1}, {"lr": 0.01}, {"epochs": 3}, {"batch": 8}, {"rows": ROWS[1:]}, {"layer": "0"},
        {"task": Autoencoder(corrupt=0.3)}, {"module": lambda: MLP(4, 3, hidden=(6,))}, {"of": source(seed=1)},
    ]  # fmt: skip
    for number, change in enumerate(changes):
        run(cache=tmp_path, **change)
        assert len(list(tmp_path.iterdir())) == number + 2


def test_a_damaged_cache_is_refused_by_name(tmp_path: Path) -> None:
    run(cache=tmp_path)
    (next(tmp_path.iterdir()) / "model.safetensors").write_bytes(b"nothing")
    with pytest.raises(DataError) as caught:
        run(cache=tmp_path)
    assert caught.value.code == "BadWeights"


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"rows": [3]}, "at least 2 items and got 1"),
        ({"rows": []}, "got 0"),
        ({"rows": [0, 60]}, "from 0 to 59"),
        ({"rows": [-1, 5]}, "from 0 to 59"),
        ({"epochs": 0}, "epochs"),
        ({"lr": 0.0}, "lr"),
        ({"batch": 1, "task": SimCLR()}, "batch at least 2"),
        ({"task": SimCLR()}, "height, width"),
        ({"layer": "nowhere"}, "no layer 'nowhere'"),
    ],
)
def test_what_cannot_be_is_refused(more: Any, words: str) -> None:
    with pytest.raises(ArgumentError, match=words):
        run(**more)


def test_a_loss_that_is_lost_is_named() -> None:
    with pytest.raises(DataError, match="smaller learning rate") as caught:
        run(module=lambda: MLP(4, 3, hidden=(6,)), lr=1e30, epochs=3)
    assert caught.value.code == "BadScores"


def test_smaller_batches_when_memory_runs_out() -> None:
    class Hungry(MLP):
        def forward(self, rows: Any) -> Any:
            if len(rows) > 10:
                raise torch.OutOfMemoryError("out of memory")
            return super().forward(rows)

    with pytest.warns(QueristWarning, match="went on with 8"):
        assert len(run(module=lambda: Hungry(4, 3)).losses) == 2
