"""A linear-chain conditional random field in plain torch: likelihood, marginals, best sequences, samples.

Lafferty, McCallum and Pereira, Conditional Random Fields, 2001. The score of a sequence y of n tags is

    start[y_1] + sum_t emissions[t, y_t] + sum_t transitions[y_t, y_{t+1}] + end[y_n],

its probability the softmax of that score over all sequences. Items of different lengths stand in one batch; what lies
beyond an item's length plays no part, whatever it holds. Shapes: n items, T tokens, C tags, B sequences.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from querist.core.optional import torch as _torch

if TYPE_CHECKING:
    import torch
    from torch import Tensor
else:
    torch = _torch()
    Tensor = torch.Tensor

__all__ = ["NEVER", "LinearChainCrf"]

NEVER = -1e4
"""Score of a step that is not allowed, and the least log-probability that is told."""
_LOWEST = -600.0
"""How far below the best of a token a score counts."""


class LinearChainCrf(torch.nn.Module):
    """The chain over tags: the scores of first tags, of steps and of last tags.

    Args:
        tags: number of tags C.
        first: (C,) bool, tags that may come first; None allows all.
        steps: (C, C) bool, whether row may be followed by column; None allows all.
    """

    def __init__(self, tags: int, first: Any = None, steps: Any = None) -> None:
        super().__init__()
        self.start = torch.nn.Parameter(torch.empty(tags))
        self.transitions = torch.nn.Parameter(torch.empty(tags, tags))
        self.end = torch.nn.Parameter(torch.empty(tags))
        self.register_buffer("never_first", _penalty(first, (tags,)), persistent=False)
        self.register_buffer("never_steps", _penalty(steps, (tags, tags)), persistent=False)
        self.reset_parameters()

    never_first: Tensor
    never_steps: Tensor

    def reset_parameters(self) -> None:
        """Small random scores."""
        for parameter in (self.start, self.transitions, self.end):
            torch.nn.init.uniform_(parameter, -0.1, 0.1)

    def scores(self) -> tuple[Tensor, Tensor, Tensor]:
        """(C,) of first tags, (C, C) of steps, (C,) of last tags, with what is not allowed far down."""
        return self.start + self.never_first, self.transitions + self.never_steps, self.end

    def log_likelihood(self, emissions: Tensor, lengths: Tensor, tags: Tensor) -> Tensor:
        """Log-probability of the given tags, differentiable.

        Args:
            emissions: (n, T, C).
            lengths: (n,) tokens of each item, from 1 to T.
            tags: (n, T) int64; anything beyond the length.

        Returns:
            (n,) at most 0.
        """
        start, steps, end = self.scores()
        total: Tensor = _LogPartition.apply(emissions, lengths, start, steps, end)  # type: ignore[no-untyped-call]
        return self.score(emissions, lengths, tags) - total

    def score(self, emissions: Tensor, lengths: Tensor, tags: Tensor) -> Tensor:
        """(n,) score of the given tags, not normalised; see `log_likelihood`."""
        start, steps, end = self.scores()
        here = _inside(emissions, lengths)
        safe = tags.where(here, torch.zeros_like(tags))
        out = start[safe[:, 0]]
        out = out + emissions.gather(2, safe[:, :, None])[:, :, 0].masked_fill(~here, 0.0).sum(dim=1)
        out = out + (steps[safe[:, :-1], safe[:, 1:]] * here[:, 1:]).sum(dim=1)
        last = safe.gather(1, lengths[:, None] - 1)[:, 0]
        return out + end[last]

    def log_partition(self, emissions: Tensor, lengths: Tensor) -> Tensor:
        """(n,) log of the sum over all sequences of exp(score), differentiable."""
        total: Tensor = _LogPartition.apply(emissions, lengths, *self.scores())  # type: ignore[no-untyped-call]
        return total

    def marginals(self, emissions: Tensor, lengths: Tensor) -> Tensor:
        """(n, T, C) probability of each tag at each token, by forward and backward sums; 0 beyond the length."""
        with torch.no_grad():
            sums = _Sums(emissions, lengths, *self.scores())
            return sums.marginals.to(emissions.dtype)

    def viterbi(self, emissions: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """The most probable sequence: (n, T) int64 tags, 0 beyond the length, and (n,) log-probabilities."""
        paths, logs = self.n_best(emissions, lengths, 1)
        return paths[:, 0], logs[:, 0]

    def n_best(self, emissions: Tensor, lengths: Tensor, count: int) -> tuple[Tensor, Tensor]:
        """The ``count`` most probable sequences, all different, best first.

        Where an item has fewer allowed sequences, those that are left over have log-probability `NEVER`.

        Args:
            emissions: (n, T, C).
            lengths: (n,).
            count: B, at least 1.

        Returns:
            (n, B, T) int64 tags, 0 beyond the length, and (n, B) log-probabilities from `NEVER` to 0, descending.
        """
        with torch.no_grad():
            start, steps, end = self.scores()
            n, longest, tags = emissions.shape
            best = emissions.new_full((n, count, tags), -torch.inf)
            best[:, 0] = start + emissions[:, 0]  # rank 0 only: one sequence ends in each tag so far
            stay = torch.arange(count * tags, device=emissions.device).reshape(1, count, tags).expand(n, -1, -1)
            back = []
            for t in range(1, longest):
                wide = (best[:, :, :, None] + steps).reshape(n, count * tags, tags)
                top, came = wide.topk(count, dim=1)
                on = (lengths > t)[:, None, None]
                best = torch.where(on, top + emissions[:, t, None, :], best)
                back.append(torch.where(on, came, stay))
            top, place = (best + end).reshape(n, count * tags).topk(count, dim=1)
            paths = torch.zeros((n, count, longest), dtype=torch.int64, device=emissions.device)
            for t in range(longest - 1, -1, -1):
                paths[:, :, t] = (place % tags) * (lengths > t)[:, None]
                if t:
                    place = back[t - 1].reshape(n, count * tags).gather(1, place)
            logs = top - self.log_partition(emissions, lengths)[:, None]
            return paths, logs.clamp(NEVER, 0.0)

    def sample(self, emissions: Tensor, lengths: Tensor, count: int, generator: torch.Generator) -> Tensor:
        """(n, count, T) int64 sequences drawn by their probability, 0 beyond the length."""
        with torch.no_grad():
            sums = _Sums(emissions, lengths, *self.scores())
            n, longest, tags = emissions.shape
            out = torch.zeros((n, count, longest), dtype=torch.int64, device=emissions.device)
            for t in range(longest - 1, -1, -1):
                after = sums.end.expand(n, count, tags)
                if t + 1 < longest:
                    goes_on = (lengths > t + 1)[:, None, None]
                    after = torch.where(goes_on, sums.steps.t()[out[:, :, t + 1]], after)
                p = (sums.alphas[:, t, None, :] * after).reshape(n * count, tags)
                drawn = torch.multinomial(p, 1, generator=generator).reshape(n, count)
                out[:, :, t] = drawn * (lengths > t)[:, None]
            return out


class _LogPartition(torch.autograd.Function):
    """The log-partition with its gradient by forward and backward sums: no graph over the tokens is kept."""

    @staticmethod
    def forward(ctx: Any, emissions: Tensor, lengths: Tensor, start: Tensor, steps: Tensor, end: Tensor) -> Tensor:
        sums = _Sums(emissions, lengths, start, steps, end)
        ctx.sums = sums
        return sums.total.to(emissions.dtype)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, Tensor, Tensor, Tensor]:
        sums: _Sums = ctx.sums
        weight = grad.to(sums.alphas.dtype)
        marginals = sums.marginals * weight[:, None, None]
        last = marginals.gather(1, sums.last)[:, 0]
        pairs = sums.pairs(weight)
        first = marginals[:, 0].sum(dim=0)
        whole, start, steps, end = (part.to(grad.dtype) for part in (marginals, first, pairs, last.sum(dim=0)))
        return whole, None, start, steps, end


class _Sums:
    """Forward and backward sums over all sequences, both in one loop, as probabilities that are scaled at every token.

    The backward sums are forward sums over the items turned round, with the steps turned round. Sums are in double
    precision, where a score may lie up to 600 below the best of its token; what is lower counts as that.

    Args:
        emissions: (n, T, C).
        lengths: (n,).
        start: (C,) scores, as all the following.
        steps: (C, C).
        end: (C,).
    """

    def __init__(self, emissions: Tensor, lengths: Tensor, start: Tensor, steps: Tensor, end: Tensor) -> None:
        exact = torch.float32 if emissions.device.type == "mps" else torch.float64
        scores = emissions.to(exact)
        highest = scores.amax(dim=2, keepdim=True)
        ahead = (scores - highest).clamp_min(_LOWEST).exp()
        self.here = _inside(emissions, lengths)
        self.last = (lengths - 1)[:, None, None].expand(-1, 1, emissions.shape[2])
        places = torch.arange(emissions.shape[1], device=emissions.device)[None, :]
        self._turned = torch.where(self.here, lengths[:, None] - 1 - places, places)[:, :, None].expand_as(emissions)
        start, self.steps, self.end = (part.to(exact).exp() for part in (start, steps, end))
        both = torch.stack([ahead, ahead.gather(1, self._turned)])
        walk = torch.stack([self.steps, self.steps.t()])
        before = torch.stack([start, self.end])[:, None, :].expand(2, len(emissions), -1)
        befores: list[Tensor] = []
        states: list[Tensor] = []
        scales: list[Tensor] = []
        for t in range(emissions.shape[1]):
            if t:
                before = torch.bmm(states[-1], walk)
            state = before * both[:, :, t]
            scale = state.sum(dim=2, keepdim=True)
            befores.append(before)
            states.append(state / scale)
            scales.append(scale)
        whole = torch.stack(states, dim=2)
        self.alphas = whole[0]
        """(n, T, C) share of each tag among the sequences that end at a token."""
        self._reach = torch.stack([b[0] for b in befores], dim=1)
        self._back = whole[1].gather(1, self._turned)
        self._after = torch.stack([b[1] for b in befores], dim=1).gather(1, self._turned)
        logs = torch.stack([s[0] for s in scales], dim=1)[:, :, 0].log() + highest[:, :, 0]
        closing = (self.alphas.gather(1, self.last)[:, 0] * self.end).sum(dim=1).log()
        self.total = logs.masked_fill(~self.here, 0.0).sum(dim=1) + closing
        """(n,) log of the sum over all sequences."""

    @property
    def marginals(self) -> Tensor:
        """(n, T, C) probability of each tag at each token; 0 beyond the length."""
        joint = self.alphas * self._after
        return (joint / joint.sum(dim=2, keepdim=True)).masked_fill(~self.here[:, :, None], 0.0)

    def pairs(self, weight: Tensor) -> Tensor:
        """(C, C) expected number of steps from row to column, items weighed by (n,) ``weight``."""
        after = self._back[:, 1:]
        scale = (self._reach[:, 1:] * after).sum(dim=2)
        share = (weight[:, None] / scale).masked_fill(~self.here[:, 1:], 0.0)
        left = (self.alphas[:, :-1] * share[:, :, None]).masked_fill(~self.here[:, 1:, None], 0.0)
        count = torch.einsum("nti,ntj->ij", left, after)
        return count * self.steps


def _inside(emissions: Tensor, lengths: Tensor) -> Tensor:
    """(n, T) bool: whether a place is within its item."""
    return torch.arange(emissions.shape[1], device=emissions.device)[None, :] < lengths[:, None]


def _penalty(allowed: Any, shape: tuple[int, ...]) -> Tensor:
    if allowed is None:
        return torch.zeros(shape)
    return torch.where(torch.as_tensor(allowed, dtype=torch.bool), 0.0, NEVER).reshape(shape)
