"""SimCSE: a text read twice under two masks of dropout is to be nearer to itself than to any other text of the batch.

Source: Gao, Yao and Chen, SimCSE: Simple Contrastive Learning of Sentence Embeddings, 2021, equations 1 and 4.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from querist.core.errors import ArgumentError
from querist.core.optional import torch as _torch
from querist.models.guard import untouched
from querist.training.pretraining.text_task import TextTask

if TYPE_CHECKING:
    from querist.models.pretrained.encoder import Backbone
    from querist.models.pretrained.place import Place
    from querist.models.pretrained.tokens import Tokens

__all__ = ["SimCSE", "info_nce"]


def info_nce(first: Any, second: Any, temperature: float) -> Any:
    """Cross entropy of finding the twin of each row among all rows of the other view: a scalar in nats.

    Args:
        first: (n, D) rows of one view.
        second: (n, D) rows of the other.
        temperature: divides the cosines.
    """
    torch = _torch()
    a, b = (torch.nn.functional.normalize(rows.float(), dim=1) for rows in (first, second))
    return torch.nn.functional.cross_entropy(a @ b.T / temperature, torch.arange(len(a), device=a.device))


@dataclass(frozen=True)
class SimCSE(TextTask):
    """Contrast of two views of a text, which differ by the encoder's own dropout alone.

    A text that is in a batch twice is taken for two texts: leave repeats out of ``rows``.

    Args:
        temperature: of the contrast.
        projection: a layer with tanh between rows and contrast while training, as the paper has for ``cls`` pooling.
            Without, as here by default, the rows compared are those that are used afterwards.
    """

    temperature: float = 0.05
    projection: bool = False

    name: ClassVar[str] = "simcse"
    least: ClassVar[int] = 2

    def __post_init__(self) -> None:
        """Refuse values out of range.

        Raises:
            ArgumentError: code ``BadValue``.
        """
        if not 0 < self.temperature < float("inf"):
            raise ArgumentError(f"temperature must be above 0 and finite, got {self.temperature!r}", code="BadValue")

    def helper(self, backbone: Backbone, place: Place, tokens: Tokens) -> Any:
        """The projection, or nothing.

        Raises:
            ArgumentError: the encoder has no dropout, so that both views would be one (code ``NeedsCapability``).
        """
        torch = _torch()
        same = tokens(["one text"] * 8).to(next(backbone.parameters()).device)
        with untouched(backbone), torch.no_grad():
            backbone.train()
            rows = backbone(same)
        if torch.allclose(rows, rows[:1].expand_as(rows), rtol=1e-4, atol=1e-6):
            raise ArgumentError(
                f"{place.name} has no dropout, by which the two views of a text differ; set hidden_dropout_prob in its "
                "config.json to 0.1, or use MaskedLanguage",
                code="NeedsCapability",
            )
        nn, width = torch.nn, backbone.width
        return nn.Sequential(nn.Linear(width, width), nn.Tanh()) if self.projection else nn.Identity()

    def loss(self, backbone: Backbone, helper: Any, batch: Any) -> Any:
        """`info_nce` of two views, in one forward pass."""
        first, second = helper(backbone(_torch().cat([batch, batch]))).chunk(2)
        return info_nce(first, second, self.temperature)
