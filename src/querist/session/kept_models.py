"""The models of past rounds: their weights by digest, where weights are kept."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from querist.core.errors import StateError
from querist.core.ports import Artifacts, Learner

__all__ = ["KeptModels"]


@dataclass(frozen=True)
class KeptModels:
    """Saves and finds the weights of rounds.

    Args:
        artifacts: keeps them; None keeps none.
    """

    artifacts: Artifacts | None

    def find(self, digest: str | None) -> Path | None:
        """Folder of the model of a digest; None where it was not kept."""
        if self.artifacts is None or not digest or not self.artifacts.has(digest):
            return None
        return self.artifacts.get(digest)

    def keep(self, learner: Learner) -> str | None:
        """Save the weights; None where nothing is kept or the learner cannot be saved (it is then fitted again)."""
        if self.artifacts is None:
            return None
        with tempfile.TemporaryDirectory(prefix="querist-") as folder:
            path = Path(folder) / "model"
            path.mkdir()
            try:
                learner.save(path)
            except StateError as error:
                if error.code != "NotSaveable":
                    raise
                return None
            return self.artifacts.put(path)
