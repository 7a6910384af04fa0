"""Intervals by hand, rules on milestones, and sentences that claim no more than the figures."""

from __future__ import annotations

import pytest

from querist.core.errors import UnknownNameError
from querist.core.types import Progress, Round
from querist.server.trainer.advice import (
    DEFAULT_RULE,
    Measured,
    _curve,
    advise,
    answers_an_hour,
    is_milestone,
    milestones,
    rule_in_words,
    wilson,
)
from querist.session.rules import RULES, AllOf, AnyOf, parse_rule


def progress(*rounds: Round, available: int = 1_000) -> Progress:
    labels = rounds[-1].labels if rounds else 0
    return Progress(2_000, labels, float(labels), len(rounds), labels, available, 0, 0, 0, tuple(rounds))


def curve(agreement: float = 1.0) -> list[Round]:
    """0.9 - labels**-0.5 at 10, 20, ... 60 labels."""
    return [
        Round(k, 10 * (k + 1), 0.0, {"accuracy": 0.9 - (10 * (k + 1)) ** -0.5}, agreement if k else None)
        for k in range(6)
    ]


TOLD = [(k, 1_000.0 + 10 * k, 4.0) for k in range(50)]


def test_wilson_by_hand() -> None:
    low, high = wilson(50, 100)  # (0.5 + 1.96**2/200 -+ 1.96 sqrt(.25/100 + 1.96**2/40000)) / (1 + 1.96**2/100)
    assert (low, high) == pytest.approx((0.40383, 0.59617), abs=1e-5)
    assert wilson(0, 0) == (0.0, 1.0)
    assert wilson(0, 10)[0] == 0.0
    assert wilson(10, 10)[1] == 1.0


def test_milestones_are_a_tenth_apart_and_at_least_five() -> None:
    rounds = [Round(k, labels, 0.0) for k, labels in enumerate([0, 1, 2, 6, 10, 11, 100, 109, 110])]
    assert [r.labels for r in milestones(rounds)] == [1, 6, 11, 100, 110]
    assert is_milestone(0, 5)
    assert not is_milestone(100, 109)


def test_the_pace_leaves_pauses_out() -> None:
    assert answers_an_hour(TOLD) == pytest.approx(360.0)
    pause = [(k, at + (10_000.0 if k > 25 else 0.0), s) for k, at, s in TOLD]
    assert answers_an_hour(pause) == pytest.approx(360.0)
    assert answers_an_hour(TOLD[:4]) is None
    apart = [(k, 10_000.0 * k, 6.0) for k in range(1, 20)]
    assert answers_an_hour(apart) == pytest.approx(600.0)


def test_a_curve_is_found_again() -> None:
    found = _curve([(n, 0.9 - 2.0 * n**-0.5) for n in (5, 10, 20, 40, 80)])
    assert found == pytest.approx((0.9, 2.0, 0.5))
    assert _curve([(5, 0.1), (10, 0.2), (20, 0.3)]) is None


def test_stopping_says_which_rule_and_why() -> None:
    flat = [Round(k, 10 * (k + 1), 0.0, {"accuracy": 0.8}, 0.995 if k else None) for k in range(6)]
    said = advise(progress(*flat), TOLD, DEFAULT_RULE, Measured("accuracy", 0.8, 0.7, 0.9, 60))
    assert said["stop"] is True
    assert "stable" in said["text"]
    assert "not improved" in said["text"]
    assert said["history"] == [{"labels": 10 * (k + 1), "value": 0.995} for k in range(1, 6)]
    changing = advise(progress(*curve(0.8)), TOLD, DEFAULT_RULE, None)
    assert changing["stop"] is False
    assert changing["text"] == (
        "Go on until successive models agree on nearly all items, and the score on the validation items no longer gets "
        "better. 6 models were looked at so far."
    )
    few = advise(progress(*flat), TOLD, DEFAULT_RULE, Measured("accuracy", 0.8, 0.7, 0.9, 6))
    lead = few["text"].partition(" In figures: ")[0]  # what the page shows without a click
    assert lead.endswith("Only 6 validation answers measure it so far, so the score is not known well.")
    other = advise(progress(*curve(0.8)), TOLD, "max_labels(1000)", None)
    assert other["text"] == "Go on until 1,000 items are labelled. 6 models were looked at so far."
    assert advise(progress(), TOLD, "max_labels(9)", None)["text"].endswith("No model was looked at so far.")


