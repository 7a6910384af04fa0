"""Run a grid, write its results, and show them: what ``demo``, ``run`` and ``bench`` share."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from querist.benchmark.grid import Grid

__all__ = ["finish", "show"]


def finish(grid: Grid, *, title: str, resume: bool, again: str, as_json: bool) -> int:
    """Run a grid, write ``results.json``, ``report.html`` and ``curves.png``, print the table; give the exit code."""
    from querist.benchmark import report, results
    from querist.cli.bars import bar

    with bar(title, grid.total) as move:
        outcome = grid.run(resume=resume, on_done=lambda strategy, seed: move(f"{strategy}, seed {seed}"))
    if not outcome.runs:
        typer.echo(f"interrupted before the first run was finished; go on with: {again}", err=True)
        return 130
    spec = grid.spec.model_dump(mode="json")
    spec["grid"] = {"strategies": list(grid.strategies), "seeds": list(grid.seeds), "ceiling": grid.ceilings}
    document = results.document(spec, outcome.runs, ceiling=outcome.ceiling, interrupted=outcome.interrupted)
    results.write(document, grid.out / "results.json")
    report.write_report(document, grid.out / "report.html")
    show(document, grid.out, as_json=as_json)
    if outcome.interrupted:
        typer.echo(f"interrupted; {len(outcome.runs)} finished runs are saved. Go on with: {again}", err=True)
        return 130
    return 0


def show(document: dict[str, Any], out: Path | None, *, as_json: bool) -> None:
    """The document on stdout: as JSON, or as a table."""
    if as_json:
        json.dump(document, sys.stdout, indent=1)
        sys.stdout.write("\n")
        return
    from rich.console import Console

    from querist.benchmark.table import console

    screen = Console()
    screen.print(console(document))
    if out is not None:
        screen.print(f"Report: {out / 'report.html'}   curves: {out / 'curves.png'}   figures: {out / 'results.json'}")
