"""The figures of a summary as short text: what the tables and the report share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from querist.benchmark.summary import lower_is_better

__all__ = ["HEADS", "NARROW_HEADS", "cells", "narrow_cells", "notes", "p_text", "value", "verdict"]

HEADS = ("strategy", "AUBC", "95 % interval", "final", "labels to target", "vs random", "p (Holm)", "win/tie/loss")
"""Column heads of the table, one for each of `cells`."""
NARROW_HEADS = ("strategy", "AUBC", "95 %", "final", "target", "diff", "p", "w/t/l")
"""The same for `narrow_cells`."""
_ALPHA = 0.05

Entry = Mapping[str, Any]


def cells(entry: Entry) -> tuple[str, ...]:
    """One row of the table: text for each of `HEADS`; a dash where there is no figure."""
    low, high = entry["aubc_ci"]
    versus = entry["versus_random"] or {}
    compared = versus.get("diff") is not None
    return (
        entry["strategy"],
        value(entry["aubc"]),
        f"{value(low)} to {value(high)}",
        value(entry["final"]),
        _target(entry),
        value(versus["diff"], "+") if compared else "–",
        p_text(versus.get("p")) if compared else "–",
        f"{versus['wins']}/{versus['ties']}/{versus['losses']}" if compared else "–",
    )


def narrow_cells(entry: Entry) -> tuple[str, ...]:
    """The same row for 80 columns: three decimals in the interval, how many never reached the target in brackets."""
    row = list(cells(entry))
    low, high = (f"{bound:.3f}" if abs(bound) < 10 else f"{bound:.4g}" for bound in entry["aubc_ci"])
    row[2] = f"{low}–{high}"
    row[4] = row[4].replace("not reached", "–").replace(" never)", ")")
    return tuple(row)


def value(number: float, sign: str = "") -> str:
    """A metric's value: four decimals below ten, five digits above."""
    return f"{number:{sign}.4f}" if abs(number) < 10 else f"{number:{sign}.5g}"


def p_text(p: float | None) -> str:
    """A p value, never rounded down to nought."""
    if p is None:
        return "–"
    return "< .0001" if p < 0.0001 else f"{p:.4f}"


def _target(entry: Entry) -> str:
    needed, censored = entry["labels_to_target"], entry["censored"]
    if censored is None:
        return "–"
    missed = f" ({censored} never)" if censored else ""
    return f"{needed:g}{missed}" if needed is not None else f"not reached{missed}"


def notes(entries: list[Entry]) -> list[str]:
    """The notes of the comparisons, each once, with the strategies it is about."""
    about: dict[str, list[str]] = {}
    for entry in entries:
        note = (entry["versus_random"] or {}).get("note")
        if note:
            about.setdefault(note, []).append(entry["strategy"])
    return [f"{', '.join(names)}: {note}" for note, names in about.items()]


def verdict(entry: Entry) -> tuple[str, str]:
    """What the comparison with random says, in plain words.

    Returns:
        A key (``baseline``, ``better``, ``worse``, ``open``) and a sentence without the strategy's name.
    """
    versus = entry["versus_random"]
    metric = entry["metric"].replace("_", " ")
    if versus is None:
        if entry["censored"] is None:
            return "open", "was not compared: random did not run."
        return "baseline", "is what the others are measured against."
    if versus["diff"] is None:
        return "open", "was not compared: it has no seed in common with random."
    better = (versus["diff"] < 0) == lower_is_better(entry["metric"]) and versus["diff"] != 0
    counts = f"better on {versus['wins']} and worse on {versus['losses']} of {versus['seeds']} seeds"
    where = "above" if versus["diff"] > 0 else "below"
    size = f"mean {metric} over the budget {value(abs(versus['diff']))} {where} random's"
    if versus["p"] is None:
        return "open", f"cannot be judged with so few seeds: {size}, {counts}."
    p = p_text(versus["p"])
    # no line ends inside of "p = 0.0117"
    known = f"{size}, {counts}, " + (f"p {p}" if p.startswith("<") else f"p = {p}").replace(" ", "\N{NO-BREAK SPACE}")
    if versus["p"] >= _ALPHA:
        return "open", f"cannot be told from random: {known}."
    if better:
        return "better", f"beats random: {known}."
    return "worse", f"falls below random: {known}."
