"""Evidence row 6: Cora, 140 labels, the Planetoid test nodes; strategies on graphs against random.

Usage: python studies/row_6.py [--short] [--seeds 10]
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from scipy.sparse import csr_array, diags_array

import querist
from harness import Curve, data_folder
from querist.core.types import Array
from querist.data.graph import GraphSource
from querist.session.evaluation import Evaluation
from querist.session.session import Session
from querist.storage.memory import MemoryStore
from querist.strategies.algebra import as_strategy

BUDGET, START, BATCH = 140, 20, 20
STRATEGIES = {
    "random": "random; at once",
    "degree": "degree; at once",
    "page_rank": "page_rank; at once",
    "age": "age(decay=0.9); hidden; walks",
    "k_center": "k_center; hidden",
    "feat_prop": "feat_prop(propagated=True); at once",
    "grain": "grain(hops=1, propagated=True); at once; walks",
    "graph_part": "graph_part(propagated=True); at once; walks",
    "margin": "margin",
    "uherding": "uherding",
    "auto": "auto",
}
"""Text, and how it is run: see `one`."""


@cache
def cora() -> tuple[GraphSource, Array, Array, Array]:
    """The nodes, their class numbers, the test nodes, and the validation nodes of the Planetoid split."""
    with np.load(data_folder() / "graphs" / "cora.npz", allow_pickle=False) as found:
        parts = found["feature_values"], found["feature_indices"], found["feature_indptr"]
        x = csr_array(parts, shape=tuple(found["feature_shape"]))
        edges, y = found["edges"].T, found["labels"].astype(np.int64)
        test, aside = found["planetoid_test"], found["planetoid_val"]
    x = diags_array(1.0 / np.maximum(x.sum(axis=1), 1.0)) @ x
    ids = [f"n{k}" for k in range(len(y))]
    return querist.graph_source(x, edges, ids=ids, truth=y.tolist()), y, test, aside


@cache
def walks() -> Any:
    """Nodes joined by an edge or by a walk of two, with weight 1."""
    graph = cora()[0].graph
    return csr_array((graph + graph @ graph) > 0).astype(np.float64)


def one(name: str, strategy: str, seed: int, on: str = "test") -> Curve:
    """One run.

    ``strategy`` is a text and, after semicolons, how it is run: "at once" asks for 140 nodes before any fit, else it is 20
    at random, then 20 a round; "hidden" makes the embedding the network's, else it is the propagated features; "walks"
    joins nodes two steps apart too, so that what lies between may be labelled or held out.
    """
    source, y, test, aside = cora()
    text, *ways = (part.strip() for part in strategy.split(";"))
    schema = querist.SingleLabel(tuple(str(c) for c in range(7)))
    learner = querist.GraphLearner(
        name.lower(), source, schema, embedding="hidden" if "hidden" in ways else "propagated", device="cpu"
    )
    measured = test if on == "test" else aside
    session = Session(
        source,
        learner,
        schema,
        as_strategy(text),
        MemoryStore(),
        seed=seed,
        start=as_strategy("random"),
        held=np.concatenate([test, aside]),
        evaluate={"test": Evaluation(source.items(measured), y[measured])},
        graph=walks() if "walks" in ways else source.graph,
    )
    curve: Curve = []
    while not curve or curve[-1][0] < BUDGET:
        query = session.ask(BUDGET if "at once" in ways else BATCH if curve else START)
        session.tell(query, {item: str(y[source.rows_of([item])[0]]) for item in query})
        report = session.fit()
        curve.append((report.labels, report.metrics["accuracy"]))
    return curve
