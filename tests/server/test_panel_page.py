"""The words of the panel, and its page, for what a project may have and lack."""

from __future__ import annotations

import re
from typing import Any

import pytest

from querist.server.panel_page import panel_page
from querist.server.templates import filled

EMPTY: dict[str, Any] = {
    "classes": [],
    "metric": "accuracy",
    "curve": [],
    "saved": None,
    "agreement": [],
    "cost": {"answers": 0, "seconds": 0.0, "per_hour": None},
    "advice": None,
    "notes": [],
}
ADVICE = {"stop": False, "rule": "r & s", "text": "Go on until it is flat. 2 seen.", "history": [], "hour": "An hour."}


def text_of(task: str = "single", **figures: Any) -> str:
    """The page without its marks, each run of space as one."""
    return " ".join(re.sub(r"<[^>]*>", "", page_of(task, **figures).partition("<main")[2]).split())


def page_of(task: str = "single", **figures: Any) -> str:
    page = panel_page({**EMPTY, **figures}, task)
    return filled("panel.html", name="panel", project="letters", page=page)


def point(
    labels: int, value: float, low: float | None = None, high: float | None = None, n: int = 30
) -> dict[str, Any]:
    return {"labels": labels, "accuracy": value, "low": low, "high": high, "n": n}


def test_an_empty_project_says_what_it_waits_for() -> None:
    said = text_of()
    for wanted in (
        "No advice yet: the rule needs a few rounds of the model first.",
        "No answer yet.",
        "No point yet. Items drawn at random are asked now and then; the curve begins with the first of them.",
        "Not known yet: a small random share is asked beside, and needs more answers.",
        "Not measured yet: it takes two models, some labels apart.",
    ):
        assert wanted in said
    whole = page_of()
    assert "<svg" not in whole
    for absent in ("Labels by class", "Worth knowing", "answers an hour"):
        assert absent not in said


def test_the_frame_names_the_project_and_where_one_is() -> None:
    whole = page_of()
    assert whole.startswith("<!doctype html>")
    assert '<p class="brand" title="letters">letters</p>' in whole
    assert re.findall(r'<a href="(\S+)"( aria-current="page")?>', whole) == [
        ("/", ""),
        ("/panel", ' aria-current="page"'),
        ("/items", ""),
        ("/settings", ""),
    ]
    assert "<title>Panel · querist</title>" in whole


@pytest.mark.parametrize("advice", [None, {}, {"text": ""}])
def test_a_report_without_advice_leaves_the_other_cards(advice: Any) -> None:
    said = text_of(advice=advice, curve=[point(10, 0.5)], notes=["A note."])
    assert "Stop or go on No advice yet" in said
    assert "Accuracy 50 %, measured on 30 items drawn at random." in said
    assert "Worth knowing A note." in said


def test_advice_to_go_on_and_to_stop() -> None:
    said = text_of(advice=ADVICE)
    assert "Go on Until it is flat. 2 seen. Another hour: An hour. The rule as it is written r &amp; s" in said
    watched = [{"labels": 10, "value": 0.4}, {"labels": 20, "value": 0.9}]
    stop = {**ADVICE, "stop": True, "history": watched, "text": "You can stop: it is flat. In figures: kappa 0.9, 0.9"}
    whole = page_of(advice=stop)
    assert '<section class="card advice stop"' in whole
    assert '<p class="lead" id="advice">It is flat.</p>' in whole
    assert "<h2>You can stop</h2>" in whole
    assert "The rule and its figures" in whole
    assert '<p class="dim">Kappa 0.9, 0.9.</p>' in whole
    assert "How far each model agrees with the one before, by number of labels; newest 0.9" in whole
    assert "<svg" not in page_of(advice={**stop, "history": watched[:1]})


def test_advice_of_which_parts_are_missing() -> None:
    assert "Go on Wait." in text_of(advice={"text": "Go on: wait."})
    assert "Another hour" not in text_of(advice={"text": "Go on: wait."})


