"""Entity F1 by hand, and a session whose labels are spans, from ask to the journal and back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import querist
from querist.core.errors import QueristError
from querist.core.signals import NBEST
from querist.core.types import Answer, Labels
from querist.data.spans import Spans
from querist.session.span_evaluation import Counts, SpanEvaluation, count_spans
from querist.training.recipe import Recipe
from tagged import SCHEMA, sentences

FAST = Recipe(epochs=6, lr=3e-2, batch_size=8)


def test_counts_by_hand() -> None:
    true: list[Any] = [[(0, 2, "a"), (3, 4, "b")], [], [[1, 2, "a"]]]
    found: list[Any] = [[[0, 2, "a"], [3, 5, "b"]], [(0, 1, "a")], [(1, 2, "b")]]
    counts = count_spans(found, true)
    assert counts == Counts(right=1, found=4, true=3)
    assert (counts.precision, counts.recall) == (1 / 4, 1 / 3)
    assert counts.f1 == pytest.approx(2 * (1 / 4) * (1 / 3) / (1 / 4 + 1 / 3))
    assert count_spans(true, true).f1 == 1
    assert count_spans([[]], [[]]).f1 == 1
    assert count_spans([[]], [[(0, 1, "a")]]).f1 == 0
    with pytest.raises(QueristError, match="1 sentences were tagged and 2"):
        count_spans([[]], [[], []])


class Tags:
    """A learner that gives these tags."""

    def __init__(self, tags: Any) -> None:
        self.tags = np.asarray(tags)

    def tag(self, items: Any) -> Any:
        return self.tags[: len(items)]


def test_tags_are_measured_by_the_schema() -> None:
    targets = SCHEMA.stack([SCHEMA.encode([[0, 2, "person"]]), SCHEMA.encode([[1, 2, "place"]])])
    metrics = ("entity_f1", "entity_precision", "entity_recall")
    evaluation = SpanEvaluation(["x", "y"], targets, metrics, schema=SCHEMA)
    tags = [[1, 2, 0, 0], [1, 3, 0, 0]]  # of another width than the targets
    assert evaluation.measure(Tags(tags)) == {  # type: ignore[arg-type]
        "entity_f1": pytest.approx(0.8),
        "entity_precision": pytest.approx(2 / 3),
        "entity_recall": 1.0,
    }
    with pytest.raises(QueristError, match="did you mean entity_f1"):
        SpanEvaluation(["x"], targets, ("entity_f2",), schema=SCHEMA)
    with pytest.raises(QueristError, match="schema="):
        SpanEvaluation(["x"], targets)
    with pytest.raises(QueristError, match="gives no tags"):
        evaluation.measure(object())  # type: ignore[arg-type]


def session(folder: Path | None = None, strategy: str = "mnlp(best_path=True)", **more: Any) -> querist.Session:
    source = sentences()
    assert source.truth is not None
    truth = dict(zip(source.ids, source.truth, strict=True))
    learner = querist.TaggerLearner(source, SCHEMA, network="window_crf", buckets=1 << 10, recipe=FAST, members=3)
    settings: dict[str, Any] = {
        "labels": SCHEMA,
        "test": {i: truth[i] for i in source.ids[40:]},
        "cost": source.lengths.astype(float),
        **more,
    }
    return querist.Session(source, learner, strategy=strategy, folder=folder, **settings)


def spans_of(item: str) -> list[list[int | str]]:
    """The truth as spans."""
    source = sentences()
    assert source.truth is not None
    return SCHEMA.decode(SCHEMA.encode(source.truth[int(item[1:])]))


def annotator() -> querist.SimulatedAnnotator:
    """Answers with spans; an answer costs its tokens."""
    source = sentences()
    price = dict(zip(source.ids, source.lengths.astype(float).tolist(), strict=True))
    return querist.SimulatedAnnotator({i: spans_of(i) for i in source.ids}, cost=price)


@pytest.mark.parametrize(
    "strategy",
    [
        "mnlp(best_path=True)",
        "per_token(sequence_entropy)",
        "limit(cost_ratio(token_entropy(how=sum)), budget=30)",
        "variation_ratio",
        "shortlist(sequence_margin, times=3) | k_center",
    ],
)
def test_sentences_are_asked_labelled_with_spans_and_learnt(strategy: str) -> None:
    loop = session(strategy=strategy, budget=120)
    reason = querist.run(loop, annotator(), batch=6)
    assert reason.rule in ("budget", "exhausted")
    spent = sum(int(sentences().lengths[int(i[1:])]) for q in loop.queries for i in q.items)
    assert loop.progress.cost == spent >= 120, "cost is counted in tokens"
    assert loop.progress.history[-1].metrics["entity_f1"] > 0.3
    assert loop.queries[-1].strategy == strategy
    assert all(loop.queries[-1].reasons)


def test_mnlp_asks_first_for_the_least_probable_sentence_a_token() -> None:
    loop = session()
    loop.tell(loop.ask(10), list(annotator().annotate(loop.queries[0])))
    loop.fit()
    query = loop.ask(4)
    assert query.scores == tuple(sorted(query.scores, reverse=True))
    source = sentences()
    rate = -loop.learner.signals(source.items(), frozenset({NBEST}))[NBEST][:, 0] / source.lengths
    free = [r for r in range(40) if f"s{r}" not in loop.queries[0].items]
    assert query.items[0] == f"s{max(free, key=lambda r: rate[r])}"


def test_spans_are_stored_and_read_back(tmp_path: Path) -> None:
    with session(tmp_path) as loop:
        querist.run(loop, annotator(), batch=8, stop=querist.registry.find("max_rounds", "stop_rule").factory(2))
        asked = loop.ask(5)
        told = {i: tuple(tuple(s) for s in spans_of(i)) for i in asked.items[:3]}  # tuples become lists in the journal
        assert loop.tell(asked, told) == 3
        before: Labels = loop.ledger.labels(loop.schema)
    with session(tmp_path) as again:
        after = again.ledger.labels(again.schema)
        assert list(after.items) == list(before.items)
        assert np.array_equal(after.targets, before.targets)
        for item, row in zip(after.items, after.targets, strict=True):
            assert SCHEMA.decode(row) == spans_of(item)
        assert again.outstanding[0].items == asked.items
        assert again.tell(asked, told) == 0, "a repeated post is not counted twice"
        again.fit()
        unbroken = again.ask(3).items
    with session() as fresh:
        querist.run(fresh, annotator(), batch=8, stop=querist.registry.find("max_rounds", "stop_rule").factory(2))
        fresh.tell(fresh.ask(5), told)
        fresh.fit()
        assert fresh.ask(3).items == unbroken, "interrupted or not, the same is asked"


def test_a_label_that_does_not_fit_its_sentence_never_reaches_the_journal() -> None:
    loop = session()
    query = loop.ask(2)
    beyond = int(sentences().lengths[int(query.items[0][1:])])
    for bad in ([[0, beyond + 1, "person"]], ["O"] * (beyond + 1), [[0, 1, "animal"]], ["I-person"] * beyond):
        with pytest.raises(QueristError):
            loop.tell(query, {query.items[0]: bad})
    with pytest.raises(QueristError, match="sample weight"):
        loop.tell(query, [Answer.distribution(query.items[0], {"person": 1.0})])
    assert loop.progress.labels == 0
    assert loop.tell(query, {query.items[0]: []}) == 1, "no span is an answer too"


def test_what_reads_one_class_an_item_is_refused_by_name() -> None:
    with pytest.raises(QueristError, match="needs the signal probs"):
        session(strategy="margin")


def test_what_reads_the_labels_as_classes_is_refused_by_name() -> None:
    with pytest.raises(QueristError, match="does not work where an answer is spans and this one reads labels") as error:
        session(strategy="anchors | k_center")
    assert error.value.code == "NeedsCapability"


def test_the_schema_may_be_found_in_the_truth() -> None:
    loop = session(labels=None)
    assert loop.schema == Spans(("person", "place"))


def test_a_type_may_come_later() -> None:
    loop = session()
    loop.tell(loop.ask(6), list(annotator().annotate(loop.queries[0])))
    loop.fit()
    loop.add_class("animal")
    query = loop.ask(1)
    assert loop.tell(query, {query.items[0]: [[0, 1, "animal"]]}) == 1
    loop.fit()
    assert loop.learner.schema.tags[-1] == "I-animal"  # type: ignore[attr-defined]
