"""``results.json``: one document a study, made, written and read."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path, PureWindowsPath
from typing import Any

from querist.benchmark.curves import Rule
from querist.benchmark.environment import environment
from querist.benchmark.one_step import write_in_one_step
from querist.benchmark.summary import metric_names, summarise
from querist.core.errors import DataError, shorten

__all__ = ["document", "read", "write"]

_SHAPE: dict[str, type | tuple[type, ...]] = {
    "querist": str,
    "spec": dict,
    "environment": dict,
    "runs": list,
    "summary": list,
}
_OPTIONAL_PARTS: dict[str, tuple[type | tuple[type, ...], Any]] = {
    "ceiling": ((dict, type(None)), None),
    "interrupted": (bool, False),
}
_NUMBER = (int, float)
_OPTIONAL = (int, float, type(None))
_SUMMARY: dict[str, type | tuple[type, ...]] = {
    "strategy": str,
    "metric": str,
    "aubc": _NUMBER,
    "aubc_ci": list,
    "final": _NUMBER,
    "labels_to_target": _OPTIONAL,
    "censored": _OPTIONAL,
    "versus_random": (dict, type(None)),
}
_VERSUS: dict[str, type | tuple[type, ...]] = {
    "diff": _OPTIONAL,
    "p": _OPTIONAL,
    "wins": int,
    "ties": int,
    "losses": int,
    "seeds": int,
}
_NOTE = (str, type(None))


def document(
    spec: dict[str, Any],
    runs: list[dict[str, Any]],
    *,
    metric: str | None = None,
    ceiling: dict[str, float] | None = None,
    interrupted: bool = False,
    published: Rule | None = None,
) -> dict[str, Any]:
    """The document of a study.

    Args:
        spec: the specification as plain values; a data source that is an absolute path is cut to its last part.
        runs: finished runs: strategy, seed, rounds, stopped.
        metric: the main metric, which comes first in the summary; None takes the first of the specification's
            ``run.metrics``, else accuracy, else the first that the runs have.
        ceiling: mean metrics of fits on the whole pool.
        interrupted: whether the study was stopped before its end.
        published: rule of the published row that the study repeats; adds ``aubc_published`` to the summary.

    Returns:
        querist, spec, environment, runs, summary (see `querist.benchmark.entry`), ceiling, interrupted. It is JSON as
        it stands: NaN and infinity are None. Where lower is better (log_loss, ece, brier, rmse, mae), ``diff`` keeps the
        metric's own direction and wins count the better ones.
    """
    made_with = environment()
    named = (spec.get("run") or {}).get("metrics") or [None]
    made = {
        "querist": made_with["querist"],
        "spec": _without_place(spec),
        "environment": made_with,
        "runs": runs,
        "summary": summarise(runs, metric_names(runs, metric or named[0]), published=published),
        "ceiling": ceiling,
        "interrupted": interrupted,
    }
    return {part: _finite(value) for part, value in made.items()}


def write(document: Mapping[str, Any], path: Path) -> None:
    """Write the document in one step: a reader sees the old file or the new one. NaN and infinity become null."""
    text = json.dumps(_finite(document), indent=1, allow_nan=False)
    write_in_one_step(path, (text + "\n").encode())


def read(path: Path) -> dict[str, Any]:
    """Read a document back; ``ceiling`` and ``interrupted`` are filled in where it lacks them.

    Raises:
        DataError: the file cannot be read, is not JSON, or is not a document of results (``BadResults``).
    """
    name = shorten(path.name)
    try:
        found = json.loads(path.read_text(encoding="utf-8"), parse_constant=_no_constant)
    except (OSError, ValueError, RecursionError) as error:
        reason = error.strerror if isinstance(error, OSError) else shorten(str(error), 120)
        raise _bad(name, f"it cannot be read as JSON: {reason}") from error
    if not isinstance(found, dict):
        raise _bad(name, f"it holds {type(found).__name__}, not an object")
    for part, (_, absent) in _OPTIONAL_PARTS.items():
        found.setdefault(part, absent)
    fault = _fault(found)
    if fault:
        raise _bad(name, fault)
    return found


def _no_constant(text: str) -> float:
    raise ValueError(f"{text} is not JSON")


def _bad(name: str, reason: str) -> DataError:
    return DataError(
        f"{name} is not a document of results: {reason}; `querist demo` and `querist bench` write one",
        code="BadResults",
    )


def _fault(found: dict[str, Any]) -> str | None:
    """What is wrong with the document, in words; None where nothing is."""
    optional = {part: kind for part, (kind, _) in _OPTIONAL_PARTS.items()}
    fault = _mistyped(found, {**_SHAPE, **optional}, "the document")
    if fault:
        return fault
    for place, run in enumerate(found["runs"]):
        fault = _mistyped(run, {"strategy": str, "seed": int, "rounds": list}, f"runs[{place}]")
        fault = fault or _fault_of_rounds(run["rounds"], f"runs[{place}]")
        if fault:
            return fault
    for place, entry in enumerate(found["summary"]):
        where = f"summary[{place}]"
        fault = _mistyped(entry, _SUMMARY, where)
        if not fault and not (len(entry["aubc_ci"]) == 2 and all(_number(v) for v in entry["aubc_ci"])):
            fault = f"{where}.aubc_ci is not a pair of numbers"
        if not fault and entry["versus_random"] is not None:
            fault = _mistyped(entry["versus_random"], _VERSUS, f"{where}.versus_random")
            if not fault and not isinstance(entry["versus_random"].get("note"), _NOTE):
                fault = f"{where}.versus_random.note is not text"
        if fault:
            return fault
    return None


def _fault_of_rounds(rounds: list[Any], where: str) -> str | None:
    before = -math.inf
    for place, entry in enumerate(rounds):
        here = f"{where}.rounds[{place}]"
        fault = _mistyped(entry, {"labels": _NUMBER, "metrics": dict}, here)
        if fault:
            return fault
        if entry["labels"] < before:
            return f"{here}.labels goes down"
        before = entry["labels"]
        for part in ("seconds", "classes"):
            table = entry.get(part)
            if table is not None and not (isinstance(table, dict) and all(_number(v) for v in table.values())):
                return f"{here}.{part} is not an object of numbers"
    return None


def _mistyped(value: Any, shape: Mapping[str, type | tuple[type, ...]], where: str) -> str | None:
    if not isinstance(value, dict):
        return f"{where} is not an object"
    for key, kind in shape.items():
        if key not in value:
            return f"{where} lacks {key!r}"
        # to Python True is a number; to the document it is not
        if not isinstance(value[key], kind) or (isinstance(value[key], bool) and kind is not bool):
            return f"{where}.{key} is {shorten(value[key], 40)}"
    return None


def _number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(k): _finite(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(v) for v in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _without_place(spec: dict[str, Any]) -> dict[str, Any]:
    """The specification with an absolute data source cut to its last part: results travel, folders do not."""
    data = spec.get("data")
    source = data.get("source") if isinstance(data, dict) else None
    if not isinstance(source, str):
        return spec
    windows = PureWindowsPath(source)
    if not (Path(source).is_absolute() or (windows.is_absolute() and windows.drive)):
        return spec
    return {**spec, "data": {**spec["data"], "source": windows.name}}
