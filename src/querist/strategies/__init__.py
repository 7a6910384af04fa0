"""ROOM 3: what to ask next. Scores, selectors, filters and strategies, and the algebra that combines them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from querist.strategies import fusion, recipes
from querist.strategies.algebra import Filter, Part, Score, Selector, Strategy
from querist.strategies.badge import Badge
from querist.strategies.bandit import Bandit
from querist.strategies.combinators import Interleave, Mix, Switch
from querist.strategies.filters.shortlist import Shortlist
from querist.strategies.filters.subsample import Subsample
from querist.strategies.methods.active_search import ActiveSearch
from querist.strategies.methods.age import Age
from querist.strategies.methods.feat_prop import FeatProp
from querist.strategies.methods.grain import Grain
from querist.strategies.methods.graph_part import GraphPart
from querist.strategies.scores.bald import Bald
from querist.strategies.scores.best_span import BestSpan
from querist.strategies.scores.binary_minimum import BinaryMinimum
from querist.strategies.scores.consensus_kl import ConsensusKl
from querist.strategies.scores.cvirs import Cvirs
from querist.strategies.scores.degree import Degree
from querist.strategies.scores.density import Density
from querist.strategies.scores.egl import Egl
from querist.strategies.scores.entropy import Entropy
from querist.strategies.scores.grad_norm import GradNorm
from querist.strategies.scores.label_cardinality import LabelCardinality
from querist.strategies.scores.label_entropy import LabelEntropy
from querist.strategies.scores.least_confidence import LeastConfidence
from querist.strategies.scores.margin import Margin
from querist.strategies.scores.mean_std import MeanStd
from querist.strategies.scores.mmc import Mmc
from querist.strategies.scores.mnlp import Mnlp
from querist.strategies.scores.most_likely import MostLikely
from querist.strategies.scores.novelty import Novelty
from querist.strategies.scores.page_rank import PageRank
from querist.strategies.scores.per_token import PerToken
from querist.strategies.scores.pred_variance import PredVariance
from querist.strategies.scores.predictive_entropy import PredictiveEntropy
from querist.strategies.scores.random import Random
from querist.strategies.scores.ratio import Ratio
from querist.strategies.scores.sequence_entropy import SequenceEntropy
from querist.strategies.scores.sequence_least_confidence import SequenceLeastConfidence
from querist.strategies.scores.sequence_margin import SequenceMargin
from querist.strategies.scores.threshold_distance import ThresholdDistance
from querist.strategies.scores.token_entropy import TokenEntropy
from querist.strategies.scores.token_margin import TokenMargin
from querist.strategies.scores.typicality import Typicality
from querist.strategies.scores.variation_ratio import VariationRatio
from querist.strategies.scores.vote_entropy import VoteEntropy
from querist.strategies.selectors.class_balance import ClassBalance
from querist.strategies.selectors.graph_density import GraphDensity
from querist.strategies.selectors.k_center import KCenter
from querist.strategies.selectors.k_means import KMeans
from querist.strategies.selectors.kmeans_pp import KMeansPP
from querist.strategies.selectors.power import Power
from querist.strategies.selectors.softmax import Softmax
from querist.strategies.selectors.softrank import Softrank
from querist.strategies.selectors.top_k import TopK

if TYPE_CHECKING:
    from querist.core.registry import Registry

__all__ = ["PARTS", "register"]

PARTS: tuple[type[Part], ...] = (
    # scores
    Random,
    LeastConfidence,
    Margin,
    Ratio,
    Entropy,
    VariationRatio,
    MeanStd,
    VoteEntropy,
    ConsensusKl,
    PredictiveEntropy,
    Bald,
    PredVariance,
    Egl,
    GradNorm,
    Density,
    Typicality,
    Novelty,
    Degree,
    PageRank,
    TokenEntropy,
    TokenMargin,
    Mnlp,
    SequenceLeastConfidence,
    SequenceEntropy,
    SequenceMargin,
    BestSpan,
    PerToken,
    BinaryMinimum,
    LabelEntropy,
    Mmc,
    LabelCardinality,
    Cvirs,
    ThresholdDistance,
    MostLikely,
    # fusions
    fusion.Rank,
    fusion.Zscore,
    fusion.Minmax,
    fusion.CostRatio,
    # selectors
    TopK,
    Power,
    Softmax,
    Softrank,
    KCenter,
    KMeans,
    KMeansPP,
    ClassBalance,
    GraphDensity,
    # filters
    Shortlist,
    Subsample,
    # published methods
    Badge,
    recipes.PowerBald,
    recipes.PowerMargin,
    recipes.DensityWeighted,
    Age,
    FeatProp,
    GraphPart,
    Grain,
    ActiveSearch,
    # combinators
    Mix,
    Interleave,
    Switch,
    Bandit,
)
"""Every registered part, one line each."""

_KINDS: tuple[tuple[type[Part], str], ...] = (
    (Score, "score"),
    (Selector, "selector"),
    (Filter, "filter"),
    (Strategy, "strategy"),
)


def register(registry: Registry) -> None:
    """The door of this room: every part of `PARTS` under its name and kind."""
    for part in PARTS:
        kind = next(kind for base, kind in _KINDS if issubclass(part, base))
        registry.add(kind, part.part_name(), part)
