"""The conformance suite for scores, selectors, filters and strategies.

Every part of querist passes it, and a plug-in tests itself with it::

    from querist.testing.strategies import check_strategy

    def test_contract():
        check_strategy(MyScore())

Each check is a plain function of a `Subject`; `CHECKS` holds them by name, so that a test can be made for each.
A finding is a ``StateError`` (code ``Contract``) that names the check, the part, the pool and what was wrong.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np

from querist.core.errors import ArgumentError, QueristError, StateError
from querist.core.registry import registry, snake
from querist.core.signals import LABELS, Needs, Signal
from querist.strategies.algebra import AnyPart, Chain, Filtered, Plain, Ranked, Score
from querist.strategies.arrays import score
from querist.strategies.parser import KINDS, parse
from querist.testing.pools import Pool, restrict, take
from querist.testing.strategy_inputs import INPUT_CHECKS
from querist.testing.subject import Subject, fault, pieces, same
from querist.testing.verdict import running
from querist.testing.whole import WHOLE_CHECKS

__all__ = ["CHECKS", "EXAMPLES", "Check", "check_strategy", "examples"]

Check = Callable[[Subject], None]
_COMPOSED = (Ranked, Plain, Filtered, Chain)
"""What operators make has no cell of its own."""

EXAMPLES: dict[str, str] = {
    "rank": "rank(margin)",
    "zscore": "zscore(entropy)",
    "minmax": "minmax(least_confidence)",
    "cost_ratio": "cost_ratio(margin)",
    "active_search": "active_search(0, k=5)",
    "most_likely": "most_likely(0)",
    "per_token": "per_token(token_entropy(how=sum))",
    "shortlist": "shortlist(margin, times=2)",
    "subsample": "subsample(30)",
    "near_labelled": "near_labelled(9)",
    "dedup": "dedup(0.95)",
    "class_quota": "class_quota(times=2, score=margin)",
    "trim": "trim(margin, share=0.2)",
    "refine": "refine([margin, entropy, random], depth=2, batches=6)",
    "active_ft": "active_ft(steps=20)",
    "mix": "mix({margin: 0.8, random: 0.2})",
    "interleave": "interleave(margin, random)",
    "switch": "switch(after=3, first=random, then=margin)",
    "bandit": "bandit([margin, random, entropy])",
    "discriminative": "discriminative(sub_batches=3, epochs=5)",
    "percentile": "percentile(margin)",
    "softmax_norm": "softmax_norm(entropy, temperature=0.5)",
    "decayed": "decayed(margin, factor=0.8)",
    "borda": "borda([margin, density])",
    "rrf": "rrf([margin, density], k=10)",
    "pareto": "pareto([margin, density])",
    "chebyshev": "chebyshev([margin, density], weights=[1.0, 0.5])",
    "constrained": "constrained(margin, by=density, at_least=0.3)",
    "albl": "albl([margin, random, entropy])",
    "tailor": "tailor([margin, random, entropy])",
    "epsilon_greedy": "epsilon_greedy(margin, epsilon=0.3)",
    "plateau_switch": "plateau_switch(first=margin, then=entropy, window=2)",
    "coverage_switch": "coverage_switch(first=k_center, then=novelty, radius=1.5, share=0.5)",
    "limit": "limit(margin, per_group=8)",
    "glister": "glister(step=2)",
}
"""Texts of parts that cannot be made from their name alone."""


def check_strategy(
    part: AnyPart | str,
    *,
    waive: Mapping[str, str] | None = None,
    capabilities: Mapping[str, Any] | None = None,
) -> None:
    """Hold a part to every rule of the contract.

    Args:
        part: a score, selector, filter or strategy, or its text.
        waive: names of checks that the part does not pass, each with its reason. A waived check must fail: when the
            part has been mended the waiver has to go.
        capabilities: stand-ins for abilities of a learner that the part needs, by name.

    Raises:
        StateError: a rule is broken, or a waiver is not needed (code ``Contract``).
        ArgumentError: a waiver names no check, or has no reason (code ``BadWaiver``).
    """
    subject = Subject(part, capabilities)
    waived = dict(waive or {})
    for name, reason in waived.items():
        if name not in CHECKS or not reason.strip():
            raise ArgumentError(
                f"a waiver needs the name of a check and a reason; got {name!r}: {reason!r}; checks are "
                f"{', '.join(CHECKS)}",
                code="BadWaiver",
            )
    for name, check in CHECKS.items():
        if name not in waived:
            _hold(name, check, subject)
            continue
        try:
            _hold(name, check, subject)
        except StateError:
            continue
        raise fault(subject, None, f"passes {name}: take the waiver away")


def _hold(name: str, check: Check, subject: Subject) -> None:
    """Run one check; its finding, or whatever else goes wrong, begins with its name."""
    with running(name):
        try:
            check(subject)
        except StateError as error:
            if error.code == "Contract":
                raise StateError(f"{name}: {error}", code="Contract") from error
            raise


def examples(more: Mapping[str, str] | None = None) -> Iterator[tuple[str, AnyPart]]:
    """Name and an instance of every registered score, selector, filter and strategy, plug-ins included.

    Args:
        more: texts for parts that need parameters, by name, beside `EXAMPLES`.

    Raises:
        ArgumentError: a part can neither be made from its name nor has it an example (code ``NoExample``).
    """
    texts = {**EXAMPLES, **(more or {})}
    for entry in registry.entries(*KINDS):
        text = texts.get(entry.name) or getattr(entry.factory, "example", "") or entry.name
        try:
            yield entry.name, parse(text)
        except QueristError as error:
            raise ArgumentError(
                f"{entry.kind} {entry.name} cannot be made from {text!r} ({error}); give it a class attribute example, "
                f"e.g. example = '{entry.name}(n=3)'",
                code="NoExample",
            ) from error


def check_declared(subject: Subject) -> None:
    """The part is a frozen value with a description, a cell of the survey and declared needs."""
    for piece in pieces(subject.part):
        kind = type(piece)
        parameters = getattr(kind, "__dataclass_params__", None)
        if parameters is None or not parameters.frozen:
            raise fault(subject, None, f"{kind.__name__} is not a frozen dataclass")
        if not (kind.__doc__ or "").strip() or (kind.__doc__ or "").startswith(f"{kind.__name__}("):
            raise fault(subject, None, f"{kind.__name__} has no docstring")
        if not isinstance(piece.needs, Needs):
            raise fault(subject, None, f"{kind.__name__}.needs is not Needs")
    if not type(subject.part).cell and not isinstance(subject.part, _COMPOSED):
        raise fault(subject, None, "names no cell of the survey (class attribute cell)")
    hash(subject.part)


def check_text_form(subject: Subject) -> None:
    """`parse` reads `str` back as an equal part; names are snake_case."""
    text = str(subject.part)
    again = parse(text)
    if again != subject.part or type(again) is not type(subject.part) or hash(again) != hash(subject.part):
        raise fault(subject, None, f"parse({text!r}) gives {again!r}, not {subject.part!r}")
    if str(again) != text:
        raise fault(subject, None, f"text changes when it is read and written: {text!r}, {str(again)!r}")


def check_python_form(subject: Subject) -> None:
    """`repr` is a Python expression over the names of parts."""
    text = repr(subject.part)
    try:
        tree = ast.parse(text, mode="eval")
    except SyntaxError as error:
        raise fault(subject, None, f"repr is not Python: {text}") from error
    named = {type(piece).__name__ for piece in pieces(subject.part)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            raise fault(subject, None, f"repr reaches into something: {text}")
        if isinstance(node, ast.Name) and node.id not in named:
            raise fault(subject, None, f"repr names {node.id}, which is no part of it: {text}")
    if isinstance(tree.body, ast.Call) and isinstance(tree.body.func, ast.Name):
        registered = type(subject.part).part_name()
        if snake(tree.body.func.id) != snake(type(subject.part).__name__):
            raise fault(subject, None, f"repr {text} does not name {registered}")


def check_batches(subject: Subject) -> None:
    """Exactly min(n, N) distinct rows, a score and a reason for each; at least half of the tries succeed."""
    tries = wins = 0
    for dtype in (np.float32, np.float64):
        for pool in subject.pools(dtype=dtype):
            for n in sorted({1, 2, max(1, pool.size // 2), pool.size, pool.size + 3}):
                tries += 1
                chosen = subject.attempt(pool, n)  # `choose` refuses repeats, strangers and wrong numbers
                if chosen is None:
                    continue
                wins += 1
                short = len(chosen) != min(n, pool.size) and not subject.strategy.may_stop_short
                if short or len(set(chosen.indices.tolist())) != len(chosen):
                    raise fault(subject, pool, f"{len(chosen)} rows for n = {n}: {chosen.indices.tolist()}")
                if chosen.scores.dtype != np.float64 or np.isinf(chosen.scores).any():
                    raise fault(subject, pool, f"scores {chosen.scores.dtype} {chosen.scores[:5]}")
                if len(chosen.reasons) != len(chosen) or not all(r and r.strip() == r for r in chosen.reasons):
                    raise fault(subject, pool, f"reasons are {chosen.reasons[:3]}, one sentence a row is needed")
    if wins * 2 < tries:
        raise fault(subject, None, f"served {wins} of {tries} pools only")


def check_ratings(subject: Subject) -> None:
    """A score gives one finite number an item, whether it is asked with others or for all."""
    if not isinstance(subject.part, Score):
        return
    for pool in subject.pools():
        if subject.attempt(pool, 1) is None:
            continue
        ratings = np.asarray(subject.part.rate(subject.context(pool)))
        if ratings.shape != (pool.size,) or ratings.dtype.kind != "f" or not np.isfinite(ratings).all():
            raise fault(subject, pool, f"ratings of shape {ratings.shape} and type {ratings.dtype}")
        if not subject.capabilities and subject.part.needs.plugin is None:
            public = score(subject.part, **pool.arguments())
            if public.dtype != np.float64 or not np.array_equal(public, ratings.astype(np.float64)):
                raise fault(subject, pool, "querist.score gives other numbers than rate")


def check_repeatable(subject: Subject) -> None:
    """The same seed gives the same rows, scores and reasons, also from a part read anew and after other runs."""
    for pool in subject.pools():
        n = max(1, pool.size // 3)
        first = subject.attempt(pool, n, seed=5)
        subject.attempt(pool, n, seed=6)
        again = Subject(str(subject.part), subject.capabilities).attempt(pool, n, seed=5)
        if (first is None) != (again is None):
            raise fault(subject, pool, "serves the pool once and refuses it once")
        if first is not None and again is not None and not same(first, again):
            raise fault(subject, pool, f"the same seed gave {list(first.ids)} and {list(again.ids)}")


def check_ties_by_seed(subject: Subject) -> None:
    """Among items that are all alike the seed decides, not the place in the pool."""
    pool = subject.pool("constant", 20, 3)
    runs = [chosen for seed in range(10) if (chosen := subject.attempt(pool, 3, seed=seed)) is not None]
    if runs and len({tuple(chosen.ids) for chosen in runs}) == 1:
        raise fault(subject, pool, f"ten seeds all choose {list(runs[0].ids)} among items that are alike")


def check_equivariance(subject: Subject) -> None:
    """Reordering the pool with its ids reorders the answer and nothing else (parts declared ``equivariant``)."""
    if not subject.equivariant:
        return
    rng = np.random.default_rng(3)
    for pool in subject.pools():
        for _ in range(2):
            mixed = pool.take(rng.permutation(pool.size))
            n = max(1, pool.size // 3)
            plain, other = subject.attempt(pool, n, seed=2), subject.attempt(mixed, n, seed=2)
            if (plain is None) != (other is None):
                raise fault(subject, pool, "serves the pool in one order and refuses it in another")
            if plain is not None and other is not None and not same(plain, other, bitwise=False):
                raise fault(subject, pool, f"reordered it chose {list(other.ids)} instead of {list(plain.ids)}")


def check_narrowed(subject: Subject) -> None:
    """To the right of a filter only the kept rows are the pool: a narrowed view is as good as narrowed arrays."""
    rng = np.random.default_rng(4)
    for pool in subject.pools():
        rows = np.sort(rng.choice(pool.size, max(1, pool.size // 2), replace=False)).astype(np.int64)
        n = max(1, len(rows) // 3)
        plain = subject.attempt(pool.take(rows), n)
        if plain is None:
            continue
        ctx = subject.context(pool).take(rows)
        chosen = subject.strategy.select(ctx, n)
        ids = [pool.ids[int(rows[r])] for r in chosen.indices]
        if ids != list(plain.ids):
            raise fault(subject, pool, f"narrowed to {len(rows)} rows it chose {ids} instead of {list(plain.ids)}")


def check_needs(subject: Subject) -> None:
    """Signals declared are those that are read: none beside them, and each of them in some case."""
    needs = subject.needs
    stand_ins = {other for _, other in needs.instead}
    allowed = {
        "pool": needs.pool | needs.optional | needs.uses | stand_ins,
        "labelled": needs.labelled | needs.uses,
        "pending": needs.uses,
        "reference": needs.reference,
    }
    read: dict[str, set[Any]] = {role: set() for role in allowed}
    whole = subject.pool(whole=True)
    for seed in range(12):
        for round in (0, 3):
            ctx = subject.context(whole, seed=seed, round=round)
            subject.strategy.select(ctx, 3)
            for role in allowed:
                view = getattr(ctx, role)
                read[role] |= view.read if view is not None else set()
    for role, names in allowed.items():
        if extra := read[role] - names:
            raise fault(subject, whole, f"reads {_names(extra)} of the {role} without declaring it in needs")
    for role, wanted in (("pool", needs.pool), ("labelled", needs.labelled), ("reference", needs.reference)):
        if idle := wanted - read[role]:
            raise fault(subject, whole, f"needs {_names(idle)} of the {role} and never reads it")
    if idle := needs.optional - read["pool"]:
        raise fault(subject, whole, f"says that it may read {_names(idle)} of the pool and never does")
    if idle := needs.uses - read["labelled"] - read["pending"] - read["pool"]:
        raise fault(subject, whole, f"declares that it uses {_names(idle)} and never reads it")


def check_missing(subject: Subject) -> None:
    """A needed signal that is missing is refused by name: at the door, and when it is read all the same."""
    pool = subject.pool()
    roles = (("pool", subject.needs.pool), ("labelled", subject.needs.labelled), ("reference", subject.needs.reference))
    for role, wanted in roles:
        for signal in wanted:
            poor = pool.using(role, {k: v for k, v in pool.role(role).items() if k != signal.name})
            if not _refuses(subject, signal, partial(subject.context, poor)):
                raise fault(subject, pool, f"is not refused without {signal.name} of the {role}")
            if role == "reference":  # without any, there is no view that could be read
                continue
            turns = [(seed, round) for seed in range(6) for round in (0, 3)]
            if not any(_refuses(subject, signal, partial(_undemanding, subject, poor, *turn)) for turn in turns):
                raise fault(subject, pool, f"runs without {signal.name} of the {role}, which it says it needs")


def _undemanding(subject: Subject, pool: Pool, seed: int, round: int) -> None:
    subject.strategy.select(subject.context(pool, demand=False, seed=seed, round=round), 3)


def _refuses(subject: Subject, signal: Signal, run: Callable[[], object]) -> bool:
    try:
        run()
    except ArgumentError as error:
        if error.code != "MissingSignal" or signal.name not in str(error):
            raise fault(subject, None, f"without {signal.name} it says: {error}") from error
        return True
    return False


def check_pending(subject: Subject) -> None:
    """What was sent out counts: a copy of the first choice among the pending items moves the first choice."""
    used = subject.needs.uses - {LABELS}
    if not used:
        return
    whole = subject.pool(whole=True)
    bare = restrict(whole, subject.needs, others=False)
    for seed in range(3):
        pool = bare if subject.attempt(bare, 1, seed=seed) is not None else restrict(whole, subject.needs)
        first = subject.run(pool, 1, seed=seed)
        waiting = {s.name: take(whole.arrays[s.name], first.indices) for s in used if s.name in whole.arrays}
        again = subject.run(pool.using("pending", waiting), 1, seed=seed)
        if list(again.ids) == list(first.ids):
            raise fault(subject, pool, f"chose {first.ids[0]} although a copy of it is pending")


def _names(signals: set[Any] | frozenset[Any]) -> str:
    return ", ".join(sorted(str(signal) for signal in signals))


CHECKS: dict[str, Check] = {
    "declared": check_declared,
    "text_form": check_text_form,
    "python_form": check_python_form,
    "batches": check_batches,
    "ratings": check_ratings,
    "repeatable": check_repeatable,
    "ties_by_seed": check_ties_by_seed,
    "equivariance": check_equivariance,
    "narrowed": check_narrowed,
    "needs": check_needs,
    "missing": check_missing,
    "pending": check_pending,
    **INPUT_CHECKS,
    **WHOLE_CHECKS,
}
"""All checks by name."""
