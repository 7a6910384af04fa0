"""Conformance checks about what a part is given: it changes nothing, and bad values are refused by name."""

from __future__ import annotations

import importlib.util
import random
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from querist.core.contract import choose
from querist.core.errors import QueristError
from querist.core.signals import AUGMENTED, CATALOGUE, GRAPH, GROUP, LABELS, MEMBERS, PERTURBED, PROBS, TOKENS, Signal
from querist.testing.pools import ROLES, Pool, make_pool, restrict
from querist.testing.subject import Subject, fault, fingerprint, same

__all__ = ["INPUT_CHECKS"]

_SIMPLEX = (PROBS, MEMBERS, AUGMENTED, PERTURBED, TOKENS)


def check_global_generators(subject: Subject) -> None:
    """The generators of `random`, NumPy and torch are neither read nor moved."""
    pool = subject.pool()
    answers = []
    with _kept_generators():
        for pollution in (1, 2):
            random.seed(pollution)
            np.random.seed(pollution)  # noqa: NPY002
            if "torch" in sys.modules:
                sys.modules["torch"].manual_seed(pollution)
            before = _global_state()
            answers.append(subject.run(pool, 5))
            if _global_state() != before:
                raise fault(subject, pool, "moved a global random generator")
    if not same(*answers):
        raise fault(subject, pool, "read a global random generator: its state changes the choice")


