"""Which item comes next: the shares of the draws, their probabilities, and the order of the queue."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binomtest, chisquare

from desk_cases import Case
from querist.data.record import Record
from querist.server.handout import Choice, Queue, is_free, next_choice, validation_items
from querist.server.settings import Settings
from querist.storage.transaction import Transaction

IDS = [f"i{k}" for k in range(10_000)]


def test_each_item_is_kept_to_measure_with_the_probability_share() -> None:
    for seed in range(5):
        for share in (0.0, 0.02, 0.3, 1.0):
            kept = validation_items(IDS, seed, share)
            assert binomtest(len(kept), len(IDS), share).pvalue > 1e-4 if 0 < share < 1 else len(kept) == share * 10_000
    assert validation_items([], 0, 0.5) == []


def test_whoever_is_kept_does_not_depend_on_what_comes_later() -> None:
    first, all_of_them = validation_items(IDS[:3000], 1, 0.1), validation_items(IDS, 1, 0.1)
    later = validation_items(IDS[3000:], 1, 0.1)
    assert set(first) == set(all_of_them) & set(IDS[:3000])
    assert sorted([*first, *later]) == sorted(all_of_them)
    assert [i for i in all_of_them if i in set(first)] == first, "the order of asking stays"
    assert set(validation_items(IDS[::-1], 1, 0.1)) == set(all_of_them)
    assert len(set(validation_items(IDS, 2, 0.1)) & set(all_of_them)) < 200, "another seed keeps others"


def test_the_order_of_asking_is_random() -> None:
    rows = [int(i[1:]) for i in validation_items(IDS, 0, 0.2)]
    assert abs(np.corrcoef(rows, np.arange(len(rows)))[0, 1]) < 0.1


def choices(case: Case, seeds: int, *, settings: Settings, turn: int = 1, person: str = "anna") -> list[Choice]:
    """What would be handed out, were the seed another one."""

    def work(transaction: Transaction) -> list[Choice]:
        pool = case.project.desk.pool
        pool.follow(transaction.connection)
        found = [
            next_choice(
                transaction.connection,
                pool,
                settings,
                person=person,
                turn=turn,
                seed=s,
                share=case.project.desk.share,
                queue=Queue(transaction.connection, pool, settings.strategy),
            )
            for s in range(seeds)
        ]
        return [c for c in found if c is not None]

    return case.do(work)


def test_a_random_draw_takes_each_free_item_alike(tmp_path: Path) -> None:
    with Case(tmp_path / "p", 40, validation=0.3) as case:
        for handed in case.take(count=12):
            if handed.fence % 2:
                case.answer(handed)
        reserved = set(case.project.desk.pool.reserved)
        free = [f"i{k}" for k in range(40) if f"i{k}" not in reserved]
        taken = {r[0] for r in case.rows("SELECT id FROM item WHERE state <> 'unlabelled'")}
        free = [i for i in free if i not in taken]
        assert 5 < len(free) < 30
        found = choices(case, 4000, settings=Settings(validation=0.0))
        counts = Counter(c.item for c in found)
        assert set(counts) == set(free)
        assert chisquare([counts[i] for i in free]).pvalue > 1e-4
        assert {c.inclusion for c in found} == {1 / len(free)}
        assert {(c.role, c.strategy, c.score) for c in found} == {("queue", "random", None)}, "no model has chosen yet"


def test_shares_of_validation_control_and_queue(tmp_path: Path) -> None:
    with Case(tmp_path / "p", 60, validation=0.3) as case:
        reserved = set(case.project.desk.pool.reserved)
        first, second = [f"i{k}" for k in range(60) if f"i{k}" not in reserved][:2]
        case.promote((first, "queue"), (second, "queue"))
        found = choices(case, 3000, settings=Settings(validation=0.2, control=0.1))
        counts = Counter(c.role for c in found)
        for role, share in (("validation", 0.2), ("control", 0.1), ("queue", 0.7)):
            assert binomtest(counts[role], 3000, share).pvalue > 1e-4, counts
        queued = {(c.item, c.score, c.reason, c.strategy, c.inclusion) for c in found if c.role == "queue"}
        assert len(queued) == 1
        assert next(iter(queued))[1:] == (0.5, "doubtful", "auto", None)
        measured = {(c.item, c.inclusion) for c in found if c.role == "validation"}
        assert measured == {(next(iter(case.project.desk.pool.reserved)), case.project.desk.share)}


def test_when_the_queue_is_used_up_the_reason_says_so(tmp_path: Path) -> None:
    with Case(tmp_path / "p", 6) as case:
        assert "there was no model yet" in case.take(count=1)[0].reason
        queue = [{"item": "i4", "score": 0.5, "reason": "doubtful", "role": "queue"}]
        case.project.promote({"round": 1, "labels": 1, "model": None}, queue, {})
        reasons = [h.reason for h in case.take("ben", 3) if h.item != "i4"]
        assert set(reasons) == {"Drawn at random: all that the model chose is handed out."}


def test_control_is_no_more_often_when_validation_is_used_up(tmp_path: Path) -> None:
    with Case(tmp_path / "p", 30) as case:  # none are kept to measure with
        case.promote(("i3", "queue"))
        found = choices(case, 2000, settings=Settings(validation=0.5, control=0.1))
        counts = Counter(c.role for c in found)
        assert set(counts) == {"queue", "control"}
        assert binomtest(counts["control"], 2000, 0.1).pvalue > 1e-4


def test_the_queue_comes_in_its_order_and_leaves_out_what_is_taken(tmp_path: Path) -> None:
    with Case(tmp_path / "p", 6) as case:
        case.promote(("i4", "queue"), ("i1", "queue"), ("i4", "queue"), ("i5", "queue"))
        assert [h.item for h in case.take(count=3)] == ["i4", "i1", "i5"]
        assert {h.item for h in case.take("ben", 9)} == {"i0", "i2", "i3"}
        assert case.take("cleo") == []


def test_a_doubted_answer_is_asked_for_at_every_third_hand_out(tmp_path: Path) -> None:
    with Case(tmp_path / "p", 9) as case:
        for item in ("i0", "i1"):
            case.answer(case.pick(item))
        case.answer(case.pick("i2", "ben"), person="ben")
        case.promote(("i1", "check"), ("i2", "check"), ("i5", "queue"), ("i6", "queue"))
        handed = case.take(count=3)
        assert [(h.item, h.role) for h in handed] == [("i1", "check"), ("i5", "queue"), ("i6", "queue")]
        assert handed[0].previous is not None
        assert handed[0].previous["value"] == "cat"
        assert "i2" not in {h.item for h in case.take(count=20)}, "what another person said is not theirs to check"
        case.answer(handed[0], value="dog")
        assert case.rows("SELECT item FROM queue WHERE role = 'check'") == [("i2",)]
        assert case.rows("SELECT value FROM item WHERE id = 'i1'") == [('"dog"',)]


def test_an_item_kept_to_measure_with_stays_so_when_it_is_checked(tmp_path: Path) -> None:
    with Case(tmp_path / "p", 20, validation=0.5) as case:
        case.take("ben")
        item = next(i for i in case.project.desk.pool.reserved if f"'{i}'" not in str(case.rows("SELECT id FROM item")))
        case.answer(case.pick(item))
        case.promote((item, "check"))
        found = [h for h in case.take(count=30) if h.item == item]
        assert [h.role for h in found] == ["validation"]


def test_an_item_is_free_until_it_is_out_or_answered(tmp_path: Path) -> None:
    with Case(tmp_path / "p", [Record(id="a", text="a"), Record(id="b", text="b", labels=[LABEL])]) as case:
        assert case.do(lambda w: (is_free(w.connection, "a"), is_free(w.connection, "b"))) == (True, False)
        (handed,) = case.take()
        assert not case.do(lambda w: is_free(w.connection, "a"))
        case.give_back(handed)
        assert case.do(lambda w: is_free(w.connection, "a"))
        case.answer(case.take()[0], "skip")
        assert not case.do(lambda w: is_free(w.connection, "a"))


LABEL = {"kind": "label", "value": "dog", "annotator": "file"}


@pytest.mark.parametrize("seed", [0, 1])
def test_the_same_seed_and_turn_give_the_same_item_after_a_restart(tmp_path: Path, seed: int) -> None:
    def run(folder: Path, restart: bool) -> list[str]:
        out = []
        with Case(folder, 30, seed=seed, validation=0.2, control=0.2) as case:
            for k in range(15):
                if restart and k % 4 == 3:
                    case.restart()
                (handed,) = case.take()
                case.answer(handed)
                out.append(handed.item)
        return out

    assert run(tmp_path / "a", False) == run(tmp_path / "b", True)
