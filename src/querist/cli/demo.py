"""``querist demo``: the main job on real data, with nothing to prepare."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["EXAMPLES", "command"]

EXAMPLES = (
    "Examples: querist demo · querist demo --seeds 3 --out first-look · querist demo --seeds 20 --json > demo.json"
)


def demo(
    out: Annotated[Path, typer.Option(help="Folder for the results.", show_default=True)] = Path("querist-demo"),
    seeds: Annotated[int, typer.Option(min=1, help="Repetitions with different seeds.")] = 10,
    json: Annotated[bool, typer.Option("--json", help="Print results.json instead of the table.")] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with an interrupted demo in the same folder.")
    ] = False,
) -> int:
    """Active learning on handwritten digits with a small CNN: seven ways of asking, against random.

    Writes report.html, curves.png and results.json. Needs no network and about two minutes on two cores.
    """
    from importlib.resources import files

    from querist.assembly.spec import parse_spec
    from querist.benchmark.grid import Grid
    from querist.cli.study import finish

    spec = parse_spec((files("querist.cli") / "demo.toml").read_text(encoding="utf-8"), name="demo.toml")
    assert spec.grid is not None
    seeds_used = range(spec.run.seed, spec.run.seed + seeds)
    grid = Grid(spec, spec.grid.strategies, seeds_used, out, ceilings=spec.grid.ceiling, workers=spec.grid.workers)
    again = f"querist demo --resume --out {out}" + (f" --seeds {seeds}" if seeds != 10 else "")
    return finish(grid, title="demo", resume=resume, again=again, as_json=json)


command = demo
