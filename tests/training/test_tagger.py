"""The promises of `querist.testing.learners`, held by a tagger: that suite is made for one class an item."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import querist
import real_data
from querist.core.checks import check_signal
from querist.core.errors import QueristError
from querist.core.ports import Learner
from querist.core.registry import registry
from querist.core.signals import CATALOGUE, EMBEDDING, MEMBERS, NBEST, PROBS, TOKENS, Signal
from querist.core.types import Array, Labels
from querist.data.schema import SingleLabel
from querist.data.sequences import sequence_source
from querist.data.spans import Spans
from querist.training.recipe import Recipe
from querist.training.tagger import TaggerLearner
from tagged import SCHEMA, sentences

NETWORKS = ("window_crf", "bilstm_crf")
RECIPE = Recipe(epochs=10, lr=2e-2, batch_size=8)
SMALL: dict[str, dict[str, Any]] = {
    "window_crf": {"width": 16, "buckets": 1 << 10},
    "bilstm_crf": {"word_width": 12, "hidden": 12},
}


def make(network: str, **more: Any) -> TaggerLearner:
    settings: dict[str, Any] = {"recipe": RECIPE, "members": 3, "best": 4, **SMALL[network], **more}
    return TaggerLearner(sentences(), SCHEMA, network=network, **settings)


def labels(rows: Any, weights: Array | None = None) -> Labels:
    source = sentences()
    at = np.asarray(rows, dtype=np.int64)
    assert source.truth is not None
    schema = SCHEMA.of(source)
    return Labels(source.items(at), schema.stack([schema.encode(source.truth[r], source.ids[r]) for r in at]), weights)


def fitted(network: str, seed: int = 0, rows: Any = range(30), **more: Any) -> TaggerLearner:
    learner = make(network, **more)
    learner.fit(labels(rows), seed=seed)
    return learner


def told(learner: TaggerLearner, rows: Any = None) -> dict[Signal, Any]:
    items = learner.source.items(None if rows is None else np.asarray(rows, dtype=np.int64))
    view = learner.signals(items, learner.provides)
    return {s: view[s] for s in learner.provides}


def same(a: dict[Signal, Any], b: dict[Signal, Any]) -> None:
    assert a.keys() == b.keys()
    for signal in a:
        assert np.array_equal(a[signal], b[signal]), f"{signal} is not bitwise the same"


@pytest.mark.parametrize("network", NETWORKS)
def test_it_says_what_it_provides_before_training(network: str) -> None:
    learner = make(network)
    assert isinstance(learner, Learner)
    assert learner.provides == {TOKENS, NBEST, EMBEDDING, MEMBERS}
    assert all(CATALOGUE[s.name] is s for s in learner.provides)
    learner.fit(labels(range(6)), seed=0)
    assert learner.provides == {TOKENS, NBEST, EMBEDDING, MEMBERS}
    assert make(network, members=0).provides == {TOKENS, NBEST, EMBEDDING}


def test_it_refuses_what_it_cannot() -> None:
    learner = make("window_crf")
    for act, code in (
        (lambda: learner.signals(learner.source.items(), learner.provides), "NotFitted"),
        (lambda: learner.tag(learner.source.items()), "NotFitted"),
        (lambda: learner.fit(labels([]), seed=0), "NoLabels"),
        (lambda: fitted("window_crf").signals(learner.source.items(), frozenset({PROBS})), "NeedsCapability"),
    ):
        with pytest.raises(QueristError) as error:
            act()
        assert error.value.code == code


@pytest.mark.parametrize("network", NETWORKS)
def test_signals_are_sound(network: str) -> None:
    learner = fitted(network)
    source = sentences()
    values = told(learner)
    for signal, value in values.items():
        check_signal(signal, value, "pool")
        assert len(value) == len(source)
    tokens = values[TOKENS]
    assert tokens.shape == (60, source.lengths.max(), len(SCHEMA.tags))
    assert np.array_equal(tokens.any(axis=2).sum(axis=1), source.lengths), "padded rows are all 0, others are not"
    assert np.allclose(tokens.sum(axis=2)[tokens.any(axis=2)], 1, atol=1e-5)
    assert not tokens[:, 0, 2::2].any(), "I never comes first"
    assert (np.diff(values[NBEST], axis=1) <= 0).all()
    assert values[NBEST].shape == (60, 4)
    assert np.array_equal(np.unique(values[MEMBERS]), [0, 1])


@pytest.mark.parametrize("network", NETWORKS)
def test_it_learns_and_tags_spans(network: str) -> None:
    learner = fitted(network, rows=range(40), recipe=Recipe(epochs=30, lr=2e-2, batch_size=8))
    rest = np.arange(40, 60)
    source = sentences()
    assert source.truth is not None
    true = [SCHEMA.decode(SCHEMA.encode(source.truth[r])) for r in rest]
    found = learner.spans(source.items(rest))
    right = sum(len({tuple(s) for s in a} & {tuple(s) for s in b}) for a, b in zip(found, true, strict=True))
    assert 2 * right / (sum(map(len, found)) + sum(map(len, true))) > 0.85
    best = np.exp(told(learner, rest)[NBEST][:, 0])
    tags = learner.tag(source.items(rest))
    product = np.take_along_axis(told(learner, rest)[TOKENS], tags[:, :, None], axis=2)[:, :, 0]
    lone = source.lengths[rest] == 1
    assert np.allclose(best[lone], product[lone, 0], atol=1e-5), "one token: the sequence is its tag"
    assert (best <= product.max(axis=1) + 1e-5).all()


@pytest.mark.parametrize("network", NETWORKS)
def test_a_fit_is_reported_and_models_are_told_apart(network: str) -> None:
    learner = make(network)
    first = learner.fit(labels(range(10)), seed=0)
    other = learner.fit(labels(range(10, 20)), seed=0)
    assert first.labels == 10
    assert first.model
    assert first.model != other.model


@pytest.mark.parametrize("network", NETWORKS)
def test_one_seed_gives_one_model_whatever_the_global_generators_hold(network: str) -> None:
    first = told(fitted(network, seed=5, rows=range(12)))
    with torch.random.fork_rng():
        torch.manual_seed(99)
        same(first, told(fitted(network, seed=5, rows=range(12))))
    assert not np.array_equal(first[TOKENS], told(fitted(network, seed=6, rows=range(12)))[TOKENS])


@pytest.mark.parametrize("network", NETWORKS)
def test_scoring_changes_nothing(network: str) -> None:
    learner = fitted(network, rows=range(12))
    state = {k: v.clone() for k, v in learner._module.state_dict().items()}
    before = torch.get_rng_state()
    first = told(learner)
    learner.tag(learner.source.items())
    same(first, told(learner))
    assert torch.equal(before, torch.get_rng_state())
    assert all(torch.equal(v, state[k]) for k, v in learner._module.state_dict().items())
    assert not learner._module.training


@pytest.mark.parametrize("network", NETWORKS)
def test_sentences_stand_for_themselves(network: str) -> None:
    learner = fitted(network)
    whole = told(learner)
    order = np.random.default_rng(1).permutation(60)
    for rows in (order, np.array([7])):
        for signal, value in told(learner, rows).items():
            assert np.allclose(value, whole[signal][rows], rtol=1e-4, atol=1e-5), signal


@pytest.mark.parametrize("network", NETWORKS)
def test_saved_is_loaded_bitwise(network: str, tmp_path: Path) -> None:
    learner = fitted(network, rows=range(12))
    learner.save(tmp_path)
    assert {p.suffix for p in tmp_path.iterdir()} == {".safetensors", ".json"}
    other = make(network)
    other.load(tmp_path)
    same(told(learner), told(other))
    assert np.array_equal(learner.tag(learner.source.items()), other.tag(other.source.items()))


def test_weights_of_another_tagger_are_refused(tmp_path: Path) -> None:
    fitted("window_crf", rows=range(5)).save(tmp_path)
    wrong = [make("bilstm_crf"), make("window_crf", buckets=64), make("window_crf", width=7)]
    wrong.append(TaggerLearner(sentences(), Spans(("place", "person")), network="window_crf", **SMALL["window_crf"]))
    wrong.append(TaggerLearner(sentences(), Spans(("person", "place"), "io"), network="window_crf"))
    for learner in wrong:
        with pytest.raises(QueristError) as error:
            learner.load(tmp_path)
        assert error.value.code == "BadWeights"


@pytest.mark.parametrize("rows", [[0], [3, 8], list(range(4))])
def test_few_labels_work(rows: list[int]) -> None:
    learner = fitted("window_crf", rows=rows, recipe=Recipe(epochs=3, patience=2))
    for signal, value in told(learner).items():
        check_signal(signal, value, "pool")


def test_sentences_without_spans_are_handled_and_said() -> None:
    source = sentences()
    learner = make("window_crf")
    report = learner.fit(Labels(source.items(np.arange(3)), np.zeros((3, 1), dtype=np.int64)), seed=0)
    assert report.notes == ("no span is labelled so far: every token is O",)
    assert not any(learner.spans(source.items()))


def test_best_sequences_of_a_short_sentence_are_filled_up() -> None:
    source = sequence_source([["a"], ["b", "c"]])
    learner = TaggerLearner(source, Spans(("x",)), network="window_crf", best=8, buckets=64)
    learner.fit(Labels(source.items(), np.array([[1, 0], [0, 0]])), seed=0)
    nbest = learner.signals(source.items(), frozenset({NBEST}))[NBEST]
    check_signal(NBEST, nbest, "pool")
    assert np.allclose(np.exp(nbest).sum(axis=1), 1, atol=1e-5), "all sequences together"
    assert (np.exp(nbest[0]) > 0).sum() == 2, "O and B"
    assert (np.exp(nbest[1]) > 0).sum() == 5, "OO OB BO BI BB"


def test_members_vote_for_sequences() -> None:
    learner = fitted("window_crf", rows=range(8), members=5, dropout=0.5)
    source = sentences()
    votes = told(learner)[MEMBERS]
    assert votes.shape == (60, 5, 5)
    assert (votes[:, 0, 0] == 1).all(), "the first member is the first with its sequence"
    assert (np.triu(votes[0], 1) == 0).all(), "nobody votes for a later member's number"
    scores = querist.score("variation_ratio", members=votes)
    shares = votes.mean(axis=1)
    assert np.allclose(scores, 1 - shares.max(axis=1)), "the share that is against the commonest sequence"
    assert scores.max() > scores.min()
    assert np.allclose(told(learner, [3])[MEMBERS], votes[[3]])
    assert len(source) == 60


def test_weights_of_sentences_count() -> None:
    source = sentences()
    rows = np.arange(8)
    targets = labels(rows).targets.copy()
    wrong = np.concatenate([targets, np.zeros_like(targets)])
    both = Labels(source.items(np.concatenate([rows, rows])), wrong, np.repeat([1.0, 0.0], 8))
    learner = make("window_crf")
    learner.fit(both, seed=0)
    tagged = learner.tag(source.items(rows))[:, : targets.shape[1]]
    share = (tagged == targets)[targets > 0].mean()
    learner.fit(Labels(both.items, wrong, np.repeat([0.0, 1.0], 8)), seed=0)
    assert share > 0.8 > 0.2 > (learner.tag(source.items(rows)) > 0).mean(), "what weighs nothing is not learnt"


def test_soft_targets_and_bad_tags_are_refused_by_name() -> None:
    source = sentences()
    one = source.items(np.array([0]))
    learner = make("window_crf")
    bad: list[Array] = [np.full((1, 5), 0.2), np.zeros((1, 3, 5)), np.array([9]), np.array([[9]]), np.array([[-1]])]
    bad.append(np.pad([[1]], ((0, 0), (int(source.lengths[0]), 0))))
    for targets in bad:
        with pytest.raises(QueristError) as error:
            learner.fit(Labels(one, targets), seed=0)
        assert error.value.code == "BadTarget"


def test_warm_start_begins_from_the_last_weights(tmp_path: Path) -> None:
    fitted("window_crf", rows=range(30)).save(tmp_path)
    step = Recipe(epochs=1, lr=1e-6, warm_start=True)
    warm = make("window_crf", recipe=step)
    warm.fit(labels(range(4)), seed=1, previous=tmp_path)
    cold = make("window_crf", recipe=Recipe(epochs=1, lr=1e-6))
    cold.fit(labels(range(4)), seed=1, previous=tmp_path)
    before = told(fitted("window_crf", rows=range(30)))[TOKENS]
    assert np.abs(told(warm)[TOKENS] - before).max() < 1e-3 < np.abs(told(cold)[TOKENS] - before).max()


def test_a_type_that_comes_later(tmp_path: Path) -> None:
    learner = fitted("window_crf", rows=range(20))
    before = told(learner)[TOKENS]
    learner.take_schema(SCHEMA.with_class("group"))
    after = told(learner)[TOKENS]
    assert np.array_equal(after[:, :, :5], before)
    assert not after[:, :, 5:].any(), "until the next fit it has probability 0"
    learner.save(tmp_path)
    other = TaggerLearner(sentences(), SCHEMA.with_class("group"), network="window_crf", **SMALL["window_crf"])
    other.load(tmp_path)
    assert np.array_equal(other.signals(other.source.items(), frozenset({TOKENS}))[TOKENS], after)
    learner.fit(labels(range(20)), seed=0)
    assert told(learner)[TOKENS][:, 0, 5].max() > 0


def test_what_it_is_made_of_is_checked() -> None:
    texts = querist.read(["a b", "c"])
    wrong: list[tuple[Any, Any, dict[str, Any], str]] = [
        (texts, SCHEMA, {}, "BadLearner"),
        (sentences(), SingleLabel(("a", "b")), {}, "BadLearner"),
        (sentences(), SCHEMA, {"network": "gpt"}, "BadValue"),
        (sentences(), SCHEMA, {"best": 0}, "BadValue"),
        (sentences(), SCHEMA, {"members": -1}, "BadValue"),
        (sentences(), SCHEMA, {"recipe": Recipe(label_smoothing=0.1)}, "BadValue"),
        (sentences(), SCHEMA, {"members": 2, "dropout": 0.0}, "NeedsDropout"),
        (sentences(), SCHEMA, {"colour": 1}, "BadParameter"),
    ]
    for source, schema, more, code in wrong:
        with pytest.raises(QueristError) as error:
            TaggerLearner(source, schema, **more)
        assert error.value.code == code
    assert isinstance(registry.find("tagger", "learner").factory(sentences(), SCHEMA), TaggerLearner)


@pytest.mark.parametrize("network", NETWORKS)
def test_on_a_slice_of_real_filings(network: str) -> None:
    whole = querist.read_sequences(real_data.file("sequence/sec_filings/train.jsonl.gz"), dedupe=True)
    assert whole.truth is not None
    keep = [r for r in range(len(whole)) if 5 < whole.lengths[r] < 30][:160]
    source = sequence_source([whole.sentences[r] for r in keep], truth=[whole.truth[r] for r in keep])
    assert source.truth is not None
    schema = Spans.found_in(whole.truth).of(source)
    learner = TaggerLearner(source, schema, network=network, recipe=Recipe(epochs=12, lr=1e-2, batch_size=16))
    rows, rest = np.arange(100), np.arange(100, 160)
    encoded = [schema.encode(t, i) for t, i in zip(source.truth, source.ids, strict=True)]
    learner.fit(Labels(source.items(rows), schema.stack(encoded[:100])), seed=0)
    found = learner.spans(source.items(rest))
    true = [schema.decode(e) for e in encoded[100:]]
    right = sum(len({tuple(s) for s in a} & {tuple(s) for s in b}) for a, b in zip(found, true, strict=True))
    assert 2 * right / (sum(map(len, found)) + sum(map(len, true))) > 0.5
