"""The suite for strategies: everything registered passes, and each check catches its fault."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pytest

from querist.core.errors import ArgumentError, DataError, StateError
from querist.core.registry import registry
from querist.core.signals import EMBEDDING, PROBS, Context, Needs, Selection
from querist.strategies.algebra import AnyPart, Score, Selector
from querist.strategies.parser import KINDS
from querist.testing.strategies import CHECKS, check_strategy, examples
from querist.testing.whole import WHOLE_CHECKS

COMPOSITES = (
    "entropy >> top_k",
    "0.3 * rank(entropy) + rank(margin)",
    "margin * entropy - 0.5 * random",
    "shortlist(margin, times=3) | subsample(40) | entropy",
    "subsample(30) | shortlist(bald, n=25) | interleave(margin, random)",
    "mix({bandit([margin, entropy]): 2, switch(after=2, first=random, then=bald): 1})",
)


@pytest.mark.parametrize("part", [pytest.param(part, id=name) for name, part in examples()])
def test_every_registered_part_keeps_the_contract(part: AnyPart) -> None:
    check_strategy(part)


@pytest.mark.parametrize("text", COMPOSITES)
def test_so_do_expressions(text: str) -> None:
    check_strategy(text)


def test_examples_are_of_everything_registered() -> None:
    assert [name for name, _ in examples()] == [entry.name for entry in registry.entries(*KINDS)]


@dataclass(frozen=True, repr=False)
class Fine(Score):
    """A score that keeps every rule; those below break one each."""

    cell: ClassVar[str] = "uncertainty"

    @property
    def needs(self) -> Needs:
        """Probabilities."""
        return Needs(pool=frozenset({PROBS}))

    def rate(self, ctx: Context) -> Any:
        """1 - max p, in an order that does not depend on the layout."""
        return 1.0 - np.asarray(ctx.pool[PROBS]).max(axis=1)


@dataclass(frozen=True, repr=False)
class Nameless(Fine):
    """Names no cell of the survey."""

    cell: ClassVar[str] = ""


class Thawed(Fine):
    """Is no value: two of them with different marks are equal."""

    __dataclass_params__: ClassVar[Any] = None


@dataclass(frozen=True, repr=False)
class Forgetful(Fine):
    """Its text leaves out its parameter."""

    k: int = 0

    def __str__(self) -> str:
        """Always the same."""
        return "forgetful"


@dataclass(frozen=True, repr=False)
class Opaque(Fine):
    """Its repr is not Python."""

    def __repr__(self) -> str:
        """As object has it."""
        return "<Opaque object>"


@dataclass(frozen=True, repr=False)
class Mute(Fine):
    """Gives no reasons."""

    def explain(self, ctx: Context, rows: Any, values: Any) -> list[str]:
        """Nothing said."""
        return [""] * len(rows)


@dataclass(frozen=True, repr=False)
class Whole(Fine):
    """Rates in whole numbers."""

    def rate(self, ctx: Context) -> Any:
        """Integers."""
        return (super().rate(ctx) * 100).astype(np.int64)


_calls = [0]


@dataclass(frozen=True, repr=False)
class Moody(Fine):
    """Rates otherwise every time."""

    def rate(self, ctx: Context) -> Any:
        """With the number of calls in it."""
        _calls[0] += 1
        return np.sin(super().rate(ctx) + _calls[0])


@dataclass(frozen=True, repr=False)
class FirstCome(Fine):
    """Prefers the rows in front."""

    def rate(self, ctx: Context) -> Any:
        """By place."""
        return super().rate(ctx) - 1e-6 * np.arange(ctx.size)


@dataclass(frozen=True, repr=False)
class Placed(FirstCome):
    """Draws by place, and says so: equivariance is not asked of it."""

    equivariant: ClassVar[bool] = False


@dataclass(frozen=True, repr=False)
class Rooted(Fine):
    """Looks past the filter at the whole pool."""

    def rate(self, ctx: Context) -> Any:
        """Least confident first in the whole pool, most confident first to the right of a filter."""
        return super().rate(ctx) * (1 if ctx.pool._parent is None else -1)


@dataclass(frozen=True, repr=False)
class Nosy(Fine):
    """Reads a signal that it does not declare."""

    def rate(self, ctx: Context) -> Any:
        """With the embedding, if there is one."""
        return super().rate(ctx) + (ctx.pool[EMBEDDING][:, 0] if EMBEDDING in ctx.pool else 0)


@dataclass(frozen=True, repr=False)
class Greedy(Fine):
    """Needs a signal that it never reads."""

    @property
    def needs(self) -> Needs:
        """One too many."""
        return Needs(pool=frozenset({PROBS, EMBEDDING}))


@dataclass(frozen=True, repr=False)
class Lenient(Fine):
    """Says that it needs what it can do without."""

    @property
    def needs(self) -> Needs:
        """Probabilities."""
        return Needs(pool=frozenset({PROBS}))

    def rate(self, ctx: Context) -> Any:
        """Zero without probabilities."""
        return super().rate(ctx) if PROBS in ctx.pool else np.zeros(ctx.size)


@dataclass(frozen=True, repr=False)
class Blind(Selector):
    """Says that it takes pending items into account, reads them, and does not."""

    cell: ClassVar[str] = "diversity"

    @property
    def needs(self) -> Needs:
        """Embeddings of all."""
        return Needs(pool=frozenset({EMBEDDING}), uses=frozenset({EMBEDDING}))

    def pick(self, ctx: Context, n: int, scores: Any) -> Selection:
        """The longest rows, ties by key."""
        if len(ctx.pending):
            _ = ctx.pending[EMBEDDING]
        if len(ctx.labelled):
            _ = ctx.labelled[EMBEDDING]
        lengths = np.linalg.norm(np.asarray(ctx.pool[EMBEDDING], dtype=np.float64), axis=1)
        rows = np.lexsort((ctx.keys("blind"), -lengths))[:n].astype(np.int64)
        return Selection(rows, lengths[rows], ("far out",) * n)


@dataclass(frozen=True, repr=False)
class Mover(Fine):
    """Moves a global generator."""

    def rate(self, ctx: Context) -> Any:
        """Draws and forgets."""
        random.random()
        return super().rate(ctx)


@dataclass(frozen=True, repr=False)
class Reader(Fine):
    """Reads a global generator without moving it."""

    def rate(self, ctx: Context) -> Any:
        """By the first word of NumPy's state."""
        word = int(np.random.get_state()[1][0])  # type: ignore[index]  # noqa: NPY002
        return super().rate(ctx) * (1 if word % 2 else -1)


