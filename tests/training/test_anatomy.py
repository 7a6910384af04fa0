from __future__ import annotations

from typing import Any

import pytest
import torch

from querist.core.errors import ArgumentError, ArgumentTypeError, ResourceError
from querist.core.signals import EMBEDDING, GRADIENT, LOSS, MEMBERS, MULTILABEL, PREDICTION, PROBS
from querist.data.schema import MultiLabel, Number, SingleLabel
from querist.models.mlp import MLP
from querist.models.stochastic.laplace import LastLayerLaplace
from querist.models.stochastic.laplace_torch import LaplaceTorch
from querist.models.stochastic.mc_dropout import MCDropout
from querist.training.anatomy import examine
from querist.training.evidential_head import EvidentialHead
from querist.training.heads import head_for
from querist.training.parts import Parts
from querist.training.plugins.base import Plugin
from querist.training.recipe import Recipe
from querist.training.torch_learner import TorchLearner
from tiny import THREE, source

ONE = torch.zeros(1, 4)


def found(module: Any, schema: Any = THREE, one: Any = ONE, **more: Any) -> Any:
    return examine(module, one, Parts(head_for(schema), Recipe(), **more), schema, "the source")


class Scaled(torch.nn.Module):
    """Its outputs are not those of its last linear layer."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = torch.nn.Linear(4, 3)

    def forward(self, x: Any) -> Any:
        return 2.0 * self.layer(x)


class Pair(Scaled):
    """Gives no tensor."""

    def forward(self, x: Any) -> Any:
        return (self.layer(x),)


@pytest.mark.parametrize(
    ("outputs", "schema", "provides"),
    [
        (3, THREE, {PROBS, EMBEDDING, GRADIENT}),
        (3, MultiLabel(("a", "b", "c")), {PROBS, MULTILABEL, EMBEDDING}),
        (1, Number(), {PREDICTION, EMBEDDING, GRADIENT}),
    ],
)
def test_what_a_network_provides(outputs: int, schema: Any, provides: Any) -> None:
    anatomy = found(MLP(4, outputs, hidden=(8,)), schema)
    assert anatomy.provides == provides
    assert anatomy.widths == {None: 8}
    assert anatomy.shape == (4,)
    assert anatomy.numbers


def test_gradients_need_a_last_layer_that_gives_the_outputs() -> None:
    assert found(Scaled()).provides == {PROBS, EMBEDDING}
    assert found(torch.nn.Sequential(torch.nn.Conv1d(4, 3, 1), torch.nn.Flatten()), one=ONE[..., None]).provides == {
        PROBS
    }


def test_a_named_layer_is_the_embedding() -> None:
    anatomy = found(MLP(4, 3, hidden=(8, 5)), embedding_layer="features.1")
    assert anatomy.widths == {"features.1": 8, None: 5}
    assert anatomy.provides == {PROBS, EMBEDDING, GRADIENT}


def test_parts_add_their_signals() -> None:
    class Telling(Plugin):
        publishes = frozenset({LOSS})

    anatomy = found(MLP(4, 3, hidden=(8,), dropout=0.1), posterior=MCDropout(2), plugins=(Telling(),))
    assert anatomy.provides == {PROBS, EMBEDDING, GRADIENT, MEMBERS, LOSS}
    with pytest.raises(ArgumentError, match="two parts give the signal loss"):
        found(MLP(4, 3), plugins=(Telling(), Telling()))


class ForNumbers(Plugin):
    """Takes numbers only."""

    name = "for_numbers"
    kinds = frozenset({"number"})


@pytest.mark.parametrize(
    ("make", "more", "error", "code"),
    [
        (lambda: MLP(4, 2), {}, ArgumentError, "ShapeMismatch"),
        (lambda: MLP(9, 3), {}, ArgumentError, "ShapeMismatch"),
        (lambda: MLP(4, 3), {"embedding_layer": "nowhere"}, ArgumentError, "NeedsCapability"),
        (lambda: MLP(4, 3), {"plugins": (ForNumbers(),)}, ArgumentError, "NeedsCapability"),
        (lambda: MLP(4, 3), {"posterior": MCDropout(2)}, ArgumentError, "NeedsDropout"),
        (Pair, {}, ArgumentTypeError, "BadLearner"),
    ],
)
def test_what_does_not_fit_is_refused_before_training(make: Any, more: Any, error: Any, code: str) -> None:
    with pytest.raises(error) as caught:
        found(make(), **more)
    assert caught.value.code == code


@pytest.mark.parametrize(("made", "head", "words"), [
    (lambda: MLP(4, 3), EvidentialHead(), "LastLayerLaplace and EvidentialHead do not go together"),
    (Scaled, None, "Scaled changes what its last linear layer gives"),
    (lambda: torch.nn.Flatten(), None, "needs a linear layer at the end"),
])  # fmt: skip
def test_laplace_is_refused_where_its_posterior_would_be_another_ones(made: Any, head: Any, words: str) -> None:
    parts = Parts(head_for(THREE, head), Recipe(), posterior=LastLayerLaplace())
    one = torch.zeros(1, 3) if made().__class__ is torch.nn.Flatten else ONE
    with pytest.raises(ArgumentError, match=words) as caught:
        examine(made(), one, parts, THREE, "the source")
    assert caught.value.code == "NeedsCapability"


@pytest.mark.parametrize(("schema", "head"), [(MultiLabel(("a", "b", "c")), None), (Number(), "normal")])
def test_laplace_torch_is_refused_for_other_heads_whether_it_is_there_or_not(schema: Any, head: Any) -> None:
    parts = Parts(head_for(schema, head), Recipe(), posterior=LaplaceTorch())
    width = parts.head.width(schema)
    with pytest.raises(ArgumentError, match="LaplaceTorch is for one class an item, or one number") as caught:
        examine(MLP(4, width), ONE, parts, schema, "the source")
    assert caught.value.code == "NeedsCapability"


def test_laplace_and_the_evidential_head_are_refused_before_training() -> None:
    with pytest.raises(ArgumentError, match="EvidentialHead do not go together"):
        TorchLearner(lambda: MLP(4, 3), source(), THREE, head="evidential", members=LastLayerLaplace(), device="cpu")


def test_looking_changes_no_weight_no_statistic_and_no_generator() -> None:
    module = torch.nn.Sequential(torch.nn.Linear(4, 5), torch.nn.BatchNorm1d(5), torch.nn.Linear(5, 3))
    before = {k: v.clone() for k, v in module.state_dict().items()}
    state = torch.get_rng_state()
    found(module, SingleLabel(("a", "b", "c")))
    assert all(torch.equal(v, before[k]) for k, v in module.state_dict().items())
    assert torch.equal(torch.get_rng_state(), state)


def test_a_network_too_large_for_one_item_is_no_wrong_shape() -> None:
    class Full(torch.nn.Module):
        def forward(self, x: Any) -> Any:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 4294967296 bytes.")

    with pytest.raises(ResourceError, match="out of memory with one item of the source") as caught:
        found(Full())
    assert caught.value.code == "OutOfMemory"