def test_a_curve_of_one_point_and_of_many() -> None:
    said = text_of(curve=[point(10, 0.5, 0.2, 0.8, 1)])
    assert "Accuracy 50 % (20 % to 80 %), measured on 1 item drawn at random." in said
    assert 'class="whisker"' in page_of(curve=[point(10, 0.5, 0.2, 0.8)])
    many = [point(n, n / 250, n / 300, n / 200) for n in range(1, 201)]
    whole = page_of("multi", curve=many, metric="exact_match")
    assert whole.count("<tr><td>") == 200
    assert "<td>25</td><td>10 %</td><td>8 % to 13 %</td>" in whole
    assert 'class="band"' in whole
    assert "Answers met whole 80 % (67 % to 100 %)" in whole


def test_an_error_is_in_the_unit_of_the_numbers() -> None:
    whole = page_of("number", metric="mae", curve=[point(10, 1234.5, 1000.0, 1500.0), point(20, 0.6789, 0.5, 0.8)])
    assert "Mean error 0.679 (0.5 to 0.8), measured on 30 items drawn at random. Lower is better." in whole
    assert "<td>10</td><td>1230</td><td>1000 to 1500</td>" in whole


def test_a_point_without_an_interval_shows_none() -> None:
    whole = page_of(curve=[point(10, 0.5), point(20, 0.75)])
    assert "Accuracy 75 %, measured on" in whole
    assert "<td>20</td><td>75 %</td><td>–</td>" in whole
    assert 'class="band"' not in whole
    assert "No point yet" in page_of(curve=[{**point(10, 0.5), "accuracy": None}])


@pytest.mark.parametrize(
    "answers, seconds, pace, wanted",
    [
        (1, 20.0, None, "1 answer in under a minute. Your pace is known after a few more."),
        (120, 840.0, 514.4, "514 answers an hour 120 answers in 14 min."),
        (5000, 3600 * 7 + 90, 1234.5, "1,235 answers an hour 5000 answers in 7 h 2 min."),
    ],
)
def test_time(answers: int, seconds: float, pace: float | None, wanted: str) -> None:
    assert wanted in text_of(cost={"answers": answers, "seconds": seconds, "per_hour": pace})


def test_bars_are_shares_of_the_longest() -> None:
    counts = [{"name": name, "count": count} for name, count in (("a", 8), ("b", 1), ("c", 0))]
    bars = panel_page({**EMPTY, "classes": counts}, "single").classes
    assert [(bar.name, bar.count) for bar in bars] == [("a", 8), ("b", 1), ("c", 0)]
    assert [bar.width for bar in bars] == ["100.00%", "12.50%", "0.00%"]
    assert panel_page({**EMPTY, "classes": counts[2:]}, "single").classes[0].width == "0.00%"


def test_saved_and_agreement_by_task() -> None:
    assert "51 labels 80 will do." in text_of(saved={"asked": 80, "random": 131, "text": "80 will do."})
    early = text_of(saved={"asked": None, "random": 6, "text": "Too early to tell."})
    assert "Saved against random Too early to tell." in early
    for task in ("number", "spans", "multi"):
        assert "needs more answers" in text_of(task)
    kinds = {
        "single": "kappa",
        "multi": "mean kappa of the labels",
        "number": "concordance",
        "spans": "kappa of the tokens",
    }
    for task, kind in kinds.items():
        assert f"0.90 {kind} at 20 labels" in text_of(task, agreement=[{"labels": 20, "kappa": 0.9}])


def test_what_people_wrote_is_text() -> None:
    evil = "<img src=x onerror=alert(1)>\"'>"
    page = panel_page(
        {
            **EMPTY,
            "classes": [{"name": evil, "count": 1}],
            "notes": [evil],
            "saved": {"asked": None, "random": 1, "text": evil},
            "advice": {**ADVICE, "text": f"{evil} In figures: {evil}", "rule": evil, "hour": evil},
        },
        "single",
    )
    whole = filled("panel.html", name="panel", project=evil, page=page)
    assert "<img" not in whole
    assert whole.count("&lt;img src=x onerror=alert(1)&gt;&#34;&#39;&gt;") == 9


def test_the_strict_policy_finds_nothing_inline() -> None:
    curve = [point(10, 0.5, 0.2, 0.8), point(20, 0.7, 0.5, 0.9)]
    whole = page_of(classes=[{"name": "a", "count": 2}], curve=curve, advice=ADVICE)
    assert not re.search(r"<style|\sstyle=|\son\w+=|https?://|{{|{%|{#", whole)
    ids = re.findall(r'\sid="([^"]+)"', whole)
    assert len(ids) == len(set(ids))
