"""The figures as short text, and the verdict in words."""

from __future__ import annotations

from typing import Any

from querist.benchmark.figures import HEADS, NARROW_HEADS, cells, narrow_cells, notes, p_text, value, verdict


def test_cells_by_hand(study: dict[str, Any]) -> None:
    random, margin, k_center = study["summary"]
    assert cells(random) == ("random", "0.6000", "0.6000 to 0.6000", "0.7000", "60", "–", "–", "–")
    # margin's areas are .675 + .005 s for seeds 0 to 9: their mean is .6975
    row = cells(margin)
    assert (row[0], row[1], row[3], row[4]) == ("margin", "0.6975", "0.8900", "40")
    assert row[5:] == ("+0.0975", "0.0020", "10/0/0")
    assert cells(k_center)[4:] == ("not reached (3 never)", "-0.0500", "–", "0/0/3")
    assert narrow_cells(k_center)[4] == "– (3)"


def test_numbers_as_text() -> None:
    assert p_text(None) == "–"
    assert p_text(0.00001) == "< .0001"
    assert p_text(0.03) == "0.0300"
    assert value(0.5, "+") == "+0.5000"
    assert value(-1234.56) == "-1234.6"


def test_verdicts(study: dict[str, Any]) -> None:
    random, margin, k_center = study["summary"]
    assert verdict(random)[0] == "baseline"
    assert verdict(margin)[0] == "better"
    assert verdict(margin)[1] == (
        "beats random: mean accuracy over the budget 0.0975 above random's, "
        "better on 10 and worse on 0 of 10 seeds, p\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}0.0020."
    )
    assert verdict(k_center)[0] == "open"
    assert "so few seeds" in verdict(k_center)[1]
    margin["versus_random"]["diff"] *= -1
    assert verdict(margin)[0] == "worse"
    margin["metric"] = "log_loss"
    assert verdict(margin)[0] == "better"
    margin["versus_random"]["p"] = 0.05
    assert "cannot be told from random" in verdict(margin)[1]
    margin["versus_random"]["diff"] = None
    assert "no seed in common" in verdict(margin)[1]


def test_a_head_for_each_cell(study: dict[str, Any]) -> None:
    for entry in study["summary"]:
        assert len(cells(entry)) == len(HEADS)
        assert len(narrow_cells(entry)) == len(NARROW_HEADS)


def test_a_note_is_said_once_for_all_it_is_about(study: dict[str, Any]) -> None:
    random, margin, k_center = study["summary"]
    assert notes([random, margin]) == []
    again = {**k_center, "strategy": "entropy"}
    assert notes([k_center, again]) == [
        "k_center, entropy: 3 common seeds: mean difference and wins only, a p value needs 10"
    ]
