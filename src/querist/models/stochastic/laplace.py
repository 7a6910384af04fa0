"""Last-layer Laplace: a Gaussian over the weights of the last linear layer, in closed form after training.

Source: Daxberger, Kristiadi, Immer, Eschenhagen, Bauer and Hennig, Laplace Redux, 2021, section 3 (last layer, full and
Kronecker); Kristiadi, Hein and Hennig, Being Bayesian, Even Just a Bit, Fixes Overconfidence in ReLU Networks, 2020.
For numbers the last layer is a Bayesian linear regression: Snoek and others, Scalable Bayesian Optimization Using Deep
Neural Networks, 2015, equations 4 to 7.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from querist.core.optional import torch as _torch
from querist.core.seeds import derive
from querist.models.embedding import last_linear
from querist.models.stochastic.checks import above_zero, at_least, ends_linear
from querist.models.stochastic.evidence import best_prior, mode, ridge
from querist.models.stochastic.one_network import OneNetwork
from querist.models.stochastic.posterior import Fitted, Watcher
from querist.models.stochastic.swap import swapped

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module

__all__ = ["LastLayerLaplace"]

_TURNS = 10


@dataclass(frozen=True)
class LastLayerLaplace(OneNetwork):
    """Samples of the last layer's weights; costs one training, one decomposition, and one forward pass for all S.

    Classes: N(weights, inverse of the generalised Gauss-Newton matrix plus prior). With a given prior the weights are the
    trained ones. Without, training has not stopped at the mode of any posterior, and the marginal likelihood of a prior
    means nothing there: the last layer is then fitted anew on the last hidden layer, a convex problem, in turn with the
    prior. Up to ``full_up_to`` weights the matrix is exact; beyond, it is the Kronecker product of its factor by class
    and its factor by input. Several labels: the same with sigmoids, an exact block a label. Numbers: the exact posterior
    of Bayesian linear regression on the last hidden layer, whose mean takes the place of the trained weights; with a
    second output, the log variance, each item has its own noise and only the first output is sampled.

    The last linear layer must give the network's output.

    Args:
        samples: S.
        prior: precision of the weights, bias included; None takes the one of highest marginal likelihood.
        noise: variance of standardised numbers; None takes the one of highest marginal likelihood.
        full_up_to: most weights for an exact matrix of all classes; its factor, their square, is kept.
    """

    samples: int = 20
    prior: float | None = None
    noise: float | None = None
    full_up_to: int = 1500

    def __post_init__(self) -> None:
        """Refuse values out of range."""
        at_least("samples", self.samples, 1)
        at_least("full_up_to", self.full_up_to, 0)
        for name in ("prior", "noise"):
            if getattr(self, name) is not None:
                above_zero(name, getattr(self, name))

    def check(self, module: Module) -> None:
        """Refuse a network without linear layers (code ``NeedsCapability``)."""
        ends_linear(module)

    def watch(self) -> Watcher | None:
        """Nothing is collected."""
        return None

    def finish(self, fitted: Fitted) -> dict[str, Tensor]:
        """Mean weights with the bias as last column, and factors of their covariance.

        ``laplace.mean`` (rows, n); then ``laplace.factor`` (blocks, m, m), a block being rows of weights in order, or
        ``laplace.left`` (C, C), ``laplace.right`` (n, n) and ``laplace.scale`` (C, n).
        """
        torch = _torch()
        head: Any = fitted.modules[0].get_submodule(fitted.head)
        theta = _joined(head).double()
        h = fitted.hidden.detach().cpu().double()
        outputs = h @ theta[:, : h.shape[1]].T
        if head.bias is not None:
            outputs = outputs + theta[:, -1]
            h = torch.cat([h, torch.ones(len(h), 1, dtype=h.dtype)], dim=1)
        weights = fitted.weights
        w = torch.ones(len(h), dtype=h.dtype) if weights is None else weights.detach().cpu().double()
        targets = fitted.targets.detach().cpu()
        if fitted.kind == "number":
            found = self._numbers(h, targets.double(), w, outputs)
        elif self.prior is not None:
            found = {"mean": theta, **_spread(*self._curvature(h, outputs, w, fitted.kind), self.prior)}
        else:
            shares = torch.nn.functional.one_hot(targets, len(theta)) if targets.ndim == 1 else targets
            found = self._classes(h, shares.double(), w, theta, fitted.kind)
        return {f"laplace.{k}": v.float().contiguous() for k, v in found.items()}

    def member(self, module: Module, tensors: Mapping[str, Tensor], s: int, seed: int) -> AbstractContextManager[None]:
        """Sample ``s``, drawn from ``seed`` and ``s``."""
        name = str(last_linear(module))
        weight, bias = self.heads(module, tensors, s, seed)
        return swapped(module, {f"{name}.weight": weight, **({} if bias is None else {f"{name}.bias": bias})})

    def heads(self, module: Module, tensors: Mapping[str, Tensor], s: int, seed: int) -> tuple[Tensor, Tensor | None]:
        """Weights (C, D) and bias (C,) of the last linear layer in sample ``s``: rows that are not sampled are its own."""
        head: Any = module.get_submodule(str(last_linear(module)))
        sample = self.sampled(tensors, s, seed)
        whole = _joined(head)
        whole[: len(sample)] = sample
        bias = None if head.bias is None else whole[:, -1].contiguous()
        return whole[:, : head.in_features].contiguous(), bias

    def sampled(self, tensors: Mapping[str, Tensor], s: int, seed: int) -> Tensor:
        """(rows, n) weights of sample ``s``, the bias as last column: with the hidden inputs at hand no pass is needed."""
        torch = _torch()
        draw = torch.Generator().manual_seed(derive(seed, "laplace", s))
        mean = tensors["laplace.mean"]
        noise = torch.randn(mean.shape, generator=draw)
        if "laplace.factor" in tensors:
            factor = tensors["laplace.factor"].clone()  # loaded tensors lie anywhere, and products round by alignment
            moved = torch.einsum("bij,bj->bi", factor, noise.reshape(len(factor), -1)).reshape(mean.shape)
        else:
            left, right = tensors["laplace.left"].clone(), tensors["laplace.right"].clone()
            moved = left @ (tensors["laplace.scale"] * noise) @ right.T
        out: Tensor = mean + moved
        return out

    def _classes(self, h: Tensor, shares: Tensor, w: Tensor, theta: Tensor, kind: str) -> dict[str, Tensor]:
        """Weights and prior in turn, until the prior stands still."""
        prior = 1.0
        for _ in range(_TURNS):
            theta = mode(h, shares, w, prior, theta, several=kind == "multi")
            values, vectors = self._curvature(h, h @ theta.T, w, kind)
            before, prior = prior, best_prior(values.reshape(-1), float(theta.square().sum()))
            if before == prior:
                break
        return {"mean": theta, **_spread(values, vectors, prior)}

    def _curvature(self, h: Tensor, outputs: Tensor, w: Tensor, kind: str) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Eigenvalues of the Gauss-Newton matrix and its eigenvectors: of blocks, or of the two Kronecker factors."""
        torch = _torch()
        (_, c), n = outputs.shape, h.shape[1]
        if kind == "multi":
            p = outputs.sigmoid()
            spread = w[:, None] * p * (1 - p)
            if c * n * n <= self.full_up_to**2:
                return _eigen(torch.stack([h.T @ (spread[:, k, None] * h) for k in range(c)]))
            left = torch.diag(spread.sum(dim=0))
        else:
            p = outputs.softmax(dim=1)
            if c * n <= self.full_up_to:
                # diag(p) - p p^T by item, times h h^T: rows are class by class, inputs inside
                own = [h.T @ ((w * p[:, k])[:, None] * h) for k in range(c)]
                q = (w.sqrt()[:, None, None] * p[:, :, None] * h[:, None, :]).reshape(len(h), -1)
                whole = torch.block_diag(*own) - q.T @ q
                return _eigen(whole[None])
            left = torch.diag((w[:, None] * p).sum(dim=0)) - p.T @ (w[:, None] * p)
        lv, lu = _eigen(left)
        rv, ru = _eigen(h.T @ (w[:, None] * h) / w.sum().clamp_min(1e-12))
        return lv[:, None] * rv[None, :], (*lu, *ru)

    def _numbers(self, h: Tensor, y: Tensor, w: Tensor, outputs: Tensor) -> dict[str, Tensor]:
        noise = self.noise
        if outputs.shape[1] == 2:  # the second output is the log of the variance of the item's noise
            w, noise = w * (-outputs[:, 1].clamp(-10, 10)).exp(), 1.0
        mean, factor, _, _ = ridge(h, y.reshape(len(h)), w, self.prior, noise)
        return {"mean": mean[None], "factor": factor[None]}


def _eigen(matrix: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
    values, vectors = _torch().linalg.eigh(matrix)
    return values.clamp_min(0), (vectors,)


def _spread(values: Tensor, vectors: tuple[Tensor, ...], prior: float) -> dict[str, Tensor]:
    """What is kept of the covariance."""
    scale = (values + prior).rsqrt()
    if len(vectors) == 2:
        return {"left": vectors[0], "right": vectors[1], "scale": scale}
    return {"factor": vectors[0] * scale[:, None, :]}


def _joined(head: Any) -> Tensor:
    """(C, n) weights of a linear layer, the bias as last column; a copy on the CPU."""
    torch = _torch()
    weight = head.weight.detach().cpu().clone()
    out: Tensor = weight if head.bias is None else torch.cat([weight, head.bias.detach().cpu()[:, None]], dim=1)
    return out
