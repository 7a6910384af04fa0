"""Grids: common seeds, shared first fits, resume, interruption, refusals before anything runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from querist.assembly.spec import Spec, parse_spec
from querist.benchmark import grid as grids
from querist.benchmark.grid import Grid
from querist.core.errors import StateError, UnknownNameError

SPEC = """\
[data]
source = "sklearn:wine"
test = 50
[model]
name = "logistic_regression"
scale = true
[run]
start_size = 6
batch = 6
budget = 24
"""


@pytest.fixture
def spec() -> Spec:
    return parse_spec(SPEC)


def test_runs_in_the_order_of_strategies_and_seeds(spec: Spec, tmp_path: Path) -> None:
    done: list[tuple[str, int]] = []
    grid = Grid(spec, ["random", "margin"], [3, 4], tmp_path, ceilings=1, workers=1)
    outcome = grid.run(on_done=lambda s, k: done.append((s, k)))
    assert [(r["strategy"], r["seed"]) for r in outcome.runs] == [
        ("random", 3),
        ("random", 4),
        ("margin", 3),
        ("margin", 4),
    ]
    assert len(done) == grid.total == 5
    assert done[0] == ("ceiling", 3)
    assert outcome.ceiling is not None
    assert 0.8 < outcome.ceiling["accuracy"] <= 1
    first = {r["strategy"]: r["rounds"][0] for r in outcome.runs if r["seed"] == 3}
    assert first["random"]["queried"] == first["margin"]["queried"], (
        "the start set is common to the strategies of a seed"
    )
    assert first["random"]["metrics"] == first["margin"]["metrics"], "and so is the first model"
    assert [r["labels"] for r in outcome.runs[0]["rounds"]] == [6, 12, 18, 24]
    assert outcome.runs[0]["rounds"][1]["seconds"].keys() == {"fit", "signals", "select"}
    assert sum(outcome.runs[0]["rounds"][1]["classes"].values()) == 6


def test_processes_give_what_one_process_gives(spec: Spec, tmp_path: Path) -> None:
    alone = Grid(spec, ["margin"], [0, 1], tmp_path / "a", ceilings=0, workers=1).run()
    both = Grid(spec, ["margin"], [0, 1], tmp_path / "b", ceilings=0, workers=2).run()

    def queried(outcome: Any) -> Any:
        return [[r["queried"] for r in run["rounds"]] for run in outcome.runs]

    assert queried(alone) == queried(both)


def test_interrupted_and_resumed(spec: Spec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []
    real = grids._one

    def stopping(payload: str, strategy: str, seed: int, shared: str) -> dict[str, Any]:
        calls.append(seed)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return real(payload, strategy, seed, shared)

    monkeypatch.setattr(grids, "_one", stopping)
    grid = Grid(spec, ["random"], [0, 1, 2, 3], tmp_path, ceilings=0, workers=1)
    outcome = grid.run()
    assert outcome.interrupted
    assert [r["seed"] for r in outcome.runs] == [0, 1]
    again = grid.run(resume=True)
    assert not again.interrupted
    assert [r["seed"] for r in again.runs] == [0, 1, 2, 3]
    assert calls == [0, 1, 2, 2, 3], "finished runs are not computed again"


def test_runs_of_another_specification_are_not_taken_over(spec: Spec, tmp_path: Path) -> None:
    Grid(spec, ["random"], [0], tmp_path, ceilings=0, workers=1).run()
    other = parse_spec(SPEC.replace("batch = 6", "batch = 9"))
    with pytest.raises(StateError, match="another specification") as error:
        Grid(other, ["random"], [0], tmp_path, ceilings=0, workers=1).run(resume=True)
    assert error.value.code == "SpecMismatch"
    assert len(list((tmp_path / "runs").glob("*-0.json"))) == 1, "nothing was thrown away"


def test_unknown_strategies_are_refused_before_anything_runs(spec: Spec, tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="did you mean margin"):
        Grid(spec, ["random", "margn"], [0], tmp_path)
    assert not (tmp_path / "runs").exists()


def test_kept_runs_are_json_without_paths(spec: Spec, tmp_path: Path) -> None:
    Grid(spec, ["random"], [0], tmp_path, ceilings=0, workers=1).run()
    (file,) = (tmp_path / "runs").glob("*-0.json")
    assert json.loads(file.read_text())["strategy"] == "random"
    assert str(tmp_path) not in file.read_text()
