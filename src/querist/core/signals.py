"""The catalogue of signals, and what strategies and learners say about them.

A signal is a named array about items, defined once with shape, dtype, meaning and cost. A strategy declares what it
`Needs` and about whom; a learner declares what it provides; the session compares the two before any training. A
`View` holds the signals of one role (pool, labelled, pending, reference) and loads only what is read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from querist.core.errors import ArgumentError
from querist.core.rows import DeviceRows, Rows
from querist.core.seeds import generator, id_hashes, tie_keys
from querist.core.types import Array, Round

if TYPE_CHECKING:
    from querist.core.whole import Whole

__all__ = [
    "AUGMENTED",
    "CATALOGUE",
    "COST",
    "CRITIC",
    "DISCRIMINATOR",
    "EMBEDDING",
    "GRADIENT",
    "GRAPH",
    "GROUP",
    "HISTORY",
    "INPUT_GRAD",
    "LABELS",
    "LOSS",
    "MEMBERS",
    "MULTILABEL",
    "NBEST",
    "NOISE",
    "PERTURBED",
    "PREDICTION",
    "PROBS",
    "TARGETS",
    "TOKENS",
    "VACUITY",
    "Context",
    "Needs",
    "Selection",
    "Signal",
    "View",
]


@dataclass(frozen=True, slots=True)
class Signal:
    """A named array about items.

    Args:
        name: the keyword under which it is passed, e.g. ``"probs"``.
        shape: in letters: N items, C classes, D width, S posterior samples, A augmentations, K perturbations.
        dtype: kind of numbers.
        meaning: one line.
        cost: what it takes to compute for N items, in forward passes F.
        model: whether a fitted model is needed for it.
    """

    name: str
    shape: str
    dtype: str
    meaning: str
    cost: str
    model: bool = True

    def __str__(self) -> str:
        """The name."""
        return self.name


PROBS = Signal("probs", "(N, C)", "float", "predictive probabilities, rows sum to 1", "1 F")
MEMBERS = Signal("members", "(N, S, C) or (N, S)", "float", "posterior samples or committee members", "S F")
EMBEDDING = Signal("embedding", "(N, D)", "float", "features of the last hidden layer, or given ones", "1 F")
GRADIENT = Signal(
    "gradient",
    "(N, C), (N, D)",
    "float",
    "factors a = p - onehot(argmax p), or 1 for a number, and h of last-layer gradients",
    "1 F",
)
PREDICTION = Signal("prediction", "(N,)", "float", "predicted number (regression)", "1 F")
AUGMENTED = Signal("augmented", "(N, A, C)", "float", "probabilities under augmentations of the input", "A F")
PERTURBED = Signal("perturbed", "(N, K, C)", "float", "probabilities under perturbations of the model", "K F")
INPUT_GRAD = Signal("input_grad", "(N, ...)", "float", "gradient of the loss at the predicted label", "2 F")
HISTORY = Signal(
    "history",
    "(N, T) or (N, T, C)",
    "float",
    "per-item loss or outputs over epochs or rounds, oldest first; a loss is known of labelled items only",
    "0 F as losses; T F as outputs, the newest of them the pass of probs",
)
LOSS = Signal("loss", "(N,)", "float", "predicted loss, from a learning-loss head", "1 F")
DISCRIMINATOR = Signal(
    "discriminator", "(N,)", "float", "probability that an item is labelled, from a VAAL discriminator", "1 F"
)
CRITIC = Signal(
    "critic", "(N,)", "float", "a Wasserstein critic, high where the pool is unlike what is labelled", "1 F"
)
MULTILABEL = Signal("multilabel", "(N, K)", "float", "probability of each of K labels, each from 0 to 1", "1 F")
TOKENS = Signal("tokens", "(N, T, C)", "float", "class probabilities of each token; rows of padding are all 0", "1 F")
NBEST = Signal("nbest", "(N, B)", "float", "log-probabilities of the B best label sequences, best first", "1 F")
NOISE = Signal("noise", "(N,)", "float", "variance of the answer that no label removes (regression)", "1 F")
VACUITY = Signal(
    "vacuity", "(N,)", "float", "share of belief without evidence, 1 where there is none (evidential head)", "1 F"
)
GRAPH = Signal("graph", "(N, N) sparse", "float", "adjacency", "0 F", model=False)
COST = Signal("cost", "(N,)", "float", "price of an answer", "0 F", model=False)
GROUP = Signal("group", "(N,)", "int", "number of the source document or group of an item", "0 F", model=False)
LABELS = Signal("labels", "(L,)", "int", "class numbers of labelled items", "0 F", model=False)
TARGETS = Signal("targets", "(L,)", "float", "answers of labelled items (regression)", "0 F", model=False)

CATALOGUE: dict[str, Signal] = {
    s.name: s
    for s in (
        PROBS,
        MEMBERS,
        EMBEDDING,
        GRADIENT,
        PREDICTION,
        AUGMENTED,
        PERTURBED,
        INPUT_GRAD,
        HISTORY,
        LOSS,
        DISCRIMINATOR,
        CRITIC,
        MULTILABEL,
        TOKENS,
        NBEST,
        NOISE,
        VACUITY,
        GRAPH,
        COST,
        GROUP,
        LABELS,
        TARGETS,
    )
}
"""All signals by name."""


@dataclass(frozen=True, slots=True)
class Needs:
    """What a strategy must be given, and about whom.

    Args:
        pool: signals of the pool that must be there.
        labelled: signals of labelled items that must be there.
        reference: signals of the reference set that must be there.
        uses: signals of labelled and pending items that are taken into account when they are there.
        capabilities: abilities of the learner itself, e.g. ``"refit"`` or ``"adversarial"``.
        plugin: training plug-in that must be installed, or None.
        instead: pairs (needed signal of the pool, signal that may stand in for it when it is missing).
        optional: signals of the pool that are read where they are at hand and not asked for where they are not.
        whole: signals of the pool that are read of all items instead where a session holds a graph (`Context.whole`).
        unfit: kinds of answer that it cannot work with: ``class``, ``labels`` (several), ``number``, ``spans``.
    """

    pool: frozenset[Signal] = frozenset()
    labelled: frozenset[Signal] = frozenset()
    reference: frozenset[Signal] = frozenset()
    uses: frozenset[Signal] = frozenset()
    capabilities: frozenset[str] = frozenset()
    plugin: str | None = None
    instead: frozenset[tuple[Signal, Signal]] = frozenset()
    optional: frozenset[Signal] = frozenset()
    whole: frozenset[Signal] = frozenset()
    unfit: frozenset[str] = frozenset()

    def __or__(self, other: Needs) -> Needs:
        """What both need together."""
        return Needs(
            self.pool | other.pool,
            self.labelled | other.labelled,
            self.reference | other.reference,
            self.uses | other.uses,
            self.capabilities | other.capabilities,
            self.plugin or other.plugin,
            self.instead | other.instead,
            self.optional | other.optional,
            self.whole | other.whole,
            self.unfit | other.unfit,
        )

    @property
    def model(self) -> bool:
        """Whether a fitted model is needed."""
        return bool(self.capabilities) or any(s.model for s in self.pool | self.labelled | self.reference)


Loader = Callable[[frozenset[Signal], "NDArray[np.int64] | None"], Mapping[Signal, Any]]
"""Computes signals for some rows of a role (None for all): called once for all wanted signals."""


class View:
    """The signals of one role, loaded when first read.

    Args:
        n: number of items.
        arrays: signals already at hand; `GRADIENT` is a pair of arrays.
        role: "pool", "labelled", "pending" or "reference", for messages.
        load: computes what is not at hand; None when nothing more can be had.
        wanted: signals to compute together on the first load.
        check: looks at each signal on its first read and raises on bad values.
        read: a set that records the names of signals that were read (for contract tests).
    """

    __slots__ = ("_arrays", "_check", "_load", "_n", "_parent", "_rows", "_wanted", "read", "role")

    def __init__(
        self,
        n: int,
        arrays: Mapping[Signal, Any] | None = None,
        *,
        role: str = "pool",
        load: Loader | None = None,
        wanted: frozenset[Signal] = frozenset(),
        check: Callable[[Signal, Any, str], None] | None = None,
        read: set[Signal] | None = None,
    ) -> None:
        self._n = n
        self._arrays: dict[Signal, Any] = {}
        self.role = role
        self._load = load
        self._wanted = wanted
        self._check = check
        self._parent: View | None = None
        self._rows: NDArray[np.int64] | None = None
        self.read: set[Signal] = read if read is not None else set()
        for signal, array in (arrays or {}).items():
            self._arrays[signal] = _Unchecked(array)

    def __len__(self) -> int:
        """Number of items."""
        return self._n

    def __contains__(self, signal: Signal) -> bool:
        """Whether the signal is at hand or can be computed."""
        if signal in self._arrays:
            return True
        if self._parent is not None:
            return signal in self._parent
        return self._load is not None and signal in self._wanted

    def __getitem__(self, signal: Signal) -> Any:
        """The array of a signal (a pair for `GRADIENT`); raises `ArgumentError` naming it when it is missing."""
        self.read.add(signal)
        if signal not in self._arrays:
            self._fetch(signal)
        value = self._arrays[signal]
        if isinstance(value, _Unchecked):
            value = value.array
            if self._check is not None:
                self._check(signal, value, self.role)
            self._arrays[signal] = value
        return value

    def unchecked(self, signal: Signal, check: Callable[[Signal, Any, str], None]) -> Any | None:
        """The array of a signal that ``check`` has yet to look at; None when there is nothing left for it to do.

        Whoever looks at it in place of ``check`` says so by `checked`.
        """
        self.read.add(signal)
        if signal not in self._arrays:
            self._fetch(signal)
        value = self._arrays[signal]
        return value.array if isinstance(value, _Unchecked) and self._check is check else None

    def checked(self, signal: Signal) -> None:
        """Take the array of a signal as looked at."""
        value = self._arrays[signal]
        self._arrays[signal] = value.array if isinstance(value, _Unchecked) else value

    def _fetch(self, signal: Signal) -> None:
        parent, rows = self._parent, self._rows
        if parent is not None and (signal in parent._arrays or parent._root()._load is None):
            assert rows is not None
            self._arrays[signal] = _take(parent[signal], rows)
            return
        root, all_rows = self._root_rows()
        wanted = (root._wanted | {signal}) - self._arrays.keys()
        if root._load is None or signal not in root._wanted:
            raise ArgumentError(
                f"{signal.name} of the {self.role} is missing: pass {signal.name} with shape {signal.shape} "
                f"({signal.meaning})",
                code="MissingSignal",
            )
        for name, array in root._load(wanted, all_rows).items():
            self._arrays[name] = _Unchecked(array)

    def _root(self) -> View:
        return self if self._parent is None else self._parent._root()

    def _root_rows(self) -> tuple[View, NDArray[np.int64] | None]:
        if self._parent is None:
            return self, None
        root, rows = self._parent._root_rows()
        assert self._rows is not None
        return root, (self._rows if rows is None else rows[self._rows])

    def take(self, rows: NDArray[np.int64]) -> View:
        """The same role narrowed to ``rows``; nothing is computed or copied until it is read."""
        child = View(len(rows), role=self.role, check=self._check, read=self.read)
        child._parent = self
        child._rows = rows
        return child


class _Unchecked:
    __slots__ = ("array",)

    def __init__(self, array: Any) -> None:
        self.array = array


def _take(value: Any, rows: NDArray[np.int64]) -> Any:
    if isinstance(value, tuple):
        return tuple(_take(part, rows) for part in value)
    if isinstance(value, DeviceRows):
        return value.narrow(rows)
    if hasattr(value, "tocsr"):  # a graph: both sides are narrowed
        return value.tocsr()[rows][:, rows]
    return Rows(value).take(rows) if isinstance(value, np.memmap) else value[rows]


@dataclass(frozen=True)
class Context:
    """All that a strategy may look at: the views by role, the round, the history, the seed.

    Args:
        pool: items that may be chosen.
        labelled: labelled items.
        pending: items handed out and not answered; they count as "labelled, answer unknown" for diversity.
        reference: target or validation items, or None.
        seed: seed of this ask, the only source of randomness.
        hashes: (N,) uint64 hash of each pool item's id, from which tie keys are made.
        ids: (N,) ids of the pool items.
        round: fitted rounds so far (0 on bare arrays).
        history: the fitted rounds, for bandits and policies.
        capabilities: abilities of the learner by name.
        labelled_ids: (L,) ids of the labelled items in the order of their view, for policies that look back; or None.
        whole: all items of a graph, the pool among them, where the strategy's needs name any; None on bare arrays.
    """

    pool: View
    labelled: View = field(default_factory=lambda: View(0, role="labelled"))
    pending: View = field(default_factory=lambda: View(0, role="pending"))
    reference: View | None = None
    seed: int = 0
    hashes: NDArray[np.uint64] | None = None
    ids: Sequence[Any] | Array | None = None
    round: int = 0
    history: tuple[Round, ...] = ()
    capabilities: Mapping[str, Any] = field(default_factory=dict)
    labelled_ids: Sequence[Any] | Array | None = None
    whole: Whole | None = None

    @property
    def size(self) -> int:
        """Number of items that may be chosen."""
        return len(self.pool)

    def keys(self, name: str) -> NDArray[np.uint64]:
        """Tie keys of the pool for the draw called ``name``: (N,) uint64."""
        hashes = self.hashes if self.hashes is not None else id_hashes(self.size)
        return tie_keys(hashes, self.seed, name)

    def generator(self, name: str) -> np.random.Generator:
        """A generator of its own for the draw called ``name``."""
        return generator(self.seed, name)

    def take(self, rows: NDArray[np.int64]) -> Context:
        """The same context with the pool narrowed to ``rows``."""
        hashes = self.hashes if self.hashes is not None else id_hashes(self.size)
        ids = self.ids
        if ids is not None:
            ids = ids[rows] if isinstance(ids, np.ndarray) else [ids[int(r)] for r in rows]
        whole = None if self.whole is None else self.whole.take(rows)
        return replace(self, pool=self.pool.take(rows), hashes=hashes[rows], ids=ids, whole=whole)


@dataclass(frozen=True, slots=True)
class Selection:
    """What a strategy chose.

    Args:
        indices: (n,) int64 rows of the pool, in order of choice, all distinct.
        scores: (n,) float64, higher = label me; NaN where the method has no score.
        reasons: n short sentences.
        ids: (n,) ids of those rows, or the rows themselves; filled in by `querist.select`.
        inclusion: (n,) inclusion probabilities where they are known, else None.
        arm: what a bandit or another policy played, as it reads it back from the history; else None.
    """

    indices: NDArray[np.int64]
    scores: NDArray[np.float64]
    reasons: tuple[str, ...] = ()
    ids: Any = None
    inclusion: NDArray[np.float64] | None = None
    arm: str | None = None

    def __len__(self) -> int:
        """How many items were chosen."""
        return len(self.indices)
