"""Fills the reference pages from the code, so that they cannot drift: ``<!-- querist:NAME -->`` becomes a table."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Replace every marker of a page."""

    def fill(match: re.Match[str]) -> str:
        return FILLERS[match.group(1)]()

    return re.sub(r"<!-- querist:(\w+) -->", fill, markdown)


def _cell(text: object) -> str:
    return str(text).replace("|", "\\|").replace("\n", " ")


def strategies() -> str:
    """Every registered part, by kind."""
    from querist.cli.strategies import listing

    out = []
    titles = {"score": "Scores", "selector": "Selectors", "filter": "Filters", "strategy": "Methods and combinators"}
    for kind, title in titles.items():
        out += [f"## {title}", "", "| name | parameters | needs | what it does | source |", "|---|---|---|---|---|"]
        for e in listing():
            if e["kind"] != kind:
                continue
            given = [f"{k}" if k in e["required"] else f"{k}={v}" for k, v in e["parameters"].items()]
            needs = e["needs"]
            words = (
                "as its parts" if needs is None else ", ".join(f"{r}: {', '.join(n)}" for r, n in needs.items()) or "–"
            )
            summary = e["summary"] + (f" *({e['cell']})*" if e["cell"] else "")
            cells = (f"`{e['name']}`", ", ".join(given) or "–", words, summary, e["paper"])
            out.append(f"| {' | '.join(map(_cell, cells))} |")
        out.append("")
    return "\n".join(out)


def grid() -> str:
    """The survey's grid of query strategies: each cell with its parts."""
    from querist.cli.strategies import grid as by_cell
    from querist.strategies.cells import CELLS

    out = []
    for name, entries in by_cell().items():
        out += [
            f"## {name[:1].upper()}{name[1:]}",
            "",
            f"{CELLS.get(name, '')[:1].upper()}{CELLS.get(name, '')[1:]}.",
            "",
        ]
        if not entries:
            out += ["No part yet.", ""]
            continue
        out += ["| name | kind | needs | what it does | source |", "|---|---|---|---|---|"]
        for e in sorted(entries, key=lambda e: str(e["name"])):
            needs = e["needs"]
            words = (
                "as its parts" if needs is None else ", ".join(sorted({n for ns in needs.values() for n in ns})) or "–"
            )
            cells = (f"`{e['name']}`", e["kind"], words, e["summary"], e["paper"] or "–")
            out.append(f"| {' | '.join(map(_cell, cells))} |")
        out.append("")
    return "\n".join(out)


def signals() -> str:
    """The catalogue of signals."""
    from querist.core.signals import CATALOGUE

    out = ["| signal | shape | meaning | cost |", "|---|---|---|---|"]
    out += [f"| `{s.name}` | {_cell(s.shape)} | {_cell(s.meaning)} | {_cell(s.cost)} |" for s in CATALOGUE.values()]
    return "\n".join(out)


def commands() -> str:
    """The help of every verb."""
    import os

    from typer.testing import CliRunner

    from querist.cli.app import app

    os.environ.setdefault("COLUMNS", "100")
    runner = CliRunner()
    out = []
    for command in app.registered_commands:
        name = command.name or ""
        text = runner.invoke(app, [name, "--help"], color=False).output
        out += [f"## querist {name}", "", "```text", text.strip(), "```", ""]
    return "\n".join(out)


def specification() -> str:
    """Every key of the TOML specification: the main table, then one for each kind of learner and of posterior."""
    from querist.assembly.spec import Spec
    from querist.assembly.spec_docs import sections

    out = []
    for section in sections(Spec):
        if section.title:
            out += [f"## `{section.title}`", "", section.summary, ""]
        out += ["| key | kind | default | meaning |", "|---|---|---|---|"]
        for k, kind, default, text in section.rows:
            out.append(f"| `{_cell(k)}` | {_cell(kind)} | {_cell(default)} | {_cell(text)} |")
        out.append("")
    return "\n".join(out)


def rules() -> str:
    """The stop rules."""
    from querist.core.registry import registry

    out = ["| rule | what it does |", "|---|---|"]
    for e in registry.entries("stop_rule"):
        out.append(f"| `{e.name}` | {_cell((e.factory.__doc__ or '').strip().splitlines()[0])} |")
    return "\n".join(out)


def gallery() -> str:
    """A picture, cost and advice for every registered part."""
    import importlib.util
    from pathlib import Path

    spec = importlib.util.spec_from_file_location("gallery", Path(__file__).resolve().parent / "gallery.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return str(module.page())


FILLERS: dict[str, Callable[[], str]] = {
    "strategies": strategies,
    "grid": grid,
    "gallery": gallery,
    "signals": signals,
    "commands": commands,
    "specification": specification,
    "rules": rules,
}
