from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.linear_model import BayesianRidge

from models.stochastic.fits import fit, groups
from querist.core.errors import ArgumentError
from querist.models.embedding import tapped
from querist.models.guard import rng_kept
from querist.models.mlp import MLP
from querist.models.stochastic.laplace import LastLayerLaplace
from querist.models.stochastic.posterior import Fitted


@pytest.fixture(autouse=True)
def seeded() -> Iterator[None]:
    """First weights from one seed."""
    with rng_kept(0):
        yield


def left(net: Any, x: torch.Tensor, y: torch.Tensor, kind: str, weights: torch.Tensor | None = None) -> Fitted:
    net.eval()
    with torch.no_grad(), tapped(net, None) as tap:
        net(x)
    return Fitted([net], None, tap.value, y, weights, "head", kind, 0)


def covariance(tensors: dict[str, torch.Tensor]) -> torch.Tensor:
    """(P, P) of the last layer's weights, rows of weights in order."""
    if "laplace.factor" in tensors:
        out: torch.Tensor = torch.block_diag(*(f @ f.T for f in tensors["laplace.factor"]))  # type: ignore[no-untyped-call]
        return out
    a = torch.kron(tensors["laplace.left"], tensors["laplace.right"])
    return a @ torch.diag(tensors["laplace.scale"].reshape(-1) ** 2) @ a.T


def curvature(net: Any, x: torch.Tensor, y: torch.Tensor, loss: Any) -> torch.Tensor:
    """Hessian of the summed loss by the weights of the last layer, by automatic differentiation; (P, P)."""
    with torch.no_grad():
        h = torch.cat([net.features(x), torch.ones(len(x), 1)], dim=1)
        theta = torch.cat([net.head.weight, net.head.bias[:, None]], dim=1)

    def total(flat: torch.Tensor) -> Any:
        return loss(h @ flat.reshape(theta.shape).T, y)

    return torch.autograd.functional.hessian(total, theta.reshape(-1))  # type: ignore[no-any-return, no-untyped-call]


