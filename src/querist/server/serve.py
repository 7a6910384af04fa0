"""Starts the page for a project: uvicorn on the loopback, in the foreground or in a thread; stops it with nothing lost.

>>> from querist.server.serve import serve  # doctest: +SKIP
>>> server = serve("project", background=True)  # doctest: +SKIP
>>> server.link()  # doctest: +SKIP
'http://127.0.0.1:41235/open#...'
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, overload

import uvicorn

from querist.core.errors import ArgumentError, ResourceError, StateError
from querist.server.app import shielded
from querist.server.client import Client
from querist.server.logs import line
from querist.server.ports import last_port, moved, remember_port
from querist.server.protocol import BoundedProtocol
from querist.server.security import allowed_hosts
from querist.server.service import Service

__all__ = ["Server", "serve"]

DRAIN = 8
"""Seconds in which what was accepted is finished at the end."""
_START = 60.0
_WAITING = 1024
_ACCEPTED = 16
"""Connections taken in between two turns of the loop: a storm of them keeps nobody else waiting."""


class _Uvicorn(uvicorn.Server):
    """Ends the event streams first, which would never finish by themselves, and imports, which could take minutes."""

    def __init__(self, config: uvicorn.Config, service: Service) -> None:
        super().__init__(config)
        self._service = service

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop at SIGTERM and Ctrl+C; unlike uvicorn's own, do not send the signal again, for more is to be closed."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {kind: signal.signal(kind, self.handle_exit) for kind in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for kind, handler in before.items():
                signal.signal(kind, handler)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        for one in sockets or ():
            one.listen(_WAITING)  # the kernel keeps more waiting than asyncio takes in at once

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._service.hub.close()
        self._service.importer.close()
        await super().shutdown(sockets)


class Server:
    """The page of one project.

    Args:
        project: folder of the project; it belongs to this process until `stop`.
        host: an address of the loopback.
        port: 0 takes a free one; None that of the last start, or a free one where it is taken.
        trainer: whether a model is trained beside.

    Attributes:
        note: a sentence to be shown where the port of the last start was taken, else None.

    Raises:
        ArgumentError: another host than the loopback (code ``NotLoopback``).
        StateError: the project is open elsewhere (code ``Locked``).
        ResourceError: the port is taken (code ``PortTaken``).
    """

    def __init__(
        self, project: Path | str, *, host: str = "127.0.0.1", port: int | None = None, trainer: bool = True
    ) -> None:
        folder = Path(project)
        before = last_port(folder)
        self._socket = _bind_again(check_host(host), before) if port is None else _bind(check_host(host), port)
        try:
            self.port: int = self._socket.getsockname()[1]
            name = f"[{host}]" if ":" in host else host
            self.address = f"http://{name}:{self.port}"
            self.service = Service(folder, address=self.address, trainer=trainer)
        except BaseException:
            self._socket.close()
            raise
        self.note: str | None = None
        if before != self.port:
            if port is None and before is not None:
                self.note = moved(f"http://{name}:{before}", before)
            remember_port(folder, self.port)
        config = uvicorn.Config(
            shielded(self.service, allowed_hosts(self.port)),
            http=BoundedProtocol,
            ws="none",
            loop="asyncio",
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=False,
            proxy_headers=False,
            timeout_keep_alive=30,
            timeout_graceful_shutdown=DRAIN,
            backlog=_ACCEPTED,
        )
        self._uvicorn = _Uvicorn(config, self.service)
        self._thread: threading.Thread | None = None
        self._failure: BaseException | None = None

    def link(self) -> str:
        """A fresh one-time link, good for ten minutes."""
        return self.service.link(self.service.owner)

    def client(self, **more: Any) -> Client:
        """A logged-in client of this server."""
        return Client(self.link(), **more)

    def run(self) -> None:
        """Serve until SIGTERM or Ctrl+C; what was accepted is finished first. Only in the main thread."""
        line("serving", port=self.port)
        try:
            self._uvicorn.run(sockets=[self._socket])
        finally:
            self.service.close()
            self._socket.close()
            line("stopped")

    def start(self) -> Server:
        """Serve in a thread; returns when requests are answered.

        Raises:
            StateError: it could not start (code ``NotStarted``), with the reason.
        """
        self._thread = threading.Thread(target=self._in_thread, name="querist-server", daemon=True)
        self._thread.start()
        waited = 0.0
        while not self._uvicorn.started:
            self._thread.join(0.02)
            waited += 0.02
            if not self._thread.is_alive() or waited > _START:
                self.stop()
                raise StateError(
                    f"the server did not start ({self._failure or 'no reason given'})", code="NotStarted"
                ) from self._failure
        return self

    def _in_thread(self) -> None:
        try:
            asyncio.run(self._uvicorn.serve(sockets=[self._socket]))
        except BaseException as error:
            self._failure = error

    def stop(self) -> None:
        """Finish what was accepted, close the project; a second time does nothing."""
        self._uvicorn.should_exit = True
        if self._thread is not None:
            self._thread.join(DRAIN + 20.0)
            self._thread = None
        self.service.close()
        self._socket.close()

    def __enter__(self) -> Server:
        """The server itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        self.stop()

    def __str__(self) -> str:
        """The address; a browser needs a `link`."""
        return self.address


