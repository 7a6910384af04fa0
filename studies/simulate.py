"""One run of a study through querist's own loop: arrays in, learning curve out."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

import querist
from harness import Curve
from querist.core.ports import Learner
from querist.core.types import Array, Labels
from querist.data.schema import SingleLabel
from querist.session.evaluation import Evaluation
from querist.session.session import Session
from querist.storage.memory import MemoryStore
from querist.strategies.algebra import as_strategy

__all__ = ["simulate"]


def simulate(
    pool: tuple[Array, Array],
    test: tuple[Array, Array],
    learner: Callable[..., Learner],
    strategy: str,
    *,
    validation: tuple[Array, Array] | None = None,
    start: Sequence[int],
    batch: int,
    rounds: int,
    seed: int,
) -> Curve:
    """Ask, tell and fit.

    Args:
        pool: (N, ...) features and (N,) class numbers of what may be asked.
        test: the same for what is held out.
        learner: makes the learner from source and schema, and from the validation labels where some are set aside.
        strategy: text.
        validation: (V, ...) features and (V,) class numbers of what is set aside for early stopping.
        start: rows of the pool that are labelled first.
        batch: items a query.
        rounds: queries after the start; fewer when the pool ends.
        seed: root seed of the run.

    Returns:
        (labels, test accuracy) after the start and after each query.
    """
    aside = (pool[0][:0], pool[1][:0]) if validation is None else validation
    x = np.concatenate([pool[0], test[0], aside[0]])
    y = np.concatenate([pool[1], test[1], aside[1]]).astype(np.int64)
    parts = (("p", pool), ("t", test), ("v", aside))
    ids = [f"{letter}{k}" for letter, part in parts for k in range(len(part[0]))]
    source = querist.read(x, ids=ids)
    schema = SingleLabel(tuple(str(c) for c in range(int(y.max()) + 1)))
    held = np.arange(len(pool[0]), len(x))
    tested = held[: len(test[0])]
    extra = [] if validation is None else [Labels(source.items(held[len(test[0]) :]), y[held[len(test[0]) :]])]
    session = Session(
        source,
        learner(source, schema, *extra),
        schema,
        as_strategy(strategy),
        MemoryStore(),
        seed=seed,
        held=held,
        evaluate={"test": Evaluation(source.items(tested), y[tested])},
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
