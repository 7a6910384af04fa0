"""Items that come one by one: ask for the label now, or let the item pass.

::

    sampler = querist.StreamSampler("least_confidence", rule="randomised", budget=0.1, seed=0)
    for x in stream:
        if sampler.offer(probs=model.predict_proba(x))[0]:
            ask(x)
    Path("sampler.json").write_text(json.dumps(sampler.state))  # and later:
    sampler = querist.StreamSampler.resume(json.loads(Path("sampler.json").read_text()))
"""

from __future__ import annotations

import copy
import numbers
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from querist.core.errors import ArgumentError, ArgumentTypeError, StateError, UnknownNameError, nearest, shorten
from querist.core.seeds import check_seed, id_hashes, tie_keys, uniform
from querist.strategies.acceptance import Chance, Moment, Quantile, Randomised, Rule, Split, Threshold, Variable
from querist.strategies.algebra import Score, as_score
from querist.strategies.arrays import context
from querist.strategies.dense import Dense
from querist.strategies.vessal import Volume

__all__ = ["RULES", "StreamSampler"]

RULES: dict[str, type[Rule]] = {
    rule.name: rule for rule in (Threshold, Chance, Variable, Randomised, Split, Quantile, Dense, Volume)
}
"""Rules by name."""
_VERSION = 1


class StreamSampler:
    """Decides item by item, and never asks for more than the budget allows.

    After any number of items at most ceil(budget * items) were asked; that is a hard bound above what each rule does
    itself. The decision on an item depends on the items before it, its signals, its place in the stream and the seed:
    not on how many items are offered at once. Scores that compare the offered items with each other (``rank``,
    ``density``) are rated within each offer.

    Args:
        strategy: a score, as text or part, e.g. ``"margin"``; or ``"vessal"``, which is ``rule="vessal"`` without one.
        rule: what turns ratings into decisions: ``"randomised"`` (default), ``"variable"``, ``"split"``,
            ``"threshold"``, ``"quantile"``, ``"chance"``, ``"dense"`` or ``"vessal"``; or a rule itself
            (`querist.strategies.acceptance`).
        budget: share of the items that may be asked, above 0 and at most 1.
        seed: the only source of randomness.
        **parameters: of the rule, e.g. ``window=200``.

    >>> sampler = StreamSampler("least_confidence", rule="threshold", budget=0.5, at=0.3)
    >>> sampler.offer(probs=[[0.9, 0.1], [0.6, 0.4], [0.5, 0.5], [0.6, 0.4]])
    [False, True, True, False]
    """

    def __init__(
        self,
        strategy: str | Score | None = "least_confidence",
        *,
        rule: str | Rule | None = None,
        budget: float = 0.1,
        seed: int = 0,
        **parameters: Any,
    ) -> None:
        if strategy == Volume.name:
            if rule not in (None, Volume.name):
                raise ArgumentError(f"vessal is a rule itself; it takes no rule={rule}", code="BadParameter")
            rule = Volume.name
        self.rule = _rule("randomised" if rule is None else rule, parameters)
        self.score = as_score(strategy) if self.rule.rates else None
        self.budget = _share(budget)
        self.seed = check_seed(seed)
        self.seen: int = 0
        """items offered so far"""
        self.asked: int = 0
        """items asked so far"""
        self._memory: dict[str, Any] = self.rule.begin()

    def offer(
        self,
        *,
        labelled: Mapping[str, Any] | None = None,
        pending: Mapping[str, Any] | None = None,
        reference: Mapping[str, Any] | None = None,
        **signals: Any,
    ) -> list[bool]:
        """Decide on the next items, in their order.

        Args:
            labelled: signals of labelled items, for scores that look at them.
            pending: signals of items sent out and not yet answered.
            reference: signals of a reference set.
            **signals: signals of the items, as for `querist.select`: ``probs`` (n, C), ``gradient`` ... for n >= 1.

        Returns:
            For each item whether to ask for its label. Nothing is remembered when an error is raised.
        """
        needs = self.rule.needs if self.score is None else self.rule.needs | self.score.needs
        ctx = context(
            needs, seed=self.seed, ids=None, labelled=labelled, pending=pending, reference=reference, **signals
        )
        hashes = id_hashes(np.arange(self.seen, self.seen + ctx.size))
        values = self.rule.values(replace(ctx, hashes=hashes), self.score)
        memory = copy.deepcopy(self._memory)
        asked = self.asked
        out: list[bool] = []
        for place, value in enumerate(values):
            seen = self.seen + place + 1

            def draw(name: str, place: int = place) -> float:
                return float(uniform(tie_keys(hashes[place : place + 1], self.seed, f"stream {name}"))[0])

            affordable = asked < self.budget * seen - 1e-9  # asked + 1 <= ceil(budget * seen)
            asks = bool(self.rule.wants(Moment(value, seen, asked, self.budget, affordable, draw), memory))
            asked += asks
            out.append(asks)
        self.seen, self.asked, self._memory = self.seen + len(out), asked, memory
        return out

    @property
    def state(self) -> dict[str, Any]:
        """All there is to know, as a JSON object that `resume` reads back."""
        return {
            "version": _VERSION,
            "strategy": None if self.score is None else str(self.score),
            "rule": self.rule.name,
            "parameters": self.rule.parameters(),
            "budget": self.budget,
            "seed": self.seed,
            "seen": self.seen,
            "asked": self.asked,
            "memory": self.rule.save(self._memory),
        }

    @classmethod
    def resume(cls, state: Mapping[str, Any]) -> StreamSampler:
        """The sampler that `state` describes: it decides on all later items as the other would have.

        Raises:
            StateError: it is no state of a sampler, or of a newer version (code ``BadState``).
        """
        if not isinstance(state, Mapping) or state.get("version") != _VERSION:
            raise StateError(
                f"this is no state of a StreamSampler of version {_VERSION}: {shorten(state)}", code="BadState"
            )
        try:
            out = cls(
                state["strategy"],
                rule=state["rule"],
                budget=state["budget"],
                seed=state["seed"],
                **state["parameters"],
            )
            out.seen, out.asked = int(state["seen"]), int(state["asked"])
            if state["memory"].keys() != out._memory.keys():
                raise StateError(
                    f"the memory of the rule {out.rule.name} has {sorted(out._memory)}, this state "
                    f"{sorted(state['memory'])}",
                    code="BadState",
                )
            out._memory = out.rule.restore(dict(state["memory"]))
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise StateError(f"this state of a StreamSampler cannot be read: {error}", code="BadState") from error
        return out


