"""What all figures share: colours, line styles, quiet axes, and the way to PNG and inline SVG.

Colours are those of Okabe and Ito (2008) that stand out on white and on black, told apart also by line style and
marker. matplotlib is used through its Figure objects alone: nothing global is read or set.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import matplotlib
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["GRID", "INK", "PALETTE", "calm", "line_style", "new_figure", "png_bytes", "short_name", "svg"]

INK = "#24292f"
GRID = "#d8dee4"
PALETTE = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8c6bb1", "#a6761d")
_DASHES: tuple[Any, ...] = ("-", (0, (5, 1.5)), (0, (4, 1.5, 1, 1.5)), (0, (1.2, 1.2)), (0, (7, 1.5, 1, 1.5, 1, 1.5)))
_MARKERS = "os^DvPX"
_XLINK = "{http://www.w3.org/1999/xlink}"


def line_style(place: int) -> dict[str, Any]:
    """Colour, dashes and marker of the strategy at ``place``; 280 combinations before one comes back."""
    return {
        "color": PALETTE[place % len(PALETTE)],
        "linestyle": _DASHES[place % len(_DASHES)],
        "marker": _MARKERS[place % len(_MARKERS)],
    }


def short_name(name: str, width: int = 54) -> str:
    """One line of at most ``width`` characters, cut in the middle, where long strategies differ least."""
    # control characters and lone surrogates have no place in an SVG
    text = " ".join("".join(c if c.isprintable() else " " for c in name).split())
    if len(text) > width:
        head = (width - 1) * 2 // 3
        text = f"{text[:head]}…{text[-(width - 1 - head) :]}"
    # matplotlib leaves names with a leading underscore out of legends
    return f" {text}" if text.startswith("_") else text


def new_figure(width: float, height: float) -> Figure:
    """An empty figure, inches, with a canvas of its own and the layout made at drawing time."""
    figure = Figure(figsize=(width, height), layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    figure.get_layout_engine().set(w_pad=0.1, h_pad=0.08, wspace=0.04)  # type: ignore[union-attr, call-arg]
    return figure


def calm(axes: Axes, *, grid: str = "y") -> None:
    """Axes that stay behind the data: no box, a light grid, small text."""
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(GRID)
    axes.grid(axis=grid, color=GRID, linewidth=0.7)  # type: ignore[arg-type]
    axes.set_axisbelow(True)
    axes.tick_params(colors=INK, labelsize=9, length=0, pad=5)
    for text in (axes.xaxis.label, axes.yaxis.label):
        text.set_color(INK)
        text.set_fontsize(9.5)


def png_bytes(figure: Figure, dpi: int = 150) -> bytes:
    """The figure as PNG on white, without a date or a version in it."""
    out = io.BytesIO()
    with _quietly():
        figure.savefig(out, format="png", dpi=dpi, metadata={"Software": None})
    return out.getvalue()


def svg(figure: Figure, *, name: str = "figure", alt: str = "") -> str:
    """The figure as an SVG element that stands inside HTML.

    Args:
        figure: the figure.
        name: prefix of the ids, so that several figures share one page.
        alt: what it shows, for those who cannot see it.

    Returns:
        An ``<svg>`` element without namespaces, metadata or size; text stays text, the ink and the grid take the
        page's ``--ink`` and ``--rule``, and the background is the page's.
    """
    out = io.BytesIO()
    settings: dict[Any, Any] = {"svg.fonttype": "none", "svg.hashsalt": name}
    with _quietly(), matplotlib.rc_context(settings):
        figure.savefig(out, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    root = ElementTree.fromstring(out.getvalue())
    for element in root.iter():
        _localise(element, name)
    for child in [c for c in root if c.tag == "metadata"]:
        root.remove(child)
    for holder in list(root.iter("defs")):
        for child in [c for c in holder if c.tag == "style"]:
            holder.remove(child)
    for gone in ("width", "height", "version"):
        root.attrib.pop(gone, None)
    # the style sheet of the SVG would reach the whole page: its one rule is inherited from here instead
    root.set("style", "stroke-linejoin: round; stroke-linecap: butt")
    root.set("role", "img")
    root.set("aria-label", alt)
    return ElementTree.tostring(root, encoding="unicode")


def _localise(element: ElementTree.Element, name: str) -> None:
    element.tag = element.tag.rpartition("}")[2]
    for key, value in list(element.attrib.items()):
        del element.attrib[key]
        key = "href" if key == f"{_XLINK}href" else key.rpartition("}")[2]
        if key == "id":
            value = f"{name}-{value}"
        elif key == "href":
            value = f"#{name}-{value.removeprefix('#')}"
        value = value.replace("url(#", f"url(#{name}-").replace(INK, "var(--ink)").replace(GRID, "var(--rule)")
        element.attrib[key] = value


@contextmanager
def _quietly() -> Iterator[None]:
    """Names may hold letters that matplotlib's font lacks: they are drawn as boxes (PNG) or by the reader's font."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        warnings.filterwarnings("ignore", message="Matplotlib currently does not support")
        yield
