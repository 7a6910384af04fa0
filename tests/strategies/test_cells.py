"""Every registered part names a cell of the survey's grid."""

from __future__ import annotations

from typing import Any

from querist.core.registry import registry
from querist.strategies.cells import CELLS
from querist.strategies.parser import KINDS


def test_every_part_names_a_cell_of_the_grid() -> None:
    cells: dict[str, Any] = {e.name: getattr(e.factory, "cell", "") for e in registry.entries(*KINDS)}
    assert {name: cell for name, cell in cells.items() if cell not in CELLS} == {}


def test_each_cell_says_what_it_is() -> None:
    for cell, meaning in CELLS.items():
        assert meaning, cell
        assert not meaning.endswith("."), cell
