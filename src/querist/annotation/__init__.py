"""ROOM 4: who answers, and what answers are worth."""

from __future__ import annotations

from typing import TYPE_CHECKING

from querist.annotation.noisy import NoisyAnnotator
from querist.annotation.simulated import SimulatedAnnotator

if TYPE_CHECKING:
    from querist.core.registry import Registry

__all__ = ["NoisyAnnotator", "SimulatedAnnotator", "register"]


def register(registry: Registry) -> None:
    """The door of this room: every annotator under its name."""
    registry.add("annotator", "simulated", SimulatedAnnotator)
    registry.add("annotator", "noisy", NoisyAnnotator)
