"""Strategies on graphs in a live session: a stochastic block model, and Cora where it is at hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_array

import querist
from querist.core.errors import ArgumentError
from real_data import citations
from rings import blocks

QUICK = querist.Recipe(lr=0.05, epochs=40)
ON_GRAPHS = [
    "age",
    "page_rank",
    "feat_prop",
    "feat_prop(propagated=True)",
    "graph_part",
    "graph_part(propagated=True, far=True)",
    "grain",
    "grain(propagated=True, diversity='ball')",
]


def run(strategy: str, embedding: Any = "propagated", **more: Any) -> tuple[querist.Session, list[set[str]], float]:
    """Two asks of nine nodes with a fit after each: the session, what was asked, the last accuracy."""
    source, y = blocks((60, 60, 60))
    truth = {item: "abc"[c] for item, c in zip(source.ids, y, strict=True)}
    schema = querist.SingleLabel(("a", "b", "c"))
    learner = querist.GraphLearner("gcn", source, schema, recipe=QUICK, embedding=embedding, device="cpu")
    test = {item: truth[item] for item in source.ids[:60]}
    session = querist.Session(source, learner, strategy=strategy, labels=schema, test=test, **more)
    asked = []
    accuracy = 0.0
    for _ in range(2):
        query = session.ask(9)
        session.tell(query, {item: truth[item] for item in query})
        asked.append(set(query.items))
        accuracy = session.fit().metrics["accuracy"]
    return session, asked, accuracy


@pytest.mark.parametrize("strategy", ON_GRAPHS)
def test_each_runs_and_the_model_learns(strategy: str) -> None:
    session, asked, accuracy = run(strategy, "hidden" if strategy == "age" else "propagated")
    assert len(asked[0] | asked[1]) == 18
    assert accuracy > 0.75
    reasons = session.queries[-1].reasons
    assert len(reasons) == 9
    assert all(reasons)


def test_with_propagated_features_the_first_ask_needs_no_model() -> None:
    session, asked, _ = run("feat_prop(propagated=True)", start=None)
    again, same, _ = run("feat_prop(propagated=True)", start=None)
    assert asked == same
    assert session.queries[0].strategy == again.queries[0].strategy == "feat_prop(propagated=True)"


def test_the_graph_is_that_of_the_source_unless_another_is_given() -> None:
    source, _ = blocks((10, 10))
    schema = querist.SingleLabel(("a", "b"))
    learner = querist.GraphLearner("sgc", source, schema, device="cpu")
    session = querist.Session(source, learner, strategy="page_rank", labels=schema)
    assert session.side[querist_graph()] is source.graph
    other = csr_array((20, 20))
    session = querist.Session(source, learner, strategy="page_rank", labels=schema, graph=other)
    assert session.side[querist_graph()] is other
    plain = querist.read(np.eye(20), ids=list(source.ids))
    with pytest.raises(ArgumentError, match="pass graph= to the session"):
        querist.Session(plain, learner, strategy="page_rank", labels=schema)


def querist_graph() -> Any:
    from querist.core.signals import GRAPH

    return GRAPH


def test_a_session_is_resumed_from_its_folder(tmp_path: Path) -> None:
    first, _, accuracy = run("age", "hidden", folder=tmp_path)
    first.close()
    source, y = blocks((60, 60, 60))
    schema = querist.SingleLabel(("a", "b", "c"))
    learner = querist.GraphLearner("gcn", source, schema, recipe=QUICK, device="cpu")
    test = {item: "abc"[c] for item, c in zip(source.ids[:60], y, strict=False)}
    again = querist.Session(source, learner, strategy="age", labels=schema, test=test, folder=tmp_path)
    assert again.progress.labels == 18
    assert again.progress.history[-1].metrics["accuracy"] == accuracy
    assert len(again.ask(3)) == 3
    again.close()


@pytest.mark.parametrize(
    "strategy", ["age", "feat_prop(propagated=True)", "graph_part(propagated=True)", "grain(whole=False)"]
)
def test_cora_is_learnt_from_seventy_labels(strategy: str) -> None:
    source, y, test = citations()
    schema = querist.SingleLabel(tuple(str(c) for c in range(7)))
    learner = querist.GraphLearner(
        "gcn",
        source,
        schema,
        recipe=querist.Recipe(lr=0.03, weight_decay=5e-4, epochs=40),
        embedding="hidden" if strategy == "age" else "propagated",
        device="cpu",
    )
    held = {f"n{k}": str(y[k]) for k in test}
    session = querist.Session(source, learner, strategy=strategy, labels=schema, test=held)
    for _ in range(2):
        query = session.ask(35)
        session.tell(query, {item: str(y[int(item[1:])]) for item in query})
        accuracy = session.fit().metrics["accuracy"]
    assert accuracy > 0.65
