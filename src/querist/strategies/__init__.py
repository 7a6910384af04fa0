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
from querist.strategies.methods.acs_fw import AcsFw
from querist.strategies.methods.uherding import Uherding
from querist.strategies.scores.bald import Bald
from querist.strategies.scores.consensus_kl import ConsensusKl
from querist.strategies.scores.density import Density
from querist.strategies.scores.egl import Egl
from querist.strategies.scores.entropy import Entropy
from querist.strategies.scores.grad_norm import GradNorm
from querist.strategies.scores.least_confidence import LeastConfidence
from querist.strategies.scores.margin import Margin
from querist.strategies.scores.mean_std import MeanStd
from querist.strategies.scores.novelty import Novelty
from querist.strategies.scores.pred_variance import PredVariance
from querist.strategies.scores.predictive_entropy import PredictiveEntropy
from querist.strategies.scores.random import Random
from querist.strategies.scores.ratio import Ratio
from querist.strategies.scores.typicality import Typicality
from querist.strategies.scores.variation_ratio import VariationRatio
from querist.strategies.scores.vote_entropy import VoteEntropy
from querist.strategies.selectors.facility_location import FacilityLocation
from querist.strategies.selectors.flqmi import Flqmi
from querist.strategies.selectors.frank_wolfe import FrankWolfe
from querist.strategies.selectors.graph_density import GraphDensity
from querist.strategies.selectors.idds import Idds
from querist.strategies.selectors.k_center import KCenter
from querist.strategies.selectors.k_means import KMeans
from querist.strategies.selectors.kernel_herding import KernelHerding
from querist.strategies.selectors.kmeans_pp import KMeansPP
from querist.strategies.selectors.lightweight_coreset import LightweightCoreset
from querist.strategies.selectors.max_det import MaxDet
from querist.strategies.selectors.max_herding import MaxHerding
from querist.strategies.selectors.power import Power
from querist.strategies.selectors.prob_cover import ProbCover
from querist.strategies.selectors.softmax import Softmax
from querist.strategies.selectors.softrank import Softrank
from querist.strategies.selectors.top_k import TopK
from querist.strategies.selectors.vote_k import VoteK

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
    FacilityLocation,
    MaxHerding,
    ProbCover,
    MaxDet,
    FrankWolfe,
    KernelHerding,
    Idds,
    VoteK,
    GraphDensity,
    LightweightCoreset,
    Flqmi,
    # filters
    Shortlist,
    Subsample,
    # published methods
    Badge,
    recipes.PowerBald,
    recipes.PowerMargin,
    recipes.DensityWeighted,
    Uherding,
    AcsFw,
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
