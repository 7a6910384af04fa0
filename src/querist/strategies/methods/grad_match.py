"""GRAD-MATCH, active: items whose weighted gradients come close to the gradient of the pool or of a validation set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.errors import ArgumentError
from querist.core.signals import EMBEDDING, GRADIENT, LABELS, PROBS, Context, Needs, Selection
from querist.strategies.algebra import Strategy
from querist.strategies.kernels.influence import match, residuals, total_gradient
from querist.strategies.methods.last_layer import answered, has
from querist.strategies.parameters import check_positive

__all__ = ["GradMatch"]


@dataclass(frozen=True, repr=False)
class GradMatch(Strategy):
    """Orthogonal matching pursuit on the last layer's gradients at the model's own guesses, with weights of at least 0.

    The target is the sum of the pool's gradients, or that of the reference set at its labels. Each pick is the item whose
    gradient has the largest product with what is left of the target; then all weights are fitted anew. Pending items
    (their gradient) count as chosen before; labelled items play no part. The scores are the products. When what is left
    goes with no gradient any more, the picks go on in the same order.

    Source: Killamsetty, Sivasubramanian, Ramakrishnan, De and Iyer, GRAD-MATCH: Gradient Matching based Data Subset
    Selection for Efficient Deep Model Training, 2021 (orthogonal matching pursuit).

    Args:
        target: ``pool`` or ``reference``.
        ridge: weight of |w|^2 beside the squared distance, at least 0.
    """

    target: str = "pool"
    ridge: float = 1.0
    cell: ClassVar[str] = "influence"
    paper: ClassVar[str] = "Killamsetty, Sivasubramanian, Ramakrishnan, De and Iyer 2021"

    def __post_init__(self) -> None:
        """Refuse bad parameters when they are written."""
        check_positive(self.ridge, "ridge", zero=True)
        if self.target not in ("pool", "reference"):
            raise ArgumentError(f"target must be pool or reference, got {self.target!r}", code="BadParameter")

    @property
    def needs(self) -> Needs:
        """`GRADIENT` of the pool and of pending items; `PROBS`, `EMBEDDING` and `LABELS` of a reference set to match."""
        other = frozenset({PROBS, EMBEDDING, LABELS}) if self.target == "reference" else frozenset()
        return Needs(pool=frozenset({GRADIENT}), reference=other, uses=frozenset({GRADIENT}))

    def select(self, ctx: Context, n: int) -> Selection:
        """Matching pursuit."""
        a, h = ctx.pool[GRADIENT]
        wanted = total_gradient(a, h)
        if self.target == "reference":
            assert ctx.reference is not None
            probs, x, labels = answered(ctx.reference)
            _same(wanted.shape, (probs.shape[1], x.shape[1]))
            wanted = total_gradient(residuals(probs, labels), x)
        before: tuple[NDArray[Any], NDArray[Any]] = (np.zeros((0, a.shape[1])), np.zeros((0, h.shape[1])))
        if has(ctx.pending, GRADIENT):
            before = ctx.pending[GRADIENT]
        rows, products, rest = match(a, h, wanted, n, float(self.ridge), ctx.keys("grad_match"), before)
        words = [f"with it {r:.1%} of the gradient of the {self.target} is left unmatched" for r in rest]
        return Selection(rows, products, tuple(words))


def _same(ours: tuple[int, ...], theirs: tuple[int, ...]) -> None:
    if ours != theirs:
        raise ArgumentError(
            f"gradient has {ours[0]} classes and {ours[1]} features, probs and embedding of the reference {theirs[0]} and "
            f"{theirs[1]}",
            code="FeatureMismatch",
        )
