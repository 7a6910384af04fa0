"""Evidence row 16: WNUT17 and SEC filings, sentences asked for, cost in tokens; length-normalised uncertainty and random.

Usage: python studies/row_16.py [--short] [--seeds 5]
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import cache
from typing import ClassVar

import numpy as np

import querist
from harness import Curve, Study, data_folder, main
from querist.core.signals import COST, Context, Needs
from querist.core.types import Answer
from querist.data.sequences import SequenceSource, sequence_source
from querist.strategies.algebra import FloatArray, Score

START = {"wnut17": 2_000, "sec_filings": 250}
STEP = {"wnut17": 2_000, "sec_filings": 250}  # on the filings random is at its height after about 1,000
ROUNDS = 10
STRATEGIES = {
    "random": "random",
    "longest": "longest",
    "total_entropy": "token_entropy(how=sum)",
    "mean_entropy": "token_entropy",
    "least_confidence": "sequence_least_confidence",
    "mnlp": "mnlp(best_path=True)",
    "mnlp_tokens": "mnlp",
    "mnlp_per_cost": "cost_ratio(mnlp(best_path=True))",
    "best_span": "best_span",
}
RECIPE = (
    "TaggerLearner(network='window_crf') with its own recipe: hashed features of a token and two neighbours on each "
    "side, rows of 32, tanh, dropout .3, linear-chain CRF, from scratch at each fit. Pool: the training sentences "
    "without copies; test: all test sentences. Start: random sentences up to 2,000 tokens (SEC: 250), then ten queries "
    "of whole sentences up to 2,000 tokens each (SEC: 250), limit(strategy, budget=...). An answer costs its tokens. "
    "Micro F1 of whole spans on the test set after each fit; the figure is the mean of F1 over the tokens read (area "
    "under F1 by tokens, trapezoids, from the start to the last query, divided by their distance)."
)


@dataclass(frozen=True, repr=False)
class Longest(Score):
    """The number of tokens: what total uncertainty follows when it follows nothing else."""

    cell: ClassVar[str] = "baseline"

    @property
    def needs(self) -> Needs:
        """`COST` of the pool, which is the number of tokens here."""
        return Needs(pool=frozenset({COST}))

    def rate(self, ctx: Context) -> FloatArray:
        """(N,) tokens."""
        return np.asarray(ctx.pool[COST], dtype=np.float64)


if ("score", "longest") not in {(e.kind, e.name) for e in querist.registry.entries("score")}:
    querist.registry.add("score", "longest", Longest)


@cache
def sentences(name: str) -> tuple[SequenceSource, int]:
    """Pool and test sentences as one source, and how many are of the pool."""
    folder = data_folder() / "sequence" / name
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", querist.QueristWarning
        )  # the test set repeats some sentences, and some of the pool
        pool = querist.read_sequences(folder / "train.jsonl.gz", dedupe=True)
        test = querist.read_sequences(folder / "test.jsonl.gz")
        ids = [f"p{k}" for k in range(len(pool))] + [f"t{k}" for k in range(len(test))]
        both = sequence_source(
            [*pool.sentences, *test.sentences], ids=ids, truth=[*(pool.truth or ()), *(test.truth or ())], name=name
        )
    return both, len(pool)


def one(name: str, strategy: str, seed: int) -> Curve:
    """One run: (tokens read, test F1) after the start and after each query."""
    source, pool = sentences(name)
    assert source.truth is not None
    schema = querist.Spans.found_in(source.truth)
    truth = dict(zip(source.ids, source.truth, strict=True))
    session = querist.Session(
        source,
        querist.TaggerLearner(source, schema, network="window_crf", best=1, device="cpu", score_batch=512),
        strategy=f"limit({strategy}, budget={STEP[name]})",
        labels=schema,
        seed=seed,
        test={item: truth[item] for item in source.ids[pool:]},
        cost=source.lengths.astype(np.float64),
    )
    order = np.random.default_rng(seed).permutation(pool)
    first = order[np.cumsum(source.lengths[order]) <= START[name]]
    query = session.ask(items=[source.ids[r] for r in first])
    curve: Curve = []
    for _ in range(ROUNDS + 1):
        costs = source.lengths[source.rows_of(query.items)].tolist()
        session.tell(query, [Answer.label(i, truth[i], cost=c) for i, c in zip(query.items, costs, strict=True)])
        report = session.fit()
        curve.append((int(session.progress.cost), report.metrics["entity_f1"]))
        if len(curve) <= ROUNDS:
            query = session.ask(session.progress.available)
    return curve


def mean(curve: Curve) -> float:
    """Mean F1 over the tokens read."""
    tokens, f1 = np.asarray(curve).T
    return float(np.trapezoid(f1, tokens) / (tokens[-1] - tokens[0]))


STUDY = Study(
    name="row_16",
    row="Sequence labelling, F1 per token read",
    source="Shen, Yun, Lipton, Kronrod and Anandkumar 2018 (direction only)",
    recipe=RECIPE,
    datasets=("wnut17", "sec_filings"),
    strategies=STRATEGIES,
    one=one,
    figure=mean,
    figure_name="mean test F1 of whole spans over the tokens read",
    published={},
    seeds=5,
    short=1,
    checks={
        f"{name} at least random on {data}": lambda m, name=name, data=data: m[data][name] >= m[data]["random"]  # type: ignore[misc]
        for data in ("wnut17", "sec_filings")
        for name in ("mnlp", "mnlp_tokens", "mean_entropy")
    },
)

if __name__ == "__main__":
    main(STUDY)
