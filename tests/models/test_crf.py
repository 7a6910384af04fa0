"""The chain against the sum and the sort over all its sequences."""

from __future__ import annotations

from itertools import pairwise, product
from typing import Any

import numpy as np
import pytest
import torch

from querist.models.crf import NEVER, LinearChainCrf

C, T = 3, 4
LENGTHS = torch.tensor([4, 1, 3, 2])


def chain(first: Any = None, steps: Any = None) -> tuple[LinearChainCrf, Any]:
    """A chain with large random scores in double precision, and emissions with rubbish beyond the lengths."""
    draw = torch.Generator().manual_seed(1)
    crf = LinearChainCrf(C, first, steps).double()
    with torch.no_grad():
        for parameter in crf.parameters():
            parameter.copy_(1.5 * torch.randn(parameter.shape, generator=draw, dtype=torch.float64))
    emissions = 2 * torch.randn(len(LENGTHS), T, C, generator=draw, dtype=torch.float64)
    emissions[1, 1:] = 1e6
    return crf, emissions


def plain_score(crf: LinearChainCrf, emissions: Any, path: tuple[int, ...]) -> float:
    """The formula of the module, one term after the other."""
    start, steps, end = (s.detach().numpy() for s in crf.scores())
    out = start[path[0]] + end[path[-1]] + sum(float(emissions[t, y]) for t, y in enumerate(path))
    return float(out + sum(steps[a, b] for a, b in pairwise(path)))


def everything(crf: LinearChainCrf, emissions: Any, length: int) -> dict[tuple[int, ...], float]:
    """Log-probability of every sequence of one item."""
    scores = {p: plain_score(crf, emissions, p) for p in product(range(C), repeat=length)}
    total = np.logaddexp.reduce(list(scores.values()))
    return {p: s - total for p, s in scores.items()}


FORBIDDEN = {
    "free": (None, None),
    "fenced": ([True, True, False], [[True, True, False], [True, True, True], [True, False, True]]),
}


@pytest.mark.parametrize("kind", FORBIDDEN)
def test_against_all_sequences(kind: str) -> None:
    crf, emissions = chain(*FORBIDDEN[kind])
    total = crf.log_partition(emissions, LENGTHS).detach()
    marginals = crf.marginals(emissions, LENGTHS)
    paths, logs = crf.n_best(emissions, LENGTHS, 5)
    single, top = crf.viterbi(emissions, LENGTHS)
    for i, length in enumerate(LENGTHS.tolist()):
        known = everything(crf, emissions[i], length)
        scores = [plain_score(crf, emissions[i], p) for p in known]
        assert float(total[i]) == pytest.approx(np.logaddexp.reduce(scores))
        for t, c in product(range(T), range(C)):
            share = sum(np.exp(v) for p, v in known.items() if t < length and p[t] == c)
            assert float(marginals[i, t, c]) == pytest.approx(share, abs=1e-9)
        ranked = sorted((p for p in known if known[p] > NEVER / 2), key=lambda p: -known[p])[:5]
        found = [tuple(p[:length]) for p, v in zip(paths[i].tolist(), logs[i], strict=True) if v > NEVER / 2]
        assert found == ranked, "the best sequences, in their order, each once"
        assert logs[i, : len(ranked)].tolist() == pytest.approx([known[p] for p in ranked])
        assert (logs[i, len(ranked) :] < -700).all(), "where there are fewer, the rest is impossible"
        assert (logs[i].diff() <= 0).all()
        assert torch.equal(single[i], paths[i, 0])
        assert float(top[i]) == pytest.approx(float(logs[i, 0]))
        assert not paths[i, :, length:].any()
        assert not single[i, length:].any()


def test_likelihood_of_given_tags() -> None:
    crf, emissions = chain()
    tags = torch.tensor([[2, 0, 1, 1], [1, -1, -1, -1], [0, 2, 2, 9], [1, 0, -5, 77]])
    logs = crf.log_likelihood(emissions, LENGTHS, tags).detach()
    for i, length in enumerate(LENGTHS.tolist()):
        assert float(logs[i]) == pytest.approx(everything(crf, emissions[i], length)[tuple(tags[i, :length].tolist())])


def test_the_gradient_is_that_of_automatic_differentiation() -> None:
    crf, emissions = chain(*FORBIDDEN["fenced"])
    emissions = emissions.requires_grad_()
    inputs = (emissions, crf.start, crf.transitions, crf.end)
    weights = torch.tensor([1.0, 0.5, -2.0, 3.0], dtype=torch.float64)
    ours = torch.autograd.grad((crf.log_partition(emissions, LENGTHS) * weights).sum(), inputs)
    start, steps, end = crf.scores()
    slow = torch.zeros(())
    for i, length in enumerate(LENGTHS.tolist()):
        alpha = start + emissions[i, 0]
        for t in range(1, length):
            alpha = torch.logsumexp(alpha[:, None] + steps, dim=0) + emissions[i, t]
        slow = slow + weights[i] * torch.logsumexp(alpha + end, dim=0)
    for a, b in zip(ours, torch.autograd.grad(slow, inputs), strict=True):
        torch.testing.assert_close(a, b)


def test_samples_come_by_their_probability() -> None:
    crf, emissions = chain()
    drawn = crf.sample(emissions, LENGTHS, 4000, torch.Generator().manual_seed(0))
    assert not drawn[1, :, 1:].any()
    again = crf.sample(emissions, LENGTHS, 4000, torch.Generator().manual_seed(0))
    assert torch.equal(drawn, again)
    for i in (2, 3):
        length = int(LENGTHS[i])
        known = everything(crf, emissions[i], length)
        found = [tuple(p) for p in drawn[i, :, :length].tolist()]
        off = [abs(found.count(p) / 4000 - np.exp(v)) / np.sqrt(np.exp(v) / 4000 + 1e-6) for p, v in known.items()]
        assert max(off) < 4.5, "within sampling error of the exact probabilities"


def test_what_is_not_allowed_never_comes() -> None:
    crf, emissions = chain(*FORBIDDEN["fenced"])
    paths, logs = crf.n_best(emissions, LENGTHS, 4)
    real = paths[logs > NEVER / 2]
    assert (real[:, 0] != 2).all(), "tag 2 never comes first"
    drawn = crf.sample(emissions, LENGTHS, 200, torch.Generator().manual_seed(3))
    steps = zip(drawn[0, :, :-1].flatten().tolist(), drawn[0, :, 1:].flatten().tolist(), strict=True)
    assert not {(0, 2), (2, 1)} & set(steps)


def test_a_long_item_stays_exact_in_single_precision() -> None:
    crf = LinearChainCrf(5)
    emissions = 10 * torch.randn(2, 700, 5, generator=torch.Generator().manual_seed(2))
    lengths = torch.tensor([700, 350])
    marginals = crf.marginals(emissions, lengths)
    exact = crf.double().marginals(emissions.double(), lengths)
    assert float((marginals - exact).abs().max()) < 1e-3
    assert torch.equal(marginals.sum(dim=2) > 0.5, torch.arange(700)[None] < lengths[:, None])
