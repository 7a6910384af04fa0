"""The figures: what is drawn, and that any name can be."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from querist.benchmark.drawing import INK, png_bytes
from querist.benchmark.plots import balance_figure, curves_figure, main_metric, save_png, seconds_figure, svg
from querist.benchmark.results import document

HOSTILE = ["<script>alert(1)</script>", "_hidden", "$\\frac{", "数字", "a\x0bb\x01\ud800&amp;\"'", "x" * 200]


def rename(study: dict[str, Any], old: str, new: str) -> None:
    for part in (*study["runs"], *study["summary"]):
        if part["strategy"] == old:
            part["strategy"] = new


def test_curves_hold_the_means(study: dict[str, Any]) -> None:
    left, right = curves_figure(study).axes
    random, margin, _, ceiling = left.get_lines()
    assert list(np.asarray(random.get_xdata())) == [20, 40, 60]
    assert list(np.asarray(random.get_ydata())) == pytest.approx([0.5, 0.6, 0.7])
    assert list(np.asarray(margin.get_ydata())) == pytest.approx([0.5, 0.7, 0.89])
    assert set(np.asarray(ceiling.get_ydata())) == {0.95}
    assert random.get_color() == INK
    assert random.get_linewidth() > margin.get_linewidth()
    assert ceiling.is_dashed()
    zero, gain, loss = right.get_lines()
    assert set(np.asarray(zero.get_ydata())) == {0}
    assert list(np.asarray(gain.get_ydata())) == pytest.approx([0, 0.1, 0.19])
    assert list(np.asarray(loss.get_ydata())) == pytest.approx([0, -0.05, -0.1])
    assert gain.get_color() == margin.get_color()


def test_legend_names_everything(study: dict[str, Any]) -> None:
    (legend,) = curves_figure(study).legends
    texts = [t.get_text() for t in legend.get_texts()]
    assert texts == ["random", "margin", "k_center", "all labels of the pool: 0.950"]


def test_axes_say_what_is_measured(study: dict[str, Any]) -> None:
    left, right = curves_figure(study).axes
    assert (left.get_xlabel(), left.get_ylabel()) == ("labels", "test accuracy")
    assert (right.get_xlabel(), right.get_ylabel()) == ("labels", "test accuracy minus random's")
    renamed = [
        {**r, "rounds": [{**e, "metrics": {"validation_rmse": 0.5}} for e in r["rounds"]]} for r in study["runs"]
    ]
    left, right = curves_figure(document({}, renamed)).axes
    assert left.get_ylabel() == "validation rmse (lower is better)"
    assert right.get_ylabel() == "validation rmse minus random's (below zero is better)"


@pytest.mark.parametrize("top", [0.95, 0.2])
def test_ceiling_lies_inside_of_the_axes(top: float, study: dict[str, Any]) -> None:
    left = curves_figure({**study, "ceiling": {"accuracy": top}}).axes[0]
    low, high = left.get_ylim()
    assert low < min(top, 0.5) - 0.01
    assert high > max(top, 0.89) + 0.01


@pytest.mark.parametrize("top", [None, float("inf"), float("nan"), True])
def test_a_ceiling_that_is_no_number_is_not_drawn(top: object, study: dict[str, Any]) -> None:
    figure = curves_figure({**study, "ceiling": {"accuracy": top}})
    assert len(figure.axes[0].get_lines()) == 3


def test_without_random_there_is_one_panel(study: dict[str, Any]) -> None:
    alone = document({}, [r for r in study["runs"] if r["strategy"] == "margin"])
    assert len(curves_figure(alone).axes) == 1


def test_main_metric(study: dict[str, Any]) -> None:
    assert main_metric(study) == "accuracy"
    assert main_metric(document({}, [])) is None


def test_empty_study_can_be_drawn(tmp_path: Path) -> None:
    empty = document({}, [])
    save_png(empty, tmp_path / "curves.png")
    assert balance_figure(empty) is None
    assert seconds_figure(empty) is None


def test_png_of_150_dots_an_inch_and_the_same_twice(study: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "curves.png"
    save_png(study, path)
    content = path.read_bytes()
    assert content.startswith(b"\x89PNG\r\n")
    width, _ = struct.unpack(">II", content[16:24])
    assert width == round(curves_figure(study).get_figwidth() * 150)
    save_png(study, path)
    assert path.read_bytes() == content


def test_balance_bars_are_shares_without_the_start_set(study: dict[str, Any]) -> None:
    for run in study["runs"]:
        run["rounds"][0]["classes"] = {"three": 1000}
    figure = balance_figure(study)
    assert figure is not None
    widths = [[bar.get_width() for bar in block.patches] for block in figure.axes[0].containers]  # type: ignore[attr-defined]
    assert widths == [pytest.approx([0.6] * 3), pytest.approx([0.4] * 3)]


def test_many_classes_are_gathered(study: dict[str, Any]) -> None:
    for run in study["runs"]:
        run["rounds"][1]["classes"] = {str(k): 1 + (k < 10) for k in range(30)}
    figure = balance_figure(study)
    assert figure is not None
    titles = [t.get_text() for t in figure.legends[0].get_texts()]
    assert len(titles) == 13
    assert titles[-1] == "20 others"
    total = sum(block.patches[0].get_width() for block in figure.axes[0].containers)  # type: ignore[attr-defined]
    assert total == pytest.approx(1)


def test_seconds_are_means_of_the_rounds(study: dict[str, Any]) -> None:
    figure = seconds_figure(study)
    assert figure is not None
    widths = [block.patches[0].get_width() for block in figure.axes[0].containers]  # type: ignore[attr-defined]
    assert widths == pytest.approx([0.2, 0.03, 0.02])
    assert [t.get_text().strip() for t in figure.axes[0].texts] == ["0.25 s"] * 3


@pytest.mark.parametrize("name", HOSTILE)
def test_any_name_can_be_drawn(name: str, study: dict[str, Any]) -> None:
    rename(study, "margin", name)
    for run in study["runs"]:
        run["rounds"][1]["classes"] = {name: 3, "two": 4}
    for figure in (curves_figure(study), balance_figure(study), seconds_figure(study)):
        assert figure is not None
        assert png_bytes(figure, 30).startswith(b"\x89PNG")
        text = svg(figure)
        assert "<script" not in text
        ElementTree.fromstring(text)
    (legend,) = curves_figure(study).legends
    assert len(legend.get_texts()) == 4
