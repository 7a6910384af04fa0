"""Answers over a bad line, to a running server: python tests/proxy_label.py 10000

Eight clients answer items through the proxy of bad_line.py, which does something wrong with 30 % of the requests: it drops
them, loses the reply, sends them twice, late or slowly, or closes half of the connection. Each post is sent again with its
key until there is a reply. At the end the journal must hold one counted answer for each key, as it was acknowledged; the
same post once more must give the same receipt, and another body under a used key must be refused by name, 422 KeyReused
(promise R10).
"""

from __future__ import annotations

import argparse
import http.client
import random
import sys
import tempfile
import threading
import time
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bad_line import FAULTS, BadLine
from label_journal import Acked, events_of, unlike
from label_server import LabelServer, free_port, made, texts
from querist.core.errors import QueristError
from querist.server.client import Client, Reply

CLIENTS = 8
SAMPLE = 200
_TOGETHER = 5
_SECONDS = 1.5


@dataclass
class Outcome:
    """What came of a campaign."""

    acked: list[Acked] = field(default_factory=list)
    happened: Counter[str] = field(default_factory=Counter)
    requests: int = 0
    repeated: int = 0
    refused: int = 0
    seconds: float = 0.0
    wrong: list[str] = field(default_factory=list)


class Through(Client):
    """A client whose connections go to another port than that of the server which it names; keeps the last status."""

    def __init__(self, address: str, session: str, port: int) -> None:
        self._through, self.status = port, 0
        super().__init__(address, session=session, patience=120.0)

    def _headers(self) -> dict[str, str]:
        return {**super()._headers(), "Host": self.address.removeprefix("http://")}

    def _connect(self, timeout: float | None = None) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(self._host, self._through, timeout=timeout or self._timeout)

    def _exchange(self, *arguments: Any) -> Reply:
        reply = super()._exchange(*arguments)
        self.status = reply.status
        return reply


class Person(threading.Thread):
    """Answers so many items.

    Args:
        client: of the server, over a bad line.
        posts: how many.
        seed: of what is said.
    """

    def __init__(self, client: Client, posts: int, seed: int) -> None:
        super().__init__(daemon=True)
        self.client, self.posts, self.rng = client, posts, random.Random(seed)
        self.acked: list[tuple[dict[str, Any], Acked]] = []
        self.fault: BaseException | None = None

    def run(self) -> None:
        """Label and skip."""
        try:
            with self.client:
                while len(self.acked) < self.posts:
                    for handed in self.client.next(min(_TOGETHER, self.posts - len(self.acked))):
                        self._answer(handed)
        except BaseException as error:
            self.fault = error

    def _answer(self, handed: dict[str, Any]) -> None:
        kind = self.rng.choice(["label", "label", "skip"])
        value = self.rng.choice(["cat", "dog"]) if kind == "label" else None
        key = str(uuid.uuid4())
        receipt = self.client.answer(handed, kind, value, seconds=_SECONDS, key=key)
        self.acked.append((handed, Acked(key, handed["item"]["id"], kind, value, receipt)))


def campaign(
    posts: int,
    *,
    clients: int = CLIENTS,
    share: float = 0.3,
    seed: int = 0,
    run: Sequence[str] = ("-m", "querist"),
) -> Outcome:
    """So many answers, and what the journal says of them.

    Args:
        posts: how many, by all clients.
        clients: at once.
        share: of requests that something happens to.
        seed: of the faults and the answers.
        run: what Python runs as the server.
    """
    outcome, begin = Outcome(), time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        project = made(Path(folder) / "p", texts(posts + 100 * clients))
        port = free_port()
        server = LabelServer(project, port=port, more=("--no-trainer",), run=run)
        line = BadLine(port, share=share, seed=seed)
        try:
            address = f"http://127.0.0.1:{port}"
            each = [posts // clients + (k < posts % clients) for k in range(clients)]
            people = [Person(Through(address, server.session, line.port), n, seed + k) for k, n in enumerate(each)]
            for person in people:
                person.start()
            for person in people:
                person.join()
            line.close()
            outcome.wrong += [f"a client ended early: {p.fault!r}" for p in people if p.fault is not None]
            outcome.wrong += line.unequal
            outcome.happened, outcome.requests = line.happened, line.requests
            done = [pair for person in people for pair in person.acked]
            outcome.acked = [one for _, one in done]
            client = Through(address, server.session, port)
            outcome.wrong += _miscounted(client.project(), outcome.acked)
            for handed, one in random.Random(seed).sample(done, min(SAMPLE, len(done))):
                _try_again(client, handed, one, outcome)
            client.close()
            server.stop()
            outcome.wrong += unlike(events_of(project), outcome.acked)
        finally:
            line.close()
            if server.process.poll() is None:
                server.kill()
    outcome.wrong += [f"{one.key} came late" for one in outcome.acked if not one.counted]
    outcome.seconds = time.monotonic() - begin
    return outcome


def _miscounted(now: Mapping[str, Any], acked: list[Acked]) -> list[str]:
    """Where the server's own counts are not those of the acknowledged answers."""
    kinds = Counter(one.kind for one in acked)
    wanted = {"labelled": kinds["label"], "skipped": kinds["skip"], "rejected": 0}
    return [f"{now[name]} are {name}, and {n} were acknowledged" for name, n in wanted.items() if now[name] != n]


def _try_again(client: Through, handed: dict[str, Any], one: Acked, outcome: Outcome) -> None:
    """The same post, and others under its key."""
    body: dict[str, Any] = {"kind": one.kind, "value": one.value, "seconds": _SECONDS, "shown": False}
    again = _reply(client, handed, {**body, "key": one.key})
    if again == one.receipt:
        outcome.repeated += 1
    else:
        outcome.wrong.append(f"{one.key} was told {one.receipt} first and {again} later")
    label = {"kind": "label", "value": "dog" if one.value == "cat" else "cat"}
    for change in (label, {"kind": "reject", "value": None}, {"seconds": 2.0}, {"shown": True}):
        said = _reply(client, handed, {**body, **change, "key": one.key})
        if said == (422, "KeyReused"):
            outcome.refused += 1
        else:
            outcome.wrong.append(f"{one.key} came again with {change}: {said}")


def _reply(client: Through, handed: dict[str, Any], body: dict[str, Any]) -> dict[str, Any] | tuple[int, str]:
    """The receipt, or the status and the name of the refusal."""
    try:
        return client.answer(handed, **body)
    except QueristError as error:
        return client.status, error.code


def main() -> int:
    """The campaign, and what came of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("posts", type=int, nargs="?", default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    outcome = campaign(options.posts, seed=options.seed)
    faults = ", ".join(f"{kind} {outcome.happened[kind]}" for kind in FAULTS)
    print(f"{outcome.requests:,} requests, {outcome.happened.total():,} with a fault: {faults}")
    print(
        f"{len(outcome.acked):,} keys acknowledged in {outcome.seconds:.0f} s; {outcome.repeated} posts repeated, "
        f"{outcome.refused} others under their keys refused; {len(outcome.wrong)} violations"
    )
    print("\n".join(outcome.wrong[:20]), end="\n" if outcome.wrong else "")
    return 1 if outcome.wrong or len(outcome.acked) != options.posts else 0


if __name__ == "__main__":
    sys.exit(main())
