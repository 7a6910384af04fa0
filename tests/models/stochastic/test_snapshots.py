from __future__ import annotations

import pytest
import torch

from querist.core.errors import ArgumentError
from querist.models.stochastic.posterior import Fitted
from querist.models.stochastic.snapshots import Snapshots, SnapshotWatcher


def counted(plan: Snapshots, epochs: int, stop: int | None = None) -> tuple[dict[str, torch.Tensor], torch.nn.Linear]:
    """A training in which the one weight is the number of epochs done."""
    net = torch.nn.Linear(1, 1, bias=False)
    watcher = plan.watch()
    assert isinstance(watcher, SnapshotWatcher)
    for epoch in range(epochs if stop is None else stop):
        net.weight.data.fill_(epoch + 1.0)
        watcher.on_epoch(net, epoch, epochs)
    x = torch.ones(1, 1)
    return plan.finish(Fitted([net], watcher, x, x[:, 0], None, "", "number", 0)), net


def taken(plan: Snapshots, epochs: int, stop: int | None = None) -> list[float]:
    tensors, net = counted(plan, epochs, stop)
    out = []
    for s in range(plan.samples):
        with plan.member(net, tensors, s, 0):
            out.append(float(net(torch.ones(1, 1)).detach()))
    return out


def test_the_last_half_evenly_and_with_all_of_it_the_ends_of_the_cycles() -> None:
    assert taken(Snapshots(3), 30) == [20, 25, 30]
    assert taken(Snapshots(3, part=1), 30) == [10, 20, 30]
    assert taken(Snapshots(5), 5) == [1, 2, 3, 4, 5]
    assert taken(Snapshots(4, part=0.1), 20) == [17, 18, 19, 20]


def test_a_training_that_stops_early_uses_what_there_is_in_turn() -> None:
    assert taken(Snapshots(3), 30, stop=11) == [5, 10, 5]
    assert taken(Snapshots(2), 30, stop=1) == [1, 1]  # none was due: the network itself


def test_more_snapshots_than_epochs_are_refused() -> None:
    with pytest.raises(ArgumentError, match="6 snapshots need at least 6 epochs, and the recipe has 5"):
        taken(Snapshots(6), 5)
