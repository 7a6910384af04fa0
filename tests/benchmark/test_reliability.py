"""Calibration of the last models: counts, pooling over seeds, and the figure."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from querist.assembly.spec import parse_spec
from querist.benchmark.reliability import pooled, reliability_figure, reliability_of
from querist.benchmark.report import html
from querist.benchmark.runner import simulate
from querist.core.signals import PREDICTION, PROBS, View
from querist.data.schema import MultiLabel, SingleLabel
from querist.session.evaluation import Evaluation
from querist.session.session import Session

P = np.array([[0.3, 0.7], [0.95, 0.05], [0.99, 0.01]])


def session(**changed: Any) -> Session:
    """What is read of a session."""
    learner = SimpleNamespace(provides=frozenset({PROBS}), signals=lambda items, names: View(3, {PROBS: P}))
    held = Evaluation(["a", "b", "c"], np.array([1, 0, 1]))
    parts = {"evaluate": {"test": held}, "learner": learner, "schema": SingleLabel(("x", "y"))}
    return cast(Session, SimpleNamespace(**{**parts, "state": SimpleNamespace(rounds=[1]), **changed}))


def test_counts_by_hand() -> None:
    found = reliability_of(session())
    assert found == {
        "count": [0, 0, 0, 0, 0, 0, 1, 0, 0, 2],
        "confidence": pytest.approx([0, 0, 0, 0, 0, 0, 0.7, 0, 0, 1.94]),
        "right": [0, 0, 0, 0, 0, 0, 1, 0, 0, 1],
    }


@pytest.mark.parametrize(
    "changed",
    [
        {"evaluate": {}},
        {"state": SimpleNamespace(rounds=[])},
        {"learner": SimpleNamespace(provides=frozenset({PREDICTION}))},
        {"schema": MultiLabel(("x", "y"))},
    ],
)
def test_where_nothing_can_be_told_there_is_none(changed: dict[str, Any]) -> None:
    assert reliability_of(session(**changed)) is None


def told(strategy: str, seed: int, right: float) -> dict[str, Any]:
    zero = [0.0] * 8
    counts = {"count": [*zero, 10.0, 10.0], "confidence": [*zero, 8.5, 9.5], "right": [*zero, 8.0, right]}
    return {"strategy": strategy, "seed": seed, "rounds": [], "reliability": counts}


def test_seeds_are_pooled_and_the_error_is_in_the_legend() -> None:
    document = {"runs": [told("random", 0, 7.0), told("random", 1, 9.0), told("margin", 0, 9.5)]}
    count, confidence, right = pooled(document)["random"]
    assert (count.tolist(), confidence.tolist(), right.tolist()) == ([20, 20], [0.85, 0.95], [0.8, 0.8])
    figure = reliability_figure(document)
    assert figure is not None
    texts = [t.get_text() for t in figure.legends[0].get_texts()]
    assert texts == ["random: ECE 0.100", "margin: ECE 0.025"]
    _, random, margin = figure.axes[0].get_lines()
    assert list(np.asarray(random.get_ydata())) == [0.8, 0.8]
    assert list(np.asarray(margin.get_ydata())) == [0.8, 0.95]


@pytest.mark.parametrize("bad", [None, 3, {}, {"count": [1.0]}, {"count": [None] * 10, "confidence": [], "right": []}])
def test_runs_without_counts_are_left_out(bad: object) -> None:
    assert reliability_figure({"runs": [{"strategy": "random", "reliability": bad}, {"strategy": "margin"}]}) is None


def test_a_run_keeps_them_and_the_report_shows_them(study: dict[str, Any]) -> None:
    base = '[data]\nsource = "sklearn:wine"\ntest = 50\n[model]\nscale = true\n'
    run = simulate(parse_spec(base + "[run]\nbatch = 10\nbudget = 20\n"), "random", 0)
    assert sum(run["reliability"]["count"]) == 50
    assert sum(run["reliability"]["right"]) == pytest.approx(50 * run["rounds"][-1]["metrics"]["accuracy"])
    assert "Calibration of the last models" not in html(study)
    study["runs"][0]["reliability"] = run["reliability"]
    assert "Calibration of the last models" in html(study)
    assert "random: ECE" in html(study)
