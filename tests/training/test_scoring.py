from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from querist.core import large
from querist.core.errors import DataError, QueristWarning, ResourceError
from querist.data.arrays import array_source
from querist.models.mlp import MLP
from querist.training.inputs import Inputs
from querist.training.scoring import Scorer
from tiny import print_of_generators, print_of_module

X = np.random.default_rng(0).normal(size=(23, 4)).astype(np.float32)
CPU = torch.device("cpu")
LAYERS: frozenset[str | None] = frozenset({None, "features.1"})


class Norm(torch.nn.Module):
    """Batch norm and dropout, which scoring must leave alone; fails on what it is told."""

    most, bad = 10**6, -1

    def __init__(self) -> None:
        super().__init__()
        self.norm = torch.nn.BatchNorm1d(4)
        self.drop = torch.nn.Dropout(0.5)
        self.head = torch.nn.Linear(4, 3)

    def forward(self, x: Any) -> Any:
        if len(x) > self.most:
            raise torch.OutOfMemoryError("out of memory")
        out = self.head(self.drop(self.norm(x)))
        return torch.where(x[:, :1] == float(X[self.bad, 0]), torch.nan, out) if self.bad >= 0 else out


def scorer(batch: int = 5) -> Scorer:
    return Scorer(Inputs(array_source(X, ids=[f"i{k}" for k in range(23)])), CPU, batch)


@pytest.mark.parametrize("batch", [1, 5, 23, 100])
def test_batches_give_what_one_pass_gives(batch: int) -> None:
    module = MLP(4, 3, hidden=(8, 6)).eval()
    rows = np.array([22, 0, 7, 7, 3, 15])
    outputs, hidden = scorer(batch).run(module, rows, LAYERS)
    with torch.no_grad():
        x = torch.as_tensor(X[rows])
        assert torch.allclose(outputs, module(x), atol=1e-6)
        assert hidden[None] == pytest.approx(module.features(x).numpy(), abs=1e-6)
        assert hidden["features.1"] == pytest.approx(module.features[:2](x).numpy(), abs=1e-6)


def test_no_rows_give_empty_arrays_of_the_right_width() -> None:
    outputs, hidden = scorer().run(MLP(4, 3, hidden=(8, 6)), np.zeros(0, dtype=np.int64), LAYERS)
    assert tuple(outputs.shape) == (0, 3)
    assert hidden[None].shape == (0, 6)


def test_scoring_changes_nothing() -> None:
    module = Norm().train()
    before, generators = print_of_module(module), print_of_generators()
    first = scorer().run(module, np.arange(23))[0]
    assert print_of_module(module) == before
    assert print_of_generators() == generators
    assert torch.equal(scorer().run(module, np.arange(23))[0], first)


def test_the_batch_is_halved_when_memory_runs_out() -> None:
    module = Norm()
    wanted = scorer().run(module, np.arange(23))[0]
    module.most = 6
    with pytest.warns(QueristWarning, match="batches of 16, 8 were tried|batches of 16, 8; went on with 4"):
        assert torch.allclose(scorer(16).run(module, np.arange(23))[0], wanted, atol=1e-6)
    module.most = 0
    with pytest.raises(ResourceError, match="4, 2, 1"):
        scorer(4).run(module, np.arange(23))


def test_nan_is_refused_by_the_id_and_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(large, "SPILL_BYTES", 8)
    module = Norm()
    module.bad = 11
    with pytest.raises(DataError, match=r"1 of 23 items, first i11") as caught:
        scorer().run(module, np.arange(23), frozenset({None}))
    del caught
    assert not list(tmp_path.iterdir())
