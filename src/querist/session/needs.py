"""What a strategy needs against what a learner can give: compared by name before an hour of training is lost."""

from __future__ import annotations

from collections.abc import Mapping

from querist.core.contract import needs_now
from querist.core.errors import ArgumentError
from querist.core.ports import Learner, Strategy
from querist.core.signals import (
    AUGMENTED,
    COST,
    CRITIC,
    DISCRIMINATOR,
    GRAPH,
    GROUP,
    HISTORY,
    INPUT_GRAD,
    LABELS,
    LOSS,
    MEMBERS,
    NOISE,
    PERTURBED,
    PROBS,
    TARGETS,
    VACUITY,
    Signal,
)
from querist.data.schema import MultiLabel, Number, Schema, SingleLabel
from querist.data.spans import Spans

__all__ = ["check_needs", "kind_of_answer", "works_untrained"]

_KINDS: Mapping[type[Schema], str] = {SingleLabel: "class", MultiLabel: "labels", Number: "number", Spans: "spans"}
_SAID = {"class": "one class", "labels": "several labels", "number": "a number", "spans": "spans"}
_ANSWERS: Mapping[str, frozenset[Signal]] = {
    "class": frozenset({LABELS, TARGETS}),
    "number": frozenset({TARGETS}),
    "": frozenset({LABELS, TARGETS}),
}
"""What labelled items can be looked up for, by kind of answer."""
_INSTEAD = {
    "class": "use one for classes, such as bald, mean_std or egl",
    "labels": "use one for several labels (mmc, cvirs, binary_minimum) or one on embeddings (k_center, typiclust)",
    "number": "use one for numbers (pred_variance, bald_regression, gsx, igs) or one on embeddings (k_center, lcmd)",
    "spans": "use one that reads tokens, nbest, members or embedding (mnlp, token_entropy, k_center)",
}

_WAYS = {
    MEMBERS: "give the learner members (TorchLearner(members=20) with dropout layers, members=Ensemble(5), or a "
    "scikit-learn ensemble)",
    COST: "pass cost= to the session",
    GRAPH: "pass graph= to the session",
    PERTURBED: "give a TorchLearner providers=[WeightNoise()] (querist.training.providers.perturbed)",
    AUGMENTED: "give a TorchLearner providers=[Augmented()] (querist.training.providers.augmented)",
    HISTORY: "give a TorchLearner providers=[RoundHistory()] for the models of the last rounds, or [EpochHistory()] for "
    "those of the last training (querist.training.providers.history), or [LossHistory()] for losses of labelled items "
    "(querist.training.providers.loss_history)",
    INPUT_GRAD: "give a TorchLearner providers=[InputGradient()] (querist.training.providers.input_gradient)",
    LOSS: "give a TorchLearner plugins=[LearningLoss()] (querist.training.plugins.learning_loss)",
    DISCRIMINATOR: "give a TorchLearner plugins=[Vaal()] (querist.training.plugins.vaal)",
    CRITIC: "give a TorchLearner plugins=[Waal()] (querist.training.plugins.waal)",
    NOISE: 'give a TorchLearner head="normal" and a network with two outputs',
    VACUITY: 'give a TorchLearner head="evidential"',
    GROUP: "pass group= to the session",
}


def kind_of_answer(schema: object) -> str:
    """``class``, ``labels``, ``number`` or ``spans``; empty for what is none of ours."""
    return next((name for kind, name in _KINDS.items() if isinstance(schema, kind)), "")


def check_needs(
    strategy: Strategy,
    learner: Learner,
    side: frozenset[Signal],
    *,
    reference: bool,
    schema: Schema | None = None,
) -> None:
    """Refuse a pair of strategy and learner that cannot work together.

    Args:
        strategy: what will ask.
        learner: what must tell.
        side: signals that the session itself holds (cost, graph).
        reference: whether a reference set was given.
        schema: what an answer is; None leaves out what hangs on it.

    Raises:
        ArgumentError: naming the strategy, what is missing and the way to provide it (code ``NeedsCapability``).
    """
    needs, kind = strategy.needs, kind_of_answer(schema)
    given = learner.provides | side | _ANSWERS.get(kind, frozenset())
    who = type(learner).__name__
    wanted = needs.pool | needs.labelled
    unread = wanted & ({LABELS, TARGETS} - given)
    if kind == "labels":  # what an item has of several labels is no distribution over them
        unread |= (wanted | needs.reference) & {PROBS}
    if kind in needs.unfit or unread:
        what = f" and this one reads {', '.join(f'{s.name} ({s.meaning})' for s in sorted(unread, key=str))}"
        raise ArgumentError(
            f"strategy {strategy} does not work where an answer is {_SAID[kind]}{what if unread else ''}; "
            f"{_INSTEAD[kind]}",
            code="NeedsCapability",
        )
    plugins = frozenset(getattr(learner, "plugins", ()))
    published = needs.pool - given
    if needs.plugin and needs.plugin not in plugins and (published or not needs.pool):
        what = f" (missing without it: {_names(published)})" if published else ""
        way = next((_WAYS[s] for s in sorted(published, key=str) if s in _WAYS), "name it in the learner's plugins")
        raise ArgumentError(
            f"strategy {strategy} needs the training plug-in {needs.plugin!r}{what}; {who} carries {_names(plugins)}; "
            f"{way}, or use a strategy that needs none",
            code="NeedsCapability",
        )
    for signal in sorted((needs.pool | needs.labelled | needs.reference) - given, key=str):
        way = _WAYS.get(signal, f"use a learner that provides it; this one provides {_names(learner.provides)}")
        raise ArgumentError(
            f"strategy {strategy} needs the signal {signal.name} ({signal.meaning}), which {who} does not provide; "
            f"{way}",
            code="NeedsCapability",
        )
    if needs.reference and not reference:
        raise ArgumentError(
            f"strategy {strategy} needs a reference set; pass reference= to the session", code="NeedsCapability"
        )
    if needs.reference & {LABELS, TARGETS}:  # the session knows which items these are, not their answers
        raise ArgumentError(
            f"strategy {strategy} needs the labels of the reference set, which a session does not hold; give the arrays to "
            "querist.select",
            code="NeedsCapability",
        )
    able = frozenset(getattr(learner, "capabilities", ()))
    for capability in sorted(needs.capabilities - able):
        raise ArgumentError(
            f"strategy {strategy} needs the capability {capability!r} of the learner, and {who} has "
            f"{_names(able)}; use a learner with a method {capability} that names it in its capabilities, or another "
            "strategy",
            code="NeedsCapability",
        )


def works_untrained(strategy: Strategy, learner: Learner) -> bool:
    """Whether the strategy can ask before the first fit: no model, or only what the learner knows untrained."""
    needs = needs_now(strategy, 0)
    wanted = {s for s in needs.pool | needs.labelled | needs.reference if s.model}
    if needs.capabilities or needs.plugin is not None or needs.labelled:  # what looks at labelled items has none yet
        return False
    return wanted <= frozenset(getattr(learner, "untrained", ()))


def _names(things: object) -> str:
    return ", ".join(sorted(str(t) for t in things)) or "none"  # type: ignore[attr-defined]