@overload
def serve(
    project: Path | str, *, host: str = ..., port: int | None = ..., trainer: bool = ..., background: Literal[True]
) -> Server: ...
@overload
def serve(
    project: Path | str,
    *,
    host: str = ...,
    port: int | None = ...,
    trainer: bool = ...,
    background: Literal[False] = ...,
) -> None: ...
def serve(
    project: Path | str,
    *,
    host: str = "127.0.0.1",
    port: int | None = None,
    trainer: bool = True,
    background: bool = False,
) -> Server | None:
    """Serve a project's page: until it is stopped, or with ``background`` in a thread.

    Returns:
        With ``background`` the running `Server` (``address``, ``link()``, ``client()``, ``stop()``), else None.
    """
    server = Server(project, host=host, port=port, trainer=trainer)
    if server.note:
        print(server.note, file=sys.stderr)  # noqa: T201 - to a person at a terminal or a notebook
    if background:
        return server.start()
    print(server.link(), flush=True)  # noqa: T201 - the link goes to the terminal, and nowhere else
    server.run()
    return None


def check_host(host: str) -> str:
    """An address of the loopback.

    Raises:
        ArgumentError: any other (code ``NotLoopback``), saying what is missing for it.
    """
    try:
        local = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        local = False
    if not local or host not in ("localhost", "127.0.0.1", "::1"):
        raise ArgumentError(
            f"the page is served on this machine only (127.0.0.1, ::1 or localhost), not on {host[:80]!r}: others could "
            "read the items and answer in your name, for there are no accounts with passwords, no public address (Host) to "
            "allow and no TLS yet. From another machine use a tunnel: ssh -L 8123:127.0.0.1:8123 THIS_MACHINE",
            code="NotLoopback",
        )
    return host


def _bind_again(host: str, before: int | None) -> socket.socket:
    """On the port of the last start where it can be had, else on a free one."""
    if before is not None:
        with contextlib.suppress(ResourceError):
            return _bind(host, before)
    return _bind(host, 0)


def _bind(host: str, port: int) -> socket.socket:
    if isinstance(port, bool) or not isinstance(port, int) or not 0 <= port <= 65_535:
        raise ArgumentError(f"port must be a whole number from 0 (a free one) to 65535, got {port!r}", code="BadPort")
    family = socket.AF_INET6 if host == "::1" else socket.AF_INET
    # with the protocol named, asyncio sends small parts at once (TCP_NODELAY): without, each answer waits 40 ms
    made = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(("127.0.0.1" if host == "localhost" else host, port))
        made.listen(_WAITING)
    except OSError as error:
        made.close()
        raise ResourceError(
            f"cannot listen on {host} port {port} ({error.strerror}); leave the port out to take a free one",
            code="PortTaken",
        ) from error
    return made
