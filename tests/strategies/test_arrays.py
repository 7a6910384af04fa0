"""`select` and `score` on plain arrays: what comes back, what is refused, and that nothing is changed."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from querist.core.errors import (
    ArgumentError,
    ArgumentTypeError,
    DataError,
    QueristError,
    QueristWarning,
    StateError,
    UnknownNameError,
)
from querist.core.optional import torch
from querist.core.rows import DeviceRows
from querist.strategies.arrays import score, select
from querist.strategies.scores.margin import Margin

P = np.array([[0.9, 0.1], [0.5, 0.5], [0.7, 0.3]])


def refused(code: str, words: str, kind: type[QueristError] = ArgumentError, **arguments: Any) -> None:
    given: dict[str, Any] = {"strategy": "margin", "n": 1, "probs": P, **arguments}
    with pytest.raises(kind, match=words) as error:
        select(given.pop("strategy"), given.pop("n"), **given)
    assert error.value.code == code


def test_what_comes_back() -> None:
    got = select("margin", 2, probs=P, ids=["a", "b", "c"])
    assert got.indices.dtype == np.int64
    assert got.indices.tolist() == [1, 2]
    assert list(got.ids) == ["b", "c"]
    assert got.scores.dtype == np.float64
    np.testing.assert_allclose(got.scores, [1.0, 0.6])
    assert got.reasons == ("two nearest classes 0.50 / 0.50", "two nearest classes 0.70 / 0.30")
    assert len(got) == 2
    rows = select(Margin(), 2, probs=P)
    assert list(rows.ids) == [1, 2]
    array_ids = select("margin", 2, probs=P, ids=np.array([10, 20, 30])).ids
    assert isinstance(array_ids, np.ndarray)
    assert array_ids.tolist() == [20, 30]


def test_score_is_all_ratings_in_float64() -> None:
    got = score("margin", probs=P.astype(np.float32))
    assert got.dtype == np.float64
    np.testing.assert_allclose(got, [0.2, 1.0, 0.6], atol=1e-6)
    with pytest.raises(ArgumentTypeError, match=r"a score .* is needed here; got TopK\(\)"):
        score("top_k", probs=P)


# promises.md section 4, rows 1 to 4


@pytest.mark.parametrize(("n", "words"), [(0, "n must be ≥ 1, got 0"), (-3, "n must be ≥ 1, got -3")])
def test_batches_below_one(n: int, words: str) -> None:
    refused("BadCount", words, n=n)
    with pytest.raises(ValueError, match=words):
        select("margin", n, probs=P)


@pytest.mark.parametrize(
    ("n", "kind"), [(2.5, "float 2.5"), (True, "bool True"), ("5", "str 5"), (None, "NoneType None")]
)
def test_batches_that_are_no_number(n: Any, kind: str) -> None:
    refused("BadCount", rf"n must be a whole number ≥ 1, got {kind}", ArgumentTypeError, n=n)
    with pytest.raises(TypeError):
        select("margin", n, probs=P)


def test_whole_numbers_of_numpy_are_taken() -> None:
    assert len(select("margin", np.int32(2), probs=P)) == 2  # type: ignore[arg-type]


def test_more_than_the_pool_gives_the_pool_with_a_warning() -> None:
    with pytest.warns(QueristWarning, match="n is 7 and the pool has 3 items: all of them are chosen") as caught:
        got = select("margin", 7, probs=P)
    assert got.indices.tolist() == [1, 2, 0]
    assert caught[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(select("margin", 3, probs=P)) == 3


# rows 5, 17 to 19, 22, 29


def test_an_empty_pool() -> None:
    refused("EmptyPool", "the pool has 0 items", DataError, probs=np.zeros((0, 2)))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_nan_and_infinite_probabilities(value: float) -> None:
    bad = P.copy()
    bad[1:, 0] = value
    refused(
        "BadScores",
        r"probs holds NaN or infinite values in 2 of 3 rows, first rows \[1, 2\].*model",
        DataError,
        probs=bad,
    )


def test_logits() -> None:
    refused(
        "BadScores", r"rows sum to between -3 and 6.*logits\?", DataError, probs=np.array([[2.0, 4.0], [-1.0, -2.0]])
    )


def test_negative_and_unnormalised() -> None:
    refused("BadScores", r"smallest value is -0\.1", DataError, probs=np.array([[1.1, -0.1], [0.5, 0.5]]))
    refused("BadScores", r"the worst is row 1 with 0\.8", DataError, probs=np.array([[0.5, 0.5], [0.5, 0.3]]))
    assert len(select("margin", 1, probs=np.array([[0.5, 0.5009], [0.5, 0.4991]]))) == 1  # within 1e-3


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_every_precision_is_taken(dtype: Any) -> None:
    assert select("margin", 1, probs=P.astype(dtype)).indices.tolist() == [1]


def test_wrong_shapes_and_lengths() -> None:
    refused("ShapeMismatch", r"probs must have shape \(N, C\), got \(3,\)", probs=P[:, 0])
    refused("ShapeMismatch", "probs must be numbers, got", probs=P.astype(str))
    refused("ShapeMismatch", "probs has no classes", probs=np.zeros((3, 0)))
    refused("LengthMismatch", "probs has 3, ids has 2", ids=[1, 2])
    refused("LengthMismatch", "probs has 3, embedding has 4", embedding=np.zeros((4, 2)))
    refused("LengthMismatch", r"gradient\[0\] has 3, gradient\[1\] has 2", gradient=(P, P[:2]))
    refused("ShapeMismatch", r"gradient is a pair \(a, h\)", ArgumentTypeError, gradient=P)


def test_classes_and_widths_agree_between_roles() -> None:
    refused(
        "ClassMismatch",
        r"probs of the labelled has rows of shape \(3,\), those of the pool \(2,\)",
        labelled={"probs": np.full((1, 3), 1 / 3)},
    )
    refused(
        "FeatureMismatch",
        "embedding of the pending",
        embedding=np.zeros((3, 4)),
        pending={"embedding": np.zeros((1, 5))},
    )


# rows 30, 31


@pytest.mark.parametrize("seed", [-1, 2**100, float("nan"), 0.5])
def test_bad_seeds(seed: Any) -> None:
    refused("BadSeed", r"seed must be a whole number from 0 to 2\*\*63 - 1; got", seed=seed)


@pytest.mark.parametrize("seed", [np.random.RandomState(0), "0", None, True])
def test_seeds_of_the_wrong_kind(seed: Any) -> None:
    refused("BadSeed", r"seed must be a whole number", ArgumentTypeError, seed=seed)


def test_unknown_names() -> None:
    refused("UnknownStrategy", "unknown strategy 'marginn'; did you mean margin", UnknownNameError, strategy="marginn")
    refused("UnknownSignal", "unknown signal 'prob' of the pool; did you mean probs", UnknownNameError, prob=P)
    refused("UnknownSignal", "unknown signal 'embeding' of the labelled", UnknownNameError, labelled={"embeding": P})
    with pytest.raises(LookupError):
        select("marginn", 1, probs=P)


@pytest.mark.parametrize("strategy", [None, 3, ["margin"], Margin])
def test_strategies_of_the_wrong_kind(strategy: Any) -> None:
    refused("BadExpression", "a strategy is needed", ArgumentTypeError, strategy=strategy)


def test_missing_signals() -> None:
    refused("MissingSignal", r"needs the signal probs \(N, C\) of the pool.*pass probs=", probs=None, ids=[1, 2])
    refused("MissingSignal", "no signals of the pool were given", probs=None)


def test_signals_that_are_not_needed_are_not_looked_at() -> None:
    broken = np.full((3, 2), np.nan)
    assert select("margin", 1, probs=P, embedding=broken, members=broken).indices.tolist() == [1]


# inputs


def test_nothing_is_changed_after_a_choice_or_an_error() -> None:
    for probs in (P, np.where(P == 0.5, np.nan, P)):
        before = probs.tobytes()
        try:
            select("entropy", 1, probs=probs)
        except DataError:
            assert np.isnan(probs).any()
        assert probs.tobytes() == before


def test_memory_maps_tensors_and_read_only_arrays(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    probs = rng.dirichlet(np.ones(5), 400).astype(np.float32)
    np.save(tmp_path / "p.npy", probs)
    tensor = torch().from_numpy(probs.copy()).requires_grad_(True)
    locked = probs.copy()
    locked.flags.writeable = False
    plain = select("entropy", 20, probs=probs)
    for other in (np.load(tmp_path / "p.npy", mmap_mode="r"), tensor, locked, tensor.detach().T.contiguous().T):
        got = select("entropy", 20, probs=other)
        assert got.indices.tolist() == plain.indices.tolist()
        assert got.scores.tolist() == plain.scores.tolist()
    assert tensor.requires_grad
    assert np.array_equal(tensor.detach().numpy(), probs)
    assert np.array_equal(np.load(tmp_path / "p.npy"), probs)


def test_lists_are_taken_as_arrays() -> None:
    assert select("margin", 1, probs=P.tolist()).indices.tolist() == [1]


def test_a_strategy_for_learners_only_says_so() -> None:
    from dataclasses import dataclass

    from querist.core.signals import Context, Needs
    from querist.strategies.algebra import Score

    @dataclass(frozen=True, repr=False)
    class Adversarial(Score):
        """Needs the model itself."""

        @property
        def needs(self) -> Needs:
            """A capability."""
            return Needs(capabilities=frozenset({"adversarial"}))

        def rate(self, ctx: Context) -> Any:
            """Never called."""
            raise NotImplementedError

    refused("NeedsCapability", "needs adversarial of a learner.*use a Session", strategy=Adversarial())


def test_excluded_rows_are_not_in_the_pool() -> None:
    x = np.array([[0.0], [1.0], [4.0], [10.0]])
    mask = np.array([False, False, False, True])
    by_mask = select("k_center", 2, embedding=x, exclude=mask)
    assert by_mask.indices.tolist() == [2, 0]  # the mean is 5/3 without row 3
    assert by_mask.indices.tolist() == select("k_center", 2, embedding=x, exclude=[3]).indices.tolist()
    ids = ["a", "b", "c", "d"]
    by_id = select("k_center", 2, embedding=x, ids=ids, exclude=["d", "labelled long ago"])
    assert list(by_id.ids) == ["c", "a"]
    assert by_id.indices.tolist() == [2, 0]
    numbers = select("k_center", 2, embedding=x, ids=np.array([10, 11, 12, 13]), exclude=np.array([13, 99]))
    assert numbers.ids.tolist() == [12, 10]
    assert len(select("k_center", 4, embedding=x, exclude=[])) == 4
    with pytest.warns(QueristWarning, match="n is 4 and the pool has 3 items"):
        assert sorted(select("k_center", 4, embedding=x, exclude=mask).indices.tolist()) == [0, 1, 2]


def test_bad_exclusions() -> None:
    x = np.zeros((4, 1))
    with pytest.raises(ArgumentError, match="the mask exclude has 3 values and the pool 4 items"):
        select("k_center", 1, embedding=x, exclude=[True, False, True])
    with pytest.raises(ArgumentError, match=r"whole numbers from 0 to 3; got \[4\]"):
        select("k_center", 1, embedding=x, exclude=[4])
    with pytest.raises(ArgumentError, match=r"no ids were given.*got \['a'\]"):
        select("k_center", 1, embedding=x, exclude=["a"])
    with pytest.raises(ArgumentError, match=r"a mask .N,. or a list of ids, got shape"):
        select("k_center", 1, embedding=x, exclude=[[0]])
    with pytest.raises(ArgumentError, match=r"exclude holds int and ids hold str, e\.g\. 0 and 'a'"):
        select("k_center", 1, embedding=x, ids=list("abcd"), exclude=[0])
    with pytest.raises(StateError, match="exclude leaves out all 4 items"):
        select("k_center", 1, embedding=x, exclude=[0, 1, 2, 3])


@pytest.mark.parametrize(
    "strategy", ["k_center", "max_dist", "lcmd", "k_means", "novelty", "typicality", "density", "kmeans_pp"]
)
def test_embeddings_on_a_device_choose_as_arrays_do(strategy: str) -> None:
    x = np.random.default_rng(0).normal(size=(400, 5))
    known = {"embedding": x[:3] + 0.1}
    there = DeviceRows(torch().from_numpy(x.copy()))
    for text in (strategy, f"subsample(300) | {strategy}"):
        truth = select(text, 20, embedding=x, labelled=known, seed=1)
        got = select(text, 20, embedding=there, labelled=known, seed=1)
        assert got.indices.tolist() == truth.indices.tolist()


def test_gradients_on_a_device_choose_as_arrays_do() -> None:
    rng = np.random.default_rng(0)
    a, h = rng.normal(size=(300, 3)), rng.normal(size=(300, 6))
    there = (DeviceRows(torch().from_numpy(a.copy())), DeviceRows(torch().from_numpy(h.copy())))
    for text in ("badge", "lcmd_grad", "grad_norm", "egl", "subsample(200) | badge"):
        got, truth = (select(text, 15, gradient=pair, seed=3) for pair in (there, (a, h)))
        assert got.indices.tolist() == truth.indices.tolist()


def test_a_bad_value_on_a_device_is_found() -> None:
    x = np.ones((50, 2), dtype=np.float32)
    x[7] = np.nan
    with pytest.raises(DataError, match=r"embedding holds NaN or infinite values in 1 of 50 rows, first rows \[7\]"):
        select("k_center", 3, embedding=DeviceRows(torch().from_numpy(x)))


def test_memory_maps_are_narrowed_by_reading(tmp_path: Path) -> None:
    x = np.random.default_rng(0).normal(size=(500, 4)).astype(np.float32)
    np.save(tmp_path / "x.npy", x)
    text = "subsample(200) | k_center"
    got = select(text, 20, embedding=np.load(tmp_path / "x.npy", mmap_mode="r"), seed=2)
    assert got.indices.tolist() == select(text, 20, embedding=x, seed=2).indices.tolist()
