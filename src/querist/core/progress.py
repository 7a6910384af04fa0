"""Word from long work: a kernel says how far it is, and whoever listens shows it.

Nothing listens by default, and a word then costs a look at one variable. The listener is bound to the context it was set
in, so that two selections in two threads do not hear each other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

__all__ = ["Listener", "listening", "tell"]

Listener = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done, and how much there is."""
_LISTENER: ContextVar[Listener | None] = ContextVar("querist_progress", default=None)


def tell(what: str, done: int, total: int) -> None:
    """Say how far the work is; a listener may raise (``KeyboardInterrupt``) to stop it."""
    listener = _LISTENER.get()
    if listener is not None:
        listener(what, done, total)


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Hear `tell` from all work inside.

    >>> heard = []
    >>> with listening(lambda what, done, total: heard.append((what, done, total))):
    ...     tell("picks", 1, 2)
    >>> heard
    [('picks', 1, 2)]
    """
    token = _LISTENER.set(listener)
    try:
        yield
    finally:
        _LISTENER.reset(token)
