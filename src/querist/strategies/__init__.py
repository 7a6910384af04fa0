"""ROOM 3: what to ask next. Scores, selectors, filters and strategies, and the algebra that combines them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from querist.strategies import fusion, recipes, scaled, together
from querist.strategies.algebra import Filter, Part, Score, Selector, Strategy
from querist.strategies.badge import Badge
from querist.strategies.bandit import Bandit
from querist.strategies.combinators import Interleave, Mix, Switch
from querist.strategies.coverage import CoverageSwitch
from querist.strategies.explore import EpsilonGreedy
from querist.strategies.filters.anchors import Anchors
from querist.strategies.filters.class_quota import ClassQuota
from querist.strategies.filters.dedup import Dedup
from querist.strategies.filters.near_labelled import NearLabelled
from querist.strategies.filters.purity import Purity
from querist.strategies.filters.refine import Refine
from querist.strategies.filters.shortlist import Shortlist
from querist.strategies.filters.subsample import Subsample
from querist.strategies.filters.trim import Trim
from querist.strategies.limits import Limit
from querist.strategies.methods.acs_fw import AcsFw
from querist.strategies.methods.active_ft import ActiveFt
from querist.strategies.methods.active_search import ActiveSearch
from querist.strategies.methods.age import Age
from querist.strategies.methods.albl import Albl
from querist.strategies.methods.alfa_mix import AlfaMix
from querist.strategies.methods.auto import Auto
from querist.strategies.methods.bait import Bait, BaitRegression
from querist.strategies.methods.batch_bald import BatchBald
from querist.strategies.methods.bemps import Bemps
from querist.strategies.methods.clue import Clue
from querist.strategies.methods.cluster_margin import ClusterMargin
from querist.strategies.methods.contrastive import Contrastive
from querist.strategies.methods.dbal import Dbal, RepresentativeMargin
from querist.strategies.methods.deimos import Deimos
from querist.strategies.methods.direct import Direct
from querist.strategies.methods.discriminative import Discriminative
from querist.strategies.methods.drop_query import DropQuery
from querist.strategies.methods.falcun import Falcun
from querist.strategies.methods.feat_prop import FeatProp
from querist.strategies.methods.firal import Firal
from querist.strategies.methods.galaxy import Galaxy
from querist.strategies.methods.glister import Glister
from querist.strategies.methods.grad_match import GradMatch
from querist.strategies.methods.grain import Grain
from querist.strategies.methods.graph_part import GraphPart
from querist.strategies.methods.gsx import Gsx
from querist.strategies.methods.gsy import Gsy
from querist.strategies.methods.hierarchical import Hierarchical
from querist.strategies.methods.igs import Igs
from querist.strategies.methods.k_bald import KBald
from querist.strategies.methods.lcmd_grad import LcmdGrad
from querist.strategies.methods.ldm_s import LdmS
from querist.strategies.methods.mismatch_first import MismatchFirst
from querist.strategies.methods.noise_stability import NoiseStability
from querist.strategies.methods.random_clust import RandomClust
from querist.strategies.methods.saal import Saal
from querist.strategies.methods.tailor import Tailor
from querist.strategies.methods.tcm import Tcm
from querist.strategies.methods.ted import Ted
from querist.strategies.methods.typiclust import TypiClust
from querist.strategies.methods.uherding import Uherding
from querist.strategies.methods.vessal import Vessal
from querist.strategies.plateau_switch import PlateauSwitch
from querist.strategies.scores.adversarial_margin import AdversarialMargin
from querist.strategies.scores.balanced_entropy import BalancedEntropy
from querist.strategies.scores.bald import Bald
from querist.strategies.scores.bald_regression import BaldRegression
from querist.strategies.scores.best_span import BestSpan
from querist.strategies.scores.binary_minimum import BinaryMinimum
from querist.strategies.scores.cal import Cal
from querist.strategies.scores.consensus_kl import ConsensusKl
from querist.strategies.scores.consistency import Consistency
from querist.strategies.scores.core_log import CoreLog
from querist.strategies.scores.core_mse import CoreMse
from querist.strategies.scores.cvirs import Cvirs
from querist.strategies.scores.ddu import Ddu
from querist.strategies.scores.degree import Degree
from querist.strategies.scores.density import Density
from querist.strategies.scores.dynamic_al import DynamicAl
from querist.strategies.scores.eer import Eer
from querist.strategies.scores.egl import Egl
from querist.strategies.scores.emcm import Emcm
from querist.strategies.scores.emoc import Emoc
from querist.strategies.scores.entropy import Entropy
from querist.strategies.scores.epig import Epig
from querist.strategies.scores.epig_regression import EpigRegression
from querist.strategies.scores.gini import Gini
from querist.strategies.scores.grad_norm import GradNorm
from querist.strategies.scores.isal import Isal
from querist.strategies.scores.knn_shapley import KnnShapley
from querist.strategies.scores.label_cardinality import LabelCardinality
from querist.strategies.scores.label_entropy import LabelEntropy
from querist.strategies.scores.learning_loss import LearningLoss
from querist.strategies.scores.least_confidence import LeastConfidence
from querist.strategies.scores.least_disagree import LeastDisagree
from querist.strategies.scores.local_sensitivity import LocalSensitivity
from querist.strategies.scores.mahalanobis import Mahalanobis
from querist.strategies.scores.margin import Margin
from querist.strategies.scores.mean_std import MeanStd
from querist.strategies.scores.mmc import Mmc
from querist.strategies.scores.mnlp import Mnlp
from querist.strategies.scores.mocu import Mocu
from querist.strategies.scores.most_likely import MostLikely
from querist.strategies.scores.noisy_bald import NoisyBald
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
from querist.strategies.scores.sharpness import Sharpness
from querist.strategies.scores.smocu import Smocu
from querist.strategies.scores.snapshot import Snapshot
from querist.strategies.scores.st_conal import StConal
from querist.strategies.scores.temporal_ensemble import TemporalEnsemble
from querist.strategies.scores.threshold_distance import ThresholdDistance
from querist.strategies.scores.tod import Tod
from querist.strategies.scores.token_entropy import TokenEntropy
from querist.strategies.scores.token_margin import TokenMargin
from querist.strategies.scores.typicality import Typicality
from querist.strategies.scores.vaal import Vaal
from querist.strategies.scores.vacuity import Vacuity
from querist.strategies.scores.variance_reduction import VarianceReduction
from querist.strategies.scores.variation_ratio import VariationRatio
from querist.strategies.scores.vote_entropy import VoteEntropy
from querist.strategies.scores.waal import Waal
from querist.strategies.selectors.class_balance import ClassBalance
from querist.strategies.selectors.cluster_pick import ClusterPick
from querist.strategies.selectors.facility_location import FacilityLocation
from querist.strategies.selectors.flqmi import Flqmi
from querist.strategies.selectors.frank_wolfe import FrankWolfe
from querist.strategies.selectors.graph_density import GraphDensity
from querist.strategies.selectors.idds import Idds
from querist.strategies.selectors.k_center import KCenter
from querist.strategies.selectors.k_means import KMeans
from querist.strategies.selectors.kernel_herding import KernelHerding
from querist.strategies.selectors.kmeans_pp import KMeansPP
from querist.strategies.selectors.lcmd import Lcmd
from querist.strategies.selectors.lightweight_coreset import LightweightCoreset
from querist.strategies.selectors.max_det import MaxDet
from querist.strategies.selectors.max_dist import MaxDist
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
    Cal,
    Epig,
    CoreMse,
    CoreLog,
    NoisyBald,
    Mocu,
    Smocu,
    BalancedEntropy,
    BaldRegression,
    EpigRegression,
    Gini,
    Consistency,
    LocalSensitivity,
    PredVariance,
    Egl,
    GradNorm,
    Density,
    Typicality,
    Novelty,
    AdversarialMargin,
    LearningLoss,
    LeastDisagree,
    Sharpness,
    Snapshot,
    StConal,
    TemporalEnsemble,
    Tod,
    Vaal,
    Vacuity,
    Waal,
    DynamicAl,
    Eer,
    Emcm,
    Emoc,
    Isal,
    VarianceReduction,
    Ddu,
    KnnShapley,
    Mahalanobis,
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
    scaled.Percentile,
    scaled.SoftmaxNorm,
    scaled.Decayed,
    together.Borda,
    together.Rrf,
    together.Pareto,
    together.Chebyshev,
    together.Constrained,
    # selectors
    TopK,
    Power,
    Softmax,
    Softrank,
    KCenter,
    KMeans,
    KMeansPP,
    ClusterPick,
    ClassBalance,
    GraphDensity,
    MaxDist,
    Lcmd,
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
    NearLabelled,
    Dedup,
    ClassQuota,
    Purity,
    Trim,
    Anchors,
    Refine,
    # published methods
    Auto,
    Badge,
    Vessal,
    BatchBald,
    Deimos,
    KBald,
    Bemps,
    Bait,
    BaitRegression,
    Glister,
    GradMatch,
    Discriminative,
    Firal,
    Gsx,
    Gsy,
    Igs,
    Ted,
    LcmdGrad,
    recipes.PowerBald,
    recipes.PowerMargin,
    recipes.DensityWeighted,
    NoiseStability,
    Discriminative,
    LdmS,
    Saal,
    TypiClust,
    DropQuery,
    ClusterMargin,
    Galaxy,
    AlfaMix,
    Direct,
    ActiveFt,
    Contrastive,
    Tcm,
    RepresentativeMargin,
    Dbal,
    Clue,
    Falcun,
    RandomClust,
    MismatchFirst,
    Hierarchical,
    Age,
    FeatProp,
    GraphPart,
    Grain,
    ActiveSearch,
    Uherding,
    AcsFw,
    # combinators
    Mix,
    Interleave,
    Switch,
    Bandit,
    Albl,
    Tailor,
    EpsilonGreedy,
    CoverageSwitch,
    PlateauSwitch,
    Limit,
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
