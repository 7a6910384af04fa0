"""The port that a project was served on last: where a browser keeps answers that wait goes by the address, port and all."""

from __future__ import annotations

import contextlib
from pathlib import Path

from querist.data.atomic import write_whole

__all__ = ["PORT_FILE", "last_port", "moved", "remember_port"]

PORT_FILE = "port"


def last_port(folder: Path) -> int | None:
    """The port of the last start; None where there was none, or the file says nothing that is one."""
    with contextlib.suppress(OSError, ValueError):
        with (folder / PORT_FILE).open("rb") as file:
            port = int(file.read(16))
        return port if 0 < port <= 65_535 else None
    return None


def remember_port(folder: Path, port: int) -> None:
    """Keep the port for the next start; a full disk costs that, and nothing else."""
    with contextlib.suppress(OSError):
        write_whole(folder / PORT_FILE, f"{port}\n".encode(), private=True)


def moved(before: str, port: int) -> str:
    """What a person has to know when the project is served elsewhere than last time.

    >>> moved("http://127.0.0.1:8123", 8123)[:54]
    'port 8123, where this project was served last, is take'
    """
    return (
        f"port {port}, where this project was served last, is taken. Answers that wait in a browser belong to {before}: to "
        f"have them sent, stop what uses that port and start again with --port {port}"
    )
