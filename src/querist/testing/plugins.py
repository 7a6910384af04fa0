"""What every training plug-in must do: `check_plugin` runs all of it on a small source of numbers.

A plug-in tests itself with it::

    from querist.testing.plugins import check_plugin

    def test_contract():
        check_plugin(MyPlugin)
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from querist.core.checks import check_signal
from querist.core.errors import ArgumentError
from querist.core.seeds import generator
from querist.core.signals import CATALOGUE, Signal
from querist.core.types import Labels
from querist.data.arrays import array_source
from querist.data.schema import MultiLabel, Number, Schema, SingleLabel
from querist.data.source import Source
from querist.testing.verdict import require, running

__all__ = ["PLUGIN_CHECKS", "check_plugin"]

_ROWS, _WIDTH, _CLASSES = 48, 4, 3


@dataclass(frozen=True)
class _Ground:
    """A source of three groups of rows, and how a plug-in and a network for it are made."""

    make: Callable[[], Any]
    network: Callable[[], Any]
    source: Source
    schema: Schema

    def learner(self, *plugins: Any) -> Any:
        from querist.training.recipe import Recipe
        from querist.training.torch_learner import TorchLearner

        recipe = Recipe(epochs=8, batch_size=8, lr=0.01)
        return TorchLearner(self.network, self.source, self.schema, recipe=recipe, plugins=plugins, device="cpu")

    def labels(self, rows: Sequence[int]) -> Labels:
        at = np.asarray(rows, dtype=np.int64)
        group = at % _CLASSES
        if isinstance(self.schema, Number):
            return Labels(self.source.items(at), group.astype(np.float64))
        several = isinstance(self.schema, MultiLabel)
        return Labels(self.source.items(at), np.eye(_CLASSES)[group] if several else group)

    def fitted(self, *plugins: Any, seed: int = 0, rows: Sequence[int] = range(20), pool: int | None = None) -> Any:
        learner = self.learner(*plugins)
        unlabelled = np.setdiff1d(np.arange(_ROWS), rows)
        learner.take_pool(unlabelled[:pool])
        learner.fit(self.labels(rows), seed=seed)
        return learner

    def told(self, learner: Any, rows: Any = None) -> dict[Signal, Any]:
        items = self.source.items(np.arange(_ROWS) if rows is None else rows)
        view = learner.signals(items, learner.provides)
        return {signal: view[signal] for signal in learner.provides}

    def published(self, learner: Any, rows: Any = None) -> dict[Signal, Any]:
        told = self.told(learner, rows)
        return {signal: told[signal] for signal in self.make().publishes}


def check_plugin(make: Callable[[], Any], network: Callable[[], Any] | None = None) -> tuple[str, ...]:
    """Hold a training plug-in to its contract.

    Args:
        make: makes a fresh plug-in.
        network: makes a network from 4 numbers to 3 outputs (1 where the plug-in takes numbers only), for plug-ins that
            look at named layers; it must have no batch norm. By default an `MLP` with dropout.

    Returns:
        Names of the checks that were run.

    Raises:
        StateError: a check failed; its name begins the message (code ``Contract``).
    """
    kinds = make().kinds
    schema: Schema = SingleLabel(("a", "b", "c"))
    if "single" not in kinds:
        schema = MultiLabel(("a", "b", "c")) if "multi" in kinds else Number()

    def mlp() -> Any:
        from querist.models.mlp import MLP

        return MLP(_WIDTH, 1 if isinstance(schema, Number) else _CLASSES, hidden=(16, 8), dropout=0.2)

    rng = generator(0, "plugins")
    centres = 3.0 * np.eye(_CLASSES, _WIDTH)
    x = (centres[np.arange(_ROWS) % _CLASSES] + rng.normal(size=(_ROWS, _WIDTH))).astype(np.float32)
    ground = _Ground(make, network or mlp, array_source(x), schema)
    for check in PLUGIN_CHECKS:
        with running(check.__name__):
            check(ground)
    return tuple(check.__name__ for check in PLUGIN_CHECKS)


def publishes_what_it_says(ground: _Ground) -> None:
    """Its signals are of the catalogue, are told by a learner that carries it, and are sound."""
    plugin = ground.make()
    good = all(CATALOGUE.get(s.name) is s for s in plugin.publishes)
    require(plugin.name and good, "publishes_what_it_says", f"name {plugin.name!r}, publishes {plugin.publishes!r}")
    learner = ground.fitted(plugin)
    require(plugin.name in learner.plugins, "publishes_what_it_says", "the learner does not name it")
    for signal, value in ground.published(learner).items():
        check_signal(signal, value, "pool")
        require(len(value) == _ROWS, "publishes_what_it_says", f"{signal} has {len(value)} rows for {_ROWS} items")


def changes_training_only_by_its_loss(ground: _Ground) -> None:
    """With its loss silenced the network becomes bitwise what it becomes without the plug-in."""
    silenced = ground.make()
    if not silenced.onlooker:
        setattr(silenced, "loss", lambda *_: None)  # noqa: B010  (a method of one object)
    with_it, without = ground.fitted(silenced), ground.fitted()
    shared = without.provides
    a, b = ground.told(with_it), ground.told(without)
    for signal in shared:
        same = all(np.array_equal(x, y) for x, y in zip(_parts(a[signal]), _parts(b[signal]), strict=True))
        require(same, "changes_training_only_by_its_loss", f"{signal} is not what it is without the plug-in")


def same_seed_same_model(ground: _Ground) -> None:
    """Network and modules come from the seed: the same for the same, wherever the global generators stand."""
    import torch

    first = ground.fitted(ground.make())
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(99)
        again = ground.fitted(ground.make())
    _same(_state(first), _state(again), "same_seed_same_model")
    other = _state(ground.fitted(ground.make(), seed=1))
    differs = any(not np.array_equal(v, other[k]) for k, v in _state(first).items())
    require(differs, "same_seed_same_model", "another seed gives the same weights")


def fitting_again_forgets(ground: _Ground) -> None:
    """A second fit with the same object is the fit of a fresh one."""
    learner = ground.fitted(ground.make())
    learner.fit(ground.labels(range(1, 12)), seed=3)
    learner.fit(ground.labels(range(20)), seed=0)
    _same(_state(ground.fitted(ground.make())), _state(learner), "fitting_again_forgets")


def scoring_changes_nothing(ground: _Ground) -> None:
    """Signals twice are bitwise the same, and neither weights nor torch's generator move."""
    import torch

    learner = ground.fitted(ground.make())
    before, drawn = _state(learner), torch.get_rng_state()
    first = ground.told(learner)
    require(torch.equal(drawn, torch.get_rng_state()), "scoring_changes_nothing", "torch's generator was moved")
    _same(before, _state(learner), "scoring_changes_nothing")
    again = ground.told(learner)
    for signal in first:
        same = all(np.array_equal(a, b) for a, b in zip(_parts(first[signal]), _parts(again[signal]), strict=True))
        require(same, "scoring_changes_nothing", f"{signal} is not the same again")


