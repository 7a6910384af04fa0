"""``querist convert``: weights of torch as safetensors, the only form that is loaded."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["EXAMPLES", "command"]

EXAMPLES = "Examples: querist convert resnet18.pth · querist convert pytorch_model.bin encoder/model.safetensors"


def convert(
    weights: Annotated[Path, typer.Argument(help="A .pt, .pth, .bin or .ckpt file of torch.")],
    out: Annotated[
        Path | None, typer.Argument(help="File to write.  [default: WEIGHTS with the ending .safetensors]")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
) -> int:
    """Write the tensors of a file of torch as safetensors.

    The file is read as tensors only, in a process of its own under limits; one that holds code is refused and not run.
    """
    from querist.core.errors import StateError, shorten_path
    from querist.models.convert import convert as written

    target = weights.with_suffix(".safetensors") if out is None else out
    if target.exists() and not force:
        raise StateError(
            f"{shorten_path(target)} is there already; name another file or pass --force", code="AlreadyThere"
        )
    made = written(weights, target)
    typer.echo(f"{made.path}: {made.tensors} tensors")
    return 0


command = convert
