"""What the encoders of this folder share: fitted on a sample without labels, kept as JSON and safetensors."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from querist.core.errors import ArgumentError, DataError, StateError, shorten
from querist.core.types import Array

__all__ = ["SAMPLE", "Encoder"]

SAMPLE = 20_000
"""Most items that an encoder is fitted on."""
_SETTINGS, _ARRAYS = "encoder.json", "encoder.safetensors"


class Encoder(ABC):
    """Turns a batch of n items into (n, D) float32 rows; it is fitted once, on a sample, without labels.

    Args:
        width: most numbers an item.
        seed: of what is random in fitting.

    Raises:
        ArgumentError: a width below 1 (code ``BadValue``).
    """

    kind = ""
    version = 1

    def __init__(self, *, width: int = 128, seed: int = 0) -> None:
        if isinstance(width, bool) or not isinstance(width, int) or width < 1:
            raise ArgumentError(f"width must be a whole number of 1 or more, got {shorten(width)}", code="BadValue")
        self.width, self.seed = width, seed
        self._arrays: dict[str, Array] = {}
        self._learnt: dict[str, Any] = {}

    @property
    def name(self) -> str:
        """What the features are called: kind, version, settings and what was learnt. The key of their cache."""
        said = ", ".join(f"{k}={v}" for k, v in self.settings().items())
        return f"{self.kind} v{self.version} ({said}) {self._digest()}"

    @property
    def title(self) -> str:
        """The name for people."""
        return self.kind.replace("_", " ")

    @abstractmethod
    def settings(self) -> dict[str, Any]:
        """The arguments that make the same encoder again, as JSON."""

    @abstractmethod
    def fit(self, sample: Sequence[Any]) -> Self:
        """Learn from a sample of items; no label is looked at."""

    @abstractmethod
    def encode(self, batch: Sequence[Any]) -> NDArray[np.float32]:
        """The rows of a batch; `fit` was called."""

    def __call__(self, batch: Sequence[Any]) -> NDArray[np.float32]:
        """The (n, D) float32 rows of n items.

        Raises:
            StateError: nothing is fitted yet (code ``NotFitted``).
        """
        if not self._arrays:
            raise StateError(f"the encoder {self.kind} is not fitted yet: fit it on a sample first", code="NotFitted")
        return self.encode(batch)

    def save(self, folder: Path) -> None:
        """Write what was learnt into ``folder``.

        Raises:
            StateError: nothing is fitted yet (code ``NotFitted``).
        """
        from safetensors.numpy import save_file

        if not self._arrays:
            raise StateError(f"the encoder {self.kind} is not fitted yet: there is nothing to save", code="NotFitted")
        save_file({k: np.ascontiguousarray(v) for k, v in self._arrays.items()}, folder / _ARRAYS)
        said = {"kind": self.kind, "version": self.version, "settings": self.settings(), "learnt": self._learnt}
        (folder / _SETTINGS).write_text(json.dumps(said), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Self:
        """The encoder that `save` wrote.

        Raises:
            DataError: unreadable, or of another kind or version (code ``BadWeights``).
        """
        from safetensors import SafetensorError
        from safetensors.numpy import load_file

        try:
            said = json.loads((folder / _SETTINGS).read_text(encoding="utf-8"))
            if (said["kind"], said["version"]) != (cls.kind, cls.version):
                raise ValueError(f"it is {shorten(said['kind'])} version {said['version']}")
            made = cls(**said["settings"])
            made._learnt = made.checked(said["learnt"])
            made._arrays = load_file(folder / _ARRAYS)
        except (OSError, ValueError, LookupError, TypeError, RecursionError, SafetensorError) as error:
            raise DataError(
                f"{folder.name} holds no encoder {cls.kind} that can be read: {shorten(str(error), 200)}; delete it, and "
                "it is fitted again",
                code="BadWeights",
            ) from error
        return made

    def checked(self, learnt: Mapping[str, Any]) -> dict[str, Any]:
        """What a file says was learnt beside the arrays; raises ValueError where it cannot be so."""
        return dict(learnt)

    def _digest(self) -> str:
        h = blake2b(json.dumps(self._learnt, sort_keys=True).encode(), digest_size=8)
        for key in sorted(self._arrays):
            h.update(key.encode() + np.ascontiguousarray(self._arrays[key]).tobytes())
        return h.hexdigest() if self._arrays else "unfitted"