def items_stand_for_themselves(ground: _Ground) -> None:
    """What is published of an item depends neither on the others asked about nor on the order."""
    learner = ground.fitted(ground.make())
    whole = ground.published(learner)
    for rows in (np.arange(_ROWS)[::-1], np.array([7])):
        for signal, value in ground.published(learner, rows).items():
            close = np.allclose(value, whole[signal][rows], rtol=1e-4, atol=1e-5)
            require(close, "items_stand_for_themselves", f"{signal} depends on what else is asked")


def saved_is_loaded(ground: _Ground) -> None:
    """Saved and loaded with a fresh plug-in, signals are bitwise the same."""
    learner = ground.fitted(ground.make())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        learner.save(folder)
        other = ground.learner(ground.make())
        other.load(folder)
        _same(_state(learner), _state(other), "saved_is_loaded")
        a, b = ground.told(learner), ground.told(other)
    for signal in a:
        same = all(np.array_equal(x, y) for x, y in zip(_parts(a[signal]), _parts(b[signal]), strict=True))
        require(same, "saved_is_loaded", f"{signal} is not bitwise the same")


def few_items_work(ground: _Ground) -> None:
    """One labelled item, one class, one unlabelled item, none: it trains and tells."""
    for rows, pool in (([4], None), ([0, 3, 6], None), (range(20), 1), (range(20), 0)):
        learner = ground.fitted(ground.make(), rows=rows, pool=pool)
        for signal, value in ground.published(learner).items():
            check_signal(signal, value, "pool")


def takes_the_targets_it_names(ground: _Ground) -> None:
    """Each kind of targets in ``kinds`` trains and tells; the others are refused before training."""
    from querist.models.mlp import MLP

    schemas: dict[str, Schema] = {
        "single": SingleLabel(("a", "b", "c")),
        "multi": MultiLabel(("a", "b", "c")),
        "number": Number(),
    }
    for kind, schema in schemas.items():
        plugin = ground.make()
        if schema == ground.schema:
            continue
        wide = 1 if kind == "number" else _CLASSES
        network = ground.network if wide == 3 else (lambda: MLP(_WIDTH, 1, hidden=(16, 8)))
        odd = _Ground(ground.make, network, ground.source, schema)
        if kind in plugin.kinds:
            for signal, value in odd.published(odd.fitted(plugin)).items():
                check_signal(signal, value, "pool")
            continue
        try:
            odd.learner(plugin)
        except ArgumentError:
            continue
        require(False, "takes_the_targets_it_names", f"targets of kind {kind} are taken")


PLUGIN_CHECKS: tuple[Callable[[_Ground], None], ...] = (
    publishes_what_it_says,
    changes_training_only_by_its_loss,
    same_seed_same_model,
    fitting_again_forgets,
    scoring_changes_nothing,
    items_stand_for_themselves,
    saved_is_loaded,
    few_items_work,
    takes_the_targets_it_names,
)
"""All checks, in order."""


def _parts(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,)


def _state(learner: Any) -> dict[str, Any]:
    """Copies of all tensors that would be saved."""
    from safetensors.numpy import load_file

    with tempfile.TemporaryDirectory() as name:
        learner.save(Path(name))
        files = sorted(Path(name).rglob("*.safetensors"))
        return {key: value.copy() for file in files for key, value in load_file(file).items()}


def _same(a: dict[str, Any], b: dict[str, Any], check: str) -> None:
    require(a.keys() == b.keys(), check, f"tensors differ: {sorted(a.keys() ^ b.keys())[:4]}")
    odd = [key for key, value in a.items() if not np.array_equal(value, b[key])]
    require(not odd, check, f"{', '.join(odd[:3])} is not bitwise the same")
