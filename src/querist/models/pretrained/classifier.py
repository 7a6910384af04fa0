"""A pre-trained encoder with a linear head, to be fine-tuned in full or by adapters.

The head sees rows of length sqrt(D), whatever the encoder's own scale: numbers of size one, so that one learning rate
suits heads over any encoder.

Only what was changed is saved: with adapters, these and the head, beside the digest of the frozen encoder, which is
compared when they are loaded.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

from querist.core.errors import ArgumentError
from querist.core.optional import torch as _torch
from querist.models.pretrained.encoder import Backbone, Pooling, fresh_copy, load_backbone
from querist.models.pretrained.lora import LoRA, add_adapters
from querist.models.pretrained.place import Place

if TYPE_CHECKING:
    import torch
else:
    torch = _torch()

__all__ = ["Noise", "TextClassifier", "Tune", "text_classifier"]

Tune = Literal["lora", "full"]


class Noise(torch.nn.Module):
    """Dropout while training that MC dropout does not see.

    Its masks would have a place for each token, and so change with the length of a batch: a posterior sample would be
    another network for each batch. Members come from the dropout in front of the head alone.

    Args:
        p: probability.
    """

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The same shape, with dropout in training mode."""
        return torch.nn.functional.dropout(x, self.p, self.training)


class TextClassifier(torch.nn.Module):
    """Encoder, dropout, linear head; gives logits.

    Args:
        backbone: the encoder; it is taken as it is, not copied.
        outputs: number of logits.
        dropout: probability in front of the head.
        digest: of the encoder's weights before training.
    """

    base_digest: torch.Tensor

    def __init__(self, backbone: Backbone, outputs: int, *, dropout: float = 0.1, digest: str = "") -> None:
        super().__init__()
        for parent in list(backbone.modules()):
            for name, part in list(parent.named_children()):
                if isinstance(part, torch.nn.Dropout):
                    setattr(parent, name, Noise(part.p))
        self.backbone = backbone
        self.dropout = torch.nn.Dropout(dropout)
        self.head = torch.nn.Linear(backbone.width, outputs)
        self.register_buffer("base_digest", torch.tensor(list(bytes.fromhex(digest)), dtype=torch.uint8))
        hooks: Any = self  # these calls have no types in torch
        hooks.register_state_dict_post_hook(_only_changed)
        hooks.register_load_state_dict_pre_hook(_same_base)
        hooks.register_load_state_dict_post_hook(_frozen_is_there)

    @property
    def frozen(self) -> set[str]:
        """Names of the parameters that training leaves alone."""
        return {name for name, p in self.named_parameters() if not p.requires_grad}

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """(N, T) packed tokens to logits (N, outputs)."""
        pooled = torch.nn.functional.normalize(self.backbone(tokens))
        rows = self.dropout(pooled * self.backbone.width**0.5)
        logits: torch.Tensor = self.head(rows)
        return logits


def text_classifier(
    place: Place,
    outputs: int,
    *,
    tune: Tune = "lora",
    lora: LoRA | None = None,
    pooling: Pooling = "auto",
    dropout: float = 0.1,
) -> Callable[[], TextClassifier]:
    """A function that makes networks which begin at the pre-trained weights; heads and adapters are drawn anew.

    Give a learner this function, not a network that it made: heads and adapters would then begin alike in every fit.

    Args:
        place: the model.
        outputs: number of logits.
        tune: lora (adapters beside the frozen encoder) or full.
        lora: settings of the adapters.
        pooling: see `TextEncoder`.
        dropout: probability in front of the head.
    """
    if tune not in ("lora", "full"):
        raise ArgumentError(f"tune must be lora or full; got {tune!r}", code="BadValue")
    base = load_backbone(place, pooling)
    digest = place.digest

    def make() -> TextClassifier:
        backbone = fresh_copy(base)
        backbone.requires_grad_(tune == "full")
        if tune == "lora":
            backbone.model = add_adapters(backbone.model, lora or LoRA())
        return TextClassifier(backbone, outputs, dropout=dropout, digest=digest)

    make()  # what cannot be made is refused now
    return make


def _only_changed(module: Any, state: dict[str, Any], prefix: str, _metadata: Any) -> None:
    for name in module.frozen:
        state.pop(prefix + name, None)


def _same_base(module: Any, state: Any, prefix: str, *rest: Any) -> None:
    errors = rest[-1]
    found = state.get(f"{prefix}base_digest")
    if found is not None and not torch.equal(found.cpu(), module.base_digest.cpu()):
        other, mine = (bytes(d.cpu().tolist()).hex()[:12] for d in (found, module.base_digest))
        errors.append(
            f"these weights were trained over another encoder (digest {other}..., here {mine}...): use the model and the "
            "revision that they were trained with"
        )


def _frozen_is_there(module: Any, keys: Any) -> None:
    frozen = module.frozen
    keys.missing_keys[:] = [k for k in keys.missing_keys if not any(k == f or k.endswith(f".{f}") for f in frozen)]
