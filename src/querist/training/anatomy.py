"""What a network can tell, found out with one item and fresh weights, before an hour of training is lost."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from querist.core.errors import ArgumentError, ArgumentTypeError, ResourceError, shorten
from querist.core.optional import torch as _torch
from querist.core.signals import EMBEDDING, GRADIENT, MEMBERS, Signal
from querist.data.schema import Schema
from querist.models.embedding import last_linear, tapped
from querist.models.guard import rng_kept
from querist.models.stochastic.posterior import HeadPosterior
from querist.training.fields import Fields
from querist.training.heads import ClassHead, NumberHead
from querist.training.memory import is_out_of_memory
from querist.training.network import flat, is_head
from querist.training.parts import Parts

__all__ = ["Anatomy", "examine"]


@dataclass(frozen=True)
class Anatomy:
    """What was found.

    Args:
        provides: the signals that can be had.
        widths: width of each layer looked at; None is the input of the last linear layer.
        shapes: shape of what such a layer gives for one item.
        shape: of one item's inputs.
        numbers: whether the inputs are real numbers, and not tokens.
    """

    provides: frozenset[Signal]
    widths: Mapping[str | None, int]
    shapes: Mapping[str | None, tuple[int, ...]]
    shape: tuple[int, ...]
    numbers: bool


def examine(module: Any, one: Any, parts: Parts, schema: Schema, name: str) -> Anatomy:
    """Look at a network.

    Args:
        module: a network with fresh weights.
        one: (1, ...) inputs of one item.
        parts: what it is to work with.
        schema: what a label may be.
        name: of the source, for messages.

    Raises:
        ArgumentError: the network cannot take the item or has another number of outputs (code ``ShapeMismatch``), a layer
            is not used, or a part cannot work with it (``NeedsCapability``), two parts give one signal (``BadLearner``).
        ArgumentTypeError: it gives no tensor (code ``BadLearner``).
        ResourceError: one item does not fit into memory (code ``OutOfMemory``).
    """
    wanted, last = parts.embedding_layer, last_linear(module)
    layers: set[str | None] = {wanted} | ({None} if last is not None else set())
    if last is None and wanted is None:
        layers = set()
    layers = layers.union(*(p.layers for p in parts.plugins))
    outputs, values = _tried(module, one, layers, name)
    width, needed = flat(outputs).shape[1], parts.head.width(schema)
    if width != needed:
        raise ArgumentError(
            f"{type(module).__name__} gives {width} outputs and the labels need {needed} "
            f"({shorten(getattr(schema, 'classes', 'a number'))}); change its last layer",
            code="ShapeMismatch",
        )
    provides = set(parts.head.provides)
    if isinstance(values.get(wanted), _torch().Tensor):
        provides.add(EMBEDDING)
    elif wanted is not None:
        raise ArgumentError(
            f"layer {wanted!r} of {type(module).__name__} is not used, or gives no tensor; name another with "
            "embedding_layer=",
            code="NeedsCapability",
        )
    factored = isinstance(parts.head, (ClassHead, NumberHead))
    if factored and is_head(module, last, values.get(None), outputs):
        provides.add(GRADIENT)
    if isinstance(parts.posterior, HeadPosterior):
        _headed(module, parts, is_head(module, last, values.get(None), outputs))
    provides |= _accepted(module, one, parts)
    twice = sorted({str(s) for s in parts.more if parts.more.count(s) > 1 or s in provides})
    if twice:
        raise ArgumentError(f"two parts give the signal {', '.join(twice)}; leave one out", code="BadLearner")
    found = {layer: value for layer, value in values.items() if hasattr(value, "shape")}
    unseen = {str(layer) for p in parts.plugins for layer in p.layers if layer not in found}
    if unseen:
        raise ArgumentError(
            f"{type(module).__name__} does not use layer {', '.join(sorted(unseen))}, or it gives no tensor; name other "
            "layers for the plug-in",
            code="NeedsCapability",
        )
    widths = {layer: flat(value).shape[1] for layer, value in found.items()}
    shapes = {layer: tuple(value.shape[1:]) for layer, value in found.items()}
    every = frozenset(provides) | frozenset(parts.more)
    return Anatomy(every, widths, shapes, tuple(one.shape[1:]), one.is_floating_point())


def _headed(module: Any, parts: Parts, gives_outputs: bool) -> None:
    """A Gaussian over the last layer needs a loss that is a likelihood, and a last layer whose output is the network's."""
    who, head = type(parts.posterior).__name__, type(parts.head).__name__
    if not parts.head.likelihood:
        raise ArgumentError(
            f"{who} and {head} do not go together: the posterior is that of softmax, sigmoids or a normal, and the loss of "
            f"{head} is none of these; leave one out, or take an ensemble",
            code="NeedsCapability",
        )
    if getattr(parts.posterior, "plain_heads", False) and not isinstance(parts.head, (ClassHead, NumberHead)):
        raise ArgumentError(
            f"{who} is for one class an item, or one number, and the head is {head}; use members=LastLayerLaplace()",
            code="NeedsCapability",
        )
    if not gives_outputs and last_linear(module) is not None:
        raise ArgumentError(
            f"{who} needs a last linear layer that gives the outputs themselves, one row an item; {type(module).__name__} "
            "changes what its last linear layer gives; use an ensemble, snapshots or SWAG",
            code="NeedsCapability",
        )


