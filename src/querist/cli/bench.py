"""``querist bench``: strategies times seeds, with statistics."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from querist.core.errors import ArgumentError

__all__ = ["EXAMPLES", "command"]

EXAMPLES = (
    "Examples: querist bench grid.toml · querist bench grid.toml --out study --seeds 20 · "
    "querist bench grid.toml --resume"
)


def bench(
    grid: Annotated[Path, typer.Argument(help="Specification with a [grid] table.")],
    out: Annotated[Path | None, typer.Option(help="Folder for the results.  [default: GRID's name]")] = None,
    seeds: Annotated[int | None, typer.Option(min=1, help="Seeds; those of the specification if left out.")] = None,
    engine: Annotated[str, typer.Option(help="Where runs are computed: local (processes).")] = "local",
    workers: Annotated[int | None, typer.Option(min=1, help="Processes; one a processor if left out.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Keep the finished runs of an earlier call.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print results.json instead of the table.")] = False,
) -> int:
    """Compare strategies over common seeds, paired against random, with intervals and corrected p values.

    Every finished run is kept at once; Ctrl-C loses at most the runs in flight.
    """
    from querist.assembly.spec import load_spec
    from querist.benchmark.grid import Grid
    from querist.cli.study import finish

    if engine != "local":
        raise ArgumentError(
            f"engine {engine!r} is not there; use local (processes of this machine)", code="UnknownName"
        )
    spec = load_spec(grid)
    if spec.grid is None:
        raise ArgumentError(
            f'{grid.name} has no [grid] table; add one, e.g. [grid] strategies = ["random", "margin"]',
            code="MissingKey",
        )
    folder = out or grid.with_suffix("")
    numbers = range(spec.run.seed, spec.run.seed + (seeds or spec.run.seeds))
    made = Grid(
        spec, spec.grid.strategies, numbers, folder, ceilings=spec.grid.ceiling, workers=workers or spec.grid.workers
    )
    again = f"querist bench {grid} --resume" + (f" --out {out}" if out else "") + (f" --seeds {seeds}" if seeds else "")
    return finish(made, title="bench", resume=resume, again=again, as_json=json)


command = bench
