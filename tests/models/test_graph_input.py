from __future__ import annotations

import importlib
from typing import Any

import numpy as np
import pytest
import torch

from querist.core.errors import ResourceError
from querist.models.graph_input import FeatureDropout, mix, pyg
from querist.models.stochastic.dropout import one_mask
from rings import adjacency_tensor, csr_tensor, dense_s, ring


def features(nodes: int = 200, width: int = 50) -> tuple[torch.Tensor, torch.Tensor]:
    """Dense and sparse, a fifth of the numbers stored."""
    rng = np.random.default_rng(0)
    x = rng.uniform(1, 2, size=(nodes, width)) * (rng.random((nodes, width)) < 0.2)
    return torch.as_tensor(x, dtype=torch.float32), csr_tensor(x)


def test_mixing_and_its_gradient_are_those_of_the_full_matrix() -> None:
    graph = ring(7)
    a, b = (torch.arange(21.0).reshape(7, 3).sin().requires_grad_() for _ in range(2))
    weight = torch.arange(21.0).reshape(7, 3)
    found, expected = mix(adjacency_tensor(graph), a), dense_s(graph) @ b
    assert torch.allclose(found, expected, atol=1e-6)
    (found * weight).sum().backward()  # type: ignore[no-untyped-call]
    (expected * weight).sum().backward()  # type: ignore[no-untyped-call]
    assert a.grad is not None
    assert b.grad is not None
    assert torch.allclose(a.grad, b.grad, atol=1e-6)


def test_in_training_stored_numbers_are_dropped_one_by_one_and_the_rest_is_scaled() -> None:
    dense, thin = features()
    drop = FeatureDropout(0.4).train()
    torch.manual_seed(0)
    for x, out in ((dense, drop(dense)), (dense, drop(thin).to_dense())):
        kept = out != 0
        assert torch.allclose(out[kept], x[kept] / 0.6)
        assert abs(float(kept.sum() / (x != 0).sum()) - 0.6) < 0.04
        assert not bool((kept.any(dim=0) == False).any())  # noqa: E712  no column is lost as a whole


def test_without_training_nothing_is_dropped() -> None:
    drop = FeatureDropout(0.4).eval()
    for x in features():
        assert drop(x) is x


def test_for_a_sample_whole_columns_are_dropped_sparse_as_dense() -> None:
    dense, thin = features()
    drop = FeatureDropout(0.4).eval()
    with one_mask(drop, 3):
        a, b, again = drop(dense), drop(thin).to_dense(), drop(dense)
    assert torch.equal(a, b)
    assert torch.equal(a, again)
    scale = a.sum(dim=0) / dense.sum(dim=0)
    assert set(np.round(scale.double().numpy(), 4).tolist()) == {0.0, 1.6667}


def test_an_absent_package_is_refused_by_the_name_of_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.import_module

    def absent(name: str, *more: Any) -> Any:
        if name.startswith("torch_geometric"):
            raise ImportError("No module named 'torch_geometric'")
        return real(name, *more)

    monkeypatch.setattr(importlib, "import_module", absent)
    with pytest.raises(ResourceError, match=r"torch_geometric is needed for sage and gat .*querist\[graph\]") as caught:
        pyg()
    assert caught.value.code == "MissingExtra"
    from querist.models.gat import GAT
    from querist.models.sage import SAGE

    for network in (SAGE, GAT):
        with pytest.raises(ResourceError, match=r"querist\[graph\]"):
            network(3, 2)
