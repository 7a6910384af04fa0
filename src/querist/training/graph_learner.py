"""`GraphLearner`: a graph network trained on the whole graph, nodes being the items."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Literal

import numpy as np

from querist.core.errors import ArgumentError, ArgumentTypeError, DataError, StateError, shorten
from querist.core.optional import torch as _torch
from querist.core.registry import registry
from querist.core.seeds import derive
from querist.core.signals import EMBEDDING, GRADIENT, MEMBERS, PROBS, Signal, View
from querist.core.types import Array, FitReport, ItemId, Labels
from querist.data.schema import Schema, SingleLabel
from querist.data.source import Source
from querist.models.device import choose_device, threads
from querist.models.embedding import last_linear, tapped
from querist.models.guard import rng_kept, untouched
from querist.models.stochastic.dropout import need_dropout, one_mask
from querist.training.graph_fit import train_on_graph
from querist.training.graph_inputs import GraphInputs
from querist.training.honoured import EVERYWHERE, refuse_others
from querist.training.memory import with_smaller_batches
from querist.training.network import begin_from, is_head, warmed
from querist.training.recipe import Recipe
from querist.training.weights import read_weights, state_digest, write_weights

__all__ = ["GRAPH_RECIPE", "GraphLearner"]

GRAPH_RECIPE = Recipe(lr=0.01, weight_decay=5e-4, epochs=200)
"""How graph networks are trained where nothing else is said: Kipf and Welling 2017, without validation labels."""

_KIND = "graph"
_HONOURED = EVERYWHERE | {"label_smoothing", "class_weights"}
_WHOLE = "every step takes all labelled nodes at once"
_REASONS = {
    "batch_size": _WHOLE,
    "drop_last": _WHOLE,
    "accumulate": _WHOLE,
    "sampling": f"{_WHOLE}; use class_weights='balanced'",
    "precision": "sparse products are in single precision",
    "processes": "the graph is not parted between devices",
    "backbone_lr": "all layers learn at one rate",
}


class GraphLearner:
    """Trains a graph network on the labelled nodes of one graph, and tells about all its nodes (transductive).

    Every step passes the whole graph through the network; a network with ``prepare`` (`SGC`) passes it once for all. What
    it tells of the graph is computed once a fit and kept until the next.

    Args:
        model: the name of a registered model (``"sgc"``, ``"appnp"``, ``"gcn"``, ``"sage"``, ``"gat"``), or a function of
            (width of the features, number of logits) that makes a network called with (x, graph), see
            `querist.models.graph_input`.
        source: the nodes with their features, as `graph_source` makes them.
        schema: the classes, one a node.
        graph: (N, N) SciPy sparse adjacency or (2, E) node numbers; by default ``source.graph``.
        recipe: how it is trained; `GRAPH_RECIPE` by default. Settings of batches, ``precision``, ``processes`` and
            ``backbone_lr`` must stay at their defaults.
        embedding: ``"hidden"``, the input of the last linear layer (or ``embedding_layer``); ``"propagated"``, S^hops X
            over the whole graph in rows of length 1, known before any training; or ``"features"``, X itself, known too.
        hops: of ``embedding="propagated"``.
        embedding_layer: submodule whose output is the hidden embedding.
        members: posterior samples by MC dropout, each one network for all nodes; 0 gives none.
        device: auto, cpu, cuda, cuda:N or mps.
        begin: first weights by name, e.g. of `mask_features`; what has another shape keeps its own.
        **parameters: of a network given by name, e.g. ``hidden``, ``dropout``, ``layers``.

    Raises:
        ArgumentError: an unknown parameter (code ``BadParameter``), a setting of the recipe that a graph network does not
            follow (``BadValue``), no dropout for members, a wrong number of outputs, a
            schema of another kind (``BadLearner``).
        ArgumentTypeError: no graph (code ``BadEdges``).
        DataError: a graph of another size (code ``BadEdges``).
        ResourceError: a network of PyTorch Geometric without it (code ``MissingExtra``).
    """

    plugins: frozenset[str] = frozenset()
    capabilities: frozenset[str] = frozenset()

    def __init__(
        self,
        model: str | Callable[[int, int], Any],
        source: Source,
        schema: Schema,
        *,
        graph: Any = None,
        recipe: Recipe | None = None,
        embedding: Literal["hidden", "propagated", "features"] = "hidden",
        hops: int = 2,
        embedding_layer: str | None = None,
        members: int = 0,
        device: str = "auto",
        begin: Mapping[str, Any] | None = None,
        **parameters: Any,
    ) -> None:
        if embedding not in ("hidden", "propagated", "features"):
            raise ArgumentError(
                f"embedding must be hidden, propagated or features; got {shorten(embedding)!r}", code="BadValue"
            )
        self.source, self.schema = source, _single(schema)
        self.inputs = GraphInputs(source, graph)
        self.recipe = recipe or GRAPH_RECIPE
        refuse_others(self.recipe, _HONOURED, "a graph network", _REASONS)
        self.embedding, self.hops, self.embedding_layer = embedding, hops, embedding_layer
        self.members = members
        self.device = choose_device(device)
        self.begin = dict(begin or {})
        self._make = _maker(model, parameters)
        self._module: Any = None
        self._outputs = len(self.schema.classes)
        self._seed = 0
        self._told: dict[Signal, Any] = {}
        self._known: Array | None = None
        self.provides = self._check()
        self.untrained: frozenset[Signal] = frozenset() if embedding == "hidden" else frozenset({EMBEDDING})

    @property
    def graph(self) -> Any:
        """(N, N) CSR adjacency, to be passed to the session as ``graph=``."""
        return self.inputs.graph

    def take_schema(self, schema: Schema) -> None:
        """Learn another class list from the next fit on; until then a class that is new has probability 0."""
        self.schema = _single(schema)
        self._told = {}

    # -- training ------------------------------------------------------------------------------------------------------

    def fit(self, labels: Labels, *, seed: int, previous: Path | None = None) -> FitReport:
        """Train on ``labels``.

        Raises:
            StateError: there are no labels (code ``NoLabels``).
            DataError: the weights became NaN (code ``BadScores``).
            ResourceError: the graph does not fit into memory (code ``OutOfMemory``).
        """
        torch = _torch()
        if not len(labels):
            raise StateError("there is nothing to fit on: no node is labelled", code="NoLabels")
        rows = torch.as_tensor(self.source.rows_of(labels.items))
        y = torch.as_tensor(labels.targets, dtype=torch.int64 if labels.targets.ndim == 1 else torch.float32)
        weights = None if labels.weights is None else torch.as_tensor(labels.weights, dtype=torch.float32)
        notes = self._remarks(labels)

        def work(_batch: int, device: Any) -> tuple[Any, list[str]]:
            module = self._fresh(seed, len(self.schema.classes)).to(device)
            begun = begin_from(module, self.begin) if self.begin else []
            if previous is not None and self.recipe.warm_start:
                begun += warmed(module, read_weights(previous, _KIND)[0], self.recipe)
            given = None if weights is None else weights.to(device)
            with rng_kept(derive(seed, "train")):
                epochs = train_on_graph(
                    module, self._forward_of(module, rows.to(device), device), y.to(device), given, self.recipe, seed
                )
            stopped = [f"stopped after {epochs} of {self.recipe.epochs} epochs"] if epochs < self.recipe.epochs else []
            return module, begun + stopped

        with threads(self.recipe.threads):
            module, more = with_smaller_batches(work, 1, self.device, to_cpu=self.recipe.cpu_fallback)
        state = module.state_dict()
        if not all(bool(torch.isfinite(v).all()) for v in state.values() if v.is_floating_point()):
            raise DataError(
                f"the weights became NaN or infinite after training with lr={self.recipe.lr}; use a smaller learning rate "
                "or grad_clip",
                code="BadScores",
            )
        self._module, self._seed, self._outputs, self._told = module, seed, len(self.schema.classes), {}
        return FitReport(labels=len(labels), model=state_digest(state), notes=(*notes, *more))

    def _forward_of(self, module: Any, rows: Any, device: Any) -> Callable[[Any], Any]:
        """From places among the labels to logits: through the whole graph, or from what was prepared of it."""
        prepared = self.inputs.prepared(module, device)
        if prepared is not None:
            own = prepared[rows]
            return lambda places: module.classify(own[places])
        x, graph = self.inputs.tensors(module, device)
        return lambda places: module(x, graph)[rows[places]]

    def _remarks(self, labels: Labels) -> list[str]:
        seen = (
            np.flatnonzero((labels.targets > 0).any(axis=0)) if labels.targets.ndim == 2 else np.unique(labels.targets)
        )
        names, notes = self.schema.classes, []
        if len(seen) == 1:
            notes.append(f"only one class is labelled so far ({names[int(seen[0])]} of {len(names)})")
        if self.inputs.weighted and self._takes == "edges":
            notes.append("the network is not told the weights of edges")
        return notes

    def _fresh(self, seed: int, outputs: int) -> Any:
        with rng_kept(derive(seed, "weights")):
            module = self._make(self.inputs.width, outputs)
        if not isinstance(module, _torch().nn.Module):
            raise ArgumentTypeError(
                f"the function must make an nn.Module; it made {type(module).__name__}", code="BadLearner"
            )
        return module

    # -- scoring -------------------------------------------------------------------------------------------------------

    def signals(self, items: Sequence[ItemId], names: frozenset[Signal]) -> View:
        """The named signals; of the whole graph on the first call after a fit, then from memory.

        Raises:
            StateError: nothing is fitted yet (code ``NotFitted``).
            DataError: NaN outputs (code ``BadScores``).
        """
        unknown = names - self.provides
        if unknown:
            raise ArgumentError(
                f"GraphLearner does not provide {', '.join(sorted(map(str, unknown)))}", code="NeedsCapability"
            )
        rows = self.source.rows_of(items)
        return View(len(rows), {signal: _rows_of(value, rows) for signal, value in self._whole(names).items()})

    def _whole(self, names: frozenset[Signal]) -> dict[Signal, Any]:
        known = names & self.untrained
        out = {EMBEDDING: self._fixed()} if known else {}
        if names - known and self._module is None:
            raise StateError("the learner is not fitted yet: fit it on some labels first", code="NotFitted")
        with threads(self.recipe.threads):
            missing = names - known - self._told.keys()
            if missing - {MEMBERS}:
                self._told.update(self._read(missing))
            if MEMBERS in missing:
                self._told[MEMBERS] = self._samples()
        return out | {signal: self._told[signal] for signal in names - known}

    def _fixed(self) -> Array:
        """(N, D) the embedding that needs no training."""
        if self._known is None:
            self._known = self.inputs.propagated(self.hops if self.embedding == "propagated" else 0)
            if self.embedding == "propagated":  # else k-means spends its clusters on rows of odd length
                self._known /= np.maximum(np.linalg.norm(self._known, axis=1, keepdims=True), 1e-12)
        return self._known

    def _read(self, names: frozenset[Signal]) -> dict[Signal, Any]:
        layers = {self.embedding_layer} if EMBEDDING in names - self.untrained else set()
        layers |= {None} if GRADIENT in names else set()
        logits, hidden = self._outputs_of(layers)
        probs = self._probabilities(logits)
        out: dict[Signal, Any] = {PROBS: probs}
        if EMBEDDING in names - self.untrained:
            out[EMBEDDING] = hidden[self.embedding_layer]
        if GRADIENT in names:
            a = probs.copy()
            a[np.arange(len(a)), a.argmax(axis=1)] -= 1.0
            out[GRADIENT] = (a, hidden[None])
        return out

    def _samples(self) -> Array:
        samples = []
        for s in range(self.members):
            with one_mask(self._module, derive(self._seed, "member", s)):
                samples.append(self._probabilities(self._outputs_of(set())[0]))
        return np.stack(samples, axis=1)

    def _probabilities(self, logits: Any) -> Array:
        probs = np.asarray(logits.softmax(dim=1).numpy())
        missing = len(self.schema.classes) - probs.shape[1]  # classes added since the last fit
        return np.pad(probs, ((0, 0), (0, missing))) if missing > 0 else probs

    def _outputs_of(self, layers: set[str | None]) -> tuple[Any, dict[str | None, Array]]:
        """Logits of all nodes, and what the named layers hold (None: the input of the last linear layer)."""

        def work(_batch: int, device: Any) -> tuple[Any, dict[str | None, Array]]:
            torch = _torch()
            module = self._module.to(device)
            with untouched(module), torch.inference_mode(), ExitStack() as stack:
                taps = {layer: stack.enter_context(tapped(module, layer)) for layer in layers}
                prepared = self.inputs.prepared(module, device)
                called = module(*self.inputs.tensors(module, device)) if prepared is None else module.classify(prepared)
                logits = called.float().cpu()
                return logits, {k: t.value.flatten(1).float().cpu().numpy() for k, t in taps.items()}

        logits, hidden = with_smaller_batches(work, 1, self.device, to_cpu=self.recipe.cpu_fallback)
        bad = int((~_torch().isfinite(logits).all(dim=1)).sum())
        if bad:
            raise DataError(
                f"{type(self._module).__name__} gave NaN or infinite outputs for {bad} of {len(logits)} nodes; check the "
                "features and the learning rate",
                code="BadScores",
            )
        return logits, hidden

    # -- keeping -------------------------------------------------------------------------------------------------------

    def save(self, folder: Path) -> None:
        """Write the weights as safetensors and what they belong to as JSON."""
        if self._module is None:
            raise StateError("the learner is not fitted yet: there is nothing to save", code="NotFitted")
        write_weights(folder, self._module.state_dict(), {"kind": _KIND, "seed": self._seed, "outputs": self._outputs})

    def load(self, folder: Path) -> None:
        """Take the weights that `save` wrote.

        Raises:
            DataError: they belong to another network (code ``BadWeights``).
        """
        state, config = read_weights(folder, _KIND)
        try:
            seed, outputs = int(config["seed"]), int(config["outputs"])
            module = self._fresh(0, outputs)
            module.load_state_dict(state)
        except (RuntimeError, LookupError, TypeError, ValueError) as error:
            raise DataError(
                f"{folder.name} holds the weights of another network: {shorten(str(error), 200)}", code="BadWeights"
            ) from error
        self._module = module.to(self.device).eval()
        self._seed, self._outputs, self._told = seed, outputs, {}

    # -- construction --------------------------------------------------------------------------------------------------

    def _check(self) -> frozenset[Signal]:
        """What the network can tell, found out with two nodes and random weights."""
        torch = _torch()
        module = self._fresh(0, self._outputs).eval()
        self._takes = str(getattr(module, "takes", "edges"))
        if self.members:
            need_dropout(module)
        last = last_linear(module)
        layers = {self.embedding_layer} | ({None} if last is not None else set())
        if last is None and self.embedding_layer is None:
            layers = set()
        two = self.inputs.stand_in(module)
        with rng_kept(0), torch.no_grad(), ExitStack() as stack:
            taps = {layer: stack.enter_context(tapped(module, layer)) for layer in layers}
            try:
                outputs = module(*two)
            except (RuntimeError, TypeError) as error:
                raise ArgumentError(
                    f"{type(module).__name__} cannot be called with features of shape {tuple(two[0].shape)} and "
                    f"{self._takes}: {shorten(str(error), 200)}",
                    code="ShapeMismatch",
                ) from error
            values = {layer: tap.value for layer, tap in taps.items()}
        shape = tuple(getattr(outputs, "shape", ()))
        if shape != (2, self._outputs):
            raise ArgumentError(
                f"{type(module).__name__} gives outputs of shape {shape} for 2 nodes and {self._outputs} classes; it must "
                "give a row of logits a node",
                code="ShapeMismatch",
            )
        provides = {PROBS}
        if self.embedding != "hidden" or isinstance(values.get(self.embedding_layer), torch.Tensor):
            provides.add(EMBEDDING)
        if is_head(module, last, values.get(None), outputs):
            provides.add(GRADIENT)
        if self.members:
            provides.add(MEMBERS)
        return frozenset(provides)


def _single(schema: Schema) -> SingleLabel:
    if not isinstance(schema, SingleLabel):
        raise ArgumentError(
            f"GraphLearner learns one class a node, and the labels are of the kind {type(schema).__name__}; use "
            "querist.models.propagation.propagated and a TorchLearner for others",
            code="BadLearner",
        )
    return schema


def _maker(model: Any, parameters: Mapping[str, Any]) -> Callable[[int, int], Any]:
    if isinstance(model, str):
        factory = registry.find(model, "model").factory

        def make(inputs: int, outputs: int) -> Any:
            try:
                return factory(inputs=inputs, outputs=outputs, **parameters)
            except TypeError as error:
                raise ArgumentError(f"model {model}: {error}", code="BadParameter") from error

        return make
    if not callable(model) or isinstance(model, _torch().nn.Module):
        raise ArgumentTypeError(
            f"model must be a name or a function of (inputs, outputs) that makes a network; got {type(model).__name__}",
            code="BadLearner",
        )
    if parameters:
        raise ArgumentError(
            f"{', '.join(parameters)} is no argument of GraphLearner; parameters go to a network given by name",
            code="BadParameter",
        )
    return model  # type: ignore[no-any-return]


def _rows_of(value: Any, rows: Array) -> Any:
    return tuple(part[rows] for part in value) if isinstance(value, tuple) else value[rows]