def _share(budget: object) -> float:
    words = "budget must be a share above 0 and at most 1, got"
    if isinstance(budget, bool) or not isinstance(budget, numbers.Real):
        raise ArgumentTypeError(f"{words} {type(budget).__name__} {shorten(budget)}", code="BadParameter")
    if not 0 < float(budget) <= 1:
        raise ArgumentError(f"{words} {budget}", code="BadParameter")
    return float(budget)


def _rule(rule: object, parameters: Mapping[str, Any]) -> Rule:
    if isinstance(rule, Rule):
        if parameters:
            raise ArgumentError(
                f"{', '.join(parameters)}: give parameters to the rule itself, {rule!r} is one", code="BadParameter"
            )
        return rule
    if not isinstance(rule, str) or rule not in RULES:
        near = nearest(str(rule), RULES)
        hint = f"did you mean {near[0]}?" if near else f"rules are {', '.join(RULES)}"
        raise UnknownNameError(f"there is no rule {shorten(rule)}; {hint}", code="UnknownStrategy")
    known = list(RULES[rule].__dataclass_fields__)
    for name in parameters:
        if name not in known:
            near = nearest(name, known)
            hint = f"did you mean {near[0]}?" if near else f"it takes: {', '.join(known) or 'none'}"
            raise UnknownNameError(f"the rule {rule} has no parameter {name!r}; {hint}", code="UnknownParameter")
    return RULES[rule](**parameters)
