"""Progress on stderr: a bar on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["bar", "watch"]

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


@contextmanager
def watch(quiet_for: float = 2.0) -> Iterator[None]:
    """Show on stderr what long work inside says of itself, at most once a second, after ``quiet_for`` seconds."""
    from querist.core.progress import listening

    started = spoken = time.monotonic()
    screen = sys.stderr.isatty() and not os.environ.get("CI")
    written = False

    def hear(what: str, done: int, total: int) -> None:
        nonlocal spoken, written
        now = time.monotonic()
        if now - started < quiet_for or now - spoken < (1.0 if screen else _EVERY):
            return
        spoken, written = now, True
        sys.stderr.write(
            f"\r{what}: {done} of {total}, {now - started:.0f} s  " if screen else f"{what}: {done} of {total}\n"
        )
        sys.stderr.flush()

    with listening(hear):
        yield
    if written and screen:
        sys.stderr.write("\n")
