"""The survey's grid of query strategies: its cells, in its order, each with what its parts have in common.

Every part names its cell (class attribute ``cell``). The grid is printed by ``querist strategies --grid``, and is a page
of the reference.
"""

from __future__ import annotations

from typing import Final

__all__ = ["CELLS"]

CELLS: Final[dict[str, str]] = {
    "uncertainty": "what the model is unsure of",
    "representative: density": "what stands for many items",
    "representative: diversity": "what is unlike what is known or chosen",
    "influence": "what would change the model, or its loss, most",
    "Bayesian": "what an answer would tell about a model drawn from a posterior",
    "hybrid: serial": "one criterion narrows the pool, another picks",
    "hybrid: criteria selection": "which criterion to trust, by round, by share or by what it has earned",
    "hybrid: parallel": "several criteria fused into one rating",
    "hybrid: batch-native": "one objective over the whole batch",
    "stream": "items pass by once, and are taken or left",
    "sequence labelling": "sentences and their tokens",
    "graph": "nodes of a graph",
    "filter": "narrows the pool for whatever picks from it",
    "baseline": "what the others are compared with, and the plain end of a strategy",
}
"""What each cell means, by name."""
