"""A small chart of a few numbers, ready for a template: where its marks stand, and the same numbers as a table.

The plot fills whatever room it gets: its lines are points of a fixed box that is stretched, and its texts stand at shares
of the width and height, so that they keep their size in a narrow window.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

__all__ = ["HEIGHT", "WIDTH", "Chart", "Dot", "Mark", "Row", "draw", "rounded", "short", "ticks"]

WIDTH, HEIGHT = 640, 180
"""The box of the lines, in units of its own; the page stretches it."""
_LONG = 10_000
"""From here on numbers under the axis are so long that fewer of them fit side by side on a telephone."""
_END = 0.93
"""Share of the width from which on a number under the axis ends at its place, as it would stand out."""


@dataclass(frozen=True, slots=True)
class Dot:
    """One point.

    Args:
        x: such as a number of labels.
        y: the figure.
        low, high: ends of its interval in the unit of ``y``, or None where none is known.
    """

    x: float
    y: float
    low: float | None = None
    high: float | None = None

    @property
    def whole(self) -> bool:
        """Whether both ends of the interval are known."""
        return self.low is not None and self.high is not None


@dataclass(frozen=True, slots=True)
class Mark:
    """A number beside an axis: ``at`` is its place in percent of the axis, from the left or the top."""

    at: str
    text: str
    anchor: str


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table, in words."""

    x: str
    value: str
    interval: str


@dataclass(frozen=True, slots=True)
class Chart:
    """All that the template writes; places are percent ("12.5%") or points of the box (`WIDTH` by `HEIGHT`).

    Args:
        key: names the chart on its page.
        title: what it shows.
        label: the title and the newest figure, for those who do not see it.
        x: heading of the numbers along the x axis.
        across, up: the numbers beside the axes.
        line: points of the figures.
        band: points around the intervals, or "" without any.
        newest: place of the last point, from the left and from the top.
        whisker: the interval of a point that stands alone, from the top, or None.
        rows: the table.
    """

    key: str
    title: str
    label: str
    x: str
    across: tuple[Mark, ...]
    up: tuple[Mark, ...]
    line: str
    band: str
    newest: tuple[str, str]
    whisker: tuple[str, str] | None
    rows: tuple[Row, ...]

    @property
    def box(self) -> str:
        """The box of the lines, as ``viewBox`` takes it."""
        return f"0 0 {WIDTH} {HEIGHT}"


def rounded(value: float) -> int:
    """The nearest whole number; a half goes up.

    >>> rounded(2.5), rounded(3.5)
    (3, 4)
    """
    return math.floor(value + 0.5)


def short(value: float) -> str:
    """Three digits of a number, never as a power of ten.

    >>> short(1234.5), short(0.50), short(0.00012345), short(-0.0)
    ('1230', '0.5', '0.000123', '0')
    """
    return format(Decimal(f"{value + 0.0:.3g}"), "f")


def ticks(low: float, high: float, most: int = 5) -> list[float]:
    """A few round values between two bounds.

    Args:
        low, high: the bounds, in any unit.
        most: steps at most; more are taken where a single value would fit.

    >>> ticks(0, 1), ticks(10, 120), ticks(3, 3)
    ([0.0, 0.2, 0.4, 0.6, 0.8, 1.0], [50.0, 100.0], [3])
    """
    if not high > low:
        return [low]
    raw = (high - low) / most
    power = 10.0 ** math.floor(math.log10(raw))
    step = next((size * power for size in (1, 2, 5, 10) if size * power >= raw), raw)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    out = [float(f"{k * step:.10g}") for k in range(first, last + 1)]
    return ticks(low, high, most + 1) if len(out) < 2 and most < 20 else out


def draw(
    key: str,
    title: str,
    dots: Sequence[Dot],
    *,
    x: str = "labels",
    low: float = 0.0,
    high: float | None = None,
    percent: bool = False,
) -> Chart:
    """Lay a chart out.

    Args:
        key: names the chart on its page.
        title: what it shows.
        dots: in order of ``x``; at least one.
        x: heading of the numbers along the x axis.
        low: foot of the y axis, moved down to the lowest point.
        high: top of the y axis, moved up to the highest point; None for that point.
        percent: the figures are shares and are shown in percent.

    Returns:
        The chart, with its numbers as a table.
    """
    lows = [dot.y if dot.low is None else dot.low for dot in dots]
    highs = [dot.y if dot.high is None else dot.high for dot in dots]
    low = min(low, *lows)
    top = max(low + 1e-9, *highs, *(() if high is None else (high,)))
    first, last = min(dot.x for dot in dots), max(dot.x for dot in dots)

    def right(value: float) -> float:
        return (value - first) / (last - first) if last > first else 0.5

    def down(value: float) -> float:
        return 1 - (value - low) / (top - low)

    def shown(value: float) -> str:
        return f"{rounded(100 * value)} %" if percent else short(value)

    newest = dots[-1]
    alone = len(dots) == 1 and newest.whole
    there = [_point(right(dot.x), down(end)) for dot, end in zip(dots, highs, strict=True)]
    back = [_point(right(dot.x), down(end)) for dot, end in zip(dots, lows, strict=True)]
    return Chart(
        key=key,
        title=title,
        label=f"{title}; newest {shown(newest.y)}",
        x=x,
        across=tuple(
            _below(right(v), str(int(v))) for v in ticks(first, last, 5 if last < _LONG else 3) if v == int(v)
        ),
        up=tuple(Mark(_percent(down(value)), shown(value), "end") for value in ticks(low, top)),
        line=" ".join(_point(right(dot.x), down(dot.y)) for dot in dots),
        band=" ".join([*there, *reversed(back)]) if any(dot.whole for dot in dots) else "",
        newest=(_percent(right(newest.x)), _percent(down(newest.y))),
        whisker=(_percent(down(highs[-1])), _percent(down(lows[-1]))) if alone else None,
        rows=tuple(_row(dot, shown) for dot in dots),
    )


def _percent(share: float) -> str:
    return f"{100 * share + 0.0:.2f}%"


def _point(right: float, down: float) -> str:
    return f"{right * WIDTH:.1f},{down * HEIGHT:.1f}"


def _below(share: float, text: str) -> Mark:
    return Mark(_percent(share), text, "end" if share > _END else "middle")


def _row(dot: Dot, shown: Callable[[float], str]) -> Row:
    interval = f"{shown(dot.low)} to {shown(dot.high)}" if dot.low is not None and dot.high is not None else "–"
    return Row(format(dot.x, "g") if dot.x != int(dot.x) else str(int(dot.x)), shown(dot.y), interval)
