"""An annotator that knows the truth: for benchmarks and tests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from querist.annotation.truth import Price, Truth, check_price, check_truth, price_of, true_label
from querist.core.types import Answer, Provenance, Query

__all__ = ["SimulatedAnnotator"]


class SimulatedAnnotator:
    """Answers every item with its true label.

    Args:
        truth: true label by item id, or a function of the id. A mapping of class names to shares becomes a soft label;
            None means that nobody knows, and the item stays without an answer.
        name: who the answers come from.
        cost: price of an answer, or a price per item.

    Raises:
        ArgumentTypeError: ``truth`` is neither mapping nor function (code ``BadTruth``), or a price is no number.
        ArgumentError: a price is negative or not finite (code ``BadCost``).

    >>> query = Query("q0", 0, ("a", "b"), "random")
    >>> [answer.value for answer in SimulatedAnnotator({"a": "cat", "b": "dog"}).annotate(query)]
    ['cat', 'dog']
    """

    def __init__(self, truth: Truth, name: str = "truth", cost: Price = 1.0) -> None:
        check_truth(truth)
        self.truth = truth
        self.name = name
        self.cost = check_price(cost)

    def annotate(self, query: Query) -> Iterator[Answer]:
        """The true label of each item, in order.

        Raises:
            UnknownNameError: an item that the truth does not know (code ``UnknownItem``).
        """
        for item in query.items:
            value = true_label(self.truth, item, self.name)
            if value is None:
                continue
            cost = price_of(self.cost, item, self.name)
            make = Answer.distribution if isinstance(value, Mapping) else Answer.label
            yield make(item, value, annotator=self.name, cost=cost, provenance=Provenance.SIMULATED)  # type: ignore[arg-type]

    def __repr__(self) -> str:
        """The Python form, without the labels."""
        size = f"{len(self.truth)} labels" if isinstance(self.truth, Mapping) else "a function"
        return f"SimulatedAnnotator({size}, name={self.name!r})"
