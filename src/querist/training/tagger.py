"""`TaggerLearner`: a sequence tagger with a chain over its tags, and what it can tell of tokens and sequences."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.core.errors import ArgumentError, ArgumentTypeError, DataError, StateError, shorten
from querist.core.optional import torch as _torch
from querist.core.seeds import derive
from querist.core.signals import EMBEDDING, MEMBERS, NBEST, TOKENS, Signal, View
from querist.core.types import Array, FitReport, ItemId, Labels
from querist.data.schema import Schema
from querist.data.sequences import SequenceSource
from querist.data.source import Source
from querist.data.spans import Spans
from querist.models.device import choose_device, threads
from querist.models.guard import rng_kept, untouched
from querist.models.stochastic.dropout import need_dropout, one_mask
from querist.models.token_features import WindowFeatures, WordFeatures
from querist.models.vocabulary import Vocabulary
from querist.training.honoured import EVERYWHERE, refuse_others
from querist.training.memory import with_smaller_batches
from querist.training.network import warmed
from querist.training.recipe import Recipe
from querist.training.shards import in_shards
from querist.training.tag_fit import Ragged, TaggedSet, train_tagger
from querist.training.weights import read_weights, state_digest, write_weights

__all__ = ["TAGGER", "TaggerLearner"]

TAGGER = {
    "bilstm_crf": Recipe(epochs=30, lr=5e-3, batch_size=16, min_steps=150, grad_clip=5.0),
    "window_crf": Recipe(epochs=12, lr=2e-2, batch_size=32, min_steps=100, weight_decay=1e-4),
}
"""How each network is trained unless told otherwise."""


_HONOURED = EVERYWHERE | {"batch_size", "drop_last", "accumulate"}
_SENTENCES = "a sentence holds tags of many classes; give weights of sentences with the labels"
_REASONS = {
    "label_smoothing": "it learns whole tag sequences, for which there is no label smoothing",
    "class_weights": _SENTENCES,
    "sampling": _SENTENCES,
    "precision": "likelihoods of sequences need single precision",
    "processes": "it is trained in one process",
    "backbone_lr": "all layers learn at one rate",
}


class TaggerLearner:
    """Trains a tagger on sentences and tells marginals of tokens, best sequences, sentence vectors and members.

    - `TOKENS` (N, T, C): probability of each tag at each token under the chain, T the longest sentence of the source;
      rows beyond a sentence are all 0. Tags are in the order of ``schema.tags``.
    - `NBEST` (N, B): log-probabilities of the B best tag sequences; -10,000 where a sentence has fewer.
    - `EMBEDDING` (N, D): mean over tokens of the hidden rows.
    - `MEMBERS` (N, S, S): member s is one network, its dropout mask the same for all sentences. Its row is 1 at the number
      of the first member with the same best tag sequence for this sentence. So ``variation_ratio`` is the share of members
      that are against the commonest sequence, which is BALD for taggers in Siddhant and Lipton, Deep Bayesian Active
      Learning for Natural Language Processing, 2018; ``bald`` is the entropy of that vote. Column k means another sequence
      for every sentence: do not read class names into it.

    Args:
        source: sentences, see `querist.read_sequences`.
        schema: types of spans and scheme.
        network: "bilstm_crf" (slow, learns from letters and context) or "window_crf" (hashed features of a token and its
            neighbours; fits in about a second).
        recipe: how it is trained; by default one that suits the network. ``label_smoothing``, ``class_weights``,
            ``sampling``, ``precision``, ``processes`` and ``backbone_lr`` must stay at their defaults.
        members: posterior samples by MC dropout; 0 gives none.
        best: B, how many best sequences are told.
        vocabulary: numbers of words for "bilstm_crf"; by default made from the source, no label being looked at.
        device: auto, cpu, cuda, cuda:N or mps.
        score_batch: sentences a forward pass when scoring.
        **parameters: of the network, e.g. ``hidden``, ``dropout``, ``width``; ``buckets`` of "window_crf".

    Raises:
        ArgumentTypeError: no source of sentences, or no schema of spans (code ``BadLearner``).
        ArgumentError: an unknown network or parameter, a setting of the recipe that a tagger does not follow, or no dropout
            for members.
    """

    plugins: frozenset[str] = frozenset()
    capabilities: frozenset[str] = frozenset({"tag"})
    untrained: frozenset[Signal] = frozenset()

    def __init__(
        self,
        source: Source,
        schema: Schema,
        *,
        network: str = "bilstm_crf",
        recipe: Recipe | None = None,
        members: int = 0,
        best: int = 5,
        vocabulary: Vocabulary | None = None,
        device: str = "auto",
        score_batch: int = 256,
        **parameters: Any,
    ) -> None:
        if not isinstance(source, SequenceSource):
            raise ArgumentTypeError(
                f"a tagger reads sentences, and {shorten(source)} holds none; make it with querist.read_sequences, or "
                "querist.read(lists of tokens)",
                code="BadLearner",
            )
        if network not in TAGGER:
            raise ArgumentError(f"network must be one of {', '.join(TAGGER)}; got {network!r}", code="BadValue")
        for name, value, least in (("members", members, 0), ("best", best, 1), ("score_batch", score_batch, 1)):
            if isinstance(value, bool) or not isinstance(value, int) or value < least:
                raise ArgumentError(f"{name} must be a whole number of {least} or more, got {value!r}", code="BadValue")
        self.recipe = recipe or TAGGER[network]
        refuse_others(self.recipe, _HONOURED, "a tagger", _REASONS)
        self.source, self.network = source, network
        self.schema = _spans(schema, source)
        self.members, self.best, self.score_batch = members, best, score_batch
        self.device = choose_device(device)
        self._parameters = dict(parameters)
        self._features: WordFeatures | WindowFeatures
        if network == "window_crf":
            self._features = WindowFeatures(**{k: self._parameters.pop(k) for k in ("buckets",) if k in parameters})
        else:
            self._features = WordFeatures(vocabulary or Vocabulary.of(source.sentences, longest=None))
        self._inputs = Ragged.of(self._features(source.sentences), source.lengths)
        self._module: Any = None
        self._trained = self.schema
        self._seed = 0
        trial = self._fresh(0, self.schema)
        if members:
            need_dropout(trial)
        self.provides = frozenset({TOKENS, NBEST, EMBEDDING} | ({MEMBERS} if members else set()))

    def take_schema(self, schema: Schema) -> None:
        """Learn another list of types from the next fit on; until then new tags have probability 0."""
        self.schema = _spans(schema, self.source)

    # -- training ------------------------------------------------------------------------------------------------------

    def fit(self, labels: Labels, *, seed: int, previous: Path | None = None) -> FitReport:
        """Train on ``labels``: (L, T) int64 tag numbers as `Spans` encodes them, with weights of sentences or none.

        Raises:
            StateError: there are no labels (code ``NoLabels``).
            DataError: targets that are no tag numbers, shares among them (code ``BadTarget``); NaN weights after training
                (``BadScores``).
            ResourceError: out of memory with one sentence (code ``OutOfMemory``).
        """
        if not len(labels):
            raise StateError("there is nothing to fit on: no sentence is labelled", code="NoLabels")
        rows = self.source.rows_of(labels.items)
        tags = self._tags(labels, rows)
        schema, torch = self.schema, _torch()
        data = TaggedSet(self._inputs, rows, tags, labels.weights)
        notes = [] if tags.any() else ["no span is labelled so far: every token is O"]

        def work(batch: int, device: Any) -> tuple[Any, list[str]]:
            with rng_kept(derive(seed, "train")):
                module = self._fresh(seed, schema).to(device)
                begun = []
                if previous is not None and self.recipe.warm_start:
                    begun = warmed(module, read_weights(previous, "tagger")[0], self.recipe)
                more = train_tagger(module, data, self.recipe, seed, batch, device)
                return module, begun + more

        with threads(self.recipe.threads):
            module, more = with_smaller_batches(
                work, self.recipe.batch_size, self.device, to_cpu=self.recipe.cpu_fallback
            )
        state = module.state_dict()
        if not all(bool(torch.isfinite(v).all()) for v in state.values() if v.is_floating_point()):
            raise DataError(
                f"the weights became NaN or infinite after training with lr={self.recipe.lr}; use a smaller learning rate "
                "or grad_clip",
                code="BadScores",
            )
        self._module, self._seed, self._trained = module, seed, schema
        return FitReport(labels=len(labels), model=state_digest(state), notes=(*notes, *more))

    def _tags(self, labels: Labels, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """(L, T) tag numbers, T the longest of the labelled sentences."""
        given = np.asarray(labels.targets)
        if given.ndim != 2 or given.dtype.kind not in "iu":
            raise DataError(
                f"a tagger is fitted on tag numbers (L, T) int64, got {given.dtype} of shape {given.shape}; soft targets "
                "of tokens are not taken: tell tags, and say how far they are trusted by sentence weights",
                code="BadTarget",
            )
        count, lengths = len(self.schema.tags), self.source.lengths[rows]
        beyond = np.arange(given.shape[1])[None, :] >= lengths[:, None]
        bad = ((given < 0) | (given >= count) | (beyond & (given != 0))).any(axis=1)
        if bad.any():
            item = labels.items[int(bad.argmax())]
            raise DataError(
                f"item {item!r}: tags must be from 0 to {count - 1}, and 0 beyond its {lengths[bad.argmax()]} tokens; got "
                f"{shorten(given[bad.argmax()].tolist())}",
                code="BadTarget",
            )
        out = np.zeros((len(given), int(lengths.max())), dtype=np.int64)
        width = min(out.shape[1], given.shape[1])
        out[:, :width] = given[:, :width]
        return out

    def _fresh(self, seed: int, schema: Spans) -> Any:
        """A network with weights drawn from ``seed`` for the tags of ``schema``."""
        from querist.models.bilstm_crf import BiLstmCrf, WindowCrf

        first, steps = schema.allowed()
        more = {"tags": len(schema.tags), "first": first, "steps": steps, **self._parameters}
        with rng_kept(derive(seed, "weights")):
            try:
                if isinstance(self._features, WindowFeatures):
                    return WindowCrf(self._features.buckets, **more)
                return BiLstmCrf(self._features.vocabulary.size, self._features.shapes, **more)
            except TypeError as error:
                raise ArgumentError(f"network {self.network}: {error}", code="BadParameter") from error

    # -- scoring -------------------------------------------------------------------------------------------------------

    def signals(self, items: Sequence[ItemId], names: frozenset[Signal]) -> View:
        """The named signals in one forward pass, plus one a member.

        Raises:
            StateError: nothing is fitted yet (code ``NotFitted``).
            ArgumentError: a signal that it does not provide (code ``NeedsCapability``).
            DataError: NaN outputs (code ``BadScores``).
        """
        module = self._fitted()
        unknown = names - self.provides
        if unknown:
            raise ArgumentError(
                f"TaggerLearner does not provide {', '.join(sorted(map(str, unknown)))}", code="NeedsCapability"
            )
        rows, tags = self.source.rows_of(items), len(self.schema.tags)
        each = {TOKENS: int(self.source.lengths.max()) * tags, EMBEDDING: int(module.head.in_features)}
        each |= {NBEST: self.best, MEMBERS: self.members**2 + self.members * int(self.source.lengths.max())}
        width = 4 * sum(each[name] for name in names)
        return View(len(rows), in_shards(rows, width, self.score_batch, lambda some: self._told(some, names)))

    def _told(self, rows: NDArray[np.int64], names: frozenset[Signal]) -> dict[Signal, Any]:
        module, out = self._module, dict[Signal, Any]()
        longest, tags = int(self.source.lengths.max()), len(self.schema.tags)
        width = int(module.head.in_features)
        if TOKENS in names:
            out[TOKENS] = np.zeros((len(rows), longest, tags), dtype=np.float32)
        if NBEST in names:
            out[NBEST] = np.zeros((len(rows), self.best), dtype=np.float32)
        if EMBEDDING in names:
            out[EMBEDDING] = np.zeros((len(rows), width), dtype=np.float32)

        def read(at: NDArray[np.int64], scores: Any, hidden: Any, lengths: Any) -> None:
            if TOKENS in names:
                told = module.crf.marginals(scores, lengths).float().cpu().numpy()
                out[TOKENS][at, : told.shape[1], : told.shape[2]] = told
            if NBEST in names:
                out[NBEST][at] = module.crf.n_best(scores, lengths, self.best)[1].float().cpu().numpy()
            if EMBEDDING in names:
                here = _torch().arange(hidden.shape[1], device=hidden.device)[None, :] < lengths[:, None]
                total = (hidden * here[:, :, None]).sum(dim=1)
                out[EMBEDDING][at] = (total / lengths[:, None]).float().cpu().numpy()

        if names - {MEMBERS}:
            self._pass(rows, read)
        if MEMBERS in names:
            out[MEMBERS] = self._votes(rows)
        return out

    def tag(self, items: Sequence[ItemId]) -> NDArray[np.int64]:
        """(n, T) numbers of the most probable tag sequence of each sentence, 0 beyond its last token."""
        self._fitted()
        return self._best(self.source.rows_of(items))

    def spans(self, items: Sequence[ItemId]) -> list[list[list[int | str]]]:
        """The spans of the most probable tag sequence of each sentence."""
        return [self.schema.decode(row) for row in self.tag(items)]

    def _votes(self, rows: NDArray[np.int64]) -> Array:
        """(n, S, S): row s is 1 at the first member with the same best sequence as member s."""
        paths = []
        for s in range(self.members):
            with one_mask(self._module, derive(self._seed, "member", s)):
                paths.append(self._best(rows).astype(np.int16))
        whole = np.stack(paths, axis=1)
        votes = np.zeros((len(rows), self.members, self.members), dtype=np.float32)
        for s in range(self.members):
            same = (whole == whole[:, s : s + 1]).all(axis=2)
            votes[np.arange(len(rows)), s, same.argmax(axis=1)] = 1.0
        return votes

    def _best(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        out = np.zeros((len(rows), int(self.source.lengths.max())), dtype=np.int64)

        def read(at: NDArray[np.int64], scores: Any, _hidden: Any, lengths: Any) -> None:
            paths = self._module.crf.viterbi(scores, lengths)[0].cpu().numpy()
            out[at, : paths.shape[1]] = paths

        self._pass(rows, read)
        return out

    def _pass(self, rows: NDArray[np.int64], read: Callable[[NDArray[np.int64], Any, Any, Any], None]) -> None:
        """Call ``read`` with places, scores, hidden rows and lengths, batch by batch, sentences of like length together."""
        torch = _torch()
        order = np.argsort(self.source.lengths[rows], kind="stable")

        def work(batch: int, device: Any) -> None:
            module = self._module.to(device)
            with untouched(module), torch.inference_mode():
                for start in range(0, len(order), batch):
                    at = order[start : start + batch]
                    features, lengths = self._inputs.take(rows[at], device)
                    scores, hidden = module(features, lengths)
                    bad = ~torch.isfinite(scores).flatten(1).all(dim=1)
                    if bool(bad.any()):
                        item = self.source.ids[int(rows[at[int(bad.int().argmax())]])]
                        raise DataError(
                            f"{type(module).__name__} gave NaN or infinite scores, first for item {item}; check the "
                            "learning rate",
                            code="BadScores",
                        )
                    read(at, scores, hidden, lengths)

        with threads(self.recipe.threads if len(rows) < 10_000 else None):
            with_smaller_batches(work, self.score_batch, self.device, to_cpu=self.recipe.cpu_fallback)

    def _fitted(self) -> Any:
        if self._module is None:
            raise StateError("the learner is not fitted yet: fit it on some labels first", code="NotFitted")
        return self._module

    # -- keeping -------------------------------------------------------------------------------------------------------

    def save(self, folder: Path) -> None:
        """Write the weights as safetensors, and types, features and seed as JSON."""
        config = {
            "kind": "tagger",
            "network": self.network,
            "schema": self._trained.to_json(),
            "features": self._digest(),
            "seed": self._seed,
        }
        write_weights(folder, self._fitted().state_dict(), config)
        if isinstance(self._features, WordFeatures):
            self._features.vocabulary.save(folder / "vocabulary.json")

    def load(self, folder: Path) -> None:
        """Take the weights that `save` wrote.

        Raises:
            DataError: they belong to another network, vocabulary or list of types (code ``BadWeights``).
        """
        state, config = read_weights(folder, "tagger")
        try:
            trained = Spans.from_json(config["schema"])
            known = self.schema.classes[: len(trained.classes)]
            for name, saved, own in (
                ("network", config["network"], self.network),
                ("features of tokens", config["features"], self._digest()),
                ("types of spans", trained.classes, known),
                ("scheme", trained.scheme, self.schema.scheme),
            ):
                if saved != own:
                    raise ValueError(f"its {name} are {saved!r}, and here {own!r}")
            module = self._fresh(0, replace(self.schema, classes=trained.classes))
            module.load_state_dict(state)
            seed = int(config["seed"])
        except (RuntimeError, LookupError, TypeError, ValueError) as error:
            raise DataError(
                f"{folder.name} holds the weights of another tagger: {shorten(str(error), 200)}", code="BadWeights"
            ) from error
        self._module = module.to(self.device).eval()
        self._seed, self._trained = seed, replace(self.schema, classes=trained.classes)

    def _digest(self) -> str:
        """Digest of what the numbers of words and features rest on."""
        text = json.dumps(self._features.to_json(), sort_keys=True)
        return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _spans(schema: Schema, source: SequenceSource) -> Spans:
    if not isinstance(schema, Spans):
        raise ArgumentTypeError(
            f"a tagger's labels are spans: pass querist.Spans(types), got {type(schema).__name__}", code="BadLearner"
        )
    return schema if schema.lengths is not None else schema.of(source)
