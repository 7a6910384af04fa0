"""R10: posts on a bad line, sent again until there is a reply: python tests/desk_faults.py --posts 10000

Between the people and the writer stands a layer that drops the reply after the commit, sends a post twice, or delays it so
that it comes after later ones; now and then the project is closed and opened. In the end the journal holds each key once.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from desk_cases import Case
from desk_world import MEMORY
from querist.core.errors import ArgumentError
from querist.server.desk import Handed, Post, Receipt
from querist.storage.transaction import Transaction

PEOPLE = ("anna", "ben", "cleo", "dan")


class BadLine:
    """Sends posts for people; each goes wrong with the probability ``faults``.

    Args:
        case: the project.
        faults: probability of a fault.
        seed: of the draws.
    """

    def __init__(self, case: Case, faults: float, seed: int) -> None:
        self.case, self.faults, self.rng = case, faults, random.Random(seed)
        self.waiting: list[Callable[[], object]] = []
        self.dropped = self.doubled = self.delayed = 0

    def send(self, person: str, post: Post) -> Receipt | None:
        """The receipt, or None where no reply came."""

        def work(transaction: Transaction) -> Receipt:
            return self.case.project.desk.answer(transaction, person, post)

        if self.rng.random() >= self.faults:
            return self.case.project.writer.submit(work).result(30)
        fault = self.rng.choice(["drop", "double", "delay"])
        if fault == "drop":
            self.dropped += 1
            self.case.project.writer.submit(work).result(30)
            return None
        if fault == "double":
            self.doubled += 1
            first, second = self.case.project.writer.submit(work), self.case.project.writer.submit(work)
            assert first.result(30) == second.result(30)
            return first.result(30)
        self.delayed += 1
        self.waiting.append(lambda: self.case.project.writer.submit(work).result(30))
        return None

    def let_through(self) -> None:
        """What was delayed arrives now."""
        waiting, self.waiting = self.waiting, []
        for arrive in waiting:
            arrive()


def run(folder: Path, posts: int, *, faults: float = 0.3, seed: int = 0, restarts: int = 10) -> str:
    """Post with faults and compare; what happened, as a line."""
    with Case(folder, posts) as case:
        line, rng = BadLine(case, faults, seed), random.Random(seed + 1)
        acked: dict[tuple[str, str], tuple[Post, Receipt]] = {}
        unsure: list[tuple[str, Post]] = []
        made: list[tuple[str, Handed]] = []
        seen: list[str] = []
        sent = 0
        while sent < posts or unsure:
            if sent < posts and (not unsure or rng.random() < 0.7):
                if not made:
                    person = rng.choice(PEOPLE)
                    made = [(person, h) for h in case.take(person, 10, have=seen)]
                    seen += [h.query for _, h in made]
                person, handed = made.pop()
                kind = rng.choice(["label", "label", "skip"])
                value = rng.choice(["cat", "dog"]) if kind == "label" else None
                post = Post(f"key-{sent}", handed.query, handed.fence, handed.item, kind, value, seconds=1.0)
                sent += 1
            else:
                person, post = unsure.pop(rng.randrange(len(unsure)))
            receipt = line.send(person, post)
            if receipt is None:
                unsure.append((person, post))
            else:
                acked[person, post.key] = (post, receipt)
            if rng.random() < 0.02:
                line.let_through()
            if restarts and rng.random() < restarts / posts:
                case.restart()
        line.let_through()
        case.restart()
        told = [e for e in case.project.store.read("main") if e.kind in ("told", "late")]
        assert len(told) == len(acked) == posts, f"{len(told)} rows for {posts} keys"
        assert [e.kind for e in told] == ["told"] * posts
        rows = case.rows("SELECT count(*), count(DISTINCT item), count(DISTINCT query) FROM answer WHERE counted")
        assert rows == [(posts, posts, posts)]
        by_seq = {e.seq: e.payload["answers"][0] for e in told}
        for (person, _), (post, receipt) in acked.items():
            answer = by_seq[receipt.seq]
            assert (answer["item"], answer["annotator"], answer.get("value")) == (post.item, person, post.value)
            assert case.send(post, person) == receipt, "the same reply for ever"
        (person, _), (post, _) = rng.choice(list(acked.items()))
        refused = 0
        for other in (replace(post, seconds=2.0), replace(post, item="i0", value="dog"), replace(post, shown=True)):
            try:
                case.send(other, person)
            except ArgumentError as error:
                refused += error.code == "KeyReused"
        assert refused == 3
        faulty = f"{line.dropped} replies dropped, {line.doubled} posts doubled, {line.delayed} delayed"
        return f"{posts:,} keys, {faulty}: one row each"


def main(argv: list[str]) -> int:
    """Run from the shell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--posts", type=int, default=10_000)
    parser.add_argument("--faults", type=float, default=0.3)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args(argv)
    start = time.monotonic()
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        print(run(Path(folder) / "p", args.posts, faults=args.faults, seed=args.seed))
    print(f"{time.monotonic() - start:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
