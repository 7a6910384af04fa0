"""What an encoder learns from texts without labels: the base of such tasks. Tasks are values and keep no state."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from querist.models.pretrained.encoder import Backbone
    from querist.models.pretrained.place import Place
    from querist.models.pretrained.tokens import Tokens

__all__ = ["TextTask"]


class TextTask(ABC):
    """The base. All randomness is drawn from torch's generators, which the loop seeds and restores."""

    name: ClassVar[str]
    """Part of the name of the encoder's folder."""

    least: ClassVar[int] = 1
    """Texts that a batch must have."""

    @abstractmethod
    def helper(self, backbone: Backbone, place: Place, tokens: Tokens) -> Any:
        """A module that is trained beside the encoder and thrown away afterwards.

        Args:
            backbone: the encoder; ``backbone(batch)`` gives (n, D) rows, ``backbone.words(batch)`` a row for each token.
            place: the folder that it came from.
            tokens: turns texts into a batch (n, T) of packed tokens.

        Raises:
            ArgumentError: the task cannot work with this encoder (code ``NeedsCapability``).
        """

    @abstractmethod
    def loss(self, backbone: Backbone, helper: Any, batch: Any) -> Any:
        """The loss of a batch (n, T) of packed tokens, a scalar."""
