"""What a journal belongs to: the seed, the strategy, the schema and the pool of the session that began it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from querist.core.errors import StateError
from querist.core.ports import Strategy
from querist.core.types import Event
from querist.data.schema import Schema
from querist.data.source import Source

__all__ = ["Identity"]


@dataclass(frozen=True)
class Identity:
    """What must be the same when a session is taken up again.

    Args:
        seed: the root seed.
        strategy: chooses what to ask.
        schema: what a label may be; it is written down, and may have grown by classes since.
        source: the items.
    """

    seed: int
    strategy: Strategy
    schema: Schema
    source: Source

    def to_json(self, spec: Mapping[str, Any] | None) -> dict[str, Any]:
        """The first event of a journal.

        Args:
            spec: what the session was made from.
        """
        now = self._compared()
        pool = now.pop("pool")
        return {"spec": dict(spec or {}), **now, "schema": self.schema.to_json(), "pool": pool}

    def check(self, created: Event) -> None:
        """Refuse a journal that another session began.

        Raises:
            StateError: another seed, strategy or pool (code ``SpecMismatch``).
        """
        for what, now in self._compared().items():
            if created.kind != "created" or created.payload.get(what) != now:
                raise StateError(
                    f"this journal belongs to another {what}: it says {created.payload.get(what)!r}, this session has "
                    f"{now!r}; open it with what it was made from, or start a new folder",
                    code="SpecMismatch",
                )

    def _compared(self) -> dict[str, Any]:
        pool = {"items": len(self.source), "digest": self.source.digest}
        return {"seed": self.seed, "strategy": str(self.strategy), "pool": pool}
