from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy import sparse

from querist.core.errors import (
    ArgumentError,
    ArgumentTypeError,
    DataError,
    QueristError,
    QueristWarning,
    ResourceError,
    StateError,
)
from querist.core.signals import EMBEDDING, GRADIENT, MEMBERS, MULTILABEL, PREDICTION, PROBS
from querist.core.types import Items
from querist.data.arrays import array_source, sparse_source, text_source
from querist.data.schema import MultiLabel, Number, SingleLabel
from querist.data.source import Source
from querist.models.cnn import SmallCNN
from querist.models.linear import LinearHead
from querist.models.mlp import MLP
from querist.models.stochastic.ensemble import Ensemble
from querist.training.recipe import Recipe
from querist.training.torch_learner import TorchLearner
from querist.training.weights import state_digest
from tiny import THREE, all_of, digits, labels, pollute, print_of_generators, print_of_module, source

FOUR = SingleLabel(("a", "b", "c", "d"))
QUICK = Recipe(epochs=3, batch_size=8, lr=0.01)


def net() -> torch.nn.Module:
    """A network with all that can go wrong: batch norm, dropout, a hidden layer."""
    nn = torch.nn
    return nn.Sequential(nn.Linear(4, 16), nn.BatchNorm1d(16), nn.ReLU(inplace=True), nn.Dropout(0.3), nn.Linear(16, 3))


def learner_of(
    of: Source | None = None, make: Callable[[], Any] = net, schema: Any = THREE, **more: Any
) -> TorchLearner:
    more.setdefault("recipe", QUICK)
    more.setdefault("device", "cpu")
    return TorchLearner(make, of or source(), schema, **more)


def fitted(seed: int = 0, **more: Any) -> TorchLearner:
    learner = learner_of(**more)
    learner.fit(labels(learner.source, range(20)), seed=seed)
    return learner


def signal(learner: TorchLearner, name: Any = PROBS) -> NDArray[Any]:
    return np.asarray(learner.signals(all_of(learner.source), frozenset({name}))[name])


