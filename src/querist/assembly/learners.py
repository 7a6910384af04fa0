"""The learners that a specification can name: one entry a kind."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from querist.assembly.estimators import make_estimator
from querist.assembly.learner_kind import LearnerKind, ModelSpec
from querist.assembly.tables import one_of
from querist.core.errors import ArgumentError
from querist.core.ports import Learner, Strategy
from querist.core.registry import registry
from querist.data.schema import Schema
from querist.data.source import Source
from querist.models.pretrained.lora import LoRA
from querist.training.gp_learner import GPLearner
from querist.training.graph_learner import GRAPH_RECIPE, GraphLearner
from querist.training.heads import head_for
from querist.training.image_learner import image_learner, image_recipe
from querist.training.recipe import Recipe
from querist.training.recurrent import RECURRENT, recurrent_learner
from querist.training.sklearn_learner import SklearnLearner
from querist.training.tabular import TABULAR, tabular_learner
from querist.training.tagger import TAGGER, TaggerLearner
from querist.training.text_learner import text_learner, text_recipe
from querist.training.torch_learner import TorchLearner

__all__ = ["LEARNERS", "AnyModel", "kind_of", "make_learner", "model_spec", "settled"]


def _estimator(
    source: Source,
    schema: Schema,
    *,
    name: str = "logistic_regression",
    parameters: Mapping[str, Any] | None = None,
    scale: bool = False,
) -> Learner:
    """A scikit-learn estimator.

    Args:
        source: the items.
        schema: what a label may be.
        name: of the estimator: logistic_regression, svm, linear_svm, random_forest, extra_trees, gradient_boosting,
            k_neighbors, naive_bayes, ridge, random_forest_regressor or svr.
        parameters: of the estimator.
        scale: standardise features on the pool (arrays and tables).
    """
    estimator = make_estimator(name, dict(parameters or {}))
    if scale:
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        estimator = make_pipeline(StandardScaler(), estimator)
    return SklearnLearner(estimator, source, schema)


_ELSEWHERE = {
    **dict.fromkeys(("lstm", "gru"), "recurrent"),
    **dict.fromkeys(("bilstm_crf", "window_crf"), "tagger"),
    **dict.fromkeys(("sgc", "appnp", "gcn", "sage", "gat"), "graph"),
}
"""Registered networks that do not read arrays, and the learner that feeds each."""


def _network(
    source: Source, schema: Schema, *, name: str, parameters: Mapping[str, Any] | None = None, **more: Any
) -> Learner:
    """A registered network on arrays of numbers or images.

    Args:
        source: the items.
        schema: what a label may be.
        name: of the network: small_cnn, strided_cnn, resnet18, mlp or linear.
        parameters: of its constructor.
        **more: see `TorchLearner`.
    """
    entry = registry.find(name, "model")
    if name in _ELSEWHERE:
        raise ArgumentError(
            f"{name} does not read arrays: use learner = {_ELSEWHERE[name]!r} in [model]", code="BadLearner"
        )
    given = {**_shapes(name, source, head_for(schema, more["head"]).width(schema)), **(parameters or {})}

    def module() -> Any:
        try:
            return entry.factory(**given)
        except TypeError as error:
            raise ArgumentError(f"model {name}: {error}", code="BadParameter") from error

    return TorchLearner(module, source, schema, **more)


def _shapes(name: str, source: Source, outputs: int) -> dict[str, Any]:
    """What the built-in networks must know of the data."""
    shape = np.asarray(source.take(np.zeros(1, dtype=np.int64))).shape[1:]
    if name in ("small_cnn", "strided_cnn", "resnet18"):
        channels = shape[0] if len(shape) == 3 else 1
        size = {} if name == "resnet18" else {"size": int(shape[-1])}
        return {"channels_in": channels, "classes": outputs, **size}
    return {"inputs": int(np.prod(shape)), "outputs": outputs}


_KINDS = (
    LearnerKind("sklearn", _estimator, types={"parameters": dict[str, Any] | None}),
    LearnerKind("torch", _network, types={"parameters": dict[str, Any] | None}, recipe=lambda _: Recipe()),
    LearnerKind("tabular", tabular_learner, recipe=lambda _: TABULAR),
    LearnerKind(
        "text",
        text_learner,
        reads="text",
        types={"pooling": Literal["auto", "mean", "cls", "last"]},
        records={"lora": LoRA},
        recipe=lambda given: text_recipe(given["tune"]),
        places=("encoder", "cache"),
    ),
    LearnerKind(
        "image",
        image_learner,
        reads="images",
        recipe=lambda given: image_recipe(given["tune"], given.get("weights")),
        places=("weights", "cache"),
    ),
    LearnerKind("recurrent", recurrent_learner, reads="text", recipe=lambda _: RECURRENT),
    LearnerKind("graph", GraphLearner, reads="graph", members=False, recipe=lambda _: GRAPH_RECIPE),
    LearnerKind(
        "tagger",
        TaggerLearner,
        reads="tokens",
        members=False,
        calibrates=False,
        recipe=lambda given: TAGGER.get(given["network"], Recipe()),
    ),
    LearnerKind("gp", GPLearner, members=False, calibrates=False),
)

LEARNERS: Mapping[str, LearnerKind] = {kind.name: kind for kind in _KINDS}
"""Value of ``model.learner`` to its kind; the first stands where it is left out."""

if TYPE_CHECKING:
    AnyModel = ModelSpec
else:
    AnyModel = one_of("learner", [kind.table for kind in _KINDS], _KINDS[0].name)


def kind_of(spec: ModelSpec) -> LearnerKind:
    """The kind of a ``[model]``."""
    return LEARNERS[spec.learner]


def model_spec(learner: str = "sklearn", **keys: Any) -> ModelSpec:
    """A ``[model]`` from Python."""
    return LEARNERS[learner].table(**keys)


def make_learner(spec: ModelSpec, source: Source, schema: Schema, *strategies: Strategy) -> Learner:
    """The learner of a specification, built on its source and equipped with what ``strategies`` need.

    Raises:
        UnknownNameError: an unknown model or parameter.
        ArgumentError: settings that do not fit each other, the data or the labels.
    """
    return kind_of(spec).build(spec, source, schema, *strategies)


def settled(spec: ModelSpec, folder: Path) -> dict[str, str]:
    """The keys of ``spec`` that name a file or a folder, as seen from ``folder``; a cache may be made there yet."""
    out = {}
    for key in kind_of(spec).places:
        value = getattr(spec, key)
        if value is None or Path(value).is_absolute():
            continue
        if key == "cache" or (folder / value).exists():
            out[key] = str((folder / value).resolve())
    return out
