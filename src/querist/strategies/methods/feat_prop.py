"""FeatProp: k-means on features propagated over the graph."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from querist.core.signals import Context, Selection
from querist.strategies.kernels.k_means import k_means, nearest_rows
from querist.strategies.methods.graph_pool import GraphMethod

__all__ = ["FeatProp"]


@dataclass(frozen=True, repr=False)
class FeatProp(GraphMethod):
    """The node nearest to each of n centres of k-means on propagated features; no model is needed.

    The paper clusters around medoids; its authors' code and we take k-means and the node nearest to each centre. In a
    session with a graph features are propagated over all of it; what is clustered is the pool. Nodes labelled or pending
    play no part there, as in `k_means`. With ``propagated=True`` the embedding is S^hops X already and no graph is
    needed. The scores are negative distances to the centre.

    Source: Wu, Xu, Singh, Yang and Dubrawski, Active Learning for Graph Neural Networks via Node Feature Propagation,
    2019.
    """

    paper: ClassVar[str] = "Wu et al. 2019"
    reads_edges: ClassVar[bool] = False
    reads_known: ClassVar[bool] = False

    def select(self, ctx: Context, n: int) -> Selection:
        """Propagate, cluster, take the nearest nodes."""
        nodes = self.nodes(ctx)
        x = nodes.x[nodes.free]
        centres = k_means(x, n, ctx.generator("feat_prop"))
        rows, squared = nearest_rows(x, centres, np.arange(ctx.size, dtype=np.uint64))
        distances = np.sqrt(np.maximum(squared, 0.0))
        words = tuple(
            f"nearest to the centre of cluster {c + 1} of {n} in propagated features (distance {d:.3g})"
            for c, d in enumerate(distances)
        )
        return Selection(nodes.pool[nodes.free][rows], -distances, words)
