"""Many items are told about shard by shard: what does not fit in memory is then never there as a whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from querist.core.large import Filled
from querist.core.rows import Rows
from querist.core.signals import Signal
from querist.core.types import Array

__all__ = ["SHARD_BYTES", "in_shards"]

SHARD_BYTES = 1 << 27
"""What is told of the items of a shard takes about this much memory; fewer items are told about in one go."""


def in_shards(
    rows: Array, width: int, step: int, tell: Callable[[Array], Mapping[Signal, Any]]
) -> Mapping[Signal, Any]:
    """The signals of rows, shard after shard: beyond `querist.core.large.SPILL_BYTES` each is a memory-map of a file.

    Args:
        rows: (N,) rows of the source.
        width: bytes that what is told of one item takes.
        step: rows a batch; a shard is a whole number of batches, so that these are the same as without shards.
        tell: gives the signals of some rows.
    """
    size = max(SHARD_BYTES // max(width, 1) // step, 1) * step
    if len(rows) <= size:
        return tell(rows)
    filled: dict[Signal, tuple[Filled, ...]] = {}
    pairs: set[Signal] = set()
    try:
        for start in range(0, len(rows), size):
            for signal, value in tell(rows[start : start + size]).items():
                parts = value if isinstance(value, tuple) else (value,)
                if start == 0:
                    pairs |= {signal} if isinstance(value, tuple) else set()
                    filled[signal] = tuple(Filled(len(rows), part.dtype) for part in parts)
                for whole, part in zip(filled[signal], parts, strict=True):
                    for _, block in Rows(part).blocks():
                        whole.add(block)
        done = {signal: tuple(whole.done() for whole in wholes) for signal, wholes in filled.items()}
    except BaseException:
        for wholes in filled.values():
            for whole in wholes:
                whole.drop()
        raise
    return {signal: parts if signal in pairs else parts[0] for signal, parts in done.items()}
