"""``querist select``: a strategy on arrays in files, from any model in any language."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

__all__ = ["EXAMPLES", "command"]

EXAMPLES = (
    "Examples: querist select margin -n 20 --probs probs.npy · querist select 'shortlist(margin, times=10) | k_center' "
    "-n 100 --probs p.npy --embedding e.npy --ids ids.csv --json · querist select 'limit(margin, per_group=2)' -n 20 "
    "--probs p.npy --group documents.csv --ids ids.csv --exclude done.csv · querist select mnlp -n 20 --signal tokens=t.npy"
)


def select(
    strategy: Annotated[str, typer.Argument(help="Name or expression; `querist strategies` lists the parts.")],
    n: Annotated[int, typer.Option("-n", "--n", help="How many items.")],
    probs: Annotated[Path | None, typer.Option(help="(N, C) probabilities: .npy, .npz, .csv or .parquet.")] = None,
    members: Annotated[Path | None, typer.Option(help="(N, S, C) posterior samples.")] = None,
    embedding: Annotated[Path | None, typer.Option(help="(N, D) features.")] = None,
    gradient_a: Annotated[Path | None, typer.Option(help="(N, C) factor p - onehot(argmax p).")] = None,
    gradient_h: Annotated[Path | None, typer.Option(help="(N, D) factor h.")] = None,
    cost: Annotated[Path | None, typer.Option(help="(N,) price of an answer.")] = None,
    group: Annotated[Path | None, typer.Option(help="(N,) source document of each item, one a row.")] = None,
    exclude: Annotated[
        Path | None, typer.Option(help="Ids (rows without --ids) to leave out, one a row; or a .npy mask.")
    ] = None,
    labelled_embedding: Annotated[Path | None, typer.Option(help="(L, D) features of labelled items.")] = None,
    labelled_probs: Annotated[Path | None, typer.Option(help="(L, C) probabilities of labelled items.")] = None,
    labels: Annotated[Path | None, typer.Option(help="(L,) class numbers of labelled items.")] = None,
    pending_embedding: Annotated[Path | None, typer.Option(help="(M, D) features of items sent out.")] = None,
    reference_embedding: Annotated[Path | None, typer.Option(help="(R, D) features of the reference set.")] = None,
    reference_members: Annotated[Path | None, typer.Option(help="(R, S, C) samples on the reference set.")] = None,
    signal: Annotated[
        list[str] | None,
        typer.Option(help="Any other signal, name=file or role.name=file: tokens=t.npy, labelled.targets=y.csv."),
    ] = None,
    ids: Annotated[Path | None, typer.Option(help="(N,) ids, one a row.")] = None,
    seed: Annotated[int, typer.Option(help="The only source of randomness.")] = 0,
    json: Annotated[bool, typer.Option("--json", help="Ids, rows, scores and reasons as JSON.")] = False,
) -> int:
    """Choose items from arrays; prints one id a line, or JSON. .npy files are memory-mapped."""
    import json as json_module

    from querist.cli.array_files import read_exclude, read_ids
    from querist.cli.bars import watch
    from querist.cli.select_signals import read_signals
    from querist.strategies.arrays import select as choose

    flags = {
        "pool.probs": probs,
        "pool.members": members,
        "pool.embedding": embedding,
        "pool.gradient_a": gradient_a,
        "pool.gradient_h": gradient_h,
        "pool.cost": cost,
        "pool.group": group,
        "labelled.embedding": labelled_embedding,
        "labelled.probs": labelled_probs,
        "labelled.labels": labels,
        "pending.embedding": pending_embedding,
        "reference.embedding": reference_embedding,
        "reference.members": reference_members,
    }
    arrays = read_signals(flags, signal or ())
    with watch(), flags_named():
        chosen = choose(
            strategy,
            n,
            seed=seed,
            ids=None if ids is None else read_ids(ids),
            labelled=arrays["labelled"] or None,
            pending=arrays["pending"] or None,
            reference=arrays["reference"] or None,
            exclude=None if exclude is None else read_exclude(exclude, ids=ids is not None),
            **arrays["pool"],
        )
    names = [str(i) for i in chosen.ids]
    if json:
        scores = [None if s != s else s for s in chosen.scores.tolist()]
        out = {"ids": names, "indices": chosen.indices.tolist(), "scores": scores, "reasons": list(chosen.reasons)}
        typer.echo(json_module.dumps(out))
    else:
        typer.echo("\n".join(names))
    return 0


@contextmanager
def flags_named() -> Iterator[None]:
    """A refusal for a signal that is missing names the flag that brings it, beside the keyword of the Python call."""
    from querist.core.errors import ArgumentError

    try:
        yield
    except ArgumentError as error:
        if error.code != "MissingSignal":
            raise
        raise ArgumentError(
            f"{error} On the command line: the flag of that name, e.g. --embedding e.npy, or --signal name=file "
            "(--signal role.name=file for labelled, pending and reference items).",
            code=error.code,
        ) from error


command = select