@dataclass(frozen=True, repr=False)
class Vandal(Fine):
    """Sorts its input."""

    def rate(self, ctx: Context) -> Any:
        """In place."""
        p = ctx.pool[PROBS]
        if p.flags.writeable:
            p.sort(axis=1)
        return super().rate(ctx)


@dataclass(frozen=True, repr=False)
class Writer(Fine):
    """Writes to its input, and puts it right again."""

    def rate(self, ctx: Context) -> Any:
        """Scaled to and fro by two."""
        p = ctx.pool[PROBS]
        p *= 2
        p /= 2
        return super().rate(ctx)


@dataclass(frozen=True, repr=False)
class Picky(Fine):
    """Treats memory-maps otherwise."""

    def rate(self, ctx: Context) -> Any:
        """Upside down for a subclass of the array."""
        return super().rate(ctx) * (1 if type(ctx.pool[PROBS]) is np.ndarray else -1)


@dataclass(frozen=True, repr=False)
class Raw(Fine):
    """Reads memory in the order in which it lies."""

    def rate(self, ctx: Context) -> Any:
        """The first number of each row, as if the array were in C order."""
        p = ctx.pool[PROBS]
        return p.ravel(order="K")[:: p.shape[1]].astype(np.float64)[: len(p)]


@dataclass(frozen=True, repr=False)
class Coarse(Fine):
    """Loses digits in float64."""

    def rate(self, ctx: Context) -> Any:
        """Rounded where the input is long."""
        values = super().rate(ctx)
        return np.round(values, 1) if values.dtype == np.float64 else values


@dataclass(frozen=True, repr=False)
class Gullible(Fine):
    """Looks at the array behind the view's back, so that nobody checks it."""

    def rate(self, ctx: Context) -> Any:
        """Unchecked, and cleaned without a word."""
        value = ctx.pool._arrays[PROBS]
        ctx.pool.read.add(PROBS)
        return np.nan_to_num(1.0 - np.asarray(getattr(value, "array", value)).max(axis=1), posinf=0.0, neginf=0.0)


FAULTS: tuple[tuple[type[Any], str, str], ...] = (
    (Nameless, "declared", "names no cell"),
    (Thawed, "declared", "not a frozen dataclass"),
    (Opaque, "python_form", "repr is not Python"),
    (Mute, "batches", "one sentence a row is needed"),
    (Whole, "ratings", "type int64"),
    (Moody, "repeatable", "the same seed gave"),
    (FirstCome, "ties_by_seed", "among items that are alike"),
    (FirstCome, "equivariance", "reordered it chose"),
    (Rooted, "narrowed", "narrowed to"),
    (Nosy, "needs", "reads embedding of the pool without declaring it"),
    (Greedy, "needs", "needs embedding of the pool and never reads it"),
    (Lenient, "missing", "runs without probs"),
    (Blind, "pending", "although a copy of it is pending"),
    (Mover, "global_generators", "moved a global random generator"),
    (Reader, "global_generators", "read a global random generator"),
    (Vandal, "inputs_untouched", "changed its input arrays"),
    (Writer, "inputs_untouched", "does not take read-only arrays"),
    (Picky, "kinds_of_arrays", "memory-mapped"),
    (Raw, "layouts", "Fortran order"),
    (Coarse, "precisions", "float64 gives"),
    (Nosy, "extra_signals", "signals that are not declared in needs change the choice"),
    (Gullible, "bad_values", "NaN in probs"),
)


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    """The broken parts are registered for one test, so that their texts can be read."""
    monkeypatch.setattr(registry, "_entries", dict(registry._entries))
    kinds: set[type[Any]] = {Fine, Placed, Forgetful, *(kind for kind, _, _ in FAULTS)}
    for kind in kinds:
        registry.add("selector" if issubclass(kind, Selector) else "score", kind.part_name(), kind)


