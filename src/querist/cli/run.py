"""``querist run``: one strategy on one specification, in project folders that survive anything."""

from __future__ import annotations

import json as json_module
import shutil
from pathlib import Path
from typing import Annotated, Any

import typer

__all__ = ["EXAMPLES", "command"]

EXAMPLES = (
    "Examples: querist run querist.toml · querist run querist.toml --out study --seeds 5 · querist run querist.toml -v"
)


def run(
    spec: Annotated[Path, typer.Argument(help="Specification (TOML); `querist init` writes one.")],
    out: Annotated[
        Path | None, typer.Option(help="Folder for the project and the results.  [default: SPEC's name]")
    ] = None,
    seeds: Annotated[
        int | None, typer.Option(min=1, help="Repetitions; those of the specification if left out.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print results.json instead of the table.")] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="One line a step on stderr, after the step is on disk.")
    ] = False,
) -> int:
    """Simulate the loop: ask, answer from the true labels, fit, until the budget or a rule stops it.

    Each seed has a project folder (journal and weights). The same command takes an interrupted run up where it stands.
    """
    from querist.assembly.learners import kind_of
    from querist.assembly.loading import load_data
    from querist.assembly.spec import load_spec
    from querist.benchmark import report, results
    from querist.benchmark.runner import ceiling, simulate
    from querist.cli.bars import bar
    from querist.cli.study import show

    settings = load_spec(spec)
    folder = out or spec.with_suffix("")
    numbers = range(settings.run.seed, settings.run.seed + (seeds or settings.run.seeds))
    loaded = load_data(settings)
    runs: list[dict[str, Any]] = []
    again = f"querist run {spec}" + (f" --out {out}" if out else "") + (f" --seeds {seeds}" if seeds else "")
    try:
        with bar(settings.run.strategy, len(numbers)) as move:
            for seed in numbers:
                project = folder / f"seed-{seed}"
                project.mkdir(parents=True, exist_ok=True)
                if not (project / "querist.toml").exists():
                    named = {key: getattr(settings.model, key) for key in kind_of(settings.model).places}
                    places = {"source": settings.data.source, **{k: v for k, v in named.items() if v is not None}}
                    _copy(spec, project / "querist.toml", places, seed)
                runs.append(
                    simulate(settings, None, seed, loaded=loaded, folder=project, listener=_speak if verbose else None)
                )
                move(f"seed {seed}")
    except KeyboardInterrupt:
        typer.echo(f"interrupted; every answer so far is saved. Go on with: {again}", err=True)
        return 130
    top = ceiling(settings, settings.run.seed, loaded=loaded)
    document = results.document({**settings.model_dump(mode="json")}, runs, ceiling=top)
    results.write(document, folder / "results.json")
    report.write_report(document, folder / "report.html")
    show(document, folder, as_json=json)
    return 0


def _copy(spec: Path, target: Path, places: dict[str, str], seed: int) -> None:
    """The specification beside the journal, with the seed and the places of files settled, by key."""
    import re

    text = spec.read_text(encoding="utf-8")
    for key, place in places.items():
        line, value = rf"(?m)^(\s*{key}\s*=\s*).*?(\s*(?:#.*)?)$", json_module.dumps(place)
        text = re.sub(line, lambda m, value=value: f"{m.group(1)}{value}{m.group(2)}", text, count=1)  # type: ignore[misc]
    text, found = re.subn(r"(?m)^(\s*seed\s*=\s*)\d+", rf"\g<1>{seed}", text, count=1)
    if not found and seed:
        text = (
            re.sub(r"(?m)^\[run\]", f"[run]\nseed = {seed}", text, count=1)
            if "[run]" in text
            else f"{text}\n[run]\nseed = {seed}\n"
        )
    draft = target.with_suffix(".part")
    draft.write_text(text, encoding="utf-8")
    shutil.move(draft, target)


def _speak(what: str, thing: object) -> None:
    """One JSON line a step."""
    line: dict[str, Any] = {"step": what}
    if what in ("asked", "told"):
        line.update(query=getattr(thing, "id", ""), items=list(getattr(thing, "items", ())))
    else:
        line.update(labels=getattr(thing, "labels", 0), metrics=dict(getattr(thing, "metrics", {})))
    typer.echo(json_module.dumps(line), err=True)


command = run
