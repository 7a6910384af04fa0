"""``querist report``: the report of results that are there."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from querist.core.errors import DataError, shorten_path

__all__ = ["EXAMPLES", "command"]

EXAMPLES = "Examples: querist report querist-demo · querist report study/results.json --markdown"


def report(
    path: Annotated[Path, typer.Argument(help="results.json, or the folder it is in.")],
    markdown: Annotated[bool, typer.Option("--markdown", help="Print the table in Markdown.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the document.")] = False,
) -> int:
    """Draw report.html and curves.png again from results.json, and print the table."""
    from querist.benchmark import report as reports
    from querist.benchmark import results, table
    from querist.cli.study import show

    file = path / "results.json" if path.is_dir() else path
    if not file.is_file():
        raise DataError(
            f"{shorten_path(file)} is not there; run `querist demo` or `querist bench` first", code="NoData"
        )
    document = results.read(file)
    reports.write_report(document, file.parent / "report.html")
    if markdown:
        typer.echo(table.markdown(document))
    else:
        show(document, file.parent, as_json=json)
    return 0


command = report