@pytest.mark.usefixtures("known")
def test_a_good_plug_in_passes() -> None:
    check_strategy(Fine())
    check_strategy("fine")


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize(("kind", "check", "words"), FAULTS, ids=[f"{k.__name__}-{c}" for k, c, _ in FAULTS])
def test_each_check_catches_its_fault(kind: type[Any], check: str, words: str) -> None:
    others = {name: "not looked at here" for name in CHECKS if name != check}
    with pytest.raises(StateError, match=words) as error:
        _only(kind(), others)
    assert error.value.code == "Contract"
    assert str(error.value).startswith(f"{check}: ")


def _only(part: AnyPart, others: dict[str, str]) -> None:
    """One check of the suite, through its front door."""
    kept = dict(CHECKS)
    try:
        for name in others:
            del CHECKS[name]
        check_strategy(part)
    finally:
        CHECKS.clear()
        CHECKS.update(kept)


@pytest.mark.usefixtures("known")
def test_text_that_leaves_something_out() -> None:
    words = r"text_form: .*parse\('forgetful'\) gives Forgetful\(\), not Forgetful\(k=3\)"
    with pytest.raises(StateError, match=words):
        check_strategy(Forgetful(k=3))


def test_every_check_has_a_fault_that_it_catches() -> None:
    assert set(CHECKS) == {check for _, check, _ in FAULTS} | {"text_form", *WHOLE_CHECKS}  # the last: test_whole.py


@pytest.mark.usefixtures("known")
def test_parts_that_are_not_equivariant_say_so() -> None:
    check_strategy(Placed(), waive={"ties_by_seed": "it prefers rows in front, by its rule"})


@pytest.mark.usefixtures("known")
def test_waivers_are_strict() -> None:
    with pytest.raises(StateError, match="passes pending: take the waiver away") as error:
        check_strategy(Fine(), waive={"pending": "no time"})
    assert error.value.code == "Contract"
    for waive in ({"pendign": "a typo"}, {"pending": "  "}):
        with pytest.raises(ArgumentError, match="a waiver needs the name of a check and a reason") as bad:
            check_strategy(Fine(), waive=waive)
        assert bad.value.code == "BadWaiver"


@dataclass(frozen=True, repr=False)
class Sized(Fine):
    """Needs a parameter."""

    k: int


@pytest.mark.usefixtures("known")
def test_a_part_without_an_example_fails() -> None:
    registry.add("score", "sized", Sized)
    words = r"score sized cannot be made from 'sized'.*class attribute example"
    with pytest.raises(ArgumentError, match=words) as error:
        list(examples())
    assert error.value.code == "NoExample"
    assert ("sized", Sized(4)) in list(examples({"sized": "sized(4)"}))
    Sized.example = "sized(5)"  # type: ignore[attr-defined]
    assert ("sized", Sized(5)) in list(examples())


@dataclass(frozen=True, repr=False)
class Capable(Fine):
    """Needs an ability of the learner."""

    @property
    def needs(self) -> Needs:
        """Probabilities and an ability."""
        return Needs(pool=frozenset({PROBS}), capabilities=frozenset({"refit"}))

    def rate(self, ctx: Context) -> Any:
        """Through the ability."""
        return ctx.capabilities["refit"](super().rate(ctx))


@pytest.mark.usefixtures("known")
def test_capabilities_can_be_stood_in_for() -> None:
    registry.add("score", "capable", Capable)
    check_strategy(Capable(), capabilities={"refit": lambda values: values})
    with pytest.raises(StateError, match="raised KeyError"):
        check_strategy(Capable())


def test_a_named_error_inside_a_check_is_a_finding_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: Fine, ctx: Context) -> Any:
        raise DataError("nothing works", code="BadScores")

    monkeypatch.setattr(Fine, "rate", broken)
    with pytest.raises(StateError, match="raised DataError: nothing works"):
        check_strategy(Fine(), waive={"text_form": "it is not registered"})
