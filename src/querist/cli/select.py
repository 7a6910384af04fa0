"""``querist select``: a strategy on arrays in files, from any model in any language."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

__all__ = ["EXAMPLES", "command"]

EXAMPLES = (
    "Examples: querist select margin -n 20 --probs probs.npy · querist select 'shortlist(margin, times=10) | k_center' "
    "-n 100 --probs p.npy --embedding e.npy --ids ids.csv --json · querist select 'limit(margin, per_group=2)' -n 20 "
    "--probs p.npy --group documents.csv --ids ids.csv --exclude done.csv"
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
    ids: Annotated[Path | None, typer.Option(help="(N,) ids, one a row.")] = None,
    seed: Annotated[int, typer.Option(help="The only source of randomness.")] = 0,
    json: Annotated[bool, typer.Option("--json", help="Ids, rows, scores and reasons as JSON.")] = False,
) -> int:
    """Choose items from arrays; prints one id a line, or JSON. .npy files are memory-mapped."""
    import json as json_module

    from querist.cli.array_files import read_array, read_exclude, read_groups, read_ids
    from querist.cli.bars import watch
    from querist.core.errors import ArgumentError
    from querist.strategies.arrays import select as choose

    if (gradient_a is None) != (gradient_h is None):
        raise ArgumentError("--gradient-a and --gradient-h belong together: pass both", code="MissingSignal")
    pool: dict[str, Any] = {"probs": probs, "members": members, "embedding": embedding, "cost": cost}
    signals: dict[str, Any] = {
        name: read_array(file, flat=name == "cost") for name, file in pool.items() if file is not None
    }
    if group is not None:
        signals["group"] = read_groups(group)
    if gradient_a is not None and gradient_h is not None:
        signals["gradient"] = (read_array(gradient_a), read_array(gradient_h))
    labelled = {
        name: read_array(file, flat=name == "labels")
        for name, file in (("embedding", labelled_embedding), ("probs", labelled_probs), ("labels", labels))
        if file is not None
    }
    pending = {"embedding": read_array(pending_embedding)} if pending_embedding else None
    reference = {
        name: read_array(file)
        for name, file in (("embedding", reference_embedding), ("members", reference_members))
        if file is not None
    }
    with watch():
        chosen = choose(
            strategy,
            n,
            seed=seed,
            ids=None if ids is None else read_ids(ids),
            labelled=labelled or None,
            pending=pending,
            reference=reference or None,
            exclude=None if exclude is None else read_exclude(exclude, ids=ids is not None),
            **signals,
        )
    names = [str(i) for i in chosen.ids]
    if json:
        scores = [None if s != s else s for s in chosen.scores.tolist()]
        out = {"ids": names, "indices": chosen.indices.tolist(), "scores": scores, "reasons": list(chosen.reasons)}
        typer.echo(json_module.dumps(out))
    else:
        typer.echo("\n".join(names))
    return 0


command = select
