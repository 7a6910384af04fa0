"""How far two successive models say the same of a fixed set of items, by kind of answer; 1 where they agree on all.

====================  ==============================================================================================
one class             Cohen's kappa of the most probable classes
several classes       the mean over the classes of the kappa of "has it" and "has it not"
a number              the concordance of the predicted numbers
spans                 the kappa of the tags of all tokens, as in the paper of the rule ``stable_predictions``
====================  ==============================================================================================

Sources: Cohen, A coefficient of agreement for nominal scales, 1960; Lin, A concordance correlation coefficient to evaluate
reproducibility, 1989; Bloodgood and Vijay-Shanker, A method for stopping active learning based on stabilizing predictions,
2009.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from querist.core.types import Array
from querist.data.schema import MultiLabel, Number, Schema
from querist.data.spans import Spans
from querist.session.rules.agreement import kappa

__all__ = ["agreement", "concordance", "decided", "measure"]


def measure(schema: Schema) -> str:
    """What the agreement of two models is called."""
    if isinstance(schema, Number):
        return "concordance"
    if isinstance(schema, MultiLabel):
        return "mean kappa of the labels"
    return "kappa of the tokens" if isinstance(schema, Spans) else "kappa"


def decided(schema: Schema, said: Array) -> Array:
    """What a model would answer: (n,) class numbers, (n, C) booleans or (n,) numbers, of what it predicts."""
    if isinstance(schema, Number):
        return np.asarray(said, dtype=np.float64)
    if isinstance(schema, MultiLabel):
        return np.asarray(said >= 0.5)
    return np.asarray(said.argmax(axis=1))


def agreement(schema: Schema, last: Array, now: Array) -> float:
    """From -1 to 1.

    Args:
        schema: what an answer is.
        last: of the model before, as `decided` gives it, or (T,) tags of tokens.
        now: of this model, of the same items.
    """
    if isinstance(schema, Number):
        return concordance(last, now)
    if isinstance(schema, MultiLabel):
        return float(np.mean([kappa(last[:, k], now[:, k]) for k in range(now.shape[1])]))
    return float(kappa(last, now))


def concordance(a: ArrayLike, b: ArrayLike) -> float:
    """Lin's concordance: 2 cov / (var + var + (mean - mean)^2); 1 for equal lists that do not vary.

    >>> concordance([1.0, 2.0, 3.0], [2.0, 3.0, 4.0])
    0.5714285714285714
    """
    first, second = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    apart = float(first.var() + second.var() + (first.mean() - second.mean()) ** 2)
    if apart == 0:
        return 1.0
    return float(2 * ((first - first.mean()) * (second - second.mean())).mean() / apart)
