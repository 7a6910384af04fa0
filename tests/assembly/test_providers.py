"""A specification names a strategy; the network gets what the strategy needs, and asks the same after reopening."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from querist.assembly.build import make_learner, prepare
from querist.assembly.learners import model_spec
from querist.assembly.providers import Equipment, equip
from querist.assembly.spec import parse_spec
from querist.core.errors import ArgumentError, UnknownNameError
from querist.core.registry import registry
from querist.core.signals import HISTORY, LOSS, MEMBERS, NOISE, PREDICTION, PROBS, VACUITY, Needs
from querist.data.arrays import array_source
from querist.data.schema import Number, SingleLabel
from querist.strategies.algebra import as_strategy
from querist.training.plugins.base import Plugin
from querist.training.providers.augmented import Augmented
from querist.training.providers.history import EpochHistory, RoundHistory
from querist.training.providers.loss_history import LossHistory
from querist.training.providers.perturbed import WeightNoise
from querist.training.torch_learner import TorchLearner

SPEC = """
[data]
source = "sklearn:wine"
[model]
learner = "torch"
name = "mlp"
[model.parameters]
hidden = [8]
dropout = 0.1
[model.training]
epochs = 3
[run]
strategy = "{}"
batch = 6
keep_weights = {}
"""


def asked(text: str, folder: Path, *, weights: bool = True, broken: bool = False) -> list[Any]:
    """The queries of three rounds; with ``broken`` the project is closed and opened again before each step."""
    spec = parse_spec(SPEC.format(text, str(weights).lower()))
    made = prepare(spec, seed=0, folder=folder)
    out = []
    for _ in range(3):
        if broken:
            made.session.close()
            made = prepare(spec, seed=0, folder=folder)
        query = made.session.ask(6)
        out.append((query.items, query.scores))
        if broken:
            made.session.close()
            made = prepare(spec, seed=0, folder=folder)
        made.session.tell(query, list(made.annotator.annotate(query)))
        made.session.fit()
    made.session.close()
    return out


@pytest.mark.parametrize(
    "text",
    [
        "learning_loss",
        "vaal",
        "waal",
        "rank(vaal) + rank(learning_loss)",
        "discriminative(sub_batches=2)",
        "tod",
        "noise_stability",
        "adversarial_margin",
        "st_conal",
        "consistency",
        "bald",
    ],
)
def test_queries_are_the_same_after_reopening(text: str, tmp_path: Path) -> None:
    whole = asked(text, tmp_path / "whole")
    assert len({item for items, _ in whole for item in items}) == 18
    again = asked(text, tmp_path / "broken", broken=True)
    for (a, x), (b, y) in zip(whole, again, strict=True):
        assert list(a) == list(b)
        assert np.array_equal(x, y, equal_nan=True)


@pytest.mark.parametrize("text", ["vaal", "waal", "noise_stability"])
def test_and_where_no_weights_were_kept(text: str, tmp_path: Path) -> None:
    whole = asked(text, tmp_path / "whole", weights=False)
    again = asked(text, tmp_path / "broken", weights=False, broken=True)
    assert [list(a) for a, _ in whole] == [list(b) for b, _ in again]


def test_what_each_strategy_is_given() -> None:
    def of(*texts: str, **more: Any) -> Equipment:
        return equip(*map(as_strategy, texts), **more)

    assert of("margin", "random") == Equipment()
    assert of("margin", members=7).members == 7
    assert of("tod").providers == (RoundHistory(),)
    assert of("st_conal").providers == (EpochHistory(),)
    assert of("consistency").providers == (Augmented(),)
    assert of("noise_stability").providers == (WeightNoise(),)
    sizes = of("least_disagree").providers[0]
    assert isinstance(sizes, WeightNoise)
    assert isinstance(sizes.size, tuple)
    assert sizes.times % len(sizes.size) == 0
    assert of("bald").members == 20
    assert of("bald", members=5).members == 5
    assert of("rank(vaal) + rank(learning_loss) + rank(waal)").plugins == ("learning_loss", "vaal", "waal")
    assert of("margin", "vaal").plugins == ("vaal",)
    assert of("bald_regression").head == "normal"
    assert of("vacuity").head == of("margin", "2 * vacuity + margin").head == "evidential"
    assert of("margin", head="evidential").head == "evidential"


def test_a_history_of_labelled_items_is_one_of_losses() -> None:
    class Reader:
        def __init__(self, *roles: str) -> None:
            given: dict[str, Any] = dict.fromkeys(roles, frozenset({HISTORY}))
            self.needs = Needs(**given)

        def select(self, ctx: Any, n: int) -> Any:
            raise NotImplementedError

    assert equip(Reader("labelled")).providers == (LossHistory(),)
    assert equip(Reader("labelled", "pool")).providers == (EpochHistory(),)
    assert equip(Reader("labelled"), Reader("reference")).providers == (EpochHistory(),)


X = array_source(np.random.default_rng(0).normal(size=(20, 4)).astype(np.float32))
TWO = SingleLabel(("a", "b"))


def test_plugins_are_made_anew_for_each_learner() -> None:
    spec = model_spec(learner="torch", name="mlp")
    one, other = (make_learner(spec, X, TWO, as_strategy("learning_loss")) for _ in range(2))
    assert isinstance(one, TorchLearner)
    assert isinstance(other, TorchLearner)
    assert LOSS in one.provides
    assert one.parts.plugins[0] is not other.parts.plugins[0]
    assert HISTORY not in one.provides


def test_numbers_with_noise() -> None:
    spec = model_spec(learner="torch", name="mlp", parameters={"dropout": 0.1})
    learner = make_learner(spec, X, Number(), as_strategy("bald_regression"))
    assert {NOISE, MEMBERS, PREDICTION} <= learner.provides
    assert NOISE not in make_learner(spec, X, Number(), as_strategy("random")).provides


def test_vacuity_brings_the_evidential_head() -> None:
    learner = make_learner(model_spec(learner="torch", name="mlp"), X, TWO, as_strategy("vacuity"))
    assert {VACUITY, PROBS} <= learner.provides
    assert VACUITY not in make_learner(model_spec(learner="torch", name="mlp"), X, TWO, as_strategy("margin")).provides
    with pytest.raises(ArgumentError, match="EvidentialHead is for targets of kind 'single'"):
        make_learner(model_spec(learner="torch", name="mlp"), X, Number(), as_strategy("vacuity"))


def test_a_head_by_name() -> None:
    learner = make_learner(model_spec(learner="torch", name="linear", head="evidential"), X, TWO)
    assert isinstance(learner, TorchLearner)
    assert type(learner.parts.head).__name__ == "EvidentialHead"
    with pytest.raises(ArgumentError, match="head must be one of"):
        make_learner(model_spec(learner="torch", name="linear", head="none"), X, TWO)


def test_members_need_dropout_or_are_refused_by_the_session() -> None:
    spec = parse_spec(SPEC.format("bald", "true").replace("dropout = 0.1", "dropout = 0.0"))
    with pytest.raises(ArgumentError, match=r"bald needs the signal members.*TorchLearner\(members=20\)"):
        prepare(spec, seed=0)


def test_other_learners_are_refused_by_name() -> None:
    spec = parse_spec('[data]\nsource = "sklearn:wine"\n[run]\nstrategy = "vaal"\n')
    with pytest.raises(ArgumentError, match=r"SklearnLearner carries none; give a TorchLearner plugins=\[Vaal\(\)\]"):
        prepare(spec, seed=0)


def test_a_network_given_to_a_session_is_equipped() -> None:
    import torch

    import querist
    from tiny import print_of_generators

    def net(dropout: float = 0.2) -> torch.nn.Module:
        nn = torch.nn
        return nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Dropout(dropout), nn.Linear(8, 2))

    before = print_of_generators()
    session = querist.Session(X, net, strategy="bald", labels=["a", "b"])
    assert {MEMBERS} <= session.learner.provides
    assert print_of_generators() == before
    session = querist.Session(X, net(), strategy="learning_loss", labels=["a", "b"])
    assert LOSS in session.learner.provides
    with pytest.raises(ArgumentError, match=r"members=Ensemble\(5\)"):
        querist.Session(X, net(0.0), strategy="bald", labels=["a", "b"])


def test_a_plugin_of_another_package_is_found_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    class Theirs(Plugin):
        name = "theirs"

    class Asking:
        needs = Needs(plugin="theirs")

        def select(self, ctx: Any, n: int) -> Any: ...

    kit = equip(Asking())
    assert kit.plugins == ("theirs",)
    with pytest.raises(UnknownNameError, match="unknown plugin 'theirs'"):
        kit.arguments()
    monkeypatch.setattr(registry, "_entries", dict(registry._entries))
    registry.add("plugin", "theirs", Theirs)
    assert isinstance(kit.arguments()["plugins"][0], Theirs)
