"""The network that a fit begins with, drawn anew or copied, and what can be seen from its outside."""

from __future__ import annotations

import copy
import weakref
from collections.abc import Callable
from typing import Any

from querist.core.errors import ArgumentTypeError
from querist.core.optional import torch as _torch
from querist.core.seeds import derive
from querist.models.embedding import last_linear
from querist.models.guard import rng_kept
from querist.training.fields import plain_calls
from querist.training.recipe import Recipe

__all__ = ["Networks", "begin_from", "flat", "is_head", "maker", "warmed"]


class Networks:
    """Makes networks that a fit begins with, with as many outputs as the labels ask for.

    Args:
        module: a function without arguments that makes the network with freshly drawn weights, or a network, which is
            copied with the weights that it has now.
        outputs: outputs that it has as made.
    """

    def __init__(self, module: Any, outputs: int) -> None:
        self._make, self._first = maker(module), outputs
        self.drawn = not isinstance(module, _torch().nn.Module)
        """Whether each has weights of its own draw."""

    def fresh(self, seed: int, outputs: int) -> Any:
        """A network whose weights, where they are drawn, are from ``seed``, as is a last linear layer of another width."""
        with rng_kept(derive(seed, "weights")):
            module = self._make()
            name = last_linear(module)
            if outputs != self._first and name is not None and module.get_submodule(name).out_features == self._first:
                parent, _, leaf = name.rpartition(".")
                old = module.get_submodule(name)
                new = _torch().nn.Linear(old.in_features, outputs, bias=old.bias is not None)
                setattr(module.get_submodule(parent), leaf, new)
        return plain_calls(module)


def flat(tensor: Any) -> Any:
    """(n, D) from (n, ...), also for n = 0."""
    return tensor[:, None] if tensor.ndim == 1 else tensor.flatten(1)


def is_head(module: Any, last: str | None, hidden: Any, outputs: Any) -> bool:
    """Whether the last linear layer gives the outputs themselves, so that its gradient has two factors."""
    torch = _torch()
    if last is None or not isinstance(hidden, torch.Tensor) or hidden.ndim != 2:
        return False
    with torch.no_grad():
        again = module.get_submodule(last)(hidden)
    return again.shape == outputs.shape and bool(torch.allclose(again, outputs, equal_nan=True))


def begin_from(module: Any, state: dict[str, Any], *, shrink: float = 1.0, perturb: float = 0.0) -> list[str]:
    """Begin from saved weights; what has another shape, as after a class was added, keeps its fresh ones.

    With ``shrink`` and ``perturb`` the parameters become shrink x saved + perturb x fresh (Ash and Adams 2020, section 4);
    statistics of layers are taken as saved.
    """
    fits = {k: v for k, v in module.state_dict().items() if k in state and state[k].shape == v.shape}
    trained = {name for name, _ in module.named_parameters()}
    taken = {
        k: shrink * state[k] + perturb * fresh if k in trained and (shrink != 1.0 or perturb) else state[k]
        for k, fresh in fits.items()
    }
    module.load_state_dict(taken, strict=False)
    odd = len(module.state_dict()) - len(fits)
    return [f"warm start: {odd} of {len(module.state_dict())} tensors had no saved twin and start fresh"] if odd else []


def warmed(module: Any, state: Any, recipe: Recipe) -> list[str]:
    """`begin_from` as a recipe with ``warm_start`` says."""
    return begin_from(module, state, shrink=recipe.shrink, perturb=recipe.perturb)


def maker(module: Any) -> Callable[[], Any]:
    """A function that makes networks: the one given, or copies of the network given, with the weights that it has now.

    Raises:
        ArgumentTypeError: neither a network nor a function (code ``BadLearner``); raised by the function made: what it
            calls makes no network, or gives one network twice.
    """
    torch = _torch()
    if not isinstance(module, torch.nn.Module):
        if not callable(module):
            raise ArgumentTypeError(
                f"module must be an nn.Module or a function that makes one; got {type(module).__name__}",
                code="BadLearner",
            )
        return _checked(module)
    original = copy.deepcopy(module).cpu()
    for parameter in original.parameters():
        parameter.grad = None
    return lambda: copy.deepcopy(original)


def _checked(factory: Callable[[], Any]) -> Callable[[], Any]:
    last: Callable[[], Any] = lambda: None  # noqa: E731

    def make() -> Any:
        nonlocal last
        made = factory()
        if not isinstance(made, _torch().nn.Module):
            raise ArgumentTypeError(
                f"the function must make an nn.Module; it made {type(made).__name__}", code="BadLearner"
            )
        if made is last():
            raise ArgumentTypeError(
                f"the function gave the same {type(made).__name__} twice, and training would change it; let it make a new "
                "one each time, or give the network itself: every fit then begins at a copy of it",
                code="BadLearner",
            )
        last = weakref.ref(made)
        return made

    return make
