"""R9: random steps of several people, tabs and restarts, each compared with a slow model; many clients at once."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from desk_run import crowd, walk
from desk_world import MEMORY, World

NUMBERS: Any = {name: st.integers(0, 1000) for name in "abc"}


class Labelling(RuleBasedStateMachine):
    """The steps of `World`, chosen and made small by Hypothesis."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.mkdtemp(dir=MEMORY)

    @initialize(items=st.integers(1, 12), seed=st.integers(0, 50))
    def start(self, items: int, seed: int) -> None:
        self.world = World(Path(self.folder) / "p", items, seed=seed)

    def teardown(self) -> None:
        if hasattr(self, "world"):
            try:
                self.world.check_refold()
                self.world.check_journal()
            finally:
                self.world.close()
        shutil.rmtree(self.folder)


def _rule(name: str) -> Any:
    def step(self: Labelling, a: int, b: int, c: int) -> None:
        self.world.step(name, a, b, c)

    step.__name__ = name
    decorate: Any = rule(**NUMBERS)
    return decorate(step)


for _name in dict.fromkeys(World.STEPS):
    setattr(Labelling, f"do_{_name}", _rule(_name))

TestLabelling = Labelling.TestCase
TestLabelling.settings = settings(
    max_examples=60, stateful_step_count=50, deadline=None, suppress_health_check=list(HealthCheck)
)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6))
def test_random_steps_agree_with_the_model(seed: int) -> None:
    _walks(14, 200, 100 * seed)


@pytest.mark.slow
def test_fifty_clients_at_one_writer() -> None:
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        kinds = crowd(Path(folder) / "p", 50, 20, 3000)
    assert kinds["told"] > 1000
    assert kinds["undone"] > 10
    assert kinds["returned"] > 10


def _walks(count: int, steps: int, first: int = 0) -> None:
    for seed in range(first, first + count):
        with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
            walk(Path(folder) / "p", steps, seed)


def _stops_following() -> Any:
    """A pool that follows the journal three times and no more."""
    from querist.server.pool import Pool

    real, made = Pool.follow, 0

    def follow(self: Pool, connection: Any) -> None:
        nonlocal made
        made += 1
        if made <= 3:
            real(self, connection)

    return follow


@pytest.mark.parametrize(
    ("broken", "by"),
    [
        ("desk._nobody_else", lambda *args: True),
        ("desk.Desk.expire", lambda *args: 0),
        ("desk.repeated", lambda *args: None),
        ("pool.Pool.follow", _stops_following()),
    ],
)
def test_the_model_finds_faults(broken: str, by: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A test of the test: a desk with a fault does not pass."""
    monkeypatch.setattr(f"querist.server.{broken}", by)
    with pytest.raises(AssertionError, match="the last steps were"):
        _walks(20, 150)
