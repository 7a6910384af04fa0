"""Stand-ins for abilities of a learner, so that parts that need one can be held to the contract without training."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["STAND_INS"]


def adversarial_margin(items: Iterable[Any], *, attack: str = "deepfool") -> NDArray[np.float64]:
    """(N,) lengths that depend on the ids alone: five different ones, so that there are ties."""
    return np.array([1.0 + zlib.crc32(f"{item}".encode()) % 5 for item in items])


STAND_INS: Mapping[str, Callable[..., Any]] = {"adversarial_margin": adversarial_margin}
"""Abilities by the name under which a strategy finds them in `Context.capabilities`."""