def test_figures_name_what_was_compared() -> None:
    seen = progress(*curve())
    assert (
        "concordance between successive models" in advise(seen, TOLD, "stable_predictions", None, "concordance")["text"]
    )
    assert "kappa between successive models" in advise(seen, TOLD, "stable_predictions", None)["text"]


def test_every_rule_has_words() -> None:
    parameters = {"max_labels": "9", "max_cost": "2.5", "max_rounds": "3"}
    for kind in RULES:
        if kind in (AnyOf, AllOf):
            continue
        name = kind.rule_name()
        words = rule_in_words(parse_rule(f"{name}({parameters.get(name, '')})"))
        assert name not in words
        assert "_" not in words
    mixed = rule_in_words(parse_rule("plateau(metric=mae, best=min) & max_labels(9) | max_rounds(3)"))
    assert mixed == (
        "the error on the validation items no longer gets smaller, and 9 items are labelled, or 3 models were fitted"
    )


def test_rounds_one_answer_apart_do_not_stop() -> None:
    close = [Round(k, 50 + k, 0.0, {"accuracy": 0.8}, 1.0) for k in range(5)]
    assert advise(progress(*close), TOLD, DEFAULT_RULE, None)["stop"] is False


def test_a_rule_whose_metric_was_never_measured_cannot_tell() -> None:
    said = advise(progress(Round(0, 10, 0.0)), TOLD, "plateau(patience=1)", None)
    assert (said["stop"], "cannot tell" in said["text"]) == (False, True)
    with pytest.raises(UnknownNameError):
        advise(progress(), TOLD, "no_rule", None)


def test_another_hour_in_points_with_its_doubt() -> None:
    # 0.9 - n**-0.5 from 60 to 60 + 360 labels: 0.129 - 0.0488 = 8.0 points
    hour = advise(progress(*curve()), TOLD, DEFAULT_RULE, Measured("accuracy", 0.77, 0.76, 0.78, 5_000))["hour"]
    assert "about 360 answers" in hour
    assert "8.0 points" in hour
    assert "less than" not in hour
    unsure = advise(progress(*curve()), TOLD, DEFAULT_RULE, Measured("accuracy", 0.77, 0.6, 0.88, 40))["hour"]
    assert "less than the 14 points that 40 validation answers can tell apart" in unsure


@pytest.mark.parametrize(
    ("rounds", "told", "measured", "available", "words"),
    [
        (curve(), [], None, 100, "Too early"),
        (curve(), TOLD, None, 100, "0 of 30 validation"),
        (curve(), TOLD, None, 100, "An hour is 100 answers, which is all that is left."),
        (curve(), TOLD, None, 1000, "An hour is about 360 answers."),
        (curve(), TOLD, Measured("accuracy", 0.5, 0.2, 0.8, 8), 100, "8 of 30 validation"),
        (curve()[:2], TOLD, Measured("accuracy", 0.5, 0.2, 0.8, 40), 100, "2 points"),
        (curve(), TOLD, Measured("accuracy", 0.5, 0.2, 0.8, 40), 0, "Nothing is left"),
    ],
)
def test_too_little_to_tell(
    rounds: list[Round], told: list[tuple[int, float, float]], measured: Measured | None, available: int, words: str
) -> None:
    assert words in advise(progress(*rounds, available=available), told, DEFAULT_RULE, measured)["hour"]


def test_numbers_speak_of_their_error() -> None:
    rounds = [Round(k, 10 * (k + 1), 0.0, {"mae": 1.0 + 10.0 / (10 * (k + 1))}) for k in range(6)]
    said = advise(progress(*rounds), TOLD, "max_labels(500)", Measured("mae", 1.2, 1.1, 1.3, 50))
    assert "mean error" in said["hour"]
