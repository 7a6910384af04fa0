"""The sampler of streams: never over budget, the same in any portions, resumed exactly."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import querist
from querist.core.errors import ArgumentError, ArgumentTypeError, DataError, StateError, UnknownNameError
from querist.strategies.acceptance import Variable
from querist.strategies.stream import RULES, StreamSampler

N = 300


def signals(seed: int = 0, n: int = N) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    p = rng.dirichlet(np.ones(3), n)
    a = p.copy()
    a[np.arange(n), p.argmax(axis=1)] -= 1.0
    return {"probs": p, "gradient": (a, rng.normal(size=(n, 5))), "embedding": rng.normal(size=(n, 3))}


def part(given_: dict[str, Any], rows: slice) -> dict[str, Any]:
    return {k: tuple(x[rows] for x in v) if isinstance(v, tuple) else v[rows] for k, v in given_.items()}


def in_portions(sampler: StreamSampler, given_: dict[str, Any], cuts: list[int]) -> list[bool]:
    out: list[bool] = []
    for start, stop in zip([0, *cuts], [*cuts, N], strict=True):
        if stop > start:
            out += sampler.offer(**part(given_, slice(start, stop)))
    return out


@given(
    rule=st.sampled_from(list(RULES)),
    budget=st.sampled_from([0.01, 0.1, 0.3, 1 / 3, 1.0]),
    seed=st.integers(0, 100),
    cuts=st.lists(st.integers(0, N), max_size=6),
)
@settings(max_examples=40, deadline=None)
def test_bounded_in_any_portions_and_resumed_exactly(rule: str, budget: float, seed: int, cuts: list[int]) -> None:
    given_ = signals(seed)
    whole = StreamSampler(rule=rule, budget=budget, seed=seed)
    decisions = whole.offer(**given_)
    spent = np.cumsum(decisions)
    assert all(count <= math.ceil(budget * (place + 1) - 1e-9) for place, count in enumerate(spent.tolist()))
    assert (whole.seen, whole.asked) == (N, int(spent[-1]))
    other = StreamSampler(rule=rule, budget=budget, seed=seed)
    assert in_portions(other, given_, sorted(cuts)) == decisions
    half = StreamSampler(rule=rule, budget=budget, seed=seed)
    first = half.offer(**part(given_, slice(0, 120)))
    again = StreamSampler.resume(json.loads(json.dumps(half.state)))
    assert first + again.offer(**part(given_, slice(120, N))) == decisions
    assert again.state == whole.state


@pytest.mark.parametrize("rule", list(RULES))
def test_most_of_the_budget_is_used(rule: str) -> None:
    parameters: dict[str, Any] = {"at": 0.4} if rule == "threshold" else {}
    counts = [sum(StreamSampler(rule=rule, budget=0.2, seed=s, **parameters).offer(**signals(s))) for s in range(8)]
    assert 0.6 * 0.2 * N <= np.mean(counts) <= 0.2 * N


def test_uncertain_items_are_asked() -> None:
    given_ = signals(3)
    confidence = given_["probs"].max(axis=1)
    rules: list[tuple[dict[str, Any], float]] = [
        ({"rule": "variable", "step": 0.1}, 0.05),
        ({"rule": "quantile"}, 0.15),
    ]
    for more, gap in rules:
        asked = np.array(StreamSampler("least_confidence", budget=0.1, **more).offer(**given_))
        assert confidence[asked].mean() < confidence[~asked].mean() - gap


def test_any_score_for_the_quantile_and_the_seed_decides_draws() -> None:
    given_ = signals()
    asked = StreamSampler("entropy", rule="quantile", budget=0.1).offer(probs=given_["probs"])
    assert 20 <= sum(asked) <= 30
    runs = {tuple(StreamSampler(rule="chance", seed=s).offer(**given_)) for s in range(5)}
    assert len(runs) == 5
    by_random = StreamSampler("random", rule="quantile", budget=0.3).offer(**given_)
    assert 40 <= sum(by_random) <= 90


def test_scores_that_look_at_labelled_items() -> None:
    sampler = StreamSampler("novelty", rule="quantile", budget=0.5)
    x = np.array([[0.0], [0.1], [5.0], [0.0]])
    assert sampler.offer(embedding=x, labelled={"embedding": np.array([[0.0]])}) == [True, False, True, False]


def test_vessal_by_name_and_of_embeddings() -> None:
    given_ = signals()
    a = StreamSampler("vessal", budget=0.1, seed=1)
    assert a.offer(**given_) == StreamSampler(rule="vessal", budget=0.1, seed=1).offer(**given_)
    b = StreamSampler("vessal", of="embedding", budget=0.1, width=4)
    assert len(b.offer(embedding=given_["gradient"][1])) == N
    assert len(b.state["memory"]["moments"]["mean"]) == 4
    with pytest.raises(ArgumentError, match="vessal is a rule itself"):
        StreamSampler("vessal", rule="quantile")


def test_the_first_item_is_asked_with_the_chance_of_the_budget() -> None:
    first = [StreamSampler("vessal", budget=0.25, seed=s).offer(**signals(0, 1))[0] for s in range(800)]
    assert abs(np.mean(first) - 0.25) < 4 * math.sqrt(0.25 * 0.75 / 800)


def test_an_error_leaves_no_trace() -> None:
    sampler = StreamSampler("entropy", rule="variable")
    before = sampler.state
    with pytest.raises(ArgumentError, match=r"the rule variable needs a score between 0 and 1.*entropy goes"):
        sampler.offer(probs=np.full((2, 5), 0.2))
    with pytest.raises(DataError, match="logits"):
        sampler.offer(probs=np.array([[3.0, -1.0]]))
    with pytest.raises(ArgumentError, match="needs the signal probs"):
        sampler.offer(embedding=np.zeros((2, 2)))
    assert sampler.state == before


def test_a_rule_of_ones_own() -> None:
    sampler = StreamSampler(rule=Variable(window=50), budget=0.2)
    assert sampler.state["parameters"]["window"] == 50
    with pytest.raises(ArgumentError, match="give parameters to the rule itself"):
        StreamSampler(rule=Variable(), window=50)


def test_bad_arguments() -> None:
    with pytest.raises(UnknownNameError, match="there is no rule variabel; did you mean variable"):
        StreamSampler(rule="variabel")
    with pytest.raises(UnknownNameError, match="has no parameter 'windows'; did you mean window"):
        StreamSampler(rule="variable", windows=3)
    with pytest.raises(ArgumentError, match=r"budget must be a share above 0 and at most 1, got 1\.5"):
        StreamSampler(budget=1.5)
    with pytest.raises(ArgumentTypeError, match="budget must be a share"):
        StreamSampler(budget="0.1")  # type: ignore[arg-type]
    with pytest.raises(ArgumentTypeError, match=r"a score .* is needed"):
        StreamSampler("k_center")


@pytest.mark.parametrize("change", [{"version": 2}, {"rule": "no"}, {"memory": {}}, {"seen": "x"}, {"budget": 7}])
def test_states_that_are_none(change: dict[str, Any]) -> None:
    state = {**StreamSampler().state, **change}
    with pytest.raises((StateError, UnknownNameError)):
        StreamSampler.resume(state)


def test_it_is_public() -> None:
    assert querist.StreamSampler is StreamSampler
