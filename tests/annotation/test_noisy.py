"""The annotator that errs: its distribution, its stability, its refusals."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from typing import Any

import pytest

from querist.annotation import NoisyAnnotator
from querist.core.errors import ArgumentError, ArgumentTypeError, UnknownNameError
from querist.core.types import AnswerKind, Provenance, Query

CLASSES = ("cat", "dog", "bird", "fish")
MANY = tuple(f"item-{i}" for i in range(20_000))
TRUTH = {item: CLASSES[i % 4] for i, item in enumerate(MANY)}


def said(annotator: NoisyAnnotator, items: tuple[str, ...] = MANY) -> dict[str, Any]:
    return {a.item: a.value for a in annotator.annotate(Query("q", 0, items, "random"))}


def near(count: int, n: int, p: float) -> bool:
    """Within five standard deviations of a binomial count: a false alarm in about two million."""
    return bool(abs(count - n * p) <= 5 * (n * p * (1 - p)) ** 0.5)


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("rate", [0.1, 0.5])
def test_uniform_noise_has_its_rate_and_spreads_evenly(rate: float, seed: int) -> None:
    answers = said(NoisyAnnotator(TRUTH, CLASSES, rate=rate, seed=seed))
    wrong = Counter((TRUTH[i], v) for i, v in answers.items() if v != TRUTH[i])
    assert near(sum(wrong.values()), len(MANY), rate)
    for true in CLASSES:
        for other in CLASSES:
            if other != true:
                assert near(wrong[true, other], len(MANY) // 4, rate / 3)


def test_class_dependent_noise_has_its_table() -> None:
    table = {"cat": {"cat": 0.7, "dog": 0.3}, "dog": {"bird": 1.0}, "bird": {"cat": 0.1, "bird": 0.6, "fish": 0.3}}
    answers = said(NoisyAnnotator(TRUTH, CLASSES, confusion=table))
    counts = Counter((TRUTH[i], v) for i, v in answers.items())
    n = len(MANY) // 4
    for true, row in {**table, "fish": {"fish": 1.0}}.items():
        for other in CLASSES:
            p = row.get(other, 0.0)
            assert near(counts[true, other], n, p), (true, other)


def test_rate_zero_is_the_truth_and_rate_one_never() -> None:
    assert said(NoisyAnnotator(TRUTH, CLASSES, rate=0)) == TRUTH
    assert all(v != TRUTH[i] for i, v in said(NoisyAnnotator(TRUTH, CLASSES, rate=1)).items())
    assert said(NoisyAnnotator(dict.fromkeys(MANY, "cat"), ["cat"], rate=0)) == dict.fromkeys(MANY, "cat")


def test_skips_and_rejects_have_their_rates_and_do_not_move_the_labels() -> None:
    query = Query("q", 0, MANY, "random")
    plain = said(NoisyAnnotator(TRUTH, CLASSES, rate=0.2))
    answers = list(NoisyAnnotator(TRUTH, CLASSES, rate=0.2, skip=0.2, reject=0.05).annotate(query))
    kinds = Counter(a.kind for a in answers)
    assert near(kinds[AnswerKind.SKIP], len(MANY), 0.2)
    assert near(kinds[AnswerKind.REJECT], len(MANY), 0.05)
    assert all(a.value is None for a in answers if a.kind is not AnswerKind.LABEL)
    assert all(a.value == plain[a.item] for a in answers if a.kind is AnswerKind.LABEL)


def test_stable_in_any_order_and_company() -> None:
    annotator = NoisyAnnotator(TRUTH, CLASSES, rate=0.5, skip=0.2)
    items = MANY[:50]
    whole = {a.item: a for a in annotator.annotate(Query("q", 0, items, "random"))}
    assert {a.item: a for a in annotator.annotate(Query("r", 9, items[::-1], "margin"))} == whole
    for item in items:
        assert list(annotator.annotate(Query("s", 1, (item,), "x"))) == [whole[item]]


def test_the_same_in_another_process() -> None:
    code = (
        "from querist.annotation import NoisyAnnotator\n"
        "from querist.core.types import Query\n"
        "items = tuple(f'item-{i}' for i in range(40))\n"
        "a = NoisyAnnotator(lambda item: 'cat', ['cat', 'dog', 'bird', 'fish'], rate=.5, seed=3)\n"
        "print(','.join(str(x.value) for x in a.annotate(Query('q', 0, items, 'random'))))\n"
    )
    runs = {
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env={**_environment(), "PYTHONHASHSEED": h},
        ).stdout
        for h in ("1", "2")
    }
    here = said(NoisyAnnotator(lambda item: "cat", CLASSES, rate=0.5, seed=3), MANY[:40])
    assert runs == {",".join(here.values()) + "\n"}


def _environment() -> dict[str, str]:
    import os

    return {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}


def test_seeds_and_names_differ() -> None:
    items = MANY[:400]
    runs = [
        said(NoisyAnnotator(TRUTH, CLASSES, rate=0.5, seed=seed, name=name), items)
        for seed, name in ((0, "a"), (1, "a"), (0, "b"))
    ]
    for i, one in enumerate(runs):
        for other in runs[i + 1 :]:
            # two independent answers agree with .5 * .5 + 3 * (.5 / 3)^2 = 1/3
            assert near(sum(one[k] == other[k] for k in items), len(items), 1 / 3)


def test_says_who_and_what_it_costs() -> None:
    annotator = NoisyAnnotator(TRUTH, CLASSES, skip=0.5, name="crowd", cost=0.1)
    for answer in annotator.annotate(Query("q", 0, MANY[:20], "random")):
        assert (answer.annotator, answer.cost, answer.provenance) == ("crowd", 0.1, Provenance.SIMULATED)


def test_items_whose_truth_is_not_known_stay_without_answer() -> None:
    annotator = NoisyAnnotator(lambda item: None if item == "b" else "cat", CLASSES)
    assert [a.item for a in annotator.annotate(Query("q", 0, ("a", "b", "c"), "random"))] == ["a", "c"]


@pytest.mark.parametrize(
    "more, kind, code, words",
    [
        ({"rate": 1.5}, ArgumentError, "BadRate", "rate must be a probability from 0 to 1, got 1.5"),
        ({"rate": "x"}, ArgumentTypeError, "BadRate", "rate must be a number"),
        ({"skip": float("nan")}, ArgumentError, "BadRate", "skip"),
        ({"skip": 0.6, "reject": 0.6}, ArgumentError, "BadRate", "0.6 + 0.6"),
        ({"rate": 0.1, "confusion": {}}, ArgumentError, "BadRate", "not both"),
        ({"confusion": {"cat": {"cat": 0.5}}}, ArgumentError, "BadConfusion", "sums to 0.5"),
        ({"confusion": {"ct": {"cat": 1}}}, UnknownNameError, "UnknownLabel", "did you mean 'cat'?"),
        ({"confusion": {"cat": {"dgo": 1}}}, UnknownNameError, "UnknownLabel", "did you mean 'dog'?"),
        ({"confusion": {"cat": {"cat": 1.5, "dog": -0.5}}}, ArgumentError, "BadRate", "confusion['cat']['cat']"),
        ({"seed": -1}, ArgumentError, "BadSeed", "seed"),
        ({"cost": -1}, ArgumentError, "BadCost", "cost"),
        ({"classes": ["cat", "cat"]}, ArgumentError, "BadClasses", "distinct"),
        ({"classes": []}, ArgumentError, "BadClasses", "at least one"),
        ({"classes": "cat"}, ArgumentTypeError, "BadClasses", "list of names"),
        ({"classes": ["cat"]}, ArgumentError, "BadRate", "no wrong answer"),
    ],
)
def test_bad_parameters(more: dict[str, Any], kind: type[Exception], code: str, words: str) -> None:
    with pytest.raises(kind) as caught:
        NoisyAnnotator(TRUTH, **{"classes": CLASSES, **more})
    assert getattr(caught.value, "code", "") == code
    assert words in str(caught.value)


def test_a_truth_that_is_no_class() -> None:
    annotator = NoisyAnnotator({"a": "catt"}, CLASSES)
    with pytest.raises(UnknownNameError, match=r"catt' of item 'a'.*did you mean 'cat'\?") as caught:
        list(annotator.annotate(Query("q", 0, ("a",), "random")))
    assert caught.value.code == "UnknownLabel"
