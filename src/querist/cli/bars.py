"""Progress on stderr: a bar on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["bar"]

_EVERY = 10.0
"""Seconds between plain lines."""


@contextmanager
def bar(title: str, total: int) -> Iterator[Callable[[str], None]]:
    """A progress bar; the value called with a text after each finished step moves it."""
    started = time.monotonic()
    if sys.stderr.isatty() and not os.environ.get("NO_COLOR") and not os.environ.get("CI"):
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )

        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            TextColumn("[dim]{task.fields[last]}"),
        )
        with Progress(*columns, console=Console(stderr=True)) as progress:
            task = progress.add_task(title, total=total, last="")

            def move(text: str) -> None:
                progress.update(task, advance=1, last=text)

            yield move
        return
    count, spoken = 0, started

    def line(text: str) -> None:
        nonlocal count, spoken
        count += 1
        now = time.monotonic()
        if now - spoken >= _EVERY or count == total:
            spoken = now
            sys.stderr.write(f"{title}: {count} of {total} ({text}), {now - started:.0f} s\n")
            sys.stderr.flush()

    yield line
