"""`TorchLearner`: any ``nn.Module`` that returns logits, with what it can tell in one forward pass."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np

from querist.core.errors import ArgumentError, ArgumentTypeError, DataError, StateError, shorten
from querist.core.optional import torch as _torch
from querist.core.seeds import derive
from querist.core.signals import EMBEDDING, GRADIENT, MEMBERS, PREDICTION, PROBS, Signal, View
from querist.core.types import Array, FitReport, ItemId, Labels
from querist.data.schema import MultiLabel, Number, Schema
from querist.data.source import Source
from querist.models.device import choose_device, threads
from querist.models.embedding import last_linear, tapped
from querist.models.guard import rng_kept, untouched
from querist.models.stochastic.dropout import dropout_layers, need_dropout, one_mask
from querist.training.memory import with_smaller_batches
from querist.training.network import begin_from, flat, is_head, maker
from querist.training.recipe import Recipe
from querist.training.torch_fit import Task, train
from querist.training.weights import read_weights, state_digest, write_weights

__all__ = ["TorchLearner"]

_KEPT = 64 << 20
"""Sources up to this many bytes are kept as one tensor."""


class TorchLearner:
    """Trains a network on the labels and tells probabilities, embeddings, gradient factors and MC dropout members.

    Gradient factors are those of the last linear layer; they are given where its output is the network's output.

    Args:
        module: a function without arguments that makes the network, or a network; a network given is never changed, its
            weights are drawn anew for each fit.
        source: the items; ``uint8`` arrays are divided by 255, other numbers become float32.
        schema: what a label may be.
        recipe: how it is trained.
        embedding_layer: submodule whose output is the embedding; by default the input of the last linear layer.
        members: posterior samples by MC dropout; 0 gives none.
        device: auto, cpu, cuda, cuda:N or mps.
        transform: turns a batch of the source into a tensor; for sources that are not numbers.
        score_batch: items a forward pass when scoring.
        validation: labelled items set aside for `Recipe.patience`; by default a share of the labels is. They must be
            neither in the pool nor among the test items.

    Raises:
        ArgumentError: no embedding layer to be found, no dropout for members, a wrong number of outputs.
    """

    plugins: frozenset[str] = frozenset()
    capabilities: frozenset[str] = frozenset()
    untrained: frozenset[Signal] = frozenset()

    def __init__(
        self,
        module: Any,
        source: Source,
        schema: Schema,
        *,
        recipe: Recipe | None = None,
        embedding_layer: str | None = None,
        members: int = 0,
        device: str = "auto",
        transform: Callable[[Any], Any] | None = None,
        score_batch: int = 1024,
        validation: Labels | None = None,
    ) -> None:
        self.source, self.schema = source, schema
        self.recipe = recipe or Recipe()
        self.embedding_layer, self.members = embedding_layer, members
        self.device = choose_device(device)
        self.score_batch = score_batch
        self.validation = validation
        self._transform = transform
        self._make = maker(module)
        self._first_outputs = self._trained_outputs = _width(schema)
        self._kind = "number" if isinstance(schema, Number) else "multi" if isinstance(schema, MultiLabel) else "single"
        self._module: Any = None
        self._scale = (0.0, 1.0)
        self._all: Any = None
        self._seed = 0
        self.provides = self._check()

    def take_schema(self, schema: Schema) -> None:
        """Learn another class list from the next fit on; a last linear layer of the old width is replaced.

        Until then a class that the network does not know has probability 0.

        Raises:
            ArgumentError: the network cannot be given as many outputs (code ``ShapeMismatch``).
        """
        before, self.schema = self.schema, schema
        try:
            self._check()
        except ArgumentError:
            self.schema = before
            raise

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
        with threads(self.recipe.threads):
            x = self._inputs(self.source.rows_of(labels.items))
            y = self._targets(labels.targets)
            weights = None if labels.weights is None else torch.as_tensor(labels.weights, dtype=torch.float32)
            held = self._held()

            def work(batch: int, device: Any) -> tuple[Any, list[str]]:
                with rng_kept(derive(seed, "train")):
                    module = self._fresh(seed).to(device)
                    begun = []
                    if previous is not None and self.recipe.warm_start:
                        begun = begin_from(module, read_weights(previous, "torch")[0])
                    moved = None if weights is None else weights.to(device)
                    task = Task(self._kind)
                    aside = None if held is None else (held[0].to(device), held[1].to(device))
                    more = train(module, x.to(device), y.to(device), moved, task, self.recipe, seed, batch, aside)
                    return module, begun + more

            self._module, more = with_smaller_batches(work, self.recipe.batch_size, self.device)
            self._seed, self._trained_outputs = seed, self._outputs
            state = self._module.state_dict()
            if not all(bool(torch.isfinite(v).all()) for v in state.values() if v.is_floating_point()):
                self._module = None
                raise DataError(
                    f"the weights became NaN or infinite after training with lr={self.recipe.lr}; use a smaller "
                    "learning rate or grad_clip",
                    code="BadScores",
                )
        return FitReport(labels=len(labels), model=state_digest(state), notes=(*notes, *more))

    def _remarks(self, labels: Labels) -> list[str]:
        if self._kind != "single":
            return []
        soft = labels.targets.ndim == 2
        seen = np.flatnonzero((labels.targets > 0).any(axis=0)) if soft else np.unique(labels.targets)
        names = self.schema.classes  # type: ignore[attr-defined]
        if len(seen) == 1:
            return [f"only one class is labelled so far ({names[int(seen[0])]} of {len(names)})"]
        return []

    def _held(self) -> tuple[Any, Any] | None:
        """Inputs and targets to validate on, where items were set aside and patience is asked for."""
        if self.validation is None or self.recipe.patience is None or not len(self.validation):
            return None
        rows = self.source.rows_of(self.validation.items)
        return self._inputs(rows), self._targets(self.validation.targets, scale=False)

    def _targets(self, targets: Array, *, scale: bool = True) -> Any:
        torch = _torch()
        if self._kind == "number":
            if scale:
                self._scale = (float(np.mean(targets)), float(np.std(targets)) or 1.0)
            mean, deviation = self._scale
            return torch.as_tensor((targets - mean) / deviation, dtype=torch.float32)
        kind = torch.int64 if targets.ndim == 1 else torch.float32
        return torch.as_tensor(targets, dtype=kind)

    def _fresh(self, seed: int, outputs: int | None = None) -> Any:
        """A network with weights drawn from ``seed``, with ``outputs`` outputs (by default those of the schema)."""
        with rng_kept(derive(seed, "weights")):
            module = self._make()
            name, wanted = last_linear(module), outputs or self._outputs
            grown = wanted != self._first_outputs
            if grown and name is not None and module.get_submodule(name).out_features == self._first_outputs:
                parent, _, leaf = name.rpartition(".")
                old = module.get_submodule(name)
                new = _torch().nn.Linear(old.in_features, wanted, bias=old.bias is not None)
                setattr(module.get_submodule(parent), leaf, new)
        return module

    # -- scoring -------------------------------------------------------------------------------------------------------

    def signals(self, items: Sequence[ItemId], names: frozenset[Signal]) -> View:
        """The named signals in one forward pass, plus one a member.

        Raises:
            StateError: nothing is fitted yet (code ``NotFitted``).
            DataError: NaN outputs (code ``BadScores``).
        """
        if self._module is None:
            raise StateError("the learner is not fitted yet: fit it on some labels first", code="NotFitted")
        unknown = names - self.provides
        if unknown:
            raise ArgumentError(
                f"TorchLearner does not provide {', '.join(sorted(map(str, unknown)))}", code="NeedsCapability"
            )
        rows = self.source.rows_of(items)
        out: dict[Signal, Any] = {}
        with threads(self.recipe.threads if len(rows) < 10_000 else None):
            if names - {MEMBERS}:
                layers = {self.embedding_layer} if EMBEDDING in names else set()
                layers |= {None} if GRADIENT in names else set()
                logits, hidden = self._outputs_of(rows, layers)
                out.update(self._read(names, logits, hidden))
            if MEMBERS in names:
                out[MEMBERS] = self._samples(rows)
        return View(len(rows), out)

    def _read(self, names: frozenset[Signal], logits: Any, hidden: dict[str | None, Array]) -> dict[Signal, Any]:
        out: dict[Signal, Any] = {}
        if PREDICTION in names:
            out[PREDICTION] = logits[:, 0].double().numpy() * self._scale[1] + self._scale[0]
        probs = self._probabilities(logits)
        if PROBS in names:
            out[PROBS] = probs
        if EMBEDDING in names:
            out[EMBEDDING] = hidden[self.embedding_layer]
        if GRADIENT in names:
            a = probs.copy()
            a[np.arange(len(a)), a.argmax(axis=1)] -= 1.0
            out[GRADIENT] = (a, hidden[None])
        return out

    def _probabilities(self, logits: Any) -> Array:
        probs = np.asarray((logits.sigmoid() if self._kind == "multi" else logits.softmax(dim=1)).numpy())
        missing = self._outputs - probs.shape[1]  # classes added since the last fit
        return np.pad(probs, ((0, 0), (0, missing))) if missing > 0 else probs

    def _samples(self, rows: Array) -> Array:
        samples = []
        for s in range(self.members):
            with one_mask(self._module, derive(self._seed, "member", s)):
                logits, _ = self._outputs_of(rows, set())
            if self._kind == "number":
                samples.append(logits[:, 0].numpy() * self._scale[1] + self._scale[0])
            else:
                samples.append(self._probabilities(logits))
        return np.stack(samples, axis=1)

    def _outputs_of(self, rows: Array, layers: set[str | None]) -> tuple[Any, dict[str | None, Array]]:
        """The outputs, and what the named layers hold (None: the input of the last linear layer)."""
        return with_smaller_batches(
            lambda batch, device: self._forward(rows, batch, device, layers), self.score_batch, self.device
        )

    def _forward(
        self, rows: Array, batch: int, device: Any, layers: set[str | None]
    ) -> tuple[Any, dict[str | None, Array]]:
        torch = _torch()
        module = self._module.to(device)
        logits: list[Any] = []
        hidden: dict[str | None, list[Array]] = {layer: [] for layer in layers}
        with untouched(module), torch.inference_mode(), ExitStack() as stack:
            taps = {layer: stack.enter_context(tapped(module, layer)) for layer in layers}
            for start in range(0, max(len(rows), 1), batch):
                outputs = module(self._inputs(rows[start : start + batch]).to(device))
                logits.append(flat(outputs).float().cpu())
                for layer, tap in taps.items():
                    hidden[layer].append(flat(tap.value).float().cpu().numpy())
        whole = torch.cat(logits)
        bad = ~torch.isfinite(whole).all(dim=1)
        if bool(bad.any()):
            ids = [self.source.ids[int(r)] for r in rows[bad.numpy()][:3]]
            raise DataError(
                f"{type(module).__name__} gave NaN or infinite outputs for {int(bad.sum())} of {len(rows)} items, first "
                f"{', '.join(ids)}; check the inputs and the learning rate",
                code="BadScores",
            )
        return whole, {layer: np.concatenate(parts) for layer, parts in hidden.items()}

    def _inputs(self, rows: Array) -> Any:
        torch = _torch()
        if self._all is not None:
            return self._all[torch.as_tensor(rows)]
        batch = self.source.take(rows)
        if self._transform is not None:
            return self._transform(batch)
        if hasattr(batch, "toarray"):
            batch = batch.toarray()
        array = np.asarray(batch)
        if array.dtype.kind not in "fiub":
            raise ArgumentTypeError(
                f"TorchLearner needs numbers, and {self.source.name} gives {array.dtype}; pass transform= to turn a batch "
                "into a tensor",
                code="BadLearner",
            )
        tensor = torch.as_tensor(array / np.float32(255) if array.dtype == np.uint8 else array, dtype=torch.float32)
        if len(rows) and tensor[:1].numel() * 4 * len(self.source) <= _KEPT and len(rows) < len(self.source):
            self._all = self._whole()
        return tensor

    def _whole(self) -> Any:
        """The whole source as one tensor; only for small ones."""
        torch = _torch()
        batch = self.source.take(np.arange(len(self.source)))
        array = np.asarray(batch.toarray() if hasattr(batch, "toarray") else batch)
        return torch.as_tensor(array / np.float32(255) if array.dtype == np.uint8 else array, dtype=torch.float32)

    # -- keeping -------------------------------------------------------------------------------------------------------

    def save(self, folder: Path) -> None:
        """Write the weights as safetensors and what they belong to as JSON."""
        if self._module is None:
            raise StateError("the learner is not fitted yet: there is nothing to save", code="NotFitted")
        config = {"kind": "torch", "scale": list(self._scale), "seed": self._seed, "outputs": self._trained_outputs}
        write_weights(folder, self._module.state_dict(), config)

    def load(self, folder: Path) -> None:
        """Take the weights that `save` wrote.

        Raises:
            DataError: they belong to another network (code ``BadWeights``).
        """
        state, config = read_weights(folder, "torch")
        try:
            scale, seed = (float(config["scale"][0]), float(config["scale"][1])), int(config["seed"])
            module = self._fresh(0, int(config["outputs"]))
            module.load_state_dict(state)
        except (RuntimeError, LookupError, TypeError, ValueError) as error:
            raise DataError(
                f"{folder.name} holds the weights of another network: {shorten(str(error), 200)}", code="BadWeights"
            ) from error
        self._module = module.to(self.device).eval()
        self._scale, self._seed, self._trained_outputs = scale, seed, int(config["outputs"])

    # -- construction --------------------------------------------------------------------------------------------------

    @property
    def _outputs(self) -> int:
        return _width(self.schema)

    def _check(self) -> frozenset[Signal]:
        """What the network can tell, found out with one item and random weights."""
        torch = _torch()
        module = self._fresh(0)
        if self.members:
            need_dropout(module)
        provides = {PREDICTION} if self._kind == "number" else {PROBS}
        last = last_linear(module)
        layers = {self.embedding_layer} | ({None} if last is not None else set())
        if last is None and self.embedding_layer is None:
            layers = set()
        one = self._inputs(np.zeros(1, dtype=np.int64))
        with rng_kept(0), torch.no_grad(), ExitStack() as stack:
            module.eval()
            taps = {layer: stack.enter_context(tapped(module, layer)) for layer in layers}
            try:
                outputs = module(one)
            except RuntimeError as error:
                raise ArgumentError(
                    f"{type(module).__name__} cannot take a batch of shape {tuple(one.shape)} from {self.source.name}: "
                    f"{shorten(str(error), 200)}",
                    code="ShapeMismatch",
                ) from error
            if not isinstance(outputs, torch.Tensor) or not outputs.ndim:
                raise ArgumentTypeError(
                    f"{type(module).__name__} must give a tensor of logits, one row an item; it gives "
                    f"{type(outputs).__name__}",
                    code="BadLearner",
                )
            values = {layer: tap.value for layer, tap in taps.items()}
        width = flat(outputs).shape[1]
        if width != self._outputs:
            raise ArgumentError(
                f"{type(module).__name__} gives {width} outputs and the labels need {self._outputs} "
                f"({shorten(getattr(self.schema, 'classes', 'a number'))}); change its last layer",
                code="ShapeMismatch",
            )
        if isinstance(values.get(self.embedding_layer), torch.Tensor):
            provides.add(EMBEDDING)
        elif self.embedding_layer is not None:
            raise ArgumentError(
                f"layer {self.embedding_layer!r} of {type(module).__name__} is not used, or gives no tensor; name another "
                "with embedding_layer=",
                code="NeedsCapability",
            )
        if self._kind == "single" and is_head(module, last, values.get(None), outputs):
            provides.add(GRADIENT)
        if self.members and dropout_layers(module):
            provides.add(MEMBERS)
        return frozenset(provides)


def _width(schema: Schema) -> int:
    """Outputs that a schema asks for."""
    return 1 if isinstance(schema, Number) else len(schema.classes)  # type: ignore[attr-defined]
