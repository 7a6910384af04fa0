"""Hypothesis strategies for expressions of the algebra."""

from __future__ import annotations

from hypothesis import strategies as st

from querist.strategies.algebra import AnyPart, Filter, Score, Strategy, as_strategy
from querist.strategies.bandit import Bandit
from querist.strategies.combinators import Interleave, Mix, Switch
from querist.strategies.filters.shortlist import Shortlist
from querist.strategies.filters.subsample import Subsample
from querist.strategies.fusion import Minmax, Rank, Zscore
from querist.strategies.scores.bald import Bald
from querist.strategies.scores.entropy import Entropy
from querist.strategies.scores.margin import Margin
from querist.strategies.scores.random import Random
from querist.strategies.selectors.top_k import TopK

numbers = st.one_of(st.integers(-9, 9), st.floats(-1e9, 1e9), st.sampled_from([0.1, 1 / 3, 1e-300, 5e-324]))


def _more(inner: st.SearchStrategy[Score]) -> st.SearchStrategy[Score]:
    return st.one_of(
        st.builds(lambda a, b: a + b, inner, inner),
        st.builds(lambda a, b: a - b, inner, inner),
        st.builds(lambda a, b: a * b, inner, inner),
        st.builds(lambda w, a: w * a, numbers, inner),
        st.builds(lambda w, a: a * w, numbers, inner),
        st.builds(Rank, inner),
        st.builds(Zscore, inner),
        st.builds(Minmax, inner),
    )


scores: st.SearchStrategy[Score] = st.recursive(
    st.sampled_from([Margin(), Entropy(), Random(), Bald()]), _more, max_leaves=6
)
one_filter: st.SearchStrategy[Filter] = st.one_of(
    st.builds(lambda s, t: Shortlist(s, times=t), scores, st.one_of(st.integers(1, 9), st.floats(1, 99))),
    st.builds(lambda s, n: Shortlist(s, n=n), scores, st.integers(1, 99)),
    st.builds(Subsample, st.integers(1, 999)),
)
filters: st.SearchStrategy[Filter] = st.recursive(
    one_filter, lambda f: st.builds(lambda a, b: a | b, f, f), max_leaves=3
)
plain: st.SearchStrategy[AnyPart] = st.one_of(scores, scores.map(lambda s: s >> TopK()), st.just(TopK()))


def _unlike(members: list[AnyPart]) -> bool:
    return len({str(member) for member in members}) == len(members)


def _joined(inner: st.SearchStrategy[AnyPart]) -> st.SearchStrategy[AnyPart]:
    several = st.lists(inner, min_size=2, max_size=3).filter(_unlike)
    return st.one_of(
        st.builds(lambda f, s: f | s, filters, inner),
        several.map(lambda m: Interleave(*m)),
        several.map(Bandit),
        st.builds(lambda m, e: Bandit(m, exploration=e), several, st.floats(0, 9)),
        st.builds(lambda m, w: Mix(dict(zip(m, [w] * len(m)))), several, st.floats(0.01, 9)),
        st.builds(Switch, st.integers(0, 9), inner, inner),
    )


parts: st.SearchStrategy[AnyPart] = st.recursive(plain, _joined, max_leaves=4)
strategies: st.SearchStrategy[Strategy] = parts.map(as_strategy)
