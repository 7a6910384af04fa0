"""The parts of a learner: what was chosen when it was built, and stays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from querist.core.errors import ArgumentError
from querist.core.signals import Signal
from querist.models.stochastic.posterior import Posterior
from querist.training.curriculum import Curriculum
from querist.training.heads import Head
from querist.training.plugins.base import Plugin
from querist.training.providers.base import Provider
from querist.training.recipe import Recipe

__all__ = ["Parts", "posterior_of"]


@dataclass(frozen=True)
class Parts:
    """What a learner is made of, beside its network.

    Args:
        head: what the outputs mean.
        recipe: how it is trained.
        embedding_layer: submodule whose output is the embedding; None takes the input of the last linear layer.
        posterior: gives members, or None.
        providers: give further signals.
        plugins: change the training and publish signals.
        curriculum: weighs the labelled items in each epoch, or None.
    """

    head: Head
    recipe: Recipe
    embedding_layer: str | None = None
    posterior: Posterior | None = None
    providers: Sequence[Provider] = ()
    plugins: Sequence[Plugin] = ()
    curriculum: Curriculum | None = None

    def __post_init__(self) -> None:
        """Refuse settings that mean nothing for the kind of answer.

        Raises:
            ArgumentError: code ``BadValue``.
        """
        kind = self.head.kind
        for name in ("class_weights", "sampling"):
            if getattr(self.recipe, name) is not None and kind != "single":
                raise ArgumentError(
                    f"{name}={getattr(self.recipe, name)!r} is for one class an item, and the labels are of kind {kind!r}; "
                    "give weights with the labels",
                    code="BadValue",
                )
        if self.recipe.label_smoothing and kind == "number":
            raise ArgumentError(
                "label_smoothing is for classes, and the labels are numbers; set it to 0", code="BadValue"
            )

    @property
    def averaged(self) -> bool:
        """Whether predictions are the mean over the members."""
        return self.posterior is not None and self.posterior.mean

    @property
    def more(self) -> list[Signal]:
        """Signals that providers and plug-ins give; one that two give comes twice."""
        return [*(p.gives for p in self.providers), *(s for p in self.plugins for s in p.publishes)]


def posterior_of(members: int | Posterior) -> Posterior | None:
    """The posterior asked for; a number means MC dropout."""
    if not isinstance(members, int):
        return members
    if members == 0:
        return None
    from querist.models.stochastic.mc_dropout import MCDropout

    return MCDropout(members)
