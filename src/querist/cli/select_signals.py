"""Signals of ``querist select`` from files: flags for the usual ones, ``--signal name=file`` for any."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from querist.cli.array_files import read_array, read_graph, read_groups
from querist.core.errors import ArgumentError, UnknownNameError, nearest
from querist.core.signals import CATALOGUE, GRADIENT, Signal

__all__ = ["read_signals"]

ROLES = ("pool", "labelled", "pending", "reference")


def read_signals(flags: Mapping[str, Path | None], given: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Arrays by role and name.

    Args:
        flags: files by ``role.name``; the factors of gradients are ``pool.gradient_a`` and ``pool.gradient_h``.
        given: texts ``name=file`` or ``role.name=file``.

    Raises:
        ArgumentError: no ``name=file`` (code ``BadValue``), one signal twice, or half of a gradient (``MissingSignal``).
        UnknownNameError: no such signal or role, with the nearest (code ``UnknownSignal``).
        DataError: a file that cannot be read.
    """
    files = {name: file for name, file in flags.items() if file is not None}
    for text in given:
        name, file = _split(text)
        if name in files:
            raise ArgumentError(f"{name} is given twice; leave one out", code="BadValue")
        files[name] = file
    out: dict[str, dict[str, Any]] = {role: {} for role in ROLES}
    for name, file in files.items():
        role, _, signal = name.partition(".")
        out[role][signal] = _read(signal, file)
    for arrays in out.values():
        pair = [arrays.pop(f"gradient_{half}", None) for half in "ah"]
        if (pair[0] is None) != (pair[1] is None):
            raise ArgumentError(
                "the factors gradient_a and gradient_h belong together (--gradient-a, --gradient-h): pass both",
                code="MissingSignal",
            )
        if pair[0] is not None:
            arrays["gradient"] = (pair[0], pair[1])
    return out


def _split(text: str) -> tuple[str, Path]:
    name, equals, file = text.partition("=")
    if not equals or not name or not file:
        raise ArgumentError(
            f"--signal takes name=file or role.name=file, e.g. tokens=t.npy; got {text!r}", code="BadValue"
        )
    role, dot, signal = name.partition(".")
    if not dot:
        role, signal = "pool", name
    if role not in ROLES:
        raise UnknownNameError(f"--signal {text}: the role must be one of {', '.join(ROLES)}", code="UnknownSignal")
    known = (CATALOGUE.keys() - {GRADIENT.name}) | {"gradient_a", "gradient_h"}
    if signal not in known:
        near = nearest(signal, known, 3)
        hint = f"did you mean {', '.join(near)}?" if near else f"known are: {', '.join(sorted(known))}"
        raise UnknownNameError(f"--signal {text}: no signal is called {signal!r}; {hint}", code="UnknownSignal")
    return f"{role}.{signal}", Path(file)


def _read(name: str, file: Path) -> Any:
    if name == "group":
        return read_groups(file)
    if name == "graph":
        return read_graph(file)
    signal: Signal | None = CATALOGUE.get(name)
    return read_array(file, flat=signal is not None and signal.shape in ("(N,)", "(L,)"))
