"""Kill labelling clients and the server, and count items that do not come back. A script: python tests/lease_label.py 500

Each time a client takes an item and dies. For every third lot the server is killed too, and started again. The item must
not be given to anybody while the lease lasts, also over the restart, and must be handed out again within 10 s of its end;
at the end no hand-out may be open whose item is free, and none returned whose item is held (promise R12).
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sqlite3
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from label_server import LabelServer, free_port, made, texts
from querist.server.client import Client

LATER = 10.0
_TOGETHER = 50
_AT_ONCE = 20


@dataclass
class Outcome:
    """What came of a campaign."""

    dead: int = 0
    back: int = 0
    restarts: int = 0
    early: list[str] = field(default_factory=list)
    orphans: list[str] = field(default_factory=list)
    slowest: float = 0.0


def campaign(times: int, *, lease: float = 10.0) -> Outcome:
    """So many clients die, fifty at a time."""
    outcome = Outcome()
    with tempfile.TemporaryDirectory() as folder:
        # as many items as clients that live at once: a dead client's item is all that is left to hand out
        project = made(Path(folder) / "project", texts(_TOGETHER), lease=lease, validation=0.0)
        server = LabelServer(project, port=free_port(), more=("--no-trainer",))
        try:
            while outcome.dead < times:
                count = min(_TOGETHER, times - outcome.dead)
                server = _one_lot(server, project, outcome, count, lease)
            server.stop()
        finally:
            if server.process.poll() is None:
                server.kill()
        outcome.orphans += _orphans(project)
    return outcome


def _one_lot(server: LabelServer, project: Path, outcome: Outcome, count: int, lease: float) -> LabelServer:
    """Fifty items are held, ``count`` of them by clients that die at once."""
    number = outcome.dead
    dying = [_Dying(server, f"dead-{number + k}") for k in range(count)]
    rest = _TOGETHER - count
    other = server.client(patience=20.0)
    other.tab = f"other-{number}"
    kept: list[dict[str, Any]] = []
    while len(kept) < rest:
        kept += other.next(min(rest - len(kept), _AT_ONCE), [h["query"] for h in kept])
    if number // _TOGETHER % 3 == 0:
        server.kill()
        port = int(server.link.partition("/open")[0].rpartition(":")[2])
        server = LabelServer(project, port=port, session=server.session, more=("--no-trainer",))
        outcome.restarts += 1
    outcome.dead += count
    living = server.client(patience=20.0)
    living.tab = f"living-{number}"
    waited = {one.item: one.until for one in dying}
    last = max(waited.values())
    got: list[dict[str, Any]] = []
    while waited and time.time() < last + LATER + 5.0:
        for handed in living.next(_AT_ONCE, [h["query"] for h in got]):
            got.append(handed)
            over = time.time() - waited.pop(handed["item"]["id"], time.time() + 1e9)
            if over < -0.05:
                outcome.early.append(f"{handed['item']['id']} came {-over:.2f} s before its lease was over")
            elif over <= LATER:
                outcome.back += 1
            outcome.slowest = max(outcome.slowest, over)
        if kept:
            living.renew([h["query"] for h in kept])
        time.sleep(0.1)
    outcome.orphans += [f"{item} did not come back" for item in waited]
    living.give_back([h["query"] for h in [*got, *kept]])
    return server


class _Dying:
    """A client that takes an item and closes its connection without a word."""

    def __init__(self, server: LabelServer, tab: str) -> None:
        client: Client = server.client(patience=20.0)
        client.tab = tab
        (handed,) = client.next(1)
        client.close()
        self.item, self.until = str(handed["item"]["id"]), float(handed["until"])


def _orphans(project: Path) -> list[str]:
    """Items whose state and hand-outs do not go together."""
    held = "SELECT count(*) FROM handed h WHERE h.stream = i.stream AND h.item = i.id AND h.state = 'open'"
    query = f"SELECT id, state, ({held}) FROM item i WHERE state IN ('pending', 'unlabelled')"
    with contextlib.closing(sqlite3.connect(project / "journal.db")) as connection:
        rows = connection.execute(query).fetchall()
    return [
        f"{id} is {state} with {open} open hand-outs" for id, state, open in rows if (state == "pending") != (open == 1)
    ]


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("times", type=int, nargs="?", default=500)
    parser.add_argument("--lease", type=float, default=10.0)
    options = parser.parse_args()
    outcome = campaign(options.times, lease=options.lease)
    print(
        f"{outcome.dead} clients died, {outcome.restarts} restarts: {outcome.back} items came back in time, "
        f"{len(outcome.early)} too early, {len(outcome.orphans)} orphans; slowest {outcome.slowest:.2f} s after its "
        f"lease; load average {os.getloadavg()[0]:.1f}"
    )
    for line in (outcome.early + outcome.orphans)[:20]:
        print(line)
    sys.exit(outcome.back != outcome.dead or bool(outcome.early or outcome.orphans))


if __name__ == "__main__":
    main()
