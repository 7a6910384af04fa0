"""The desk, step by step: leases, late answers, repeated posts, undo, the clock."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from desk_cases import Case
from querist.core.errors import ArgumentError, QueristError, StateError, UnknownNameError
from querist.core.types import Event
from querist.data.record import Record
from querist.server.clock import SteadyClock

FILE = {"kind": "label", "value": "dog", "annotator": "file"}


def refused(case: Case, code: str, *words: str, **call: Any) -> None:
    """What is called raises this code with these words, and writes nothing."""
    before = case.kinds()
    ((name, args),) = call.items()
    with pytest.raises(QueristError) as caught:
        getattr(case, name)(*args)
    assert caught.value.code == code, str(caught.value)
    assert all(word in str(caught.value) for word in words), str(caught.value)
    assert case.kinds() == before


# -- leases ------------------------------------------------------------------------------------------------------------


def labelled(case: Case) -> int:
    """How many items the journal counts as labelled."""
    return sum(row[0] for row in case.rows("SELECT items FROM tally WHERE stream = 'main' AND state = 'labelled'"))


def test_a_hand_out_says_what_it_is(tmp_path: Path) -> None:
    with Case(tmp_path / "p") as case:
        one, two = case.take(count=2)
        assert (one.query, one.fence, two.query, two.fence) == ("q0", 0, "q1", 1)
        assert (one.until, one.role, one.previous, one.score) == (case.now + 100, "queue", None, None)
        assert "random" in one.reason
        assert one.item != two.item
        event = next(e for e in case.project.store.read("main") if e.kind == "asked")
        assert event.payload["inclusion"] == [1 / 4]
        assert (event.payload["user"], event.payload["items"]) == ("anna", [one.item])


def test_a_tab_gets_what_it_holds_and_does_not_know_of(tmp_path: Path) -> None:
    with Case(tmp_path / "p", 6) as case:
        first = case.take(count=2, tab="t")
        assert case.take(count=2, tab="t") == first, "a tab that was loaded again"
        more = case.take(count=2, tab="t", have=[first[0].query])
        assert more[0] == first[1]
        assert more[1].item not in {h.item for h in first}
        other = case.take(count=9, tab="other")
        assert not {h.item for h in other} & {h.item for h in [*first, *more]}
        assert len(other) == 3


def test_a_lease_that_is_over_goes_back_in_the_transaction_that_hands_it_out(tmp_path: Path) -> None:
    with Case(tmp_path / "p", 1) as case:
        (mine,) = case.take()
        assert case.take("ben") == []
        case.now += 100
        assert case.take("ben") == [], "until its last moment it is a lease"
        case.now += 0.5
        (theirs,) = case.take("ben")
        assert (theirs.item, theirs.fence) == (mine.item, 1)
        assert case.kinds()[-2:] == ["returned", "asked"]
        assert case.rows("SELECT query, state FROM handed ORDER BY fence") == [("q0", "returned"), ("q1", "open")]


def test_renewed_leases_last_and_those_that_are_gone_stay_gone(tmp_path: Path) -> None:
    with Case(tmp_path / "p", 3) as case:
        one, two = case.take(count=2)
        (theirs,) = case.take("ben")
        case.give_back(two)
        case.now += 90
        desk, queries = case.project.desk, [one.query, two.query, theirs.query, "q99"]
        assert case.do(lambda w: desk.renew(w, "anna", queries)) == case.now + 100
        case.now += 50
        assert case.do(desk.expire) == 1, "Ben's lease is over"
        assert case.rows("SELECT query FROM handed WHERE state = 'open'") == [(one.query,)]
        case.do(lambda w: desk.renew(w, "anna", [two.query]))
        assert case.kinds()[-1] == "returned", "nothing to renew is no event"


def test_leases_survive_a_restart_and_return_in_time(tmp_path: Path) -> None:
    with Case(tmp_path / "p", 2) as case:
        (mine,) = case.take()
        case.now += 60
        case.restart()
        assert case.take() == [mine]
        case.now += 41
        assert case.do(case.project.desk.expire) == 1
        assert case.rows("SELECT state FROM item") == [("unlabelled",)]


def test_five_hundred_leases_return_after_a_restart(tmp_path: Path) -> None:
    with Case(tmp_path / "p", 500) as case:
        for k in range(25):
            assert len(case.take(f"p{k}", 20)) == 20
        assert case.take("late") == []
        case.restart()
        case.now += 101
        assert case.do(case.project.desk.expire) == 500
        assert case.do(case.project.desk.expire) == 0
        assert case.rows("SELECT DISTINCT state FROM item") == [("unlabelled",)]


def test_given_back_is_free_at_once_and_only_ones_own(tmp_path: Path) -> None:
    with Case(tmp_path / "p", 1) as case:
        (mine,) = case.take()
        assert case.give_back(mine, "ben") == 0
        desk, twice = case.project.desk, [mine.query, mine.query]
        case.do(lambda w: desk.renew(w, "anna", twice))
        assert case.do(lambda w: desk.give_back(w, "anna", twice)) == 1
        assert case.kinds()[-3:] == ["asked", "renewed", "returned"]
        assert case.give_back(mine) == 0
        assert case.take("ben")[0].item == mine.item


# -- the clock ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("jump", [3600.0, -3600.0])
def test_a_clock_that_jumps_moves_no_lease(tmp_path: Path, jump: float) -> None:
    day, up = [1_000_000.0], [0.0]
    with Case(tmp_path / "p", 3, clock=SteadyClock(lambda: day[0], lambda: up[0])) as case:
        (mine,) = case.take()
        day[0] += jump  # by hand, or daylight saving
        up[0] += 99
        assert case.do(case.project.desk.expire) == 0
        assert case.take() == [mine]
        up[0] += 2
        assert case.do(case.project.desk.expire) == 1


@pytest.mark.parametrize("jump", [3600.0, -3600.0, -1e6])
def test_a_clock_that_jumps_across_a_restart_makes_no_lease_longer_than_twice(tmp_path: Path, jump: float) -> None:
    with Case(tmp_path / "p", 3) as case:
        (mine,) = case.take()
        case.now += 10 + jump
        case.restart()
        if jump > 0:
            assert case.do(case.project.desk.expire) == 1
            return
        assert case.take() == [replace(mine, until=case.now + 100)]
        case.now += 101
        assert case.do(case.project.desk.expire) == 1, "110 s after it was handed out, by a clock that did not jump"


def test_a_hundred_jumps_hand_nothing_out_twice(tmp_path: Path) -> None:
    day, up = [1_000_000.0], [0.0]
    with Case(tmp_path / "p", 8) as case:
        handed: dict[str, float] = {}
        for k in range(100):
            day[0] += (3600.0, -3600.0, 0.0)[k % 3]
            up[0] += 15
            if k % 10 == 0:
                case.clock = SteadyClock(lambda: day[0], lambda: up[0])
                case.restart()
            for one in case.take(("anna", "ben")[k % 2], 2, tab=str(k)):
                handed[one.query] = up[0]
            for (query,) in case.rows("SELECT query FROM handed WHERE state = 'open'"):
                assert up[0] - handed[query] <= 200, "no lease lasts longer than twice its time"
            assert not case.rows(
                "SELECT 1 FROM handed WHERE state IN ('open', 'answered') GROUP BY item HAVING count(*) > 1"
            )
        assert len(handed) > 50


# -- answers -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "value", "state"),
    [
        ("label", "cat", "labelled"),
        ("distribution", {"cat": 0.5, "dog": 0.5}, "labelled"),
        ("skip", None, "skipped"),
        ("reject", None, "rejected"),
    ],
)
def test_an_answer_is_kept_as_what_it_is(tmp_path: Path, kind: str, value: Any, state: str) -> None:
    with Case(tmp_path / "p") as case:
        (handed,) = case.take()
        words = {"words": [[0, 4]]}
        receipt = case.send(case.post(handed, kind, value, rationale=words, note="hm", seconds=2.5, shown=True))
        assert (receipt.counted, receipt.state, receipt.why) == (True, state, None)
        assert receipt.labelled == (state == "labelled") == labelled(case)
        event = list(case.project.store.read("main"))[-1]
        assert (event.kind, event.seq) == ("told", receipt.seq)
        answer = {"item": handed.item, "kind": kind, "annotator": "anna", "shown": True, "rationale": words}
        answer |= {"note": "hm", "seconds": 2.5} | ({} if value is None else {"value": value})
        assert event.payload == {
            "query": "q0", "answers": [answer], "user": "anna", "fence": 0, "role": "queue"
        }  # fmt: skip
        assert case.rows("SELECT seconds, role, counted FROM answer") == [(2.5, "queue", 1)]


def test_posts_that_were_never_ones_own_are_refused(tmp_path: Path) -> None:
    with Case(tmp_path / "p") as case:
        (handed,) = case.take()
        post = case.post(handed)
        refused(case, "NotLeased", repr(handed.item), "lease 'q0'", "pending", send=(post, "ben"))
        refused(case, "NotLeased", "'q77'", send=(replace(post, query="q77"),))
        refused(case, "NotLeased", "'elsewhere'", "never handed out so", send=(replace(post, item="elsewhere"),))
        refused(case, "StaleLease", "token 0", "3 came", "3 hand-outs newer", send=(replace(post, fence=3),))
        refused(case, "UnknownLabel", "'horse'", send=(replace(post, value="horse"),))
        refused(case, "BadRationale", "words", send=(replace(post, rationale={"words": [[0, 99]]}),))
        refused(case, "BadPost", "seconds", send=(replace(post, seconds=-1.0),))
        assert case.send(post).counted, "a refused post leaves its key free"


def test_a_repeated_post_gets_the_same_receipt_also_after_a_restart(tmp_path: Path) -> None:
    with Case(tmp_path / "p") as case:
        (handed,) = case.take()
        post = case.post(handed)
        first = case.send(post)
        case.answer(case.take()[0])
        for _ in range(3):
            assert case.send(post) == first, "also its count of then"
            case.restart()
        refused(
            case, "KeyReused", "'k1'", "another post at 1970-01-12 13:46:40 UTC", send=(replace(post, value="dog"),)
        )
        assert case.kinds().count("told") == 2
        (theirs,) = case.take("ben")
        assert case.send(replace(case.post(theirs), key="k1"), "ben").counted, "keys are each person's own"


def test_a_second_answer_to_a_hand_out_is_kept_and_does_not_count(tmp_path: Path) -> None:
    with Case(tmp_path / "p") as case:
        (handed,) = case.take()
        case.answer(handed)
        late = case.answer(handed, value="dog")
        assert (late.counted, late.state) == (False, "labelled")
        assert late.why == (
            f"item {handed.item!r}: this hand-out has an answer already. This answer is kept and does not count."
        )
        event = list(case.project.store.read("main"))[-1]
        assert (event.kind, event.seq, event.payload["why"]) == ("late", late.seq, late.why)
        assert case.rows("SELECT value FROM answer") == [('"cat"',)]


@pytest.mark.parametrize("number", range(4))
def test_late_answers(tmp_path: Path, number: int) -> None:
    """R11, fifty a part: free still: it counts, once. With somebody else: kept, not counted, the person is told."""
    with Case(tmp_path / "p", 50) as case:
        for k in range(50):
            (mine,) = case.take()
            case.now += 101
            if k % 2:
                case.do(case.project.desk.expire)
            theirs = case.pick(mine.item, "ben") if number >= 2 else None
            if theirs is not None and number == 3:
                case.answer(theirs, value="dog", person="ben")
            case.now += 600
            receipt = case.answer(mine)
            kept = [e.kind for e in case.project.store.read("main", receipt.seq - 1)]
            if theirs is None:
                assert (receipt.counted, receipt.state, kept) == (True, "labelled", ["told"])
            else:
                assert (receipt.counted, kept) == (False, ["late"])
                assert receipt.why is not None
                assert "somebody else" in receipt.why
                assert "10 min ago" in receipt.why
            again = case.answer(mine, value="dog")
            assert not again.counted
            if number == 2:
                assert theirs is not None
                assert case.answer(theirs, value="dog", person="ben").counted, "who has the item is not disturbed"
            (row,) = case.rows(f"SELECT state, value, answers FROM item WHERE id = '{mine.item}'")
            assert row == ("labelled", '"cat"' if theirs is None else '"dog"', 1)


def test_a_late_change_of_an_answer_counts_while_the_answer_stands(tmp_path: Path) -> None:
    with Case(tmp_path / "p", 2) as case:
        (handed,) = case.take()
        case.answer(handed)
        change = case.pick(handed.item)
        case.now += 101
        case.do(case.project.desk.expire)
        assert case.rows("SELECT query FROM handed WHERE state = 'answered'") == [("q0",)]
        assert case.answer(change, value="dog").counted
        assert case.rows("SELECT value FROM item") == [('"dog"',)]
        assert not case.answer(change, value="cat").counted


# -- undo and pick -----------------------------------------------------------------------------------------------------


def test_undo_brings_back_ones_last_answer_across_items(tmp_path: Path) -> None:
    with Case(tmp_path / "p") as case:
        refused(case, "NothingToUndo", "no answer of yours", undo=("anna",))
        one, two = case.take(count=2)
        case.send(case.post(one, note="first"))
        case.answer(two, "skip")
        case.answer(case.take("ben")[0], person="ben")
        back = case.undo()
        assert (back.item, back.role) == (two.item, "again")
        assert back.previous == {"item": two.item, "kind": "skip", "annotator": "anna", "shown": False}
        back = case.undo()
        assert back.item == one.item
        assert back.previous is not None
        assert (back.previous["value"], back.previous["note"]) == ("cat", "first")
        refused(case, "NothingToUndo", undo=("anna",))
        assert labelled(case) == 1
        assert case.answer(back, value="dog").labelled == 2


def test_undo_takes_back_the_answer_that_is_named_and_no_other(tmp_path: Path) -> None:
    with Case(tmp_path / "p") as case:
        (one,), (two,) = case.take(tab="a"), case.take(tab="b")
        case.answer(one)
        case.answer(two)
        back = case.undo(tab="a", query=one.query)
        assert (back.item, back.previous and back.previous["value"]) == (one.item, "cat")
        assert case.rows("SELECT item, tab FROM handed WHERE state = 'open'") == [(one.item, "a")]
        for query in (one.query, back.query, "q99"):
            refused(case, "NothingToUndo", f"under '{query}'", undo=("anna", "a", query))
        refused(case, "NothingToUndo", undo=("ben", "b", two.query))
        again = case.answer(back, value="dog")
        assert again.query == back.query
        changed = case.pick(one.item)
        refused(case, "NothingToUndo", "changed", undo=("anna", "a", back.query))
        case.answer(changed, "skip")
        assert case.undo(query=changed.query).item == one.item
        assert case.undo(tab="a").item == two.item  # without a name as before: the tab has none, so the person's last


def test_a_late_answer_tells_the_hand_out_that_it_can_be_taken_back_by(tmp_path: Path) -> None:
    with Case(tmp_path / "p") as case:
        (one,) = case.take()
        case.give_back(one)
        receipt = case.answer(one)
        assert receipt.counted
        assert receipt.query not in (None, one.query)
        refused(case, "NothingToUndo", undo=("anna", "", one.query))
        assert case.undo(query=receipt.query).item == one.item


def test_undo_of_a_change_lets_the_answer_before_stand(tmp_path: Path) -> None:
    with Case(tmp_path / "p") as case:
        (one,) = case.take()
        case.answer(one)
        case.answer(case.pick(one.item), value="dog")
        back = case.undo()
        assert back.previous is not None
        assert back.previous["value"] == "dog"
        assert case.rows("SELECT value FROM item") == [('"cat"',)]
        case.give_back(back)
        assert case.rows("SELECT query FROM handed WHERE state = 'answered'") == [(one.query,)]


@pytest.mark.parametrize("role", ["validation", "control"])
def test_an_item_drawn_at_random_stays_so_when_its_answer_is_taken_back(tmp_path: Path, role: str) -> None:
    with Case(tmp_path / "p", 40, validation=0.5, control=0.5) as case:
        case.promote(*[(f"i{k}", "queue") for k in range(40)])
        handed = next(h for h in case.take(count=20) if h.role == role)
        case.answer(handed)
        back = case.undo()
        asked = [e.payload for e in case.project.store.read("main") if e.kind == "asked"]
        before = next(p for p in asked if p["query"] == handed.query)
        assert (back.role, asked[-1]["inclusion"]) == (role, before["inclusion"])
        assert before["inclusion"] is not None


def test_an_item_may_be_picked_when_nobody_else_has_it(tmp_path: Path) -> None:
    with Case(tmp_path / "p") as case:
        mine = case.pick("i2")
        assert (mine.item, mine.role, mine.previous) == ("i2", "picked", None)
        assert case.pick("i2") == mine
        refused(case, "NotFree", "'i2'", "somebody else", pick=("i2", "ben"))
        case.answer(mine)
        refused(case, "NotFree", "'i2'", pick=("i2", "ben"))
        refused(case, "UnknownItem", "'nothing'", pick=("nothing",))
        change = case.pick("i2")
        assert change.previous is not None
        assert change.previous["value"] == "cat"
        assert case.answer(mine, value="dog").why is not None, "the hand-out that it replaced"
        assert case.answer(change, value="dog").state == "labelled"


def test_an_answer_that_came_with_the_file_can_be_changed(tmp_path: Path) -> None:
    records = [Record(id="a", text="x", labels=[FILE]), Record(id="b", text="y", labels=[{**FILE, "value": "cat"}])]
    with Case(tmp_path / "p", records) as case:
        assert case.take() == []
        change = case.pick("b")
        assert change.previous == {"kind": "label", "value": "cat", "annotator": "file", "item": "b"}
        case.now += 101
        case.do(case.project.desk.expire)
        assert case.rows("SELECT state FROM item") == [("labelled",), ("labelled",)]
        assert case.answer(change, value="dog").counted, "late, and nobody has it"
        first, again = [e.payload for e in case.project.store.read("main") if e.kind == "asked"]
        assert first["previous"] == again["previous"] is not None
        assert case.rows("SELECT value FROM item WHERE id = 'b'") == [('"dog"',)]
        assert case.undo().previous == {
            "item": "b",
            "kind": "label",
            "annotator": "anna",
            "shown": False,
            "value": "dog",
        }
        assert case.rows("SELECT value FROM item WHERE id = 'b'") == [('"cat"',)]


def test_a_flag_is_put_on_and_taken_off(tmp_path: Path) -> None:
    with Case(tmp_path / "p") as case:
        desk = case.project.desk
        case.do(lambda w: desk.flag(w, "anna", "i1", True, "odd"))
        assert case.rows("SELECT item, person, note FROM flag") == [("i1", "anna", "odd")]
        case.do(lambda w: desk.flag(w, "ben", "i1", False))
        assert case.rows("SELECT * FROM flag") == []
        with pytest.raises(UnknownNameError, match="'nothing'"):
            case.do(lambda w: desk.flag(w, "anna", "nothing", True))


def test_a_journal_that_lacks_an_event_is_named(tmp_path: Path) -> None:
    from querist.server.desk import _payload

    with Case(tmp_path / "p") as case, pytest.raises(StateError, match="event 99 is missing") as caught:
        case.do(lambda w: _payload(w.connection, 99))
    assert caught.value.code == "Corrupt"


def test_work_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Case(tmp_path / "p") as case:
        (handed,) = case.take()
        post, before = case.post(handed), case.kinds()
        with monkeypatch.context() as patch:
            patch.setattr("querist.server.desk.keep", lambda *arguments: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                case.send(post)
        assert case.kinds() == before
        assert case.rows("SELECT count(*) FROM reply") == [(0,)]
        assert case.send(post).counted


@pytest.mark.parametrize("validation", [0.0, 0.5])
def test_a_take_that_fails_leaves_its_items_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, validation: float
) -> None:
    with Case(tmp_path / "p", 6, validation=validation) as case:
        with monkeypatch.context() as patch:
            patch.setattr("querist.server.desk.Event", lambda *arguments: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                case.take(count=4)
        handed = case.take(count=10)
        assert sorted(one.item for one in handed) == [f"i{k}" for k in range(6)]


@pytest.mark.parametrize("seed", range(3))
def test_taking_many_is_taking_one_by_one(tmp_path: Path, seed: int) -> None:
    """The same items in the same roles, whether they are asked for at once or each by itself."""

    def roles(folder: str, counts: list[int]) -> list[tuple[str, str]]:
        with Case(tmp_path / folder, 40, validation=0.3, control=0.2, seed=seed) as case:
            case.promote(*[(f"i{k}", "queue") for k in range(0, 40, 2)])
            have: list[str] = []
            out = []
            for count in counts:
                for one in case.take(count=count, have=have):
                    have.append(one.query)
                    out.append((one.item, one.role))
            return out

    assert roles("many", [25]) == roles("few", [1] * 25) == roles("some", [10, 3, 12])


def test_nothing_in_taking_and_answering_walks_the_tables(tmp_path: Path) -> None:
    """Every statement of a take and an answer finds its rows by an index, also in its subqueries."""
    with Case(tmp_path / "p", 60, validation=0.2, control=0.2) as case:
        case.promote(*[(f"i{k}", "queue") for k in range(0, 60, 2)])
        statements: set[str] = set()
        connection = case.project.store._connection
        assert connection is not None
        connection.set_trace_callback(statements.add)
        for handed in case.take(count=12):
            case.answer(handed)
        case.undo()
        connection.set_trace_callback(None)
        walked = []
        for statement in statements:
            if statement.split()[0] not in ("SELECT", "UPDATE", "DELETE"):
                continue
            for *_, detail in connection.execute(f"EXPLAIN QUERY PLAN {statement}").fetchall():
                large = detail.split()[1] not in ("setting", "class", "tally", "status")
                large = large and not statement.endswith("DESC LIMIT 1")  # the last row by the primary key
                if (detail.startswith("SCAN") and detail != "SCAN CONSTANT ROW") or ("(stream=?)" in detail and large):
                    walked.append((detail, statement))
        assert not walked, json.dumps(walked, indent=1)
        assert len(statements) > 20


def test_events_that_are_not_ours_do_no_harm(tmp_path: Path) -> None:
    with Case(tmp_path / "p") as case:
        case.do(lambda w: w.append("main", [Event("noted by a later version", {"items": ["i0"]})]))
        assert len(case.take(count=9)) == 4


def test_two_answers_with_one_key_in_one_commit(tmp_path: Path) -> None:
    with Case(tmp_path / "p") as case:
        (handed,) = case.take()
        post, desk = case.post(handed), case.project.desk
        futures = [case.project.writer.submit(lambda w: desk.answer(w, "anna", post)) for _ in range(8)]
        other = case.project.writer.submit(lambda w: desk.answer(w, "anna", replace(post, value="dog")))
        assert len({f.result(10) for f in futures}) == 1
        with pytest.raises(ArgumentError, match="k1"):
            other.result(10)
        assert case.kinds().count("told") == 1
