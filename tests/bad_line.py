"""A bad line to a server on this machine: a proxy that does something wrong with a share of the requests.

It takes the connections of clients on a port of its own, and passes each HTTP request on to the server's. Kinds of
faults: the request is dropped; the reply is lost; the request comes twice at once; it comes slowly; it comes late, when
the client has given up and sent it again. Three more close one direction: towards the server amid the request, or right
after it; towards the client amid the reply. No wait is longer than `_LONGEST`.
"""

from __future__ import annotations

import contextlib
import random
import socket
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import BinaryIO

__all__ = ["FAULTS", "BadLine"]

FAULTS = ("dropped", "lost", "twice", "slow", "late", "request cut", "half-closed", "reply cut")
_LONGEST = 20.0
_HOST = "127.0.0.1"


class BadLine:
    """The proxy; it listens from the start, until `close`.

    Args:
        to: port of the server.
        share: of requests that something happens to.
        seed: of the draws.
    """

    def __init__(self, to: int, *, share: float = 0.3, seed: int = 0) -> None:
        self.to, self.share, self.rng = to, share, random.Random(seed)
        self.happened: Counter[str] = Counter()
        self.requests = 0
        self.unequal: list[str] = []
        self._mutex = threading.Lock()
        self._later = ThreadPoolExecutor(32)
        self._listener = socket.create_server((_HOST, 0))
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Take no more connections, and wait for the requests that come late."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._later.shutdown()

    def _draw(self) -> tuple[str, float]:
        """What happens to the next request, "" for nothing, and a number from 0 to 1."""
        with self._mutex:
            self.requests += 1
            fault = self.rng.choice(FAULTS) if self.rng.random() < self.share else ""
            self.happened[fault] += bool(fault)
            return fault, self.rng.random()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        client.settimeout(_LONGEST)
        with contextlib.suppress(OSError), client, client.makefile("rb") as sent:
            while request := _message(sent):
                fault, where = self._draw()
                if not self._pass(client, request, fault, where):
                    return

    def _pass(self, client: socket.socket, request: bytes, fault: str, where: float) -> bool:
        """Do with a request as drawn; whether the connection goes on."""
        if fault in ("", "slow"):
            client.sendall(self._ask(request, after=where / 2 if fault else 0.0))
        elif fault == "lost":
            self._ask(request)
        elif fault == "twice":
            other = self._later.submit(self._ask, request)
            reply = self._ask(request)
            self._compare(request, reply, other.result(_LONGEST))
            client.sendall(reply)
        elif fault == "late":
            self._later.submit(self._ask, request, after=where / 2)
        elif fault == "request cut":
            client.sendall(self._ask(request[: _inside(request, where)], whole=False))
        elif fault == "half-closed":
            client.sendall(self._ask(request, whole=False))
        elif fault == "reply cut":
            reply = self._ask(request)
            client.sendall(reply[: _inside(reply, where)])
            client.shutdown(socket.SHUT_WR)
        return fault in ("", "slow", "twice")

    def _ask(self, request: bytes, *, whole: bool = True, after: float = 0.0) -> bytes:
        """The server's reply, b"" for none; unless ``whole`` the sending half of the connection is closed."""
        time.sleep(after)
        with socket.create_connection((_HOST, self.to), timeout=_LONGEST) as server, server.makefile("rb") as said:
            server.sendall(request)
            if not whole:
                with contextlib.suppress(OSError):
                    server.shutdown(socket.SHUT_WR)
            return _message(said)

    def _compare(self, request: bytes, first: bytes, second: bytes) -> None:
        """An answer that comes twice has one receipt."""
        if not request.startswith(b"POST /api/v1/answers "):
            return
        bodies = [reply.partition(b"\r\n\r\n")[2] for reply in (first, second) if reply.startswith(b"HTTP/1.1 20")]
        if len(bodies) == 2 and bodies[0] != bodies[1]:
            self.unequal.append(f"one post, two receipts: {bodies[0]!r} and {bodies[1]!r}")


def _message(file: BinaryIO) -> bytes:
    """The next request or reply as it came, b"" where it ends too early."""
    head, length = b"", 0
    while not head.endswith(b"\r\n\r\n"):
        line = file.readline(65_536)
        if not line:
            return b""
        head += line
        if line.lower().startswith(b"content-length:"):
            length = int(line.partition(b":")[2])
    body = file.read(length)
    return head + body if len(body) == length else b""


def _inside(message: bytes, where: float) -> int:
    """A place in a message, neither at its start nor at its end; rather early, for there is the length of the body."""
    return 1 + int(where * where * max(len(message) - 2, 0))
