"""Print one digest a line for every registered part: chosen ids and scores, bit by bit.

Run as a script. Two runs must print the same, whatever PYTHONHASHSEED, the working folder and the state of the global
random generators; see test_determinism.py. The argument is a number with which the global generators are polluted.
"""

from __future__ import annotations

import hashlib
import random
import sys
from collections.abc import Iterator

import numpy as np

from querist.core.errors import QueristError
from querist.testing.strategies import examples
from querist.testing.subject import Subject

SEEDS = range(5)


def lines(pollution: int) -> Iterator[str]:
    """Name and digest of each part, over every pool of the suite and five seeds."""
    for name, part in examples():
        subject = Subject(part)
        digest = hashlib.blake2b(digest_size=16)
        chosen_rows = 0
        for pool in subject.pools():
            for seed in SEEDS:
                random.seed(pollution + seed)
                np.random.seed(pollution + seed)  # noqa: NPY002
                try:
                    chosen = subject.run(pool, max(1, pool.size // 3), seed=seed)
                except QueristError as error:
                    digest.update(error.code.encode())
                    continue
                chosen_rows += len(chosen)
                digest.update("\n".join(map(str, chosen.ids)).encode())
                digest.update(chosen.scores.tobytes())
                digest.update("\n".join(chosen.reasons).encode())
        yield f"{name} {chosen_rows} {digest.hexdigest()}"


if __name__ == "__main__":
    for line in lines(int(sys.argv[1]) if len(sys.argv) > 1 else 0):
        print(line, flush=True)
