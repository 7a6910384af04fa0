"""Whether the probabilities of the last models mean what they say: counts kept with a run, and their figure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from querist.benchmark.drawing import GRID, INK, calm, line_style, new_figure, short_name
from querist.benchmark.summary import BASELINE, is_number
from querist.core.signals import PROBS
from querist.core.types import Array
from querist.data.schema import MultiLabel
from querist.models.calibration.reliability import top_class
from querist.session.evaluation import predicted
from querist.session.session import Session

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["pooled", "reliability_figure", "reliability_of"]

BINS = 10
_PARTS = ("count", "confidence", "right")


def reliability_of(session: Session) -> dict[str, list[float]] | None:
    """Sums by bin of confidence over the test items, told by the model as it is now; None where there is none to tell.

    Returns:
        Ten numbers each: ``count`` of items whose most probable class has a probability in the bin (k/10, (k+1)/10],
        ``confidence``, the sum of these probabilities, and ``right``, how many are right.
    """
    held, learner = session.evaluate.get("test"), session.learner
    if held is None or not session.state.rounds or PROBS not in learner.provides:
        return None
    if isinstance(session.schema, MultiLabel):
        return None
    confidence, right = top_class(predicted(learner, held.items), held.targets)
    place = np.searchsorted(np.arange(1, BINS) / BINS, confidence, side="left")
    sums = (np.bincount(place, weights=w, minlength=BINS) for w in (np.ones(len(place)), confidence, right))
    return {part: [round(float(v), 6) for v in values] for part, values in zip(_PARTS, sums, strict=True)}


def pooled(document: Mapping[str, Any]) -> dict[str, tuple[Array, Array, Array]]:
    """By strategy, over all seeds: counts, mean confidence and share right of the bins that hold items."""
    sums: dict[str, Array] = {}
    for run in document["runs"]:
        found = run.get("reliability")
        if not isinstance(found, Mapping):
            continue
        rows = [found.get(part) for part in _PARTS]
        if all(isinstance(r, list) and len(r) == BINS and all(is_number(v) for v in r) for r in rows):
            sums[run["strategy"]] = sums.get(run["strategy"], 0) + np.asarray(rows, dtype=np.float64)
    out = {}
    for name, (count, confidence, right) in sums.items():
        held = count > 0
        if held.any():
            out[name] = (count[held], confidence[held] / count[held], right[held] / count[held])
    return out


def reliability_figure(document: Mapping[str, Any]) -> Figure | None:
    """Share right over confidence, a line a strategy, with the expected calibration error; None without counts."""
    found = pooled(document)
    if not found:
        return None
    figure = new_figure(6.4, 4.6 + 0.22 * len(found))
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color=GRID, linewidth=1.4, zorder=1)
    others = [name for name in found if name != BASELINE]
    for name, (count, confidence, right) in found.items():
        style = {"color": INK, "linestyle": "-"} if name == BASELINE else line_style(others.index(name))
        error = float((count * np.abs(right - confidence)).sum() / count.sum())
        axes.plot(
            confidence,
            right,
            linewidth=2.6 if name == BASELINE else 1.6,
            markersize=4,
            label=f"{short_name(name)}: ECE {error:.3f}",
            zorder=2.5 if name == BASELINE else 3,
            **style,
        )
    calm(axes, grid="both")
    axes.set_xlim(0, 1.02)
    axes.set_ylim(0, 1.02)
    axes.set_xlabel("probability of the most probable class")
    axes.set_ylabel("share right")
    axes.set_title("Below the diagonal a model is too sure of itself", fontsize=10.5, loc="left", pad=10, color=INK)
    legend = figure.legend(loc="outside lower center", ncols=1, frameon=False, fontsize=9, labelcolor=INK)
    for text in legend.get_texts():
        text.set_parse_math(False)
    return figure
