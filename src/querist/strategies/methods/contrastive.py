"""Contrastive acquisition: near to labelled items, predicted otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from querist.strategies.algebra import Recipe, Strategy
from querist.strategies.parameters import check_whole
from querist.strategies.scores.cal import Cal
from querist.strategies.selectors.top_k import TopK

__all__ = ["Contrastive"]


@dataclass(frozen=True, repr=False)
class Contrastive(Recipe):
    """``cal(k) >> top_k``: items that lie near labelled ones and are predicted otherwise.

    Source: Margatina, Vernikos, Barrault and Aletras, Active Learning by Acquiring Contrastive Examples, 2021,
    algorithm 1.

    Args:
        k: labelled neighbours of an item.
    """

    k: int = 10
    cell: ClassVar[str] = "hybrid: batch-native"
    paper: ClassVar[str] = "Margatina, Vernikos, Barrault and Aletras 2021"

    def __post_init__(self) -> None:
        """Refuse a bad k when it is written, not when it is used."""
        check_whole(self.k, "k")

    def expression(self) -> Strategy:
        """The method in the algebra."""
        return Cal(k=self.k) >> TopK()
