"""One run of a study through querist's own loop: arrays in, learning curve out."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

import querist
from harness import Curve
from querist.core.ports import Learner
from querist.core.types import Array
from querist.data.schema import SingleLabel
from querist.data.source import Source
from querist.session.evaluation import Evaluation
from querist.session.session import Session
from querist.storage.memory import MemoryStore
from querist.strategies.algebra import as_strategy

__all__ = ["simulate"]


def simulate(
    pool: tuple[Array, Array],
    test: tuple[Array, Array],
    learner: Callable[[Source, SingleLabel], Learner],
    strategy: str,
    *,
    start: Sequence[int],
    batch: int,
    rounds: int,
    seed: int,
) -> Curve:
    """Ask, tell and fit.

    Args:
        pool: (N, ...) features and (N,) class numbers of what may be asked.
        test: the same for what is held out.
        learner: makes the learner from source and schema.
        strategy: text.
        start: rows of the pool that are labelled first.
        batch: items a query.
        rounds: queries after the start; fewer when the pool ends.
        seed: root seed of the run.

    Returns:
        (labels, test accuracy) after the start and after each query.
    """
    x = np.concatenate([pool[0], test[0]])
    y = np.concatenate([pool[1], test[1]]).astype(np.int64)
    ids = [f"p{k}" for k in range(len(pool[0]))] + [f"t{k}" for k in range(len(test[0]))]
    source = querist.read(x, ids=ids)
    schema = SingleLabel(tuple(str(c) for c in range(int(y.max()) + 1)))
    held = np.arange(len(pool[0]), len(x))
    session = Session(
        source,
        learner(source, schema),
        schema,
        as_strategy(strategy),
        MemoryStore(),
        seed=seed,
        held=held,
        evaluate={"test": Evaluation(source.items(held), y[held])},
    )
    curve: Curve = []
    query = session.ask(items=[ids[r] for r in start])
    for _ in range(rounds + 1):
        session.tell(query, {item: str(y[source.rows_of([item])[0]]) for item in query})
        report = session.fit()
        curve.append((report.labels, report.metrics["accuracy"]))
        left = session.progress.available
        if not left or len(curve) > rounds:
            break
        query = session.ask(min(batch, left))
    return curve
