"""How far long work is, on stderr: a bar on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["progress_bar"]

_EVERY = 10.0
"""Seconds between plain lines."""


@contextmanager
def progress_bar(title: str) -> Iterator[Callable[[int, int], None]]:
    """Give a function that is called with what is done and how much there is."""
    if sys.stderr.isatty() and not os.environ.get("NO_COLOR") and not os.environ.get("CI"):
        from rich.console import Console
        from rich.progress import Progress

        with Progress(console=Console(stderr=True)) as bars:
            task = bars.add_task(title)
            yield lambda done, total: bars.update(task, completed=done, total=total)
        return
    started = spoken = time.monotonic()

    def line(done: int, total: int) -> None:
        nonlocal spoken
        now = time.monotonic()
        if now - spoken >= _EVERY or done == total:
            spoken = now
            sys.stderr.write(f"{title}: {done} of {total}, {now - started:.0f} s\n")
            sys.stderr.flush()

    yield line
