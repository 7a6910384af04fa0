"""`TorchLearner`: any ``nn.Module`` that returns logits, with what it can tell in one forward pass."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
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
from querist.training.recipe import Recipe
from querist.training.torch_fit import Task, train
from querist.training.weights import read_weights, state_digest, write_weights

__all__ = ["TorchLearner"]

_KEPT = 64 << 20
"""Sources up to this many bytes are kept as one tensor."""


class TorchLearner:
    """Trains a network on the labels and tells probabilities, embeddings, gradient factors and MC dropout members.

    Args:
        module: a function without arguments that makes the network, or a network; a network given is never changed, its
            weights are drawn anew for each fit.
        source: the items; ``uint8`` arrays are divided by 255, other numbers become float32.
        schema: what a label may be.
        recipe: how it is trained.
        embedding_layer: submodule whose output is the embedding; by default the input of the last linear layer.
        members: posterior samples by MC dropout; 0 gives none.
        device: auto, cpu, cuda, cuda:N or mps.
        transform: turns a batch of the source into a tensor or a tuple of tensors; for sources that are not numbers.
        score_batch: items a forward pass when scoring.

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
    ) -> None:
        self.source, self.schema = source, schema
        self.recipe = recipe or Recipe()
        self.embedding_layer, self.members = embedding_layer, members
        self.device = choose_device(device)
        self.score_batch = score_batch
        self._transform = transform
        self._make = _maker(module)
        self._kind = "number" if isinstance(schema, Number) else "multi" if isinstance(schema, MultiLabel) else "single"
        self._module: Any = None
        self._scale = (0.0, 1.0)
        self._all: Any = None
        self._seed = 0
        self.provides = self._check()

    def take_schema(self, schema: Schema) -> None:
        """Learn another class list from the next fit on; a last linear layer of the old width is replaced."""
        self.schema = schema

    # -- training ------------------------------------------------------------------------------------------------------

    def fit(self, labels: Labels, *, seed: int, previous: Path | None = None) -> FitReport:
        """Train on ``labels``.

        Raises:
            DataError: the network gives NaN after training (code ``BadScores``).
            ResourceError: out of memory with one item (code ``OutOfMemory``).
        """
        torch = _torch()
        notes = self._remarks(labels)
        with threads(self.recipe.threads):
            x = self._inputs(self.source.rows_of(labels.items))
            y = self._targets(labels.targets)
            weights = None if labels.weights is None else torch.as_tensor(labels.weights, dtype=torch.float32)

            def work(batch: int, device: Any) -> tuple[Any, list[str]]:
                with rng_kept(derive(seed, "train")):
                    module = self._fresh(seed).to(device)
                    if previous is not None and self.recipe.warm_start:
                        module.load_state_dict(read_weights(previous, "torch")[0])
                    moved = None if weights is None else weights.to(device)
                    task = Task(self._kind)
                    return module, train(module, x.to(device), y.to(device), moved, task, self.recipe, seed, batch)

            self._module, more = with_smaller_batches(work, self.recipe.batch_size, self.device)
            self._seed = seed
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
        if self._kind != "single" or labels.targets.ndim != 1:
            return []
        seen = np.unique(labels.targets)
        names = self.schema.classes  # type: ignore[attr-defined]
        if len(seen) == 1:
            return [f"only one class is labelled so far ({names[int(seen[0])]} of {len(names)})"]
        return []

    def _targets(self, targets: Array) -> Any:
        torch = _torch()
        if self._kind == "number":
            mean, deviation = float(np.mean(targets)), float(np.std(targets)) or 1.0
            self._scale = (mean, deviation)
            return torch.as_tensor((targets - mean) / deviation, dtype=torch.float32)
        kind = torch.int64 if targets.ndim == 1 else torch.float32
        return torch.as_tensor(targets, dtype=kind)

    def _fresh(self, seed: int) -> Any:
        """A network with weights drawn from ``seed``."""
        with rng_kept(derive(seed, "weights")):
            module = self._make()
            name, wanted = last_linear(module), self._outputs
            if name is not None and module.get_submodule(name).out_features != wanted and self._grown:
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
                taps = names & {EMBEDDING, GRADIENT}
                logits, hidden = with_smaller_batches(
                    lambda batch, device: self._forward(rows, batch, device, tap=bool(taps)),
                    self.score_batch,
                    self.device,
                )
                out.update(self._read(names, logits, hidden))
            if MEMBERS in names:
                out[MEMBERS] = self._samples(rows)
        return View(len(rows), out)

    def _read(self, names: frozenset[Signal], logits: Any, hidden: Any) -> dict[Signal, Any]:
        out: dict[Signal, Any] = {}
        if PREDICTION in names:
            out[PREDICTION] = logits[:, 0].double().numpy() * self._scale[1] + self._scale[0]
        probs = self._probabilities(logits)
        if PROBS in names:
            out[PROBS] = probs
        if EMBEDDING in names:
            out[EMBEDDING] = hidden
        if GRADIENT in names:
            a = probs.copy()
            a[np.arange(len(a)), a.argmax(axis=1)] -= 1.0
            out[GRADIENT] = (a, hidden)
        return out

    def _probabilities(self, logits: Any) -> Array:
        probs = logits.sigmoid() if self._kind == "multi" else logits.softmax(dim=1)
        return np.asarray(probs.numpy())

    def _samples(self, rows: Array) -> Array:
        samples = []
        for s in range(self.members):
            with one_mask(self._module, derive(self._seed, "member", s)):
                logits, _ = self._forward(rows, self.score_batch, self.device, tap=False)
            if self._kind == "number":
                samples.append(logits[:, 0].numpy() * self._scale[1] + self._scale[0])
            else:
                samples.append(self._probabilities(logits))
        return np.stack(samples, axis=1)

    def _forward(self, rows: Array, batch: int, device: Any, *, tap: bool) -> tuple[Any, Array | None]:
        torch = _torch()
        module = self._module.to(device)
        logits, hidden = [], []
        with untouched(module), torch.inference_mode(), tapped(module, self.embedding_layer) as layer:
            for start in range(0, max(len(rows), 1), batch):
                outputs = module(self._inputs(rows[start : start + batch]).to(device))
                logits.append(outputs.reshape(len(outputs), -1).float().cpu())
                if tap:
                    hidden.append(layer.value.reshape(len(outputs), -1).float().cpu().numpy())
        whole = torch.cat(logits)
        bad = ~torch.isfinite(whole).all(dim=1)
        if bool(bad.any()):
            ids = [self.source.ids[int(r)] for r in rows[bad.numpy()][:3]]
            raise DataError(
                f"{type(module).__name__} gave NaN or infinite outputs for {int(bad.sum())} of {len(rows)} items, first "
                f"{', '.join(ids)}; check the inputs and the learning rate",
                code="BadScores",
            )
        return whole, np.concatenate(hidden) if hidden else None

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
        array = np.asarray(self.source.take(np.arange(len(self.source))))
        return torch.as_tensor(array / np.float32(255) if array.dtype == np.uint8 else array, dtype=torch.float32)

    # -- keeping -------------------------------------------------------------------------------------------------------

    def save(self, folder: Path) -> None:
        """Write the weights as safetensors and what they belong to as JSON."""
        if self._module is None:
            raise StateError("the learner is not fitted yet: there is nothing to save", code="NotFitted")
        config = {"kind": "torch", "scale": list(self._scale), "seed": self._seed, "outputs": self._outputs}
        write_weights(folder, self._module.state_dict(), config)

    def load(self, folder: Path) -> None:
        """Take the weights that `save` wrote.

        Raises:
            DataError: they belong to another network (code ``BadWeights``).
        """
        state, config = read_weights(folder, "torch")
        module = self._fresh(0)
        try:
            module.load_state_dict(state)
        except RuntimeError as error:
            raise DataError(
                f"{folder.name} holds the weights of another network: {shorten(str(error), 200)}", code="BadWeights"
            ) from error
        self._module = module.to(self.device).eval()
        self._scale = (float(config["scale"][0]), float(config["scale"][1]))
        self._seed = int(config["seed"])

    # -- construction --------------------------------------------------------------------------------------------------

    @property
    def _outputs(self) -> int:
        return 1 if self._kind == "number" else len(self.schema.classes)  # type: ignore[attr-defined]

    @property
    def _grown(self) -> bool:
        """Whether the class list has grown since the learner was made."""
        return self._outputs != self._first_outputs

    def _check(self) -> frozenset[Signal]:
        """What the network can tell, found out with one item and random weights."""
        torch = _torch()
        self._first_outputs = self._outputs
        module = self._fresh(0)
        if self.members:
            need_dropout(module)
        provides = {PREDICTION} if self._kind == "number" else {PROBS}
        hidden = self.embedding_layer is not None or last_linear(module) is not None
        with rng_kept(0), torch.no_grad():
            module.eval()
            if self.embedding_layer is not None:
                with tapped(module, self.embedding_layer):
                    pass
            outputs = module(self._inputs(np.zeros(1, dtype=np.int64)))
        width = outputs.reshape(1, -1).shape[1]
        if width != self._outputs:
            raise ArgumentError(
                f"{type(module).__name__} gives {width} outputs and the labels need {self._outputs} "
                f"({shorten(getattr(self.schema, 'classes', 'a number'))}); change its last layer",
                code="ShapeMismatch",
            )
        if hidden:
            provides.add(EMBEDDING)
            if self._kind == "single":
                provides.add(GRADIENT)
        if self.members and dropout_layers(module):
            provides.add(MEMBERS)
        return frozenset(provides)


def _maker(module: Any) -> Callable[[], Any]:
    """A function that makes networks with freshly drawn weights."""
    torch = _torch()
    if not isinstance(module, torch.nn.Module):
        if not callable(module):
            raise ArgumentTypeError(
                f"module must be an nn.Module or a function that makes one; got {type(module).__name__}",
                code="BadLearner",
            )
        return _checked(module)
    original = copy.deepcopy(module)

    def again() -> Any:
        copied = copy.deepcopy(original)
        for part in copied.modules():
            if hasattr(part, "reset_parameters"):
                part.reset_parameters()
        return copied

    return again


def _checked(factory: Callable[[], Any]) -> Callable[[], Any]:
    def make() -> Any:
        made = factory()
        if not isinstance(made, _torch().nn.Module):
            raise ArgumentTypeError(
                f"the function must make an nn.Module; it made {type(made).__name__}", code="BadLearner"
            )
        return made

    return make
