"""The figures of a study: learning curves, gain over random, class balance of the queries, seconds a round."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any

from matplotlib.lines import Line2D

from querist.benchmark.curves import Curve, mean_curve
from querist.benchmark.drawing import (
    GRID,
    INK,
    PALETTE,
    calm,
    line_style,
    new_figure,
    png_bytes,
    short_name,
    svg,
)
from querist.benchmark.one_step import write_in_one_step
from querist.benchmark.summary import BASELINE, curve_of, is_number, lower_is_better, strategy_names

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["balance_figure", "curves_figure", "main_metric", "save_png", "seconds_figure", "svg"]

_SHOWN_CLASSES = 12
_PARTS = (("fit", "fitting"), ("signals", "signals"), ("select", "choosing"))

Document = Mapping[str, Any]
_Found = dict[str, dict[int, Curve]]


def main_metric(document: Document) -> str | None:
    """The metric that the figures show: the first of the summary; None in an empty study."""
    return document["summary"][0]["metric"] if document["summary"] else None


def save_png(document: Document, path: Path) -> None:
    """Draw ``curves_figure`` to a PNG file of 150 dots an inch."""
    write_in_one_step(path, png_bytes(curves_figure(document)))


def curves_figure(document: Document) -> Figure:
    """Learning curves with 95 % bands on the left, the paired difference to random on the right.

    Random is dark and thick, the full-data ceiling dashed; without random there is no right side.
    """
    metric = main_metric(document)
    names = strategy_names(document["runs"])
    found: _Found = {name: {} for name in names}
    for run in document["runs"]:
        curve = curve_of(run, metric) if metric else ([], [])
        if curve[0]:
            found[run["strategy"]][run["seed"]] = curve
    found = {name: curves for name, curves in found.items() if curves}
    paired = BASELINE in found and len(found) > 1
    columns = 2 if paired else 1
    rows = -(-(len(found) + 1) // 2)
    figure = new_figure(10.4 if paired else 6.4, 4.3 + 0.23 * rows)
    panels = figure.subplots(1, columns, squeeze=False)[0]
    if not found or metric is None:
        _empty(panels[0], "no finished run")
        return figure
    handles = _draw_curves(panels[0], found, metric)
    top = (document.get("ceiling") or {}).get(metric)
    if is_number(top):
        line = panels[0].axhline(top, color=INK, linewidth=1.1, linestyle=(0, (6, 4)), zorder=1.5)
        panels[0].update_datalim([(panels[0].dataLim.x0, top)])  # a margin beyond the ceiling, as beyond the curves
        panels[0].autoscale_view(scalex=False)
        handles[f"all labels of the pool: {top:.3f}"] = line
    if paired:
        _draw_gains(panels[1], found, metric)
    legend = figure.legend(
        list(handles.values()),
        list(handles),
        loc="outside lower center",
        ncols=2 if paired else 1,
        frameon=False,
        fontsize=9,
        labelcolor=INK,
        handlelength=3.6,
        columnspacing=2.5,
    )
    for text in legend.get_texts():
        text.set_parse_math(False)
    return figure


def _styles(found: Mapping[str, object]) -> dict[str, dict[str, Any]]:
    others = [name for name in found if name != BASELINE]
    return {name: line_style(place) for place, name in enumerate(others)}


def _draw_curves(axes: Axes, found: _Found, metric: str) -> dict[str, Line2D]:
    handles: dict[str, Line2D] = {}
    styles = _styles(found)
    for name, curves in found.items():
        labels, mean, low, high = mean_curve(list(curves.values()))
        style = styles.get(name, {"color": INK, "linestyle": "-"})
        width, order = (3.0, 2.5) if name == BASELINE else (1.6, 3.0)
        every = max(len(labels) // 12, 1)
        (line,) = axes.plot(labels, mean, linewidth=width, zorder=order, markersize=3.8, markevery=every, **style)
        axes.fill_between(labels, low, high, color=style["color"], alpha=0.13, linewidth=0, zorder=2)
        handles[_distinct(short_name(name), handles)] = line
    counts = sorted({len(curves) for curves in found.values()})
    calm(axes)
    axes.set_xlabel("labels")
    axes.set_ylabel(_measured(metric) + (" (lower is better)" if lower_is_better(metric) else ""), parse_math=False)
    many = f"{counts[0]}" if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
    seeds = "1 seed" if counts == [1] else f"mean of {many} seeds, 95 % band"
    axes.set_title(f"Learning curves ({seeds})", fontsize=10.5, loc="left", pad=10, color=INK)
    return handles


def _draw_gains(axes: Axes, found: _Found, metric: str) -> None:
    base = found[BASELINE]
    axes.axhline(0, color=INK, linewidth=3.0, zorder=2.5)
    for name, style in _styles(found).items():
        gaps = [_minus(curve, base[seed]) for seed, curve in found[name].items() if seed in base]
        gaps = [gap for gap in gaps if gap[0]]
        if not gaps:
            continue
        labels, mean, low, high = mean_curve(gaps)
        every = max(len(labels) // 12, 1)
        axes.plot(labels, mean, linewidth=1.6, zorder=3, markersize=3.8, markevery=every, **style)
        axes.fill_between(labels, low, high, color=style["color"], alpha=0.13, linewidth=0, zorder=2)
    calm(axes)
    axes.set_xlabel("labels")
    better = " (below zero is better)" if lower_is_better(metric) else ""
    axes.set_ylabel(f"{_measured(metric)} minus random's{better}", parse_math=False)
    axes.set_title("Gain over random, paired by seed", fontsize=10.5, loc="left", pad=10, color=INK)


def _minus(curve: Curve, base: Curve) -> Curve:
    """Differences on the label counts that both curves have."""
    below = dict(zip(*base, strict=True))
    points = [(x, y - below[x]) for x, y in zip(*curve, strict=True) if x in below]
    return [x for x, _ in points], [y for _, y in points]


def _measured(metric: str) -> str:
    """The metric in words, with the set it is measured on: names without a set are of the test set."""
    words = metric.replace("_", " ")
    return short_name(words if metric.startswith("validation_") else f"test {words}")


def _distinct(text: str, taken: Mapping[str, object]) -> str:
    """Two long names may be cut to the same text: the later one gets a number."""
    number, found = 2, text
    while found in taken:
        found, number = f"{text} ({number})", number + 1
    return found


def _empty(axes: Axes, text: str) -> None:
    axes.set_axis_off()
    axes.text(0.5, 0.5, text, ha="center", va="center", color=INK, transform=axes.transAxes)


def balance_figure(document: Document) -> Figure | None:
    """Shares of the classes among the answers after the start set, a bar a strategy; None where none are known."""
    counts: dict[str, Counter[str]] = {}
    for run in document["runs"]:
        for entry in run["rounds"][1:]:
            counts.setdefault(run["strategy"], Counter()).update(entry.get("classes") or {})
    counts = {name: c for name, c in counts.items() if c.total() > 0}
    if not counts:
        return None
    total: Counter[str] = sum(counts.values(), Counter())
    classes = [name for name, _ in total.most_common(_SHOWN_CLASSES)] if len(total) > _SHOWN_CLASSES else list(total)
    classes.sort(key=_class_order)
    rest = len(total) - len(classes)
    parts = {name: [c[k] / c.total() for k in classes] for name, c in counts.items()}
    if rest:
        for shares in parts.values():
            shares.append(max(1 - sum(shares), 0.0))
    titles = [short_name(k, 18) for k in classes] + [f"{rest} others"] * bool(rest)
    figure, axes = _bars(parts, titles, [_shade(i, len(titles)) for i in range(len(titles))])
    axes.set_xlim(0, 1)
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", "25 %", "50 %", "75 %", "100 %"])
    axes.set_xlabel("share of the answers after the start set")
    return figure


def seconds_figure(document: Document) -> Figure | None:
    """Mean seconds a round, fitting, signals and choosing stacked, a bar a strategy; None where none are known."""
    seconds: dict[str, list[Mapping[str, float]]] = {}
    for run in document["runs"]:
        for entry in run["rounds"]:
            if entry.get("seconds"):
                seconds.setdefault(run["strategy"], []).append(entry["seconds"])
    if not seconds:
        return None
    parts = {name: [fmean(e.get(key, 0.0) for e in each) for key, _ in _PARTS] for name, each in seconds.items()}
    figure, axes = _bars(parts, [title for _, title in _PARTS], ["#b9c2cc", PALETTE[5], PALETTE[1]])
    for place, values in enumerate(parts.values()):
        text, end = _seconds(sum(values)), (sum(values), place)
        axes.annotate(text, end, (5, 0), textcoords="offset points", va="center", color=INK, fontsize=9)
    axes.margins(x=0.12)
    axes.set_xlim(left=0)
    axes.set_xlabel("seconds a round, mean over rounds and seeds")
    return figure


def _seconds(value: float) -> str:
    if value < 0.1:
        return f"{1000 * value:.0f} ms"
    return f"{value:.2f} s" if value < 10 else f"{value:.0f} s"


def _class_order(name: str) -> tuple[bool, int, str]:
    """Numbers by size, then words."""
    plain = name.isdecimal()
    return not plain, int(name) if plain and len(name) < 19 else 0, name


def _bars(parts: Mapping[str, Sequence[float]], titles: Sequence[str], colours: Sequence[str]) -> tuple[Figure, Axes]:
    """Stacked horizontal bars, the first strategy on top."""
    figure = new_figure(9.4, 1.35 + 0.36 * len(parts))
    axes = figure.subplots()
    left = [0.0] * len(parts)
    blocks = []
    for place, colour in enumerate(colours):
        widths = [values[place] for values in parts.values()]
        blocks.append(axes.barh(range(len(parts)), widths, left=left, color=colour, height=0.66, edgecolor="none"))
        left = [a + b for a, b in zip(left, widths, strict=True)]
    axes.set_yticks(range(len(parts)), [short_name(name, 46) for name in parts], parse_math=False)
    axes.invert_yaxis()
    calm(axes, grid="x")
    axes.grid(axis="x", color=GRID, linewidth=0.7)
    legend = figure.legend(
        [b[0] for b in blocks],
        list(titles),
        loc="outside upper center",
        ncols=min(len(titles), 10 if max(map(len, titles)) < 8 else 5),
        frameon=False,
        fontsize=9,
        labelcolor=INK,
        handlelength=1.0,
        columnspacing=1.3,
    )
    for text in legend.get_texts():
        text.set_parse_math(False)
    return figure, axes


def _shade(place: int, count: int) -> str:
    """Neighbouring classes alternate between the two ends of viridis, so that borders show without an outline."""
    from matplotlib import colormaps
    from matplotlib.colors import to_hex

    half = (count + 1) // 2
    step = place // 2 + (half if place % 2 else 0)
    return to_hex(colormaps["viridis"](0.08 + 0.87 * step / max(count - 1, 1)))
