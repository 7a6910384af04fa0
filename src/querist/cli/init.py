"""``querist init``: a specification to start from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from querist.core.errors import StateError, shorten_path

__all__ = ["EXAMPLES", "command"]

EXAMPLES = "Examples: querist init · querist init my-study.toml --data reviews.csv --text review --label stars"

TEMPLATE = """\
# A querist specification. Run it with: querist run {name}
# Every key is optional but data.source; unknown keys are refused with their line.

[data]
source = {source}        # a .csv, .jsonl, .parquet, .npy, .npz, .conll, a folder of images, or sklearn:digits
{columns}test = 0.2                     # held out for testing: a share or a count

[labels]
# task = "single"              # single, multi, number or spans; guessed when left out
# classes = ["cat", "dog"]     # in order; those found in the data when left out

[model]
learner = "sklearn"            # sklearn, torch, tabular, text, image, recurrent, graph, tagger or gp; each has its own keys
name = "logistic_regression"
# parameters = {{ C = 1.0 }}
# scale = true                 # standardise features
# [model.calibration]          # one temperature for all probabilities

[run]
strategy = "margin"            # `querist strategies` lists all
start = "random"               # before the first model
start_size = 20
batch = 20
budget = 200
# stop = "plateau(metric=accuracy, patience=5)"
seed = 0
seeds = 1

[grid]                         # what `querist bench` varies
strategies = ["random", "margin", "entropy"]
"""


def init(
    file: Annotated[Path, typer.Argument(help="File to write.")] = Path("querist.toml"),
    data: Annotated[str, typer.Option(help="Where the items are.")] = "sklearn:digits",
    text: Annotated[str | None, typer.Option(help="Column of the text.")] = None,
    label: Annotated[str | None, typer.Option(help="Column of the true label.")] = None,
    id: Annotated[str | None, typer.Option(help="Column of the ids.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over an existing file.")] = False,
) -> int:
    """Write a commented specification that `querist run` and `querist bench` take."""
    import json

    if file.exists() and not force:
        raise StateError(
            f"{shorten_path(file)} is there already; name another file or pass --force", code="AlreadyThere"
        )
    columns = "".join(
        f"{key} = {json.dumps(value)}\n" for key, value in (("text", text), ("label", label), ("id", id)) if value
    )
    file.write_text(TEMPLATE.format(name=file.name, source=json.dumps(data), columns=columns), encoding="utf-8")
    typer.echo(f"wrote {file}; run it with: querist run {file}")
    return 0


command = init
