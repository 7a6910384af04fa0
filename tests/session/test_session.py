"""Ask, tell, fit: partial, late and repeated answers, refusals by name, resume."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from querist.core.errors import ArgumentError, ArgumentTypeError, QueristError, QueristWarning, StateError
from querist.core.signals import Selection
from querist.core.types import Answer, Query, StopReason
from querist.strategies.algebra import Strategy

from .conftest import MakeSession


def journal(session: Any) -> list[tuple[str, Any]]:
    return [(e.kind, e.payload) for e in session.store.read("main")]


def tell_all(session: Any, query: Query, truth: dict[str, str]) -> int:
    return int(session.tell(query, {i: truth[i] for i in query}))


def test_one_round(make: MakeSession, truth: dict[str, str]) -> None:
    session = make()
    query = session.ask(10)
    assert len(set(query.items)) == 10
    assert query.strategy == "random"
    assert query.reasons == ("drawn at random",) * 10
    assert session.progress.pending == 10
    assert tell_all(session, query, truth) == 10
    report = session.fit()
    assert (report.round, report.labels) == (0, 10)
    assert set(report.seconds) >= {"fit", "evaluate", "save"}
    second = session.ask(3)
    assert second.strategy == "margin"
    assert list(second.scores) == sorted(second.scores, reverse=True)
    assert not set(second.items) & set(query.items)
    assert [kind for kind, _ in journal(session)] == ["created", "asked", "told", "fitted", "asked"]
    asked = journal(session)[-1][1]
    assert set(asked["seconds"]) == {"signals", "select"}
    assert asked["round"] == 1


def test_partial_late_and_repeated_answers(make: MakeSession, truth: dict[str, str]) -> None:
    session = make()
    query = session.ask(4)
    first, second, third, fourth = query.items
    assert session.tell(query, {first: truth[first]}) == 1
    assert session.outstanding == (query,)
    other = session.ask(2)
    assert not set(other.items) & set(query.items), "pending items are not asked again"
    assert session.tell(query, {first: truth[first], second: truth[second]}) == 1, "the repeat is no news"
    assert session.tell(query, [Answer.skip(third), Answer.reject(fourth)]) == 2
    assert session.outstanding == (other,)
    progress = session.progress
    assert (progress.labels, progress.skipped, progress.rejected, progress.pending) == (2, 1, 1, 2)
    assert session.tell(None, {"i59": "b", "i58": "a"}) >= 1, "answers nobody asked for are welcome"


def test_a_refused_tell_changes_nothing(make: MakeSession, truth: dict[str, str]) -> None:
    session = make()
    query = session.ask(3)
    before, states = len(journal(session)), session.ledger.states.copy()
    bad: list[Any] = [
        {query.items[0]: truth[query.items[0]], query.items[1]: "c"},
        {query.items[0]: truth[query.items[0]], "no such item": "a"},
        {0: "a"},
    ]
    for answers in bad:
        with pytest.raises(QueristError):
            session.tell(query, answers)
    assert len(journal(session)) == before
    assert (session.ledger.states == states).all()
    with pytest.raises(ArgumentTypeError, match="ids, not positions"):
        session.tell(query, {0: "a"})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("n", "kind", "words"),
    [(0, ArgumentError, "n must be ≥ 1, got 0"), (-3, ArgumentError, "-3"), (2.5, ArgumentTypeError, "float 2.5"),
     (True, ArgumentTypeError, "bool"), ("5", ArgumentTypeError, "str")],
)  # fmt: skip
def test_counts(make: MakeSession, n: Any, kind: type[QueristError], words: str) -> None:
    session = make()
    with pytest.raises(kind, match=words):
        session.ask(n)
    assert len(journal(session)) == 1


def test_more_than_there_are(make: MakeSession) -> None:
    session = make()
    with pytest.warns(QueristWarning, match="n is 100 and 60 items are available"):
        query = session.ask(100)
    assert len(query) == 60
    with pytest.raises(StateError, match="60 items are handed out") as error:
        session.ask(1)
    assert error.value.code == "NothingAvailable"


def test_everything_labelled(make: MakeSession, truth: dict[str, str]) -> None:
    session = make()
    tell_all(session, session.ask(60), truth)
    with pytest.raises(StateError, match="all 60 items of the pool have an answer") as error:
        session.ask(1)
    assert error.value.code == "PoolExhausted"


def test_cold_start_is_refused_by_name_when_there_is_no_start(make: MakeSession, truth: dict[str, str]) -> None:
    session = make(start=None)
    with pytest.raises(StateError, match=r"margin.*start='random'") as error:
        session.ask(1)
    assert error.value.code == "ColdStart"
    session.tell(None, {"i0": "a", "i1": "b"})
    session.fit()
    assert session.ask(1).strategy == "margin"
    assert make(start=None, strategy="random").ask(1).strategy == "random"


def test_nothing_to_fit(make: MakeSession) -> None:
    with pytest.raises(StateError, match="nothing is labelled yet") as error:
        make().fit()
    assert error.value.code == "NoLabels"


def test_budget(make: MakeSession, truth: dict[str, str]) -> None:
    session = make(budget=10)
    tell_all(session, session.ask(8), truth)
    with pytest.raises(ArgumentError, match="8 of 10 spent, 3 asked, 2 left") as error:
        session.ask(3)
    assert error.value.code == "BudgetError"
    session.ask(2)


def test_given_items(make: MakeSession) -> None:
    session = make()
    query = session.ask(items=["i7", "i3"])
    assert query.items == ("i7", "i3")
    assert query.strategy == "given"
    assert all(np.isnan(query.scores))
    with pytest.raises(StateError, match="i7"):
        session.ask(items=["i7"])


def test_strategy_and_learner_are_compared_when_the_session_is_made(make: MakeSession) -> None:
    with pytest.raises(ArgumentError, match=r"bald needs the signal members.*SklearnLearner does not provide") as error:
        make(strategy="bald")
    assert error.value.code == "NeedsCapability"
    with pytest.raises(ArgumentError, match="cost"):
        make(strategy="cost_ratio(margin)")
    for text, words in (
        (
            "learning_loss",
            "needs the training plug-in 'learning_loss' .missing without it: loss.; SklearnLearner carries",
        ),
        ("switch(after=2, first=random, then=waal)", "needs the training plug-in 'waal' .missing without it: critic."),
        ("mix({vaal: 1, random: 1})", "plug-in 'vaal' .missing without it: discriminator."),
        ("adversarial_margin", "needs the capability 'adversarial_margin' of the learner, and SklearnLearner has none"),
        ("tod", "needs the signal history"),
        ("noise_stability", "needs the signal perturbed"),
    ):
        with pytest.raises(ArgumentError, match=words) as error:
            make(strategy=text)
        assert error.value.code == "NeedsCapability"


class Broken(Strategy):
    """Gives what it was told to, whatever was asked."""

    rows: tuple[int, ...] = ()

    def select(self, ctx: Any, n: int) -> Selection:
        return Selection(np.array(self.rows), np.zeros(len(self.rows)))


@pytest.mark.parametrize(
    ("rows", "words"), [((0, 0), "row 0 more than once"), ((0, 99), "row 99"), ((1,), "1 rows where 2")]
)
def test_a_strategy_that_breaks_its_contract_is_named(make: MakeSession, rows: tuple[int, ...], words: str) -> None:
    strategy = type("Mine", (Broken,), {"rows": rows})()
    session = make(strategy=strategy)
    with pytest.raises(StateError, match=words) as error:
        session.ask(2)
    assert error.value.code == "StrategyContract"
    assert "mine" in str(error.value)
    assert len(journal(session)) == 1


def test_killed_and_reopened_it_asks_the_same(make: MakeSession, truth: dict[str, str], tmp_path: Path) -> None:
    def go_on(session: Any, turns: int) -> None:
        for _ in range(turns):
            for query in session.outstanding:
                tell_all(session, query, truth)
            if session.needs_fit:
                session.fit()
            session.ask(4)

    whole = make(folder=tmp_path / "whole", seed=3)
    go_on(whole, 6)
    broken = make(folder=tmp_path / "broken", seed=3)
    go_on(broken, 2)
    for stage in range(4):  # closed with a query out, after a tell, after a fit, with a query out
        broken.close()
        broken = make(folder=tmp_path / "broken", seed=3)
        if stage == 1:
            tell_all(broken, broken.outstanding[0], truth)
        if stage == 2:
            broken.fit()
            assert broken.state.model
        if stage == 3:
            go_on(broken, 4)
    assert [q.items for q in broken.queries] == [q.items for q in whole.queries]
    assert [q.scores for q in broken.queries][1:] == [q.scores for q in whole.queries][1:]
    assert broken.progress == whole.progress
    whole.close()
    broken.close()


@pytest.mark.parametrize("text", ["albl([margin, random])", "tailor([margin, random])"])
def test_policies_read_their_state_from_the_journal(
    make: MakeSession, truth: dict[str, str], tmp_path: Path, text: str
) -> None:
    def turn(session: Any) -> None:
        tell_all(session, session.ask(4), truth)
        session.fit()

    whole = make(folder=tmp_path / "whole", seed=3, strategy=text)
    for _ in range(6):
        turn(whole)
    for _ in range(6):  # opened anew for every turn
        broken = make(folder=tmp_path / "broken", seed=3, strategy=text)
        turn(broken)
        broken.close()
    broken = make(folder=tmp_path / "broken", seed=3, strategy=text)
    assert [q.items for q in broken.queries] == [q.items for q in whole.queries]
    arms = [r.arm for r in whole.state.rounds]
    assert [r.arm for r in broken.state.rounds] == arms
    assert all((arm or "").startswith(text + ": ") for arm in arms[1:])
    assert [r.asked for r in broken.state.rounds] == [q.items for q in whole.queries]
    if text.startswith("albl"):
        weights = [[float(v) for v in (arm or "").split()[-4:-2]] for arm in arms[1:]]
        assert weights[0] == [0.5, 0.5]
        assert weights[-1] != [0.5, 0.5]
        assert all(sum(w) == pytest.approx(1) for w in weights)
    broken.close()
    whole.close()


def test_a_journal_of_another_seed_or_strategy_is_refused(make: MakeSession, tmp_path: Path) -> None:
    make(folder=tmp_path, seed=1).close()
    for other in ({"seed": 2}, {"seed": 1, "strategy": "entropy"}):
        with pytest.raises(StateError, match="belongs to another") as error:
            make(folder=tmp_path, **other)
        assert error.value.code == "SpecMismatch"
    make(folder=tmp_path, seed=1).close()


def test_without_kept_weights_the_model_is_fitted_again(make: MakeSession, truth: dict[str, str]) -> None:
    session = make()
    tell_all(session, session.ask(10), truth)
    session.fit()
    again = make()
    again.store = session.store  # the same journal, no artifacts
    again.ledger.states[:] = 0
    again.state = type(again.state)()
    again._resume(None)
    assert again.ask(5).items == make_copy_ask(session)


def make_copy_ask(session: Any) -> tuple[str, ...]:
    """What the session itself asks next; the journal was taken over by another, so it must agree with that."""
    return tuple(session.store.read("main", after=4).__next__().payload["items"])


def test_stop_is_written_and_taken_back_by_the_next_ask(make: MakeSession) -> None:
    session = make()
    session.stop(StopReason("max_labels(0)", "enough"))
    assert session.progress.stopped == StopReason("max_labels(0)", "enough")
    session.ask(1)
    assert session.progress.stopped is None


def test_surprise_and_agreement_are_in_the_history(make: MakeSession, truth: dict[str, str]) -> None:
    session = make()
    for _ in range(3):
        tell_all(session, session.ask(5), truth)
        session.fit()
    first, second, third = session.progress.history
    assert first.surprise is None
    assert first.agreement is None
    assert second.surprise is not None
    assert 0 <= second.surprise <= 1
    assert third.agreement is not None
    assert -1 <= third.agreement <= 1
    assert second.queried == session.queries[1].items


def test_a_class_added_in_mid_project(make: MakeSession, truth: dict[str, str]) -> None:
    session = make()
    query = session.ask(6)
    with pytest.raises(QueristError, match="add_class"):
        session.tell(query, {query.items[0]: "c"})
    session.add_class("c")
    session.tell(query, {query.items[0]: "c", query.items[1]: "a", query.items[2]: "b"})
    session.fit()
    assert session.schema.classes == ("a", "b", "c")  # type: ignore[attr-defined]
    session.ask(2)


def test_excluded_items_are_not_asked_but_stay_available(make: MakeSession) -> None:
    session = make()
    left_out = [f"i{k}" for k in range(50)]
    query = session.ask(10, exclude=left_out)
    assert sorted(query.items) == sorted(f"i{k}" for k in range(50, 60))
    with pytest.raises(StateError, match="exclude leaves out all items that are available"):
        session.ask(1, exclude=left_out)
    assert session.progress.available == 50


def test_limits_by_group_and_by_money(make: MakeSession, truth: dict[str, str]) -> None:
    group, cost = np.arange(60) // 20, np.where(np.arange(60) < 30, 2.0, 1.0)
    session = make(
        strategy="limit(margin, per_group=3, budget=7)", start="limit(k_center, per_group=2)", group=group, cost=cost
    )
    query = session.ask(6)
    rows = session.source.rows_of(query.items)
    assert np.bincount(group[rows]).tolist() == [2, 2, 2]
    session.tell(query, {item: truth[item] for item in query})
    session.fit()
    query = session.ask(9)
    rows = session.source.rows_of(query.items)
    assert np.bincount(group[rows], minlength=3).max() <= 3
    assert cost[rows].sum() <= 7
    assert 1 <= len(query) < 9
    with pytest.raises(ArgumentError, match=r"needs the signal group .* pass group= to the session"):
        make(strategy="limit(margin, per_group=3)")


@pytest.mark.parametrize("strategy", ["near_labelled(k=9) | k_center", "anchors(n=20, k=10) | margin"])
def test_filters_around_labelled_items_wait_for_labels(make: MakeSession, truth: dict[str, str], strategy: str) -> None:
    session = make(strategy=strategy)
    assert session.ask(6).strategy == "random"  # nothing is labelled yet
    tell_all(session, session.queries[0], truth)
    session.fit()
    query = session.ask(5)
    assert query.strategy == strategy
    assert len(set(query.items)) == 5
    assert not set(query.items) & set(session.queries[0].items)
