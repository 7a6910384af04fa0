"""A Gaussian process on the features of a small network, for numbers: it knows where it knows nothing.

Network and kernel are trained together by the exact marginal likelihood, through gpytorch (extra ``bayes``). What is told
afterwards is a closed form of kept tensors. A member is one function drawn from the posterior: a draw of the prior by
random Fourier features, moved to the answers by one update, so that it is the same function for all items.

Source: Wilson, Hu, Salakhutdinov and Xing, Deep Kernel Learning, 2016; Wilson, Borovitskiy, Terenin, Mostowsky and
Deisenroth, Efficiently Sampling Functions from Gaussian Process Posteriors, 2020, equation 13; Rahimi and Recht, Random
Features for Large-Scale Kernel Machines, 2007.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from querist.core.errors import ArgumentError, DataError, StateError, shorten
from querist.core.optional import need
from querist.core.optional import torch as _torch
from querist.core.seeds import derive
from querist.core.signals import EMBEDDING, MEMBERS, NOISE, PREDICTION, Signal, View
from querist.core.types import Array, FitReport, ItemId, Labels
from querist.data.schema import Number, Schema
from querist.data.source import Source
from querist.models.device import threads
from querist.models.guard import rng_kept
from querist.training.shards import in_shards
from querist.training.weights import read_weights, state_digest, write_weights

__all__ = ["GPLearner"]

_WAVES = 1024
"""Frequencies of the random Fourier features of a draw of the prior."""
_BLOCK = 4096


class GPLearner:
    """Exact Gaussian process regression on features of a network; a fit costs the cube of the labels, up to some 2,000.

    Args:
        source: (N, ...) numbers; flattened, and standardised by the labelled items.
        schema: a `Number`.
        hidden: widths of the network's hidden layers; none puts the kernel on the inputs themselves.
        width: features that the network gives.
        members: functions drawn from the posterior; 0 gives none.
        steps: of Adam, on all labels at once.
        lr: learning rate.

    Raises:
        ArgumentError: the schema is not a number (code ``NeedsCapability``).
        ResourceError: gpytorch is not installed (code ``MissingExtra``).
    """

    plugins: frozenset[str] = frozenset()
    capabilities: frozenset[str] = frozenset()
    untrained: frozenset[Signal] = frozenset()

    def __init__(
        self,
        source: Source,
        schema: Schema,
        *,
        hidden: Sequence[int] = (64,),
        width: int = 8,
        members: int = 16,
        steps: int = 150,
        lr: float = 1e-2,
    ) -> None:
        need("gpytorch", "bayes", "a Gaussian process")
        if not isinstance(schema, Number):
            raise ArgumentError(
                f"a Gaussian process predicts numbers, and the schema is {type(schema).__name__}; use a network with a "
                "posterior (laplace, ensemble) for classes",
                code="NeedsCapability",
            )
        for name, value, least in (("width", width, 1), ("members", members, 0), ("steps", steps, 1)):
            if value < least:
                raise ArgumentError(f"{name} must be at least {least}, got {value}", code="BadValue")
        self.source, self.schema = source, schema
        self.hidden, self.width, self.members = tuple(hidden), width, members
        self.steps, self.lr = steps, lr
        self.provides = frozenset({PREDICTION, NOISE, EMBEDDING} | ({MEMBERS} if members else set()))
        self._kept: dict[str, Any] = {}
        self._net: Any = None
        self._scale = (0.0, 1.0)

    def fit(self, labels: Labels, *, seed: int, previous: Path | None = None) -> FitReport:
        """Train network and kernel, then draw the members; a weight w divides the noise of its item by w.

        Raises:
            StateError: there are no labels (code ``NoLabels``).
            DataError: an answer or the likelihood is NaN or infinite (code ``BadScores``).
        """
        torch = _torch()
        if not len(labels):
            raise StateError("there is nothing to fit on: no item is labelled", code="NoLabels")
        answers = np.asarray(labels.targets, dtype=np.float64)
        scale = (float(answers.mean()), float(answers.std()) or 1.0)
        y = torch.as_tensor((answers - scale[0]) / scale[1])
        w = torch.as_tensor(np.ones(len(y)) if labels.weights is None else np.asarray(labels.weights, dtype=np.float64))
        x = self._inputs(self.source.rows_of(labels.items))
        deviation = x.std(dim=0, correction=0)
        kept = {"shift": x.mean(dim=0), "spread": torch.where(deviation > 1e-12, deviation, torch.ones_like(deviation))}
        with threads(1), rng_kept(derive(seed, "gp")):
            net = self._network(x.shape[1])
            inputs = (x - kept["shift"]) / kept["spread"]
            kept |= self._train(net, inputs, y, w.clamp_min(1e-9))
            with torch.no_grad():
                kept["z"] = net(inputs)
                kept |= self._conditioned(kept, y, w.clamp_min(1e-9), derive(seed, "members"))
        if not all(bool(torch.isfinite(v).all()) for v in kept.values()):
            raise DataError(
                f"the Gaussian process became NaN or infinite with lr={self.lr}; use a smaller learning rate, and check "
                "the inputs",
                code="BadScores",
            )
        # laid out as they will be when loaded: products round by layout
        self._kept = {k: v.contiguous().clone() for k, v in kept.items()}
        self._net, self._scale = net, scale
        return FitReport(labels=len(labels), model=state_digest(self._state()))

    def signals(self, items: Sequence[ItemId], names: frozenset[Signal]) -> View:
        """The named signals of ``items``.

        Raises:
            StateError: nothing is fitted yet (code ``NotFitted``).
            ArgumentError: a signal that it does not provide (code ``NeedsCapability``).
        """
        if self._net is None:
            raise StateError("the learner is not fitted yet: fit it on some labels first", code="NotFitted")
        unknown = names - self.provides
        if unknown:
            raise ArgumentError(
                f"GPLearner does not provide {', '.join(sorted(map(str, unknown)))}", code="NeedsCapability"
            )
        rows = self.source.rows_of(items)
        width = 8 * (2 + self.members * (MEMBERS in names)) + 4 * len(self._kept["shift"]) * (EMBEDDING in names)
        return View(len(rows), in_shards(rows, width, _BLOCK, lambda some: self._told(some, names)))

    def _told(self, rows: Array, names: frozenset[Signal]) -> dict[Signal, Array]:
        torch, kept, (shift, scale) = _torch(), self._kept, self._scale
        parts: dict[Signal, list[Array]] = {name: [] for name in names}
        with threads(1), torch.no_grad():
            for start in range(0, max(len(rows), 1), _BLOCK):
                x = self._inputs(rows[start : start + _BLOCK])
                z = self._net((x - kept["shift"]) / kept["spread"])
                near = _kernel(z, kept["z"], kept)
                if PREDICTION in names:
                    parts[PREDICTION].append(((kept["mean"] + near @ kept["alpha"]) * scale + shift).numpy())
                if MEMBERS in names:
                    drawn = kept["mean"] + _waves(z, kept) @ kept["draws"] + near @ kept["updates"]
                    parts[MEMBERS].append((drawn * scale + shift).numpy())
                if NOISE in names:
                    parts[NOISE].append(np.full(len(z), float(kept["noise"]) * scale**2))
                if EMBEDDING in names:
                    parts[EMBEDDING].append(z.float().numpy())
        return {name: np.concatenate(values) for name, values in parts.items()}

    def save(self, folder: Path) -> None:
        """Write all tensors as safetensors and what they belong to as JSON."""
        if self._net is None:
            raise StateError("the learner is not fitted yet: there is nothing to save", code="NotFitted")
        config = {"kind": "gp", "scale": list(self._scale), "hidden": list(self.hidden), "width": self.width}
        write_weights(folder, self._state(), {**config, "members": self.members})

    def load(self, folder: Path) -> None:
        """Take the tensors that `save` wrote.

        Raises:
            DataError: they belong to another learner (code ``BadWeights``).
        """
        state, config = read_weights(folder, "gp")
        try:
            kept = {k.removeprefix("gp."): v.clone() for k, v in state.items() if k.startswith("gp.")}
            if (config["hidden"], config["width"], config["members"]) != (list(self.hidden), self.width, self.members):
                raise ValueError(f"hidden {config['hidden']}, width {config['width']}, members {config['members']}")
            with rng_kept(0):
                net = self._network(len(kept["shift"]))
            net.load_state_dict({k: v for k, v in state.items() if not k.startswith("gp.")})
            scale = (float(config["scale"][0]), float(config["scale"][1]))
        except (RuntimeError, LookupError, TypeError, ValueError) as error:
            raise DataError(
                f"{folder.name} holds the weights of another learner: {shorten(str(error), 200)}", code="BadWeights"
            ) from error
        self._kept, self._net, self._scale = kept, net, scale

    def _state(self) -> dict[str, Any]:
        return {**self._net.state_dict(), **{f"gp.{k}": v for k, v in self._kept.items()}}

    def _inputs(self, rows: Array) -> Any:
        batch = self.source.take(rows)
        array = np.asarray(batch.toarray() if hasattr(batch, "toarray") else batch)
        width = int(np.prod(array.shape[1:]))
        return _torch().as_tensor(array.reshape(len(array), width).astype(np.float64))

    def _network(self, inputs: int) -> Any:
        torch = _torch()
        if not self.hidden:
            return torch.nn.Identity()
        from querist.models.mlp import MLP

        return MLP(inputs, self.width, self.hidden, activation="tanh").double()

    def _train(self, net: Any, x: Any, y: Any, w: Any) -> dict[str, Any]:
        """Maximise the marginal likelihood; the hyperparameters found."""
        torch, gpytorch = _torch(), need("gpytorch", "bayes", "a Gaussian process")
        width = self.width if self.hidden else x.shape[1]
        kernel = gpytorch.kernels.ScaleKernel(gpytorch.kernels.RBFKernel(ard_num_dims=width)).double()
        kernel.base_kernel.lengthscale = math.sqrt(width)
        mean = gpytorch.means.ConstantMean().double()
        likelihood = gpytorch.likelihoods.GaussianLikelihood().double()
        likelihood.noise = 0.1
        parts = [net, kernel, mean, likelihood]
        optimizer = torch.optim.Adam([p for part in parts for p in part.parameters()], lr=self.lr)
        for _ in range(self.steps):
            optimizer.zero_grad()
            z = net(x)
            covariance = kernel(z).to_dense() + torch.diag(likelihood.noise / w)
            told = gpytorch.distributions.MultivariateNormal(mean(z), covariance)
            loss = -told.log_prob(y) / len(y)
            loss.backward()
            optimizer.step()
        found = {
            "outputscale": kernel.outputscale,
            "lengthscale": kernel.base_kernel.lengthscale.reshape(-1),
            "noise": likelihood.noise.reshape(()),
            "mean": mean.constant.reshape(()),
        }
        return {k: v.detach().clone() for k, v in found.items()}

    def _conditioned(self, kept: dict[str, Any], y: Any, w: Any, seed: int) -> dict[str, Any]:
        """What predictions and members are made of, after the answers were seen."""
        torch = _torch()
        draw = torch.Generator().manual_seed(seed)
        z, noise = kept["z"], kept["noise"] / w
        factor = torch.linalg.cholesky(_kernel(z, z, kept) + torch.diag(noise))
        out = {"alpha": torch.cholesky_solve((y - kept["mean"])[:, None], factor)[:, 0]}
        if self.members:
            out["waves"] = torch.randn(z.shape[1], _WAVES, generator=draw, dtype=z.dtype)
            out["draws"] = torch.randn(2 * _WAVES, self.members, generator=draw, dtype=z.dtype)
            error = noise.sqrt()[:, None] * torch.randn(len(z), self.members, generator=draw, dtype=z.dtype)
            prior = kept["mean"] + _waves(z, kept | out) @ out["draws"]
            out["updates"] = torch.cholesky_solve(y[:, None] - prior - error, factor)  # equation 13
        return out


def _kernel(a: Any, b: Any, kept: dict[str, Any]) -> Any:
    """(n, m) squared exponential kernel."""
    torch = _torch()
    distance = torch.cdist(
        a / kept["lengthscale"], b / kept["lengthscale"], compute_mode="donot_use_mm_for_euclid_dist"
    )
    return kept["outputscale"] * torch.exp(-0.5 * distance.square())


def _waves(z: Any, kept: dict[str, Any]) -> Any:
    """(n, 2 waves) cosines and sines whose products are the kernel on average, and exactly for an item with itself."""
    torch = _torch()
    angles = (z / kept["lengthscale"]) @ kept["waves"]
    return torch.sqrt(kept["outputscale"] / _WAVES) * torch.cat([torch.cos(angles), torch.sin(angles)], dim=1)