class Watchful(torch.nn.Module):
    """A linear network that fails or misbehaves when told so."""

    most: int | None = None
    broken = False

    def __init__(self) -> None:
        super().__init__()
        self.norm = torch.nn.BatchNorm1d(4)
        self.drop = torch.nn.Dropout(0.5)
        self.head = torch.nn.Linear(4, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if Watchful.most is not None and len(x) > Watchful.most:
            raise torch.OutOfMemoryError("injected")
        if Watchful.broken and len(x) > 1:
            torch.rand(3)
            assert self.norm.running_mean is not None
            self.norm.running_mean.add_(1)
            raise KeyError("in the middle")
        out: torch.Tensor = self.head(self.drop(self.norm(x)))
        return out


# -- scoring changes nothing ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fails", [False, True])
def test_scoring_leaves_model_generators_and_source_as_they_were(fails: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    learner = fitted(make=Watchful, members=3, score_batch=16)
    module = learner._module
    module.train()
    module.head.eval()
    module.norm.weight.requires_grad_(False)
    module.head.weight.grad = torch.ones(3, 4)
    pollute(5)
    array = learner.source.take(slice(None))
    before = print_of_module(module), print_of_generators(), array.tobytes()
    monkeypatch.setattr(Watchful, "broken", fails)
    if fails:
        with pytest.raises(KeyError):
            learner.signals(all_of(learner.source), learner.provides)
    else:
        view = learner.signals(all_of(learner.source), learner.provides)
        for name in learner.provides - {GRADIENT}:
            view[name][:] = -1.0  # what was given may be written on
    assert learner._module is module
    assert (print_of_module(module), print_of_generators(), array.tobytes()) == before


@pytest.mark.parametrize("batch", [1, 7, 64])
def test_signals_do_not_depend_on_the_batch_and_repeat_bitwise(batch: int) -> None:
    learner = fitted(members=4)
    whole = learner.signals(all_of(learner.source), learner.provides)
    learner._scorer.batch = batch
    parts = learner.signals(all_of(learner.source), learner.provides)
    again = learner.signals(all_of(learner.source), learner.provides)
    for name in (PROBS, EMBEDDING, MEMBERS):
        np.testing.assert_allclose(parts[name], whole[name], atol=1e-5)
        np.testing.assert_array_equal(parts[name], again[name])
    for k in (0, 1):
        np.testing.assert_allclose(parts[GRADIENT][k], whole[GRADIENT][k], atol=1e-5)


def test_items_asked_in_any_order_get_their_own_numbers() -> None:
    learner = fitted()
    rows = np.asarray([40, 3, 3, 17])
    some = learner.signals(Items(learner.source.ids, rows), frozenset({PROBS}))[PROBS]
    np.testing.assert_allclose(some, signal(learner)[rows], atol=1e-6)
    assert learner.signals([], learner.provides)[PROBS].shape == (0, 3)


# -- seeds ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("given", [net, net()], ids=["function", "network"])
def test_a_seed_decides_the_fit_and_nothing_global_is_read_or_moved(given: Any) -> None:
    def weights(seed: int, pollution: int) -> str:
        pollute(pollution)
        before = print_of_generators()
        learner = TorchLearner(given, source(), THREE, recipe=QUICK, device="cpu")
        report = learner.fit(labels(learner.source, range(20)), seed=seed)
        assert print_of_generators() == before
        return report.model

    assert weights(1, 10) == weights(1, 20)
    assert weights(1, 10) != weights(2, 10)


def test_every_fit_begins_at_the_weights_of_a_network_given() -> None:
    given, still = MLP(4, 3, hidden=(5,)), Recipe(epochs=1, lr=1e-30)
    begun = state_digest(given.state_dict())
    learner = TorchLearner(given, source(), THREE, recipe=still, device="cpu")
    with torch.no_grad():
        given.head.weight.zero_()  # later changes do not count
    for seed in (0, 1):
        assert learner.fit(labels(learner.source, range(9)), seed=seed).model == begun
    drawn = TorchLearner(lambda: MLP(4, 3, hidden=(5,)), source(), THREE, recipe=still, device="cpu")
    assert len({drawn.fit(labels(drawn.source, range(9)), seed=s).model for s in (0, 1)}) == 2


def test_a_pretrained_network_keeps_what_it_knows_through_fits_and_rounds() -> None:
    """Trained on many labels and handed over: ten steps of a small rate on three labels leave it good."""
    of = source()
    teacher = TorchLearner(net, of, THREE, recipe=Recipe(epochs=40, lr=0.02), device="cpu")
    teacher.fit(labels(of, range(60)), seed=0)
    learner = TorchLearner(teacher._module, of, THREE, recipe=Recipe(epochs=2, lr=1e-4), device="cpu")
    for seed in (0, 1):
        learner.fit(labels(of, range(3)), seed=seed)
        assert (signal(learner).argmax(axis=1) == np.arange(60) % 3).mean() > 0.9


def test_an_ensemble_of_copies_is_refused() -> None:
    with pytest.raises(ArgumentError, match="Ensemble needs networks that begin at different weights") as caught:
        TorchLearner(net(), source(), THREE, members=Ensemble(3), device="cpu")
    assert caught.value.code == "NeedsCapability"


def test_a_network_given_is_never_changed() -> None:
    given = net()
    before = print_of_module(given)
    learner = TorchLearner(given, source(), THREE, recipe=QUICK, device="cpu")
    learner.fit(labels(learner.source, range(9)), seed=0)
    signal(learner)
    assert print_of_module(given) == before


# -- what it tells -------------------------------------------------------------------------------------------------------


def test_gradient_factors_are_those_of_autograd() -> None:
    learner = fitted(make=lambda: MLP(4, 3, hidden=(5,)))
    a, h = learner.signals(all_of(learner.source), frozenset({GRADIENT}))[GRADIENT]
    module = learner._module
    for row in range(0, 60, 7):
        logits = module(torch.as_tensor(learner.source.take(np.asarray([row]))))
        guess = logits.argmax(dim=1)
        (gradient,) = torch.autograd.grad(torch.nn.functional.cross_entropy(logits, guess), module.head.weight)
        np.testing.assert_allclose(np.outer(a[row], h[row]), gradient.numpy(), atol=1e-6)


def test_a_named_embedding_leaves_the_gradient_that_of_the_last_layer() -> None:
    plain, named = fitted(), fitted(embedding_layer="0")
    assert signal(named, EMBEDDING).shape == (60, 16)
    assert (signal(named, EMBEDDING) < 0).any()  # in front of the ReLU, which works in place
    assert (signal(plain, EMBEDDING) >= 0).all()
    names = frozenset({GRADIENT, EMBEDDING})
    one, two = (e.signals(all_of(e.source), names) for e in (plain, named))
    np.testing.assert_array_equal(one[GRADIENT][1], two[GRADIENT][1])
    np.testing.assert_array_equal(one[GRADIENT][1], one[EMBEDDING])


class Scaled(torch.nn.Module):
    """The last linear layer is not the end."""

    def __init__(self) -> None:
        super().__init__()
        self.head = torch.nn.Linear(4, 3)
        self.unused = torch.nn.Linear(4, 4)
        self.head2 = torch.nn.Linear(3, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = 2 * self.head2(self.head(x))
        return out


def test_gradient_factors_are_not_promised_where_they_would_be_wrong() -> None:
    assert learner_of(make=Scaled).provides == {PROBS, EMBEDDING}
    with pytest.raises(ArgumentError, match="does not provide gradient") as caught:
        fitted(make=Scaled).signals([], frozenset({GRADIENT}))
    assert caught.value.code == "NeedsCapability"


@pytest.mark.parametrize(("layer", "words"), [("haed", "did you mean head"), ("unused", "is not used")])
def test_an_embedding_layer_that_cannot_be_is_refused_at_once(layer: str, words: str) -> None:
    with pytest.raises(ArgumentError, match=words) as caught:
        learner_of(make=Scaled, embedding_layer=layer)
    assert caught.value.code == "NeedsCapability"


def test_a_network_without_a_linear_layer_has_no_embedding() -> None:
    class Sums(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.scale = torch.nn.Parameter(torch.ones(3))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x[:, :3] * self.scale

    learner = fitted(make=Sums)
    assert learner.provides == {PROBS}
    assert signal(learner).shape == (60, 3)


def test_members_are_whole_networks_and_their_mean_is_near_the_plain_output() -> None:
    of = source()
    learner = learner_of(of, lambda: MLP(4, 1, hidden=(32,), dropout=0.2), Number(), members=400)
    assert learner.provides == {PREDICTION, MEMBERS, EMBEDDING, GRADIENT}
    learner.fit(labels(of, range(30), np.arange(30) / 10), seed=0)
    view = learner.signals(all_of(of), frozenset({PREDICTION, MEMBERS}))
    members = view[MEMBERS]
    assert members.shape == (60, 400)
    error = members.std(axis=1) / 20
    assert (error > 0).all()
    assert (np.abs(members.mean(axis=1) - view[PREDICTION]) < 5 * error).all()
    learner._scorer.batch = 9
    np.testing.assert_allclose(signal(learner, MEMBERS), members, atol=1e-5)


def test_members_without_dropout_are_refused() -> None:
    with pytest.raises(ArgumentError, match="looked for Dropout") as caught:
        learner_of(make=lambda: MLP(4, 3), members=5)
    assert caught.value.code == "NeedsDropout"


def test_several_classes_an_item() -> None:
    of = source()
    learner = learner_of(of, lambda: LinearHead(4, 2), MultiLabel(("x", "y")), recipe=Recipe(epochs=200, lr=0.1))
    assert learner.provides == {PROBS, MULTILABEL, EMBEDDING}
    targets = np.stack([np.arange(60) % 3 == 0, np.arange(60) % 3 != 1], axis=1).astype(float)
    learner.fit(labels(of, range(60), targets), seed=0)
    assert ((signal(learner) > 0.5) == (targets > 0)).mean() > 0.95


def test_numbers_are_given_in_their_own_scale() -> None:
    of = source()
    learner = learner_of(of, lambda: LinearHead(4, 1), Number(), recipe=Recipe(epochs=300, lr=0.05))
    truth = 1000 + 50 * np.asarray(of.take(slice(None)))[:, 0].astype(float)
    learner.fit(labels(of, range(60), truth), seed=0)
    assert np.abs(signal(learner, PREDICTION) - truth).max() < 5
    learner.fit(labels(of, range(5), np.full(5, 7.0)), seed=0)  # no spread at all
    assert np.isfinite(signal(learner, PREDICTION)).all()


def test_bytes_sparse_rows_and_texts_are_taken() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (30, 4)).astype(np.uint8)
    bytes_, floats = array_source(pixels), array_source((pixels / np.float32(255)).astype(np.float32))
    ones = [fitted(of=of, make=lambda: MLP(4, 3)) for of in (bytes_, floats)]
    np.testing.assert_array_equal(signal(ones[0]), signal(ones[1]))
    rows = sparse_source(sparse.csr_matrix(np.asarray(source().take(slice(None)))))
    assert signal(fitted(of=rows)).shape == (60, 3)
    texts = text_source(["a" * (r + 1) for r in range(20)])

    def lengths(batch: list[str]) -> torch.Tensor:
        return torch.tensor([[float(len(t))] for t in batch])

    assert signal(fitted(of=texts, make=lambda: LinearHead(1, 3), transform=lengths)).shape == (20, 3)
    with pytest.raises(ArgumentTypeError, match="transform=") as caught:
        learner_of(texts, lambda: LinearHead(1, 3))
    assert caught.value.code == "BadLearner"


# -- few labels ----------------------------------------------------------------------------------------------------------


def test_one_class_and_one_label_are_noted() -> None:
    learner = learner_of()
    notes = learner.fit(labels(learner.source, [4]), seed=0).notes
    assert notes == (
        "only one class is labelled so far (b of 3)",
        "one label only: batch norm keeps its first statistics",
    )
    assert np.isfinite(signal(learner)).all()
    soft = learner.fit(labels(learner.source, [4, 7], np.eye(3)[[1, 1]]), seed=0).notes
    assert soft == ("only one class is labelled so far (b of 3)",)


def test_no_label_is_refused_by_name() -> None:
    learner = learner_of()
    with pytest.raises(StateError) as caught:
        learner.fit(labels(learner.source, []), seed=0)
    assert caught.value.code == "NoLabels"
    with pytest.raises(StateError) as caught:
        signal(learner)
    assert caught.value.code == "NotFitted"


def test_a_class_added_later_has_probability_zero_until_the_next_fit(tmp_path: Path) -> None:
    learner = fitted(members=2)
    before = signal(learner)
    learner.save(tmp_path)
    learner.take_schema(FOUR)
    after = signal(learner)
    np.testing.assert_array_equal(after[:, :3], before)
    assert (after[:, 3] == 0).all()
    assert signal(learner, MEMBERS).shape == (60, 2, 4)
    resumed = learner_of(members=2)  # a session that opens again: same learner, class added, old weights
    resumed.take_schema(FOUR)
    resumed.load(tmp_path)
    np.testing.assert_array_equal(signal(resumed), after)
    learner.fit(labels(learner.source, range(24), np.arange(24) % 4), seed=1)
    now = signal(learner)
    assert now.shape == (60, 4)
    assert (now[:, 3] > 0).all()
    (tmp_path / "four").mkdir()
    learner.save(tmp_path / "four")
    resumed.load(tmp_path / "four")
    np.testing.assert_array_equal(signal(resumed), now)


def test_a_network_that_cannot_grow_says_so_and_keeps_its_classes() -> None:
    nn = torch.nn
    learner = fitted(make=lambda: nn.Sequential(nn.Unflatten(1, (4, 1)), nn.Conv1d(4, 3, 1), nn.Flatten()))
    with pytest.raises(ArgumentError) as caught:
        learner.take_schema(FOUR)
    assert caught.value.code == "ShapeMismatch"
    assert signal(learner).shape == (60, 3)


def test_a_warm_start_begins_at_the_last_weights(tmp_path: Path) -> None:
    gentle = Recipe(epochs=1, lr=1e-9, warm_start=True)
    learner = fitted(make=lambda: MLP(4, 3), recipe=gentle)
    before = signal(learner)
    learner.save(tmp_path)
    learner.fit(labels(learner.source, range(20)), seed=99, previous=tmp_path)
    np.testing.assert_allclose(signal(learner), before, atol=1e-5)
    learner.fit(labels(learner.source, range(20)), seed=99)
    assert np.abs(signal(learner) - before).max() > 0.01
    learner.take_schema(FOUR)
    notes = learner.fit(labels(learner.source, range(20)), seed=99, previous=tmp_path).notes
    assert notes == ("warm start: 2 of 4 tensors had no saved twin and start fresh",)


# -- what goes wrong -----------------------------------------------------------------------------------------------------


def test_too_little_memory_halves_the_batches_and_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    learner = fitted(make=Watchful, members=2, score_batch=32)
    names = frozenset({PROBS, EMBEDDING})
    whole = learner.signals(all_of(learner.source), names)
    members = signal(learner, MEMBERS)
    monkeypatch.setattr(Watchful, "most", 10)
    with pytest.warns(QueristWarning, match="batches of 32, 16; went on with 8 on cpu"):
        small = learner.signals(all_of(learner.source), names)
    np.testing.assert_allclose(small[PROBS], whole[PROBS], atol=1e-5)
    np.testing.assert_allclose(small[EMBEDDING], whole[EMBEDDING], atol=1e-5)
    with pytest.warns(QueristWarning, match="went on with 8"):
        np.testing.assert_allclose(signal(learner, MEMBERS), members, atol=1e-5)


def test_training_with_too_little_memory_is_training_with_small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    small = fitted(make=Watchful, recipe=Recipe(epochs=2, batch_size=4))
    monkeypatch.setattr(Watchful, "most", 5)
    with pytest.warns(QueristWarning, match="batches of 16, 8; went on with 4"):
        halved = fitted(make=Watchful, recipe=Recipe(epochs=2, batch_size=16))
    monkeypatch.setattr(Watchful, "most", None)
    np.testing.assert_array_equal(signal(small), signal(halved))


def test_at_last_memory_is_a_named_error_and_the_model_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    learner = fitted(make=Watchful, score_batch=2)
    before = signal(learner)
    monkeypatch.setattr(Watchful, "most", 0)
    with pytest.raises(ResourceError, match="batches of 2, 1 were tried") as caught:
        signal(learner)
    assert caught.value.code == "OutOfMemory"
    with pytest.raises(ResourceError) as caught:
        learner.fit(labels(learner.source, range(9)), seed=0)
    assert caught.value.code == "OutOfMemory"
    monkeypatch.setattr(Watchful, "most", None)
    np.testing.assert_array_equal(signal(learner), before)


def test_nan_outputs_name_the_items_and_the_model() -> None:
    learner = fitted(make=lambda: LinearHead(4, 3))
    of = learner.source
    broken = np.asarray(of.take(slice(None))).copy()
    learner._inputs._whole = torch.as_tensor(broken)
    learner._inputs._whole[[7, 31]] = float("nan")
    with pytest.raises(DataError, match=f"LinearHead gave .* 2 of 60 items, first {of.ids[7]}, {of.ids[31]}") as caught:
        signal(learner)
    assert caught.value.code == "BadScores"


def test_weights_that_explode_are_a_named_error() -> None:
    learner = learner_of(make=lambda: MLP(4, 3), recipe=Recipe(optimizer="sgd", lr=1e30, epochs=5))
    with pytest.raises(DataError, match=r"lr=1e\+30") as caught:
        learner.fit(labels(learner.source, range(20)), seed=0)
    assert caught.value.code == "BadScores"


@pytest.mark.parametrize(
    ("make", "code", "words"),
    [
        (lambda: LinearHead(4, 5), "ShapeMismatch", r"LinearHead gives 5 outputs and the labels need 3"),
        (lambda: LinearHead(9, 3), "ShapeMismatch", r"cannot take a batch of shape \(1, 4\)"),
        (lambda: torch.nn.LSTM(4, 3), "BadLearner", "it gives tuple"),
        (lambda: "no network", "BadLearner", "it made str"),
    ],
    ids=["outputs", "inputs", "tuple", "text"],
)
def test_a_network_that_does_not_fit_is_refused_at_once(make: Any, code: str, words: str) -> None:
    with pytest.raises(QueristError, match=words) as caught:
        learner_of(make=make)
    assert caught.value.code == code


def test_an_absent_device_is_refused_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ResourceError, match="'cuda:7' is not there") as caught:
        learner_of(device="cuda:7")
    assert caught.value.code == "NoDevice"


# -- keeping -------------------------------------------------------------------------------------------------------------


def test_a_fresh_learner_that_loads_gives_bitwise_the_same_signals(tmp_path: Path) -> None:
    learner, other = fitted(seed=3, members=3), learner_of(members=3)
    learner.save(tmp_path)
    assert {p.suffix for p in tmp_path.iterdir()} == {".safetensors", ".json"}
    other.load(tmp_path)
    one, two = (e.signals(all_of(e.source), e.provides) for e in (learner, other))
    for name in (PROBS, EMBEDDING, MEMBERS):
        np.testing.assert_array_equal(one[name], two[name])
    for k in (0, 1):
        np.testing.assert_array_equal(one[GRADIENT][k], two[GRADIENT][k])


def test_the_scale_of_numbers_is_kept(tmp_path: Path) -> None:
    of = source()
    one, two = (learner_of(of, lambda: LinearHead(4, 1), Number()) for _ in range(2))
    one.fit(labels(of, range(9), np.arange(9) * 1e5), seed=0)
    one.save(tmp_path)
    two.load(tmp_path)
    np.testing.assert_array_equal(signal(one, PREDICTION), signal(two, PREDICTION))


@pytest.mark.parametrize("config", ['{"kind": "sklearn"}', '{"kind": "torch"}', '{"kind":"torch","scale":[],"seed":1}'])
def test_files_of_another_kind_are_refused_and_the_learner_stays(config: str, tmp_path: Path) -> None:
    learner = fitted()
    before = signal(learner)
    learner.save(tmp_path)
    (tmp_path / "config.json").write_text(config)
    with pytest.raises(DataError) as caught:
        learner.load(tmp_path)
    assert caught.value.code == "BadWeights"
    np.testing.assert_array_equal(signal(learner), before)


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    fitted(make=lambda: MLP(4, 3)).save(tmp_path)
    with pytest.raises(DataError, match="weights of another network") as caught:
        learner_of().load(tmp_path)
    assert caught.value.code == "BadWeights"
    with pytest.raises(StateError) as late:
        learner_of().save(tmp_path)
    assert late.value.code == "NotFitted"


# -- real data -----------------------------------------------------------------------------------------------------------


def test_real_digits_are_learnt_from_400_labels() -> None:
    of, schema, targets = digits()
    learner = TorchLearner(
        lambda: SmallCNN(1, 10, 8), of, schema, recipe=Recipe(epochs=30, batch_size=32, lr=2e-3), device="cpu"
    )
    rows = np.arange(0, 1600, 4)
    learner.fit(labels(of, rows.tolist(), targets[rows]), seed=0)
    rest = np.setdiff1d(np.arange(len(of)), rows)
    probs = learner.signals(Items(of.ids, rest), frozenset({PROBS}))[PROBS]
    assert (probs.argmax(axis=1) == targets[rest]).mean() >= 0.9


def test_labels_set_aside_stop_the_training_and_are_not_trained_on() -> None:
    of = source()
    patient = Recipe(optimizer="sgd", lr=1e4, epochs=40, batch_size=20, patience=2)
    aside = labels(of, range(20, 26))
    with_aside = learner_of(of, recipe=patient, validation=aside, make=lambda: LinearHead(4, 3))
    share = learner_of(of, recipe=patient, make=lambda: LinearHead(4, 3))
    for learner in (with_aside, share):
        learner.fit(labels(of, range(20)), seed=0)
    assert not np.array_equal(signal(with_aside), signal(share)), "another validation part, another epoch"
    plain = Recipe(epochs=3, batch_size=8, lr=0.01)
    a = learner_of(of, recipe=plain, validation=aside)
    b = learner_of(of, recipe=plain)
    for learner in (a, b):
        learner.fit(labels(of, range(20)), seed=0)
    assert np.array_equal(signal(a), signal(b)), "without patience they play no part"
