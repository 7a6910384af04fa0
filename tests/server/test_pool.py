"""Free items are found exactly and in few steps, and what a transaction took back is forgotten."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from desk_cases import Case
from querist.core.types import Event
from querist.data.record import Record
from querist.server.bring import bring
from querist.server.pool import Pool, RankedSet
from querist.storage.transaction import Transaction


@pytest.mark.parametrize("size", [0, 1, 2, 3, 7, 8, 9, 100, 1000])
def test_the_ranked_set_is_a_sorted_list(size: int) -> None:
    rng = random.Random(size)
    inside = {k for k in range(size) if rng.random() < 0.5}
    found = RankedSet(np.array([k in inside for k in range(size)], dtype=np.bool_))
    for _ in range(60):
        assert [found.nth(k) for k in range(len(found))] == sorted(inside)
        if size:
            number = rng.randrange(size)
            if rng.random() < 0.5:
                found.add(number)
                inside.add(number)
            else:
                found.discard(number)
                inside.discard(number)
    for outside in (-1, len(found)):
        with pytest.raises(IndexError):
            found.nth(outside)


def free(case: Case) -> tuple[int, str | None]:
    pool = case.project.desk.pool
    case.do(lambda work: pool.follow(work.connection))
    return pool.free, pool.to_measure()


def test_it_follows_hand_outs_answers_returns_and_undo(tmp_path: Path) -> None:
    with Case(tmp_path / "p", 4) as case:
        assert free(case) == (4, None)
        one, two = case.take(count=2)
        assert free(case) == (2, None)
        case.give_back(two)
        assert free(case) == (3, None)
        case.answer(one)
        assert free(case) == (3, None)
        again = case.undo()
        assert free(case) == (3, None), "it is with the person who took it back"
        case.give_back(again)
        assert free(case) == (4, None)
        more = [Record(text="five"), Record(text="six", labels=[{"kind": "label", "value": "dog"}])]
        bring(case.project, more, "more")
        assert free(case) == (5, None)


def test_work_that_is_taken_back_is_forgotten(tmp_path: Path) -> None:
    with Case(tmp_path / "p", 6) as case:
        case.take()

        def fails(work: Transaction) -> None:
            case.project.desk.take(work, "anna", 4, have=["q0"])
            case.project.desk.pool.follow(work.connection)
            assert case.project.desk.pool.free == 1
            raise ValueError("never")

        with pytest.raises(ValueError, match="never"):
            case.do(fails)
        assert free(case) == (5, None)
        # the numbers of the events are given again, to others: only their digests tell that they are others
        with pytest.raises(ValueError, match="never"):
            case.do(fails)
        for _ in range(6):
            case.do(lambda work: case.project.desk.flag(work, "ben", "i0", True))
        assert free(case) == (5, None)
        case.take("ben", 3)
        assert free(case) == (2, None)


@pytest.mark.parametrize("many", [1, 2_000], ids=["all read again", "settled one by one"])
def test_what_an_import_brings_is_out_until_it_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, many: int
) -> None:
    monkeypatch.setattr("querist.server.pool._MANY", many)
    with Case(tmp_path / "p", 6) as case:
        pool, items = case.project.desk.pool, case.project.items
        assert free(case) == (6, None)
        case.do(lambda work: pool.expect(items.places(["i1", "i2", "i3"]), work.connection))
        assert free(case) == (3, None)
        one = case.take()[0]
        assert one.item not in ("i1", "i2", "i3")
        case.answer(one)
        assert case.undo().item == one.item
        told = {"item": "i1", "kind": "label", "value": "cat", "annotator": "import"}
        case.do(lambda work: work.append("main", [Event("told", {"query": None, "answers": [told]})]))
        assert free(case) == (2, None)
        assert (pool.offers("i1"), pool.offers("i2")) == (True, False), "the journal says what is labelled"
        case.do(lambda work: pool.expect({}, work.connection))
        assert free(case) == (4, None), "i2 and i3 were not told after all"
        assert pool.offers("i2")


def test_validation_items_come_in_order_and_come_back(tmp_path: Path) -> None:
    with Case(tmp_path / "p", 40, validation=0.5) as case:
        free(case)
        order = list(case.project.desk.pool.reserved)
        assert 10 < len(order) < 30
        count = 40 - len(order)
        assert free(case) == (count, order[0])
        first, third = case.pick(order[0]), case.pick(order[2])
        assert free(case) == (count, order[1])
        second = case.pick(order[1])
        assert free(case) == (count, order[3])
        case.answer(third)
        case.give_back(second)
        assert free(case) == (count, order[1])
        case.give_back(first)
        assert free(case) == (count, order[0])


def test_drawn_is_none_where_nothing_is_free(tmp_path: Path) -> None:
    with Case(tmp_path / "p", 2) as case:
        case.take(count=2)
        free(case)
        assert case.project.desk.pool.drawn(np.random.default_rng(0)) is None


def test_many_answers_at_once(tmp_path: Path) -> None:
    with Case(tmp_path / "p", 3000) as case:
        answers = [{"item": f"i{k}", "kind": "label", "value": "cat"} for k in range(2500)]
        case.do(lambda work: work.append("main", [Event("told", {"query": None, "answers": answers})]))
        assert free(case) == (500, None)
        (handed,) = case.take()
        assert int(handed.item[1:]) >= 2500


def test_it_offers_what_may_be_asked_about(tmp_path: Path) -> None:
    with Case(tmp_path / "p", 20, validation=0.5) as case:
        free(case)
        pool = case.project.desk.pool
        offered = {f"i{k}" for k in range(20) if pool.offers(f"i{k}")}
        assert offered == {f"i{k}" for k in range(20)} - set(pool.reserved)
        assert not pool.offers("unknown")
        case.project.items.add([Record(id="cut short", text="x")], "killed in between")
        assert "cut short" in case.project.items
        assert not pool.offers("cut short"), "the journal does not speak of it yet"


def test_a_pool_made_anew_is_the_pool_that_followed(tmp_path: Path) -> None:
    rng = random.Random(3)
    with Case(tmp_path / "p", 30, validation=0.3) as case:
        for _ in range(60):
            handed = case.take(rng.choice(["anna", "ben"]), 1)
            if handed and rng.random() < 0.7:
                person = case.rows(f"SELECT person FROM handed WHERE query = '{handed[0].query}'")[0][0]
                case.answer(handed[0], person=person)
                if rng.random() < 0.3:
                    case.undo(person)
            case.now += 30
            followed, fresh = case.project.desk.pool, Pool(case.project.items)
            for pool in (followed, fresh):
                case.do(lambda work, pool=pool: pool.follow(work.connection))  # type: ignore[misc]
            assert fresh.free == followed.free
            assert fresh.to_measure() == followed.to_measure()
            assert np.array_equal(fresh._free.inside, followed._free.inside)