def check_inputs_untouched(subject: Subject) -> None:
    """Arrays are the same before and after, and may be read-only."""
    for pool in subject.pools():
        before = fingerprint(pool)
        subject.attempt(pool, max(1, pool.size // 2))
        if fingerprint(pool) != before:
            raise fault(subject, pool, "changed its input arrays")
        for array in _arrays(pool):
            array.flags.writeable = False
        try:
            subject.attempt(pool, max(1, pool.size // 2))
        except ValueError as error:
            if isinstance(error, QueristError):
                raise
            raise fault(subject, pool, f"does not take read-only arrays: {error}") from error


def check_kinds_of_arrays(subject: Subject) -> None:
    """Memory-maps and torch tensors give bitwise what arrays give; they are not changed either."""
    pool = subject.pool()
    plain = subject.run(pool, 7)
    with tempfile.TemporaryDirectory() as folder:
        mapped = _converted(pool, lambda array, name: _mapped(array, Path(folder) / f"{name}.npy"))
        if not same(plain, subject.run(mapped, 7)):
            raise fault(subject, pool, "chooses otherwise from memory-mapped arrays")
        del mapped
    if importlib.util.find_spec("torch") is None:
        return
    from querist.core.optional import torch

    tensors = _converted(pool, lambda array, name: torch().from_numpy(array.copy()))
    if not same(plain, subject.run(tensors, 7)):
        raise fault(subject, pool, "chooses otherwise from torch tensors")


def check_layouts(subject: Subject) -> None:
    """Arrays in Fortran order and strided views give the same choice."""
    pool = subject.pool()
    plain = subject.run(pool, 7)
    turned = _converted(pool, lambda array, name: np.asfortranarray(array))
    strided = _converted(pool, lambda array, name: np.repeat(array, 2, axis=0)[::2])
    for other, word in ((turned, "Fortran order"), (strided, "strided")):
        if not same(plain, subject.run(other, 7), bitwise=False):
            raise fault(subject, pool, f"chooses otherwise from arrays in {word}")


def check_precisions(subject: Subject) -> None:
    """The same numbers in float32 and float64 give the same choice where no items tie."""
    short = subject.pool()
    shapes = {"regression": subject.regression, "outputs": subject.outputs}
    long = restrict(make_pool("generic", 60, 4, dtype=np.float64, **shapes), subject.needs)
    a, b = subject.run(short, 7), subject.run(long, 7)
    if not same(a, b, bitwise=False):
        raise fault(subject, short, f"float64 gives {list(b.ids)} instead of {list(a.ids)}")


def check_extra_signals(subject: Subject) -> None:
    """Signals that are not needed may be given and change nothing."""
    whole = subject.pool(whole=True)
    plain = restrict(whole, subject.needs)
    declared = subject.needs.labelled | subject.needs.uses
    given = whole
    for role, names in (("labelled", declared), ("pending", subject.needs.uses)):
        if declared:  # what the part uses must stay as it was
            given = given.using(role, {k: v for k, v in whole.role(role).items() if CATALOGUE[k] in names})
    if not same(subject.run(plain, 7), subject.run(given, 7)):
        raise fault(subject, whole, "signals that are not declared in needs change the choice")


def check_bad_values(subject: Subject) -> None:
    """NaN, infinite, unnormalised, negative and misshapen values are refused by name wherever they are read."""
    pool = subject.pool("generic", 12, 3)
    for role in ROLES:
        for name, value in pool.role(role).items():
            signal = CATALOGUE[name]
            if signal in (GRAPH, GROUP, LABELS):
                continue
            alone = role != "pool" and len(pool.role(role)) == 1 and not isinstance(value, tuple)
            for word, broken in _faults(signal, value):
                if alone and word == "a row too few":
                    continue  # nothing else says how many rows there are
                _expect_refusal(subject, pool, role, signal, word, broken)


def _expect_refusal(subject: Subject, pool: Pool, role: str, signal: Signal, word: str, broken: Any) -> None:
    bad = pool.using(role, {**pool.role(role), signal.name: broken})
    before = fingerprint(bad)
    try:
        ctx = subject.context(bad)
        choose(subject.strategy, ctx, 3)
    except QueristError as error:
        if signal.name not in str(error):
            raise fault(subject, pool, f"{word} in {signal.name}: the error does not name it: {error}") from error
        if fingerprint(bad) != before:
            raise fault(subject, pool, f"{word} in {signal.name}: inputs were changed before the error") from error
        return
    except Exception as error:
        raise fault(subject, pool, f"{word} in {signal.name}: {type(error).__name__}: {error}") from error
    if signal in getattr(ctx, role).read:
        raise fault(subject, pool, f"{word} in {signal.name} of the {role} goes unnoticed")


def _faults(signal: Signal, value: Any) -> Iterator[tuple[str, Any]]:
    """Broken copies of a signal, each with the word for what is wrong."""
    if isinstance(value, tuple):
        first, second = value
        yield from ((word, (broken, second)) for word, broken in _faults_of(first, simplex=False))
        yield from ((word, (first, broken)) for word, broken in _faults_of(second, simplex=False))
    else:
        yield from _faults_of(value, simplex=signal in _SIMPLEX and not (signal is MEMBERS and value.ndim == 2))


def _faults_of(value: Any, *, simplex: bool) -> Iterator[tuple[str, Any]]:
    def put(number: float) -> Any:
        copy = value.copy()
        copy.reshape(-1)[0] = number
        return copy

    yield "NaN", put(np.nan)
    yield "an infinite value", put(np.inf)
    yield "a row too few", value[:-1]
    if simplex:
        yield "a row that does not sum to one", put(0.9 + float(value.reshape(-1)[0]))
        yield "a negative value", put(-0.5)
        yield "logits", value * 7.0 - 2.0


def _arrays(pool: Pool) -> Iterator[Any]:
    for role in ROLES:
        for value in pool.role(role).values():
            if hasattr(value, "tocsr"):
                continue
            yield from value if isinstance(value, tuple) else (value,)


def _converted(pool: Pool, make: Callable[[Any, str], Any]) -> Pool:
    """The pool with every dense array made into something else."""

    for role in ROLES:
        out: dict[str, Any] = {}
        for key, value in pool.role(role).items():
            if hasattr(value, "tocsr"):
                out[key] = value
            elif isinstance(value, tuple):
                out[key] = tuple(make(part, f"{role}-{key}-{i}") for i, part in enumerate(value))
            else:
                out[key] = make(value, f"{role}-{key}")
        pool = pool.using(role, out)
    return pool


def _mapped(array: Any, path: Path) -> Any:
    np.save(path, array)
    return np.load(path, mmap_mode="r")


@contextmanager
def _kept_generators() -> Iterator[None]:
    """Put the global generators back as they were: the suite leaves no trace either."""
    python, legacy = random.getstate(), np.random.get_state()  # noqa: NPY002
    tensor = sys.modules["torch"].get_rng_state() if "torch" in sys.modules else None
    try:
        yield
    finally:
        random.setstate(python)
        np.random.set_state(legacy)  # noqa: NPY002
        if tensor is not None:
            sys.modules["torch"].set_rng_state(tensor)


def _global_state() -> tuple[object, ...]:
    kind, words, *rest = np.random.get_state()  # noqa: NPY002
    tensor = sys.modules["torch"].get_rng_state().numpy().tobytes() if "torch" in sys.modules else b""
    return (random.getstate(), kind, np.asarray(words).tobytes(), tuple(rest), tensor)


INPUT_CHECKS: dict[str, Callable[[Subject], None]] = {
    "global_generators": check_global_generators,
    "inputs_untouched": check_inputs_untouched,
    "kinds_of_arrays": check_kinds_of_arrays,
    "layouts": check_layouts,
    "precisions": check_precisions,
    "extra_signals": check_extra_signals,
    "bad_values": check_bad_values,
}
"""Checks by name."""
