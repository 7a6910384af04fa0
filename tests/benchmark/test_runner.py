"""One simulated run: it ends by its budget or rule, can be taken up again, and has a ceiling."""

from __future__ import annotations

from pathlib import Path

import pytest

from querist.assembly.spec import parse_spec
from querist.benchmark.runner import ceiling, simulate

BASE = '[data]\nsource = "sklearn:wine"\ntest = 50\n[model]\nscale = true\n'


def test_ends_by_its_budget_and_is_the_same_again() -> None:
    spec = parse_spec(BASE + "[run]\nbatch = 7\nbudget = 20\n")
    run = simulate(spec, "entropy", 0)
    assert run["strategy"] == "entropy"
    assert run["rounds"][-1]["labels"] == 20, "the last query is what the budget leaves"
    assert run["stopped"]["rule"] == "budget"
    again = simulate(spec, "entropy", 0)
    assert [r["queried"] for r in again["rounds"]] == [r["queried"] for r in run["rounds"]]
    other = simulate(spec, "entropy", 1)
    assert [r["queried"] for r in other["rounds"]] != [r["queried"] for r in run["rounds"]]


def test_ends_by_its_rule() -> None:
    run = simulate(parse_spec(BASE + '[run]\nbatch = 10\nstop = "max_labels(30)"\n'), None, 0)
    assert run["rounds"][-1]["labels"] == 30
    assert "30" in run["stopped"]["text"]


def test_ends_when_nothing_is_left() -> None:
    run = simulate(parse_spec(BASE + "[run]\nbatch = 40\n"), "random", 0)
    assert run["rounds"][-1]["labels"] == 128
    assert run["stopped"]["rule"] == "exhausted"


def test_a_finished_run_is_read_and_not_run_again(tmp_path: Path) -> None:
    spec = parse_spec(BASE + "[run]\nbatch = 10\nbudget = 20\n")
    run = simulate(spec, None, 0, folder=tmp_path)
    steps: list[str] = []
    assert simulate(spec, None, 0, folder=tmp_path, listener=lambda what, _: steps.append(what)) == run
    assert steps == []


@pytest.mark.parametrize("kind", ["noisy"])
def test_noisy_annotators_skips_and_rejects(kind: str) -> None:
    spec = parse_spec(
        BASE + f'[run]\nbatch = 10\nbudget = 60\n[annotator]\nkind = "{kind}"\nrate = 0.2\nskip = 0.1\nreject = 0.1\n'
    )
    run = simulate(spec, "random", 0)
    last = run["rounds"][-1]
    assert last["labels"] < last["cost"] == 60


def test_ceiling_is_the_model_of_the_whole_pool() -> None:
    spec = parse_spec(BASE + "[run]\nbatch = 40\n")
    assert ceiling(spec, 0) == simulate(spec, "random", 0)["rounds"][-1]["metrics"]
