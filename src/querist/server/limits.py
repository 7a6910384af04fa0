"""How much of the machine a child may take: set from outside, right after its start, so that it cannot forget."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Limits", "lower"]


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of a process: the trainer's unless told otherwise.

    Args:
        memory: bytes of address space, or None for as much as the machine has memory, at least 8 GiB; 0 for no limit.
        file_size: bytes of the largest file it may write.
        nice: how far it stands back behind labelling, from 0 to 19.
        computing: seconds of the processor in its whole life, or 0 for no limit.
        own_memory: bytes of memory that are its own (heap, stacks and what it maps for itself, not files), or 0 for no
            limit; closer to what it uses than the address space is.
    """

    memory: int | None = None
    file_size: int = 16 << 30
    nice: int = 10
    computing: int = 0
    own_memory: int = 0


def lower(process: int, limits: Limits) -> None:
    """Apply limits to a process; where the system knows none (macOS, Windows), what can be done is done."""
    with suppress(AttributeError, OSError):
        os.setpriority(os.PRIO_PROCESS, process, limits.nice)
    # Linux may share the processor out between sessions first, and nice then counts only within a session.
    group = Path(f"/proc/{process}/autogroup")
    with suppress(AttributeError, OSError):
        if os.getsid(process) == process and group.exists():
            group.write_text(str(limits.nice), encoding="ascii")
    try:
        import resource
    except ImportError:
        return
    set_limit = getattr(resource, "prlimit", None)
    if set_limit is None:
        return
    memory = _machine() if limits.memory is None else limits.memory
    for kind, value in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_DATA, limits.own_memory),
        (resource.RLIMIT_FSIZE, limits.file_size),
        (resource.RLIMIT_CPU, limits.computing),
    ):
        if value:
            with suppress(OSError, ValueError):
                set_limit(process, kind, (value, value + (kind == resource.RLIMIT_CPU)))  # so that it is SIGXCPU first
    with suppress(OSError, ValueError):
        set_limit(process, resource.RLIMIT_CORE, (0, 0))  # a crash writes no gigabytes


def _machine() -> int:
    """Bytes of memory of the machine, at least 8 GiB, for libraries reserve more than they use."""
    try:
        return max(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"), 8 << 30)
    except (AttributeError, OSError, ValueError):
        return 0
