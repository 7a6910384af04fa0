"""``querist strategies``: everything that can choose, with what it needs."""

from __future__ import annotations

import dataclasses
from typing import Annotated, Any

import typer

__all__ = ["EXAMPLES", "bare_cell", "command", "grid", "listing"]

EXAMPLES = (
    "Examples: querist strategies · querist strategies --kind score · querist strategies --grid · "
    "querist strategies --cell hybrid · querist strategies --json"
)


def bare_cell(arguments: list[str]) -> list[str]:
    """``strategies --cell`` without a name means the whole grid: an option of the frame takes a value or none, not both.

    >>> bare_cell(["strategies", "--cell"]), bare_cell(["strategies", "--cell", "hybrid"])
    (['strategies', '--grid'], ['strategies', '--cell', 'hybrid'])
    """
    out = list(arguments)
    if "strategies" in out and "--cell" in out:
        place = out.index("--cell")
        if place + 1 == len(out) or out[place + 1].startswith("--"):
            out[place] = "--grid"
    return out


def listing() -> list[dict[str, Any]]:
    """One entry a registered part: name, kind, Python name, parameters, needs, survey cell, paper, summary."""
    from querist.core.registry import registry

    out: list[dict[str, Any]] = []
    for entry in registry.entries("score", "selector", "filter", "strategy"):
        cls: Any = entry.factory
        fields = [f for f in dataclasses.fields(cls) if f.init] if dataclasses.is_dataclass(cls) else []
        parameters = {f.name: None if f.default is dataclasses.MISSING else _plain(f.default) for f in fields}
        out.append(
            {
                "name": entry.name,
                "kind": entry.kind,
                "python": getattr(cls, "__name__", entry.name),
                "parameters": parameters,
                "required": [f.name for f in fields if f.default is dataclasses.MISSING],
                "needs": _needs(cls, [f for f in fields if f.default is dataclasses.MISSING]),
                "cell": getattr(cls, "cell", ""),
                "paper": getattr(cls, "paper", ""),
                "summary": (cls.__doc__ or "").strip().splitlines()[0],
                "origin": entry.origin,
            }
        )
    return out


def grid(entries: list[dict[str, Any]] | None = None) -> dict[str, list[dict[str, Any]]]:
    """The parts by cell of the survey, in the survey's order; cells of plug-ins of their own come last."""
    from querist.strategies.cells import CELLS

    found = listing() if entries is None else entries
    out: dict[str, list[dict[str, Any]]] = {cell: [] for cell in CELLS}
    for entry in found:
        out.setdefault(entry["cell"] or "no cell named", []).append(entry)
    return out


def _of_cell(entries: list[dict[str, Any]], wanted: str) -> list[dict[str, Any]]:
    """The entries of a cell, or of all cells that begin with these words (``hybrid``)."""
    from querist.core.errors import UnknownNameError, nearest

    cells = list(grid(entries))
    matched = [cell for cell in cells if cell == wanted] or [cell for cell in cells if cell.startswith(wanted)]
    if not matched or not wanted:
        near = nearest(wanted, cells, 3) or cells
        raise UnknownNameError(
            f"unknown cell {wanted!r}; did you mean {', '.join(near)}? (`querist strategies --grid` lists all)",
            code="UnknownName",
        )
    return [entry for entry in entries if (entry["cell"] or "no cell named") in matched]


def _plain(value: Any) -> Any:
    return value if isinstance(value, (int, float, str, bool, type(None))) else str(value)


def _needs(cls: Any, required: list[Any]) -> dict[str, list[str]] | None:
    """Signals by role; None where they depend on the parts inside."""
    if any("Score" in str(f.type) or "Strategy" in str(f.type) for f in required):
        return None
    try:
        needs = cls(**{f.name: 1 for f in required}).needs
    except Exception:
        return None
    out = {role: sorted(str(s) for s in getattr(needs, role)) for role in ("pool", "labelled", "reference", "uses")}
    out["capabilities"] = sorted(needs.capabilities) + ([needs.plugin] if needs.plugin else [])
    return {role: names for role, names in out.items() if names}


def strategies(
    kind: Annotated[str | None, typer.Option(help="score, selector, filter or strategy.")] = None,
    cell: Annotated[str | None, typer.Option(help="A cell of the survey's grid, or its first words: hybrid.")] = None,
    by_cell: Annotated[bool, typer.Option("--grid", help="The survey's grid: each cell with its parts.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Everything, as JSON.")] = False,
) -> int:
    """List scores, selectors, filters and strategies with what they need."""
    import json as json_module

    found = [e for e in listing() if kind in (None, e["kind"])]
    if cell is not None:
        found = _of_cell(found, cell)
    if json:
        typer.echo(json_module.dumps(grid(found) if by_cell else found, indent=1))
        return 0
    from rich.console import Console

    screen = Console()
    screen.print(_grid_table(found) if by_cell else _table(found))
    if not by_cell:
        screen.print(
            "\nCombine them: score >> selector · filter | strategy · w*a + v*b · a * b. Example: "
            "shortlist(margin, times=10) | k_center",
            markup=False,
        )
    return 0


def _table(found: list[dict[str, Any]]) -> Any:
    from rich.table import Table

    table = Table("name", "kind", "needs", "what it does", box=None, header_style="bold")
    for entry in found:
        needs = entry["needs"]
        words = (
            "its parts'" if needs is None else ", ".join(needs.get("pool", []) + needs.get("capabilities", [])) or "–"
        )
        table.add_row(entry["name"], entry["kind"], words, entry["summary"])
    return table


def _grid_table(found: list[dict[str, Any]]) -> Any:
    from rich.table import Table

    from querist.strategies.cells import CELLS

    table = Table("cell", "what it asks for", "parts", box=None, header_style="bold")
    for name, entries in grid(found).items():
        table.add_row(name, CELLS.get(name, ""), ", ".join(sorted(e["name"] for e in entries)) or "–")
    return table


command = strategies
