"""The summary by hand."""

from __future__ import annotations

import math
from typing import Any, cast

import pytest

from querist.benchmark.summary import curve_of, lower_is_better, metric_names, strategy_names, summarise


def run(strategy: str, seed: int, values: list[Any], metric: str = "accuracy") -> dict[str, Any]:
    rounds = [{"labels": 10 * (k + 1), "metrics": {metric: v}} for k, v in enumerate(values)]
    return {"strategy": strategy, "seed": seed, "rounds": rounds}


def by_name(runs: list[dict[str, Any]], metric: str = "accuracy") -> dict[str, dict[str, Any]]:
    return {e["strategy"]: cast(dict[str, Any], e) for e in summarise(runs, [metric])}


def test_figures_by_hand() -> None:
    runs = [run("random", s, [0.5, 0.7]) for s in range(10)] + [run("margin", s, [0.5, 0.9]) for s in range(10)]
    found = by_name(runs)
    assert found["random"]["aubc"] == pytest.approx(0.6)
    assert found["margin"]["aubc"] == pytest.approx(0.7)
    assert found["margin"]["aubc_ci"] == pytest.approx([0.7, 0.7])
    assert found["margin"]["final"] == pytest.approx(0.9)
    assert found["margin"]["labels_to_target"] == 20
    assert found["margin"]["censored"] == 0
    assert found["random"]["versus_random"] is None
    versus = found["margin"]["versus_random"]
    assert versus["diff"] == pytest.approx(0.1)
    assert versus["diff_ci"] == pytest.approx([0.1, 0.1])
    assert versus["p"] == 2 / 1024  # alone, so Holm changes nothing
    assert (versus["wins"], versus["ties"], versus["losses"], versus["seeds"]) == (10, 0, 0, 10)
    assert versus["note"] is None


def test_holm_over_the_strategies() -> None:
    runs = [run("random", s, [0.5, 0.7]) for s in range(10)]
    runs += [run("margin", s, [0.5, 0.9]) for s in range(10)]
    runs += [run("k_center", s, [0.5, 0.6]) for s in range(10)]
    runs += [run("entropy", s, [0.5, 0.7]) for s in range(10)]
    found = by_name(runs)
    assert found["margin"]["versus_random"]["p"] == 3 * 2 / 1024
    assert found["k_center"]["versus_random"]["p"] == 3 * 2 / 1024
    assert found["k_center"]["versus_random"]["losses"] == 10
    assert found["entropy"]["versus_random"]["p"] == 1.0
    assert found["entropy"]["versus_random"]["ties"] == 10


def test_only_common_seeds_are_compared_and_few_give_no_p() -> None:
    runs = [run("random", s, [0.5, 0.1 * s]) for s in range(12)] + [
        run("margin", s, [0.5, 0.1 * s]) for s in (3, 4, 99)
    ]
    versus = by_name(runs)["margin"]["versus_random"]
    assert versus["seeds"] == versus["ties"] == 2
    assert versus["diff"] == 0
    assert versus["p"] is None
    assert versus["note"] == "2 common seeds: mean difference and wins only, a p value needs 10"


def test_ten_common_seeds_are_enough_and_nine_are_not() -> None:
    base = [run("random", s, [0.5, 0.7]) for s in range(10)]
    for seeds, p in [(9, None), (10, 2 / 1024)]:
        versus = by_name(base + [run("margin", s, [0.5, 0.9]) for s in range(seeds)])["margin"]["versus_random"]
        assert versus["p"] == p


def test_no_common_seed() -> None:
    versus = by_name([run("random", 0, [0.5, 0.6]), run("margin", 1, [0.5, 0.6])])["margin"]["versus_random"]
    assert (versus["diff"], versus["p"], versus["seeds"]) == (None, None, 0)
    assert "no seed in common" in versus["note"]


