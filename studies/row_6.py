"""Evidence row 6: Cora, 140 labels, the Planetoid test nodes; strategies on graphs against random.

Usage: python studies/row_6.py [--short] [--seeds 10]
"""

from __future__ import annotations

from functools import cache

import numpy as np
from scipy.sparse import csr_array, diags_array

import querist
from harness import Curve, Study, data_folder, main
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
    "age": "age(decay=0.9); hidden",
    "age_pool": "age(decay=0.9, whole=False); hidden",
    "k_center": "k_center; hidden",
    "feat_prop": "feat_prop(propagated=True); at once",
    "grain": "grain(propagated=True); at once",
    "grain_pool": "grain(propagated=True, whole=False); at once",
    "graph_part": "graph_part(propagated=True); at once",
    "graph_part_pool": "graph_part(propagated=True, whole=False); at once",
    "margin": "margin",
    "uherding": "uherding",
    "auto": "auto",
}
"""Text, and how it is run: see `one`."""
PUBLISHED = {"random": 0.79, "degree": 0.818, "age": 0.825, "k_center": 0.826, "grain": 0.842}


@cache
def cora() -> tuple[GraphSource, Array, Array, Array]:
    """The nodes, their class numbers, the test nodes, and the validation nodes of the Planetoid split."""
    with np.load(data_folder() / "graphs" / "cora.npz", allow_pickle=False) as found:
        parts = found["feature_values"], found["feature_indices"], found["feature_indptr"]
        x = csr_array(parts, shape=tuple(found["feature_shape"]))
        edges, y = found["edges"].T, found["labels"].astype(np.int64)
        test, aside = found["planetoid_test"], found["planetoid_val"]
    x = csr_array(diags_array(1.0 / np.maximum(x.sum(axis=1), 1.0)) @ x)
    ids = [f"n{k}" for k in range(len(y))]
    return querist.graph_source(x, edges, ids=ids, truth=y.tolist()), y, test, aside


def one(name: str, strategy: str, seed: int, *, on: str = "test") -> Curve:
    """One run.

    ``strategy`` is a text and, after semicolons, how it is run: "at once" asks for 140 nodes before any fit, else it is 20
    at random, then 20 a round; "hidden" makes the embedding the network's, else it is the propagated features. ``on`` says
    which nodes are measured: "test", or "validation" for looking around.
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
        graph=source.graph,
    )
    curve: Curve = []
    while not curve or curve[-1][0] < BUDGET:
        query = session.ask(BUDGET if "at once" in ways else BATCH if curve else START)
        session.tell(query, {item: str(y[source.rows_of([item])[0]]) for item in query})
        report = session.fit()
        curve.append((report.labels, report.metrics["accuracy"]))
    return curve


STUDY = Study(
    name="row_6",
    row="Cora, 140 labels, the Planetoid test nodes",
    source="zwt233/Grain and zwt233/ALG (tables as pictures in their README files)",
    recipe=(
        "zwt233/Grain. examples/GRAIN(NN-D).py: 'num_coreset = 140', candidates are all nodes that are neither validation "
        "nor test nodes of the Planetoid split (1,208), features row-normalised. examples/early_stop_training.py trains "
        "500 networks ('for i in range(500)', hidden 128, dropout .85, lr .05) with early stopping on the 500 validation "
        "labels and prints the test accuracy of those that were best on them: the published figures rest on labels beyond "
        "the budget and on a choice among 500. Here no validation label is looked at and one network is fitted: GCN with "
        "hidden 16, dropout .5, Adam .01, weight decay 5e-4, 200 epochs (Kipf and Welling 2017), and APPNP with hidden 64, "
        "10 steps, alpha .1 (Gasteiger et al. 2019) under the same recipe; neither was tuned. The same 1,208 candidates. "
        "Strategies that need no model ask for all 140 at once, the others for 20 at random and then 20 a round, from "
        "scratch each time. Strategies and the network see the whole graph, and candidates are chosen; strategies called "
        "_pool see the graph of the candidates that are not labelled. That propagated features are scaled to rows of "
        "length 1, and which embedding each strategy is given, was chosen on the validation nodes with two seeds."
    ),
    datasets=("GCN", "APPNP"),
    strategies=STRATEGIES,
    one=one,
    figure=lambda curve: curve[-1][1],
    figure_name="test accuracy with 140 labels",
    published={"GCN": PUBLISHED},
    seeds=10,
    short=1,
    checks={
        "GCN: random within .015 of 78.8 to 79.1": lambda m: 0.773 <= m["GCN"]["random"] <= 0.806,
        "GCN: age at least .815": lambda m: m["GCN"]["age"] >= 0.815,
        "beaten: the best of ours above .826": lambda m: max(v for row in m.values() for v in row.values()) > 0.826,
        "beaten: the best of ours above .842": lambda m: max(v for row in m.values() for v in row.values()) > 0.842,
        "auto above random with both networks": lambda m: all(row["auto"] > row["random"] for row in m.values()),
    },
)

if __name__ == "__main__":
    main(STUDY)