def _accepted(module: Any, one: Any, parts: Parts) -> set[Signal]:
    """Ask each part whether it can work with the network; `MEMBERS` where a posterior can."""
    watched = parts.plugins or parts.curriculum is not None or any(p.watch() is not None for p in parts.providers)
    if parts.recipe.processes > 1 and (
        watched or (parts.posterior is not None and parts.posterior.watch() is not None)
    ):
        raise ArgumentError(
            f"processes={parts.recipe.processes} trains without plug-ins, curricula and what looks on by epoch (epoch "
            "history, snapshots, SWAG); use processes=1, or leave them out",
            code="NeedsCapability",
        )
    if parts.recipe.backbone_lr != 1.0 and not _has_backbone(module):
        raise ArgumentError(
            f"backbone_lr={parts.recipe.backbone_lr} means nothing to {type(module).__name__}: nothing is trained but its "
            "last linear layer; leave it at 1.0",
            code="BadValue",
        )
    for provider in parts.providers:
        provider.check(module, parts.head, one)
    for plugin in parts.plugins:
        if parts.head.kind not in plugin.kinds:
            raise ArgumentError(
                f"the plug-in {plugin.name!r} is for targets of kind {', '.join(sorted(plugin.kinds))}, and the labels are "
                f"of kind {parts.head.kind!r}",
                code="NeedsCapability",
            )
    if parts.posterior is None:
        return set()
    parts.posterior.check(module)
    return {MEMBERS}


def _shown(one: Any) -> str:
    return repr(one) if isinstance(one, Fields) else f"shape {tuple(one.shape)}"


def _has_backbone(module: Any) -> bool:
    """Whether weights are trained beside those of the last linear layer."""
    last = last_linear(module)
    top = set() if last is None else {id(p) for p in module.get_submodule(last).parameters()}
    return any(p.requires_grad and id(p) not in top for p in module.parameters())


def _tried(module: Any, one: Any, layers: set[str | None], name: str) -> tuple[Any, dict[str | None, Any]]:
    """The outputs of one item, and what the layers hold."""
    torch = _torch()
    with rng_kept(0), torch.no_grad(), ExitStack() as stack:
        module.eval()
        taps = {layer: stack.enter_context(tapped(module, layer)) for layer in layers}
        try:
            outputs = module(one)
        except (RuntimeError, TypeError) as error:
            if is_out_of_memory(error):
                raise ResourceError(
                    f"out of memory with one item of {name} and fresh weights; use a smaller {type(module).__name__}",
                    code="OutOfMemory",
                ) from error
            raise ArgumentError(
                f"{type(module).__name__} cannot take a batch of {_shown(one)} from {name}: {shorten(str(error), 200)}",
                code="ShapeMismatch",
            ) from error
        values = {layer: tap.value for layer, tap in taps.items()}
    if not isinstance(outputs, torch.Tensor) or not outputs.ndim:
        raise ArgumentTypeError(
            f"{type(module).__name__} must give a tensor of logits, one row an item, or an answer with `logits`; it gives "
            f"{type(outputs).__name__}",
            code="BadLearner",
        )
    return outputs, values