def test_without_random_nothing_is_compared() -> None:
    entry = by_name([run("margin", 0, [0.5, 0.6])])["margin"]
    assert entry["versus_random"] is entry["labels_to_target"] is entry["censored"] is None
    assert entry["aubc_ci"] == pytest.approx([0.55, 0.55])


def test_censoring_takes_the_median_with_the_unreached_last() -> None:
    base = [run("random", s, [0.5, 0.7]) for s in range(3)]
    two_of_three = [run("margin", s, v) for s, v in enumerate([[0.8, 0.8], [0.5, 0.8], [0.5, 0.6]])]
    entry = by_name(base + two_of_three)["margin"]
    assert (entry["labels_to_target"], entry["censored"]) == (20, 1)
    one_of_three = [run("margin", s, v) for s, v in enumerate([[0.8, 0.8], [0.5, 0.6], [0.5, 0.6]])]
    entry = by_name(base + one_of_three)["margin"]
    assert (entry["labels_to_target"], entry["censored"]) == (None, 2)
    even = [run("margin", s, v) for s, v in enumerate([[0.8, 0.8], [0.5, 0.8]])]
    assert by_name(base + even)["margin"]["labels_to_target"] == 15
    half = [run("margin", s, v) for s, v in enumerate([[0.8, 0.8], [0.5, 0.6]])]
    entry = by_name(base + half)["margin"]
    assert (entry["labels_to_target"], entry["censored"]) == (None, 1)


def test_published_area_is_the_mean_over_seeds_of_its_rule() -> None:
    runs = [run("margin", 0, [0.5, 0.7]), run("margin", 1, [0.7, 0.9])]
    (entry,) = summarise(runs, ["accuracy"], published="mean")
    assert entry["aubc_published"] == pytest.approx(0.7)
    (entry,) = summarise(runs, ["accuracy"], published="points")
    assert entry["aubc_published"] == pytest.approx(0.35)
    assert "aubc_published" not in summarise(runs, ["accuracy"])[0]


@pytest.mark.parametrize("metric", ["log_loss", "rmse", "mae", "validation_rmse"])
def test_lower_is_better_turns_wins_and_target_but_not_diff(metric: str) -> None:
    runs = [run("random", s, [0.9, 0.5], metric) for s in range(10)]
    runs += [run("margin", s, [0.4, 0.3], metric) for s in range(10)]
    entry = by_name(runs, metric)["margin"]
    assert entry["versus_random"]["diff"] == pytest.approx(-0.35)
    assert (entry["versus_random"]["wins"], entry["versus_random"]["losses"]) == (10, 0)
    assert entry["labels_to_target"] == 10


def test_direction_of_names() -> None:
    assert not lower_is_better("accuracy")
    assert not lower_is_better("macro_f1")
    assert lower_is_better("log_loss")
    assert lower_is_better("ece")
    assert lower_is_better("validation_brier")


def test_unlike_ranges_are_said() -> None:
    runs = [run("random", s, [0.5, 0.6, 0.7]) for s in range(10)] + [run("margin", s, [0.5, 0.6]) for s in range(10)]
    assert "label ranges differ" in by_name(runs)["margin"]["versus_random"]["note"]


def test_rounds_without_a_value_are_left_out() -> None:
    one = run("margin", 0, [None, 0.5, math.nan, 0.7])
    assert curve_of(one, "accuracy") == ([20.0, 40.0], [0.5, 0.7])
    assert summarise([run("margin", 0, [None, math.nan])], ["accuracy"]) == []


def test_names_in_order_with_the_main_metric_first() -> None:
    one = run("b", 0, [0.5], "log_loss")
    one["rounds"][0]["metrics"]["accuracy"] = 0.5
    runs = [one, run("a", 0, [0.5]), run("b", 1, [0.5])]
    assert strategy_names(runs) == ["b", "a"]
    assert metric_names(runs) == ["accuracy", "log_loss"]
    assert metric_names(runs, "log_loss") == ["log_loss", "accuracy"]
    assert metric_names(runs, "absent") == ["accuracy", "log_loss"]
