"""Low-rank adapters beside the frozen weights of an encoder, through peft.

Source: Hu, Shen, Wallis, Allen-Zhu, Li, Wang, Wang and Chen, LoRA: Low-Rank Adaptation of Large Language Models, 2022,
equation 3: h = W x + (alpha / r) B A x, A drawn at random and B zero at the start, so that training begins at the
pre-trained model. With active learning: Jukic and Snajder, Parameter-Efficient Language Model Tuning with Active
Learning in Low-Resource Settings, 2023.
"""

from __future__ import annotations

import numbers
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from querist.core.errors import ArgumentError, shorten
from querist.core.optional import need, torch

__all__ = ["LoRA", "add_adapters"]


@dataclass(frozen=True)
class LoRA:
    """How large the adapters are and where they sit.

    Args:
        rank: width of an adapter.
        alpha: its output is multiplied by alpha / rank; None is twice the rank.
        dropout: probability in front of an adapter, while training.
        target: names of the layers that get one, or ``all-linear``; None leaves it to peft, which knows the usual ones
            (queries and values of the attention).
    """

    rank: int = 8
    alpha: float | None = None
    dropout: float = 0.1
    target: str | Sequence[str] | None = None

    def __post_init__(self) -> None:
        """Refuse values out of range.

        Raises:
            ArgumentError: code ``BadValue``.
        """
        if isinstance(self.rank, bool) or not isinstance(self.rank, numbers.Integral) or self.rank < 1:
            raise ArgumentError(f"rank must be a whole number of 1 or more, got {self.rank!r}", code="BadValue")
        if self.alpha is not None and not self.alpha > 0:
            raise ArgumentError(f"alpha must be above 0, got {self.alpha!r}", code="BadValue")
        if not 0 <= self.dropout < 1:
            raise ArgumentError(f"dropout must be from 0 to below 1, got {self.dropout!r}", code="BadValue")


def add_adapters(model: Any, settings: LoRA) -> Any:
    """Put adapters into a model of transformers, in place; only they can be trained afterwards.

    A is drawn from torch's global generator: seed it before.

    Raises:
        ArgumentError: no layer to put one at (code ``BadValue``).
        ResourceError: peft is not installed (code ``MissingExtra``).
    """
    torch()
    peft = need("peft", "text", "LoRA")
    target = settings.target if settings.target is None or isinstance(settings.target, str) else list(settings.target)
    config = peft.LoraConfig(
        r=int(settings.rank),
        lora_alpha=float(2 * settings.rank if settings.alpha is None else settings.alpha),
        lora_dropout=settings.dropout,
        target_modules=target,
        bias="none",
    )
    model.requires_grad_(False)
    try:
        made = peft.inject_adapter_in_model(config, model)
    except (ValueError, KeyError, RuntimeError) as error:
        linear = {n.rpartition(".")[2] for n, p in model.named_modules() if isinstance(p, torch().nn.Linear)}
        raise ArgumentError(
            f"no adapters for {type(model).__name__} at {target or 'the usual layers'}: {shorten(str(error), 120)}; name "
            f"layers with LoRA(target=...), e.g. {', '.join(sorted(linear)[:6])}",
            code="BadValue",
        ) from error
    for name, parameter in made.named_parameters():
        parameter.requires_grad_("lora_" in name)
    return made
