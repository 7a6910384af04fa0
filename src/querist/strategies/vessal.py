"""VeSSAL: volume sampling from a stream, a rule for `querist.StreamSampler`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.errors import ArgumentError, shorten
from querist.core.signals import EMBEDDING, GRADIENT, Context, Needs
from querist.strategies.acceptance import Memory, Moment, Rule
from querist.strategies.algebra import Score
from querist.strategies.kernels.volume import Moments, outer_features

__all__ = ["Volume"]


@dataclass(frozen=True)
class Volume(Rule):
    """VeSSAL: asks with probability in proportion to how much an item adds to the volume of those asked.

    For an item with gradient g, S = ridge I + sum of g g' over those asked, A the mean of g g' over all so far:

        p = min(1, budget * g' S^-1 g / tr(S^-1 A))

    so that large gradients unlike those asked are taken, and budget * items in the mean, whatever their scale. The first
    item is asked with probability budget. Gradients are the products of ``gradient``, sketched where they are wider than
    ``width``; with ``of="embedding"`` the embedding itself. Each item takes width^2 operations.

    Source: Saran, Yousefi, Krishnamurthy, Langford and Ash, Streaming Active Learning with Deep Neural Networks, 2023,
    algorithm 1.

    Args:
        width: numbers an item at most; the memory holds two square matrices of it.
        ridge: what S begins with, times the identity.
        of: "gradient" or "embedding".
    """

    width: int = 256
    ridge: float = 0.01
    of: str = "gradient"
    name: ClassVar[str] = "vessal"
    rates: ClassVar[bool] = False

    def __post_init__(self) -> None:
        """Check the numbers, and what it looks at."""
        super().__post_init__()
        if self.of not in (GRADIENT.name, EMBEDDING.name):
            raise ArgumentError(f"of must be gradient or embedding, got {shorten(self.of)}", code="BadParameter")

    @property
    def needs(self) -> Needs:
        """`GRADIENT`, or `EMBEDDING`."""
        return Needs(pool=frozenset({EMBEDDING if self.of == EMBEDDING.name else GRADIENT}))

    def begin(self) -> Memory:
        """Nothing: the width is known with the first item."""
        return {"moments": None}

    def values(self, ctx: Context, score: Score | None) -> NDArray[np.float64]:
        """Features, sketched by hash functions of the seed."""
        if self.of == EMBEDDING.name:
            x = ctx.pool[EMBEDDING]
            return outer_features(np.ones((len(x), 1)), x, self.width, ctx.seed)
        a, h = ctx.pool[GRADIENT]
        return outer_features(a, h, self.width, ctx.seed)

    def save(self, memory: Memory) -> Memory:
        """Matrices as lists."""
        moments = memory["moments"]
        return {"moments": None if moments is None else moments.to_json()}

    def restore(self, saved: Memory) -> Memory:
        """The same matrices."""
        moments = saved["moments"]
        return {"moments": None if moments is None else Moments.from_json(moments)}

    def wants(self, now: Moment, memory: Memory) -> bool:
        """A draw by the volume it adds."""
        g = np.asarray(now.value, dtype=np.float64)
        if memory["moments"] is None:
            memory["moments"] = Moments(len(g), self.ridge)
        moments: Moments = memory["moments"]
        if len(moments.mean) != len(g):
            raise ArgumentError(
                f"items now have {len(g)} features and had {len(moments.mean)} before", code="FeatureMismatch"
            )
        chance = now.budget * moments.look(g)
        asks = now.affordable and now.draw("vessal") < chance
        if asks:
            moments.accept(g)
        return asks
