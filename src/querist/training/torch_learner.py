"""`TorchLearner`: any ``nn.Module`` that returns logits, with what it can tell in one forward pass."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from querist.core.errors import ArgumentError, DataError, StateError, shorten
from querist.core.optional import torch as _torch
from querist.core.signals import Signal, View
from querist.core.types import Array, FitReport, ItemId, Labels
from querist.data.schema import Schema
from querist.data.source import Source
from querist.models.device import choose_device, threads
from querist.models.guard import rng_kept
from querist.models.stochastic.posterior import Posterior
from querist.training.anatomy import Anatomy, examine
from querist.training.attacks import attack_lengths
from querist.training.curriculum import Curriculum
from querist.training.fitting import Fit
from querist.training.heads import Head, Scale, head_for
from querist.training.inputs import Inputs
from querist.training.net import Net
from querist.training.network import Networks
from querist.training.parts import Parts, posterior_of
from querist.training.plugins.base import Plugin, Shape
from querist.training.providers.base import Provider
from querist.training.recipe import Recipe
from querist.training.scoring import Scorer
from querist.training.telling import tell
from querist.training.weights import read_weights, state_digest, write_weights

__all__ = ["TorchLearner"]


class TorchLearner:
    """Trains a network on the labels and tells what it knows, in one forward pass where one suffices.

    Gradient factors are those of the last linear layer; they are given where its output is the network's output.

    Args:
        module: a function without arguments that makes the network: each fit draws fresh weights from its seed. Or a
            network: each fit begins at a copy of it, with the weights that it had when the learner was built, such as
            pre-trained ones; it is never changed, and the seed decides the order of the items, dropout, and the last
            layer where that must be replaced because its width is not the number of classes any more.
        source: the items; ``uint8`` arrays are divided by 255, other numbers become float32.
        schema: what a label may be.
        recipe: how it is trained.
        head: what the outputs mean, by name or as a `Head`; by default that of the schema.
        embedding_layer: submodule whose output is the embedding; by default the input of the last linear layer.
        members: posterior samples: a posterior such as ``Ensemble(5)``, or a number for MC dropout; 0 gives none.
        providers: give further signals, such as ``WeightNoise()`` or ``EpochHistory()``.
        plugins: change the training and publish signals; see `querist.training.plugins`.
        curriculum: weighs the labelled items anew in each epoch.
        device: auto, cpu, cuda, cuda:N or mps.
        transform: turns a batch of the source into a tensor; for sources that are not numbers. Where it gives a mapping,
            such as a tokeniser's ``input_ids`` and ``attention_mask``, these are the keyword arguments of the network.
        score_batch: items a forward pass when scoring.
        validation: labelled items set aside for `Recipe.patience`; by default a share of the labels is. They must be
            neither in the pool nor among the test items.

    Raises:
        ArgumentError: no embedding layer to be found, no dropout for members, a wrong number of outputs, two parts that
            give one signal, an ensemble of copies of one network.
    """

    untrained: frozenset[Signal] = frozenset()

    def __init__(
        self,
        module: Any,
        source: Source,
        schema: Schema,
        *,
        recipe: Recipe | None = None,
        head: Head | str | None = None,
        embedding_layer: str | None = None,
        members: int | Posterior = 0,
        providers: Sequence[Provider] = (),
        plugins: Sequence[Plugin] = (),
        curriculum: Curriculum | None = None,
        device: str = "auto",
        transform: Callable[[Any], Any] | None = None,
        score_batch: int = 1024,
        validation: Labels | None = None,
    ) -> None:
        self.source, self.schema, self.validation = source, schema, validation
        self.recipe = recipe or Recipe()
        self.parts = Parts(
            head_for(schema, head),
            self.recipe,
            embedding_layer,
            posterior_of(members),
            tuple(providers),
            tuple(plugins),
            curriculum,
        )
        self.plugins = frozenset(p.name for p in plugins)
        self.device = choose_device(device)
        self._inputs = Inputs(source, transform)
        self._scorer = Scorer(self._inputs, self.device, score_batch, to_cpu=self.recipe.cpu_fallback)
        self._trained_outputs = self._outputs
        self._networks = Networks(module, self._outputs)
        if self.parts.posterior is not None and self.parts.posterior.networks > 1 and not self._networks.drawn:
            raise ArgumentError(
                f"{type(self.parts.posterior).__name__} needs networks that begin at different weights, and a network was "
                f"given, with which all would begin alike; give a function that makes {type(module).__name__}",
                code="NeedsCapability",
            )
        self._module: Any = None
        self._scale, self._seed = Scale(), 0
        self._kept: dict[str, Mapping[str, Any]] = {}
        self._pool: Array = np.arange(len(source), dtype=np.int64)
        self._anatomy = self._examined()
        self.provides = self._anatomy.provides
        attackable = self.parts.head.kind == "single" and self._anatomy.numbers
        self.capabilities = frozenset({"adversarial_margin"} if attackable else ())

    def take_schema(self, schema: Schema) -> None:
        """Learn another class list from the next fit on; a last linear layer of the old width is replaced.

        Until then a class that the network does not know has probability 0.

        Raises:
            ArgumentError: the network cannot be given as many outputs (code ``ShapeMismatch``).
        """
        before, self.schema = self.schema, schema
        try:
            self._examined()
        except ArgumentError:
            self.schema = before
            raise

    def take_pool(self, rows: Array) -> None:
        """The rows of the source that may be looked at without labels; by default all of them.

        A session hands over its pool before each fit, so that plug-ins never see the test items.
        """
        self._pool = np.asarray(rows, dtype=np.int64)

    # -- training ------------------------------------------------------------------------------------------------------

    def fit(self, labels: Labels, *, seed: int, previous: Path | None = None) -> FitReport:
        """Train on ``labels``.

        Raises:
            StateError: there are no labels (code ``NoLabels``).
            DataError: the network gives NaN after training (code ``BadScores``).
            ResourceError: out of memory with one item (code ``OutOfMemory``).
        """
        torch = _torch()
        if not len(labels):
            raise StateError("there is nothing to fit on: no item is labelled", code="NoLabels")
        notes = self._remarks(labels)
        scale = Scale.of(labels.targets) if self.parts.head.kind == "number" else Scale()
        fit = Fit(
            self._networks,
            self._scorer,
            self.parts,
            self._outputs,
            self._shape(),
            labels,
            scale,
            self.validation,
            self._pool,
            seed,
            previous,
        )
        with threads(self.recipe.threads):
            try:
                trained = fit.run()
            except BaseException:
                if self._module is not None:  # the model of before stays, and so do its plug-ins
                    self._plug(self._kept)
                raise
            self._module, self._kept = trained.module, trained.kept
            self._seed, self._trained_outputs, self._scale = seed, self._outputs, scale
            state = self._state()
            if not all(bool(torch.isfinite(v).all()) for v in state.values() if v.is_floating_point()):
                self._module = None
                raise DataError(
                    f"the weights became NaN or infinite after training with lr={self.recipe.lr}; use a smaller "
                    "learning rate or grad_clip",
                    code="BadScores",
                )
        return FitReport(labels=len(labels), model=state_digest(state), notes=(*notes, *trained.notes))

    def _remarks(self, labels: Labels) -> list[str]:
        if self.parts.head.kind != "single":
            return []
        soft = labels.targets.ndim == 2
        seen = np.flatnonzero((labels.targets > 0).any(axis=0)) if soft else np.unique(labels.targets)
        names = self.schema.classes  # type: ignore[attr-defined]
        if len(seen) == 1:
            return [f"only one class is labelled so far ({names[int(seen[0])]} of {len(names)})"]
        return []

    # -- scoring -------------------------------------------------------------------------------------------------------

    def signals(self, items: Sequence[ItemId], names: frozenset[Signal]) -> View:
        """The named signals in one forward pass, plus one a member, augmentation or perturbation.

        Raises:
            StateError: nothing is fitted yet (code ``NotFitted``).
            DataError: NaN outputs (code ``BadScores``).
        """
        unknown = names - self.provides
        net = self._net()
        if unknown:
            raise ArgumentError(
                f"TorchLearner does not provide {', '.join(sorted(map(str, unknown)))}", code="NeedsCapability"
            )
        rows = self.source.rows_of(items)
        with threads(self.recipe.threads if len(rows) < 10_000 else None):
            return View(len(rows), tell(net, self.parts, rows, names))

    def adversarial_margin(self, items: Sequence[ItemId], *, attack: str = "deepfool") -> Array:
        """(N,) Euclidean length of the smallest change of the input that changes the label; infinite where none was found.

        Args:
            items: N ids.
            attack: "deepfool" or "bim".
        """
        net, rows = self._net(), self.source.rows_of(items)
        with threads(self.recipe.threads if len(rows) < 10_000 else None):
            return attack_lengths(net, rows, attack)

    def _net(self) -> Net:
        if self._module is None:
            raise StateError("the learner is not fitted yet: fit it on some labels first", code="NotFitted")
        return Net(self._module, self._scorer, self.parts.head, self._scale, self._outputs, self._seed, self._kept)

    # -- keeping -------------------------------------------------------------------------------------------------------

    def _state(self) -> dict[str, Any]:
        """All tensors: the network's under their names, what is kept beside them under ``who::name``."""
        beside = {f"{who}::{name}": value for who, tensors in self._kept.items() for name, value in tensors.items()}
        return {**self._module.state_dict(), **beside}

    def save(self, folder: Path) -> None:
        """Write the weights as safetensors and what they belong to as JSON."""
        if self._module is None:
            raise StateError("the learner is not fitted yet: there is nothing to save", code="NotFitted")
        scale = [self._scale.mean, self._scale.deviation]
        config = {"kind": "torch", "scale": scale, "seed": self._seed, "outputs": self._trained_outputs}
        write_weights(folder, self._state(), config)

    def load(self, folder: Path) -> None:
        """Take the weights that `save` wrote.

        Raises:
            DataError: they belong to another network (code ``BadWeights``).
        """
        state, config = read_weights(folder, "torch")
        kept: dict[str, dict[str, Any]] = {}
        for key in [k for k in state if "::" in k]:
            who, _, name = key.partition("::")
            kept.setdefault(who, {})[name] = state.pop(key)
        try:
            scale, seed = Scale(float(config["scale"][0]), float(config["scale"][1])), int(config["seed"])
            module = self._networks.fresh(0, int(config["outputs"]))
            module.load_state_dict(state)
            self._plug(kept)
        except (RuntimeError, LookupError, TypeError, ValueError) as error:
            raise DataError(
                f"{folder.name} holds the weights of another network: {shorten(str(error), 200)}", code="BadWeights"
            ) from error
        self._module = module.to(self.device).eval()
        self._scale, self._seed, self._trained_outputs, self._kept = scale, seed, int(config["outputs"]), dict(kept)

    def _plug(self, kept: Mapping[str, Mapping[str, Any]]) -> None:
        """Give the plug-ins the state that was kept with a model."""
        for plugin in self.parts.plugins:
            with rng_kept(0):
                plugin.ready(self._shape())
            plugin.load_state_dict(kept.get(f"plugin {plugin.name}", {}))
            plugin.settle()

    # -- construction --------------------------------------------------------------------------------------------------

    @property
    def _outputs(self) -> int:
        return self.parts.head.width(self.schema)

    def _shape(self) -> Shape:
        """What plug-ins are told of the network."""
        a = self._anatomy
        return Shape(self.parts.head.kind, self._outputs, a.widths, a.shape, self.device, a.shapes)

    def _examined(self) -> Anatomy:
        one = self._inputs.take(np.zeros(1, dtype=np.int64))
        return examine(self._networks.fresh(0, self._outputs), one, self.parts, self.schema, self.source.name)
