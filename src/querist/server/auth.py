"""Who is there: one-time links and sessions.

A link carries 256 random bits in the fragment of its address, which browsers send to nobody; the page posts them once.
A session is 256 other bits in a cookie that scripts cannot read. Only SHA-256 digests are kept, in memory and in
``sessions.json`` (mode 0600), so that a restart logs nobody out and a copy of the file lets nobody in.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from querist.core.errors import StateError
from querist.data.atomic import write_whole

__all__ = ["ABSOLUTE", "IDLE", "LINK", "Links", "Session", "Sessions", "read_secret"]

LINK = 600.0
"""Seconds in which a link can be used."""
IDLE = 12 * 3600.0
"""Seconds without a request after which a session ends."""
ABSOLUTE = 7 * 86400.0
"""Seconds after which a session ends in any case."""
_WRITE_EVERY = 300.0
_MOST_LINKS = 16
_MOST_SESSIONS = 64
_LENGTH = 43
"""Characters of 256 bits in URL-safe base64."""


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


class Links:
    """Tokens of links that were printed and not used yet.

    Args:
        clock: seconds that only go forward.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._open: dict[str, tuple[float, str]] = {}
        self._lock = threading.Lock()

    def issue(self, user: str) -> str:
        """A new token that logs ``user`` in once, within ten minutes."""
        token = secrets.token_urlsafe(32)
        with self._lock:
            while len(self._open) >= _MOST_LINKS:
                self._open.pop(next(iter(self._open)))
            self._open[_digest(token)] = (self._clock() + LINK, user)
        return token

    def redeem(self, token: str) -> str | None:
        """The user of a token, which is used up by this; None when it is unknown, used or too old."""
        with self._lock:
            until, user = self._open.pop(_digest(token), (0.0, ""))
        return user if user and self._clock() < until else None


@dataclass(slots=True)
class Session:
    """One logged-in browser or client; times are seconds since the epoch."""

    user: str
    made: float
    seen: float


class Sessions:
    """Sessions by the digest of their id.

    Args:
        file: where they are kept over a restart; None keeps them in memory.
        clock: seconds since the epoch.
    """

    def __init__(self, file: Path | None = None, clock: Callable[[], float] = time.time) -> None:
        self._file, self._clock = file, clock
        self._open: dict[str, Session] = {}
        self._lock = threading.Lock()
        self._written = 0.0
        if file is not None:
            self._read(file)

    def start(self, user: str) -> str:
        """A new session; its id, which is kept nowhere here."""
        token = secrets.token_urlsafe(32)
        now = self._clock()
        with self._lock:
            self._drop_old(now)
            while len(self._open) >= _MOST_SESSIONS:
                self._open.pop(min(self._open, key=lambda k: self._open[k].seen))
            self._open[_digest(token)] = Session(user, now, now)
            self._write(now)
        return token

    def user(self, token: str | None, *, seen: bool = True) -> str | None:
        """Whose session this is, or None; looking counts as being there unless ``seen`` is False."""
        if token is None or len(token) != _LENGTH:
            return None
        key, now = _digest(token), self._clock()
        with self._lock:
            session = self._open.get(key)
            if session is None:
                return None
            if not _alive(session, now):
                del self._open[key]
                self._write(now)
                return None
            if seen:
                session.seen = max(session.seen, now)
            if now - self._written > _WRITE_EVERY:
                self._write(now)
            return session.user

    def end(self, token: str | None) -> None:
        """Log out, at once and for good."""
        with self._lock:
            if token is not None and self._open.pop(_digest(token), None) is not None:
                self._write(self._clock())

    def end_all(self) -> None:
        """Log everybody out."""
        with self._lock:
            self._open.clear()
            self._write(self._clock())

    def _drop_old(self, now: float) -> None:
        self._open = {k: s for k, s in self._open.items() if _alive(s, now)}

    def _read(self, file: Path) -> None:
        """What an earlier server kept; a damaged file logs everybody out, and that is all."""
        now = self._clock()
        with contextlib.suppress(OSError, ValueError, TypeError, AttributeError, LookupError):
            for key, kept in json.loads(file.read_text(encoding="utf-8")).items():
                session = Session(str(kept["user"]), float(kept["made"]), float(kept["seen"]))
                if len(key) == 64 and _alive(session, now):
                    self._open[key] = session

    def _write(self, now: float) -> None:
        self._written = now
        if self._file is None:
            return
        text = json.dumps({key: asdict(session) for key, session in self._open.items()})
        with contextlib.suppress(OSError):  # a full disk costs the log-in after a restart, nothing else
            write_whole(self._file, text.encode(), private=True)


def _alive(session: Session, now: float) -> bool:
    # a clock that was put back makes no session longer than its whole life
    return abs(now - session.made) < ABSOLUTE and now - session.seen < IDLE


def read_secret(file: Path) -> bytes:
    """The project's own 256 bits, made when they are not there; they sign the cursors of pages.

    Raises:
        StateError: others may read the file (code ``OpenSecret``), or it holds something else (``BadSecret``).
    """
    if not file.exists():
        write_whole(file, secrets.token_hex(32).encode(), private=True)
    if os.name == "posix" and file.stat().st_mode & 0o077:
        raise StateError(
            f"{file.name} of the project can be read by others; run chmod 600 on it, or delete it to get a new one",
            code="OpenSecret",
        )
    try:
        found = bytes.fromhex(file.read_text(encoding="ascii").strip())
    except ValueError:
        found = b""
    if len(found) != 32:
        raise StateError(f"{file.name} of the project is damaged; delete it to get a new one", code="BadSecret")
    return found
