"""`querist strategies`: everything registered, with what it needs."""

from __future__ import annotations

import json

from querist.cli.strategies import grid, listing
from querist.core.registry import registry
from querist.strategies.cells import CELLS

from .conftest import Run


def test_listing_is_complete() -> None:
    names = {e["name"] for e in listing()}
    assert names == {e.name for e in registry.entries("score", "selector", "filter", "strategy")}
    entries = {e["name"]: e for e in listing()}
    assert entries["margin"]["needs"] == {"pool": ["probs"]}
    assert entries["k_center"]["needs"] == {"pool": ["embedding"], "uses": ["embedding"]}
    assert entries["shortlist"]["needs"] is None
    assert entries["power"]["parameters"] == {"beta": 1.0}
    assert all(e["summary"].endswith((".", ")", ":", ";")) or e["summary"] for e in entries.values())
    assert "Ash" in entries["badge"]["paper"]


def test_table_and_json(cli: Run) -> None:
    assert "k_center" in cli("strategies").out
    assert {e["kind"] for e in json.loads(cli("strategies", "--json", "--kind", "filter").out)} == {"filter"}


def test_the_grid_holds_every_part_once() -> None:
    cells = grid()
    assert list(cells)[: len(CELLS)] == list(CELLS)
    names = [e["name"] for entries in cells.values() for e in entries]
    assert sorted(names) == sorted(e["name"] for e in listing())
    assert {e["cell"] for e in cells["Bayesian"]} == {"Bayesian"}
    assert "bald" in {e["name"] for e in cells["Bayesian"]}


def test_cells_that_no_catalogue_knows_come_last() -> None:
    entry = {"name": "mine", "cell": "quantum", "kind": "score"}
    cells = grid([entry, {**entry, "name": "shy", "cell": ""}])
    assert list(cells)[len(CELLS) :] == ["quantum", "no cell named"]


def test_one_cell(cli: Run) -> None:
    found = json.loads(cli("strategies", "--cell", "hybrid: parallel", "--json").out)
    assert {"borda", "rank", "pareto"} <= {e["name"] for e in found}
    assert {e["cell"] for e in found} == {"hybrid: parallel"}
    hybrids = json.loads(cli("strategies", "--cell", "hybrid", "--json").out)
    assert {e["cell"] for e in hybrids} == {c for c in CELLS if c.startswith("hybrid")}
    assert "bald" in cli("strategies", "--cell", "Bayesian").out
    only = json.loads(cli("strategies", "--cell", "hybrid", "--kind", "selector", "--json").out)
    assert {e["kind"] for e in only} == {"selector"}


def test_an_unknown_cell_is_named(cli: Run) -> None:
    for wrong in ("bayes", ""):
        done = cli("strategies", "--cell", wrong)
        assert done.code == 2
        assert f"unknown cell '{wrong}'; did you mean " in done.err
        assert "Bayesian" in done.err


def test_the_grid_as_table_and_json(cli: Run) -> None:
    shown = cli("strategies", "--grid").out
    assert "uncertainty" in shown
    assert "k_center" in shown
    cells = json.loads(cli("strategies", "--grid", "--json").out)
    assert list(cells)[: len(CELLS)] == list(CELLS)
    assert {"margin", "entropy"} <= {e["name"] for e in cells["uncertainty"]}


def test_cell_without_a_name_is_the_grid(cli: Run) -> None:
    assert cli("strategies", "--cell").out == cli("strategies", "--grid").out
    assert list(json.loads(cli("strategies", "--cell", "--json").out)) == list(grid())