def test_the_exact_matrix_is_the_hessian_plus_the_prior() -> None:
    x, y = groups(20)
    net = MLP(4, 3, hidden=(5,)).eval()

    def loss(out: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.cross_entropy(out, target, reduction="sum")

    wanted = torch.linalg.inv(curvature(net, x, y, loss) + 0.7 * torch.eye(18))
    tensors = LastLayerLaplace(prior=0.7).finish(left(net, x, y, "single"))
    assert torch.allclose(covariance(tensors), wanted, atol=1e-4)


def test_several_labels_have_a_block_each() -> None:
    x, y = groups(20)
    net, several = MLP(4, 3, hidden=(5,)).eval(), torch.nn.functional.one_hot(y).float()

    def loss(out: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.binary_cross_entropy_with_logits(out, target, reduction="sum")

    wanted = torch.linalg.inv(curvature(net, x, several, loss) + 0.7 * torch.eye(18))
    assert torch.allclose(
        covariance(LastLayerLaplace(prior=0.7).finish(left(net, x, several, "multi"))), wanted, atol=1e-4
    )


def test_weights_of_items_count_as_copies() -> None:
    x, y = groups(10)
    net = MLP(4, 3, hidden=(5,))
    posterior = LastLayerLaplace(prior=1.0)
    weighted = posterior.finish(left(net, x, y, "single", torch.tensor([3.0] + [1.0] * 9)))
    copies = posterior.finish(left(net, torch.cat([x[:1], x[:1], x]), torch.cat([y[:1], y[:1], y]), "single"))
    assert torch.allclose(covariance(weighted), covariance(copies), atol=1e-5)


def test_kronecker_is_exact_where_all_items_have_the_same_probabilities() -> None:
    x, y = groups(15)
    net = MLP(4, 3, hidden=(5,))
    torch.nn.init.zeros_(net.head.weight)
    torch.nn.init.zeros_(net.head.bias)
    full = LastLayerLaplace(prior=0.5).finish(left(net, x, y, "single"))
    kron = LastLayerLaplace(prior=0.5, full_up_to=0).finish(left(net, x, y, "single"))
    assert "laplace.left" in kron
    assert torch.allclose(covariance(full), covariance(kron), atol=1e-4)


@pytest.mark.parametrize("size", [0, 1500])
def test_samples_have_the_covariance(size: int) -> None:
    x, y = groups(30)
    posterior = LastLayerLaplace(prior=2.0, full_up_to=size)
    tensors = posterior.finish(left(MLP(4, 2, hidden=(2,)), x, y % 2, "single"))
    drawn = torch.stack([posterior.sampled(tensors, s, 0).reshape(-1) for s in range(6000)])
    assert torch.allclose(drawn.mean(dim=0), tensors["laplace.mean"].reshape(-1), atol=0.06)
    assert torch.allclose(torch.cov(drawn.T), covariance(tensors), atol=0.06)


def test_sampled_heads_on_the_hidden_inputs_are_the_samples() -> None:
    x, y = groups()
    posterior = LastLayerLaplace(3)
    net, tensors = fit(posterior, x, y)
    with torch.no_grad():
        h = torch.cat([net.features(x), torch.ones(len(x), 1)], dim=1)
        for s in range(3):
            with posterior.member(net, tensors, s, 4):
                assert torch.allclose(net(x), h @ posterior.sampled(tensors, s, 4).T, atol=1e-5)


def test_numbers_have_the_posterior_of_bayesian_ridge() -> None:
    draw = torch.Generator().manual_seed(1)
    x = torch.randn(50, 4, generator=draw)
    y = x[:, 0] + 0.3 * torch.randn(50, generator=draw)
    net = MLP(4, 1, hidden=(6,), activation="tanh")
    given = left(net, x, y, "number")
    h = np.concatenate([given.hidden.numpy(), np.ones((50, 1))], axis=1).astype(np.float64)
    peer = BayesianRidge(fit_intercept=False, alpha_1=0, alpha_2=0, lambda_1=0, lambda_2=0, max_iter=3000, tol=1e-12)
    peer.fit(h, y.double().numpy())
    tensors = LastLayerLaplace().finish(given)
    assert np.allclose(tensors["laplace.mean"][0].numpy(), peer.coef_, rtol=1e-3, atol=1e-4)
    assert np.allclose(covariance(tensors).numpy(), peer.sigma_, rtol=1e-2, atol=1e-4)


def test_with_a_log_variance_only_the_mean_is_sampled() -> None:
    x, _ = groups(40)
    net = MLP(4, 2, hidden=(6,))
    posterior = LastLayerLaplace(2, prior=1.0)
    tensors = posterior.finish(left(net, x, x[:, 0], "number"))
    before = net(x).detach()
    with posterior.member(net, tensors, 0, 0):
        after = net(x).detach()
    assert torch.equal(before[:, 1], after[:, 1])
    assert not torch.allclose(before[:, 0], after[:, 0])
    h = torch.cat([net.features(x), torch.ones(40, 1)], dim=1).detach()
    wanted = torch.linalg.inv(h.T @ (torch.exp(-before[:, 1:]) * h) + torch.eye(7))
    assert torch.allclose(covariance(tensors), wanted, atol=1e-4)


def test_the_samples_differ_more_far_from_the_labels() -> None:
    x, y = groups()
    posterior = LastLayerLaplace(30)
    net, tensors = fit(posterior, x, y)
    far = 10 * torch.nn.functional.normalize(torch.randn(90, 4, generator=torch.Generator().manual_seed(3)), dim=1)
    spread = []
    for points in (x, far):
        told = []
        for s in range(30):
            with torch.no_grad(), posterior.member(net, tensors, s, 0):
                told.append(net(points))
        spread.append(float(torch.stack(told).std(dim=0).mean()))
    assert spread[1] > 2 * spread[0]


@pytest.mark.parametrize("size", [0, 1500])
@pytest.mark.parametrize("kind", ["single", "multi"])
def test_without_a_prior_the_mean_is_the_mode_under_the_one_that_was_found(kind: str, size: int) -> None:
    x, y = groups(60)
    targets = torch.nn.functional.one_hot(y, 3).float() if kind == "multi" else y
    net = MLP(4, 3, hidden=(5,))
    given = left(net, x, targets, kind)
    tensors = LastLayerLaplace(full_up_to=size).finish(given)
    h = torch.cat([given.hidden, torch.ones(60, 1)], dim=1)
    theta = tensors["laplace.mean"].clone().requires_grad_(True)
    if kind == "multi":
        loss = torch.nn.functional.binary_cross_entropy_with_logits(h @ theta.T, targets, reduction="sum")
    else:
        loss = torch.nn.functional.cross_entropy(h @ theta.T, y, reduction="sum")
    (slope,) = torch.autograd.grad(loss, theta)
    prior = float(-(slope * theta.detach()).sum() / theta.detach().square().sum())
    assert prior > 0
    assert torch.allclose(slope, -prior * theta.detach(), atol=2e-2)
    again = LastLayerLaplace(prior=prior, full_up_to=size)
    with torch.no_grad():
        net.head.weight.copy_(theta[:, :-1])
        net.head.bias.copy_(theta[:, -1])
    fixed = again.finish(left(net, x, targets, kind))
    assert torch.allclose(covariance(tensors), covariance(fixed), rtol=2e-2, atol=1e-3)


def test_no_linear_layer_is_refused() -> None:
    with pytest.raises(ArgumentError, match="needs a linear layer at the end, and Conv1d has none") as caught:
        LastLayerLaplace().check(torch.nn.Conv1d(1, 1, 1))
    assert caught.value.code == "NeedsCapability"
    with pytest.raises(ArgumentError, match="prior must be above 0"):
        LastLayerLaplace(prior=0)


@pytest.mark.filterwarnings("ignore")
def test_laplace_torch_gives_the_same_covariance(tmp_path: Path) -> None:
    from querist.core.optional import torch as cured

    cured()
    peer = pytest.importorskip("laplace", reason="laplace-torch is not installed")
    x, y = groups(30)
    net = MLP(4, 3, hidden=(5,)).eval()
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x, y), batch_size=30)
    theirs = peer.Laplace(net, "classification", subset_of_weights="last_layer", hessian_structure="full",
                          prior_precision=0.7)  # fmt: skip
    theirs.fit(loader)
    ours = covariance(LastLayerLaplace(prior=0.7).finish(left(net, x, y, "single")))
    # they order weights first, then biases
    order = [c * 6 + d for c in range(3) for d in range(5)] + [c * 6 + 5 for c in range(3)]
    assert torch.allclose(ours[order][:, order], theirs.posterior_covariance.detach(), atol=1e-4)
