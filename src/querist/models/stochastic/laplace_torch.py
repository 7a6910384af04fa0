"""Last-layer Laplace through laplace-torch (extra ``laplace``): its Hessians and its choice of a prior, our members.

The package is given the last linear layer and its inputs for the labelled items, which is all that a last-layer posterior
depends on. The members are drawn once after the fit and kept as plain tensors: nothing of the package is saved.

Source: Daxberger, Kristiadi, Immer, Eschenhagen, Bauer and Hennig, Laplace Redux, 2021, sections 2 and 3.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from querist.core.errors import ArgumentError
from querist.core.optional import need
from querist.core.optional import torch as _torch
from querist.core.seeds import derive
from querist.models.embedding import last_linear
from querist.models.guard import rng_kept
from querist.models.stochastic.checks import above_zero, at_least, ends_linear
from querist.models.stochastic.one_network import OneNetwork
from querist.models.stochastic.posterior import Fitted, Watcher
from querist.models.stochastic.swap import swapped

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module

__all__ = ["LaplaceTorch"]

_STRUCTURES = ("full", "kron", "diag")


@dataclass(frozen=True)
class LaplaceTorch(OneNetwork):
    """Samples of the last layer's weights by laplace-torch; one class an item, or a number.

    With structure "full" and a given prior the covariance is that of `LastLayerLaplace`. The weights are always the trained
    ones: without a prior the package maximises the marginal likelihood at these, while `LastLayerLaplace` fits the last
    layer anew. The curvature of softmax does not depend on the targets, so soft targets count as class numbers do.

    Args:
        samples: S.
        structure: of the Hessian: "full", "kron" (Kronecker factors) or "diag".
        prior: precision of the weights, bias included; None takes the one of highest marginal likelihood.
        noise: variance of standardised numbers; None takes the mean squared error on the labelled items.
    """

    samples: int = 20
    structure: Literal["full", "kron", "diag"] = "full"
    prior: float | None = None
    noise: float | None = None
    plain_heads: ClassVar[bool] = True
    """Whether it is for one class an item and for numbers without a variance only."""

    def __post_init__(self) -> None:
        """Refuse values out of range."""
        at_least("samples", self.samples, 1)
        if self.structure not in _STRUCTURES:
            raise ArgumentError(
                f"structure must be one of {', '.join(_STRUCTURES)}; got {self.structure!r}", code="BadValue"
            )
        for name in ("prior", "noise"):
            if getattr(self, name) is not None:
                above_zero(name, getattr(self, name))

    def check(self, module: Module) -> None:
        """Refuse a network without linear layers (code ``NeedsCapability``), and a missing package (``MissingExtra``)."""
        ends_linear(module)
        _package()

    def watch(self) -> Watcher | None:
        """Nothing is collected."""
        return None

    def finish(self, fitted: Fitted) -> dict[str, Tensor]:
        """``laplace_torch.weight`` (S, C, D), and ``laplace_torch.bias`` (S, C) where the layer has one.

        Raises:
            ArgumentError: items of different weights, or several labels an item (code ``NeedsCapability``).
        """
        torch = _torch()
        head: Any = fitted.modules[0].get_submodule(fitted.head)
        rows, width = head.weight.shape
        draw = torch.Generator().manual_seed(derive(fitted.seed, "laplace_torch"))
        with rng_kept(derive(fitted.seed, "laplace_torch", "fit")):
            drawn = self.approximation(fitted).sample(self.samples, generator=draw).detach().float()
        out = {"laplace_torch.weight": drawn[:, : rows * width].reshape(-1, rows, width).contiguous()}
        if head.bias is not None:
            out["laplace_torch.bias"] = drawn[:, rows * width :].contiguous()
        return out

    def approximation(self, fitted: Fitted) -> Any:
        """The package's own posterior over (weights, bias), fitted, in double precision."""
        torch = _torch()
        if fitted.weights is not None and bool((fitted.weights != 1).any()):
            raise ArgumentError(
                "laplace-torch weighs all items alike, and these labels have weights; use members=LastLayerLaplace()",
                code="NeedsCapability",
            )
        own: Any = fitted.modules[0].get_submodule(fitted.head)
        head = torch.nn.Linear(own.in_features, own.out_features, bias=own.bias is not None).double()
        head.load_state_dict(own.state_dict())
        h, y = fitted.hidden.detach().cpu().double(), fitted.targets.detach().cpu()
        number = fitted.kind == "number"
        if fitted.kind == "multi" or (number and own.out_features != 1):
            raise ArgumentError(
                "laplace-torch is for one class an item, or one number; use members=LastLayerLaplace()",
                code="NeedsCapability",
            )
        if number:
            y = y.double().reshape(len(h), 1)
        elif y.ndim == 2:
            y = y.argmax(dim=1)
        more: dict[str, Any] = {"prior_precision": 1.0 if self.prior is None else self.prior}
        if number:
            with torch.no_grad():
                error = float((head(h) - y).square().mean())
            more["sigma_noise"] = max(error if self.noise is None else self.noise, 1e-12) ** 0.5
        loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(h, y), batch_size=256)
        likelihood = "regression" if number else "classification"
        with torch.enable_grad(), _quiet():
            found = _package().Laplace(
                head, likelihood, subset_of_weights="all", hessian_structure=self.structure, **more
            )
            found.fit(loader)
            if self.prior is None:
                found.optimize_prior_precision(pred_type="glm", method="marglik", prior_structure="scalar")
        return found

    def member(self, module: Module, tensors: Mapping[str, Tensor], s: int, seed: int) -> AbstractContextManager[None]:
        """Sample ``s`` as it was drawn after the fit."""
        name = str(last_linear(module))
        weight, bias = self.heads(module, tensors, s, seed)
        return swapped(module, {f"{name}.weight": weight, **({} if bias is None else {f"{name}.bias": bias})})

    def heads(self, module: Module, tensors: Mapping[str, Tensor], s: int, seed: int) -> tuple[Tensor, Tensor | None]:
        """Weights (C, D) and bias (C,) of the last linear layer in sample ``s``."""
        bias = tensors.get("laplace_torch.bias")  # cloned: loaded tensors lie anywhere, and products round by alignment
        return tensors["laplace_torch.weight"][s].clone(), None if bias is None else bias[s].clone()


def _package() -> Any:
    _torch()  # mends torchvision, which the package imports
    with _quiet():
        return need("laplace", "laplace", "a posterior by laplace-torch")


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the warnings that concern the package alone."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of what it imports
        warnings.filterwarnings("ignore", "By default `link_approx`")  # of predictions, which are not asked of it
        yield
