"""The typed specification of a run: TOML in, a checked record out, every fault with its line."""

from __future__ import annotations

import tomllib
import typing
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

from querist.assembly.toml_lines import line_of
from querist.core.errors import ArgumentError, UnknownNameError, nearest, shorten, shorten_path
from querist.training.recipe import Recipe

__all__ = [
    "AnnotatorSpec",
    "DataSpec",
    "GridSpec",
    "LabelsSpec",
    "ModelSpec",
    "RunSpec",
    "Spec",
    "load_spec",
    "parse_spec",
]

_STRICT = ConfigDict(extra="forbid", strict=True, frozen=True)


class DataSpec(BaseModel):
    """``[data]``: where the items come from and what is held out."""

    model_config = _STRICT

    source: str
    """a file, a folder of images, or ``sklearn:digits`` (iris, wine, breast_cancer)"""
    text: str | None = None
    """column of the text"""
    label: str | None = None
    """column of the true label (simulations)"""
    id: str | None = None
    """column of the ids; without it ids are digests of the content"""
    features: list[str] | None = None
    """columns of the features"""
    size: int | None = Field(default=None, ge=1)
    """images are decoded to this width and height"""
    dedupe: bool = False
    skip_bad: bool = False
    test: float | int = 0.2
    """held out for testing: a share or a count"""
    validation: float | int = 0
    stratify: bool = True
    """whether the test set keeps the shares of the classes"""


class LabelsSpec(BaseModel):
    """``[labels]``: what a label may be."""

    model_config = _STRICT

    task: Literal["single", "multi", "number"] | None = None
    """one class, several classes or a number; guessed from the data when it is left out"""
    classes: list[str] | None = None
    """class names in order; those found in the data, sorted, when left out"""


if typing.TYPE_CHECKING:
    TrainingSpec = BaseModel
else:
    _hints = typing.get_type_hints(Recipe)
    _defaults = Recipe()
    TrainingSpec = create_model(
        "TrainingSpec",
        __config__=ConfigDict(extra="forbid", frozen=True),
        __doc__="``[model.training]``: the fields of `querist.Recipe`.",
        **{name: (hint, getattr(_defaults, name)) for name, hint in _hints.items() if hasattr(_defaults, name)},
    )


class ModelSpec(BaseModel):
    """``[model]``: what predicts, and how it is trained."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    learner: Literal["torch", "sklearn"] = "sklearn"
    name: str = "logistic_regression"
    """of a registered model (small_cnn, strided_cnn, mlp, linear) or a scikit-learn estimator (logistic_regression, ...)"""
    parameters: dict[str, Any] = {}
    """of the model's constructor"""
    training: TrainingSpec = TrainingSpec()
    """torch only"""
    members: int = Field(default=0, ge=0)
    """posterior samples by MC dropout, torch only; 20 where the strategy needs members"""
    head: str | None = None
    """what the outputs mean, torch only: classes, labels, number, evidential or normal; by default that of the labels"""
    scale: bool = False
    """standardise features on the pool (arrays and tables)"""
    device: str = "auto"


class AnnotatorSpec(BaseModel):
    """``[annotator]``: who answers in a simulation."""

    model_config = _STRICT

    kind: Literal["simulated", "noisy"] = "simulated"
    rate: float = Field(default=0.1, ge=0, le=1)
    """noisy: share of wrong answers"""
    skip: float = Field(default=0.0, ge=0, le=1)
    reject: float = Field(default=0.0, ge=0, le=1)
    cost: float = Field(default=1.0, ge=0)


class RunSpec(BaseModel):
    """``[run]``: the loop."""

    model_config = _STRICT

    strategy: str = "margin"
    start: str | None = "random"
    """strategy before the first fit"""
    start_size: int | None = Field(default=None, ge=1)
    """size of the first query; ``batch`` when left out"""
    batch: int = Field(default=20, ge=1)
    budget: float | int | None = Field(default=None, gt=0)
    stop: str | None = None
    """a stop rule, e.g. ``plateau(metric=accuracy, patience=5) | max_labels(500)``"""
    seed: int = Field(default=0, ge=0)
    seeds: int = Field(default=1, ge=1)
    """how many seeds, counted from ``seed``"""
    metrics: list[str] | None = None
    on_conflict: Literal["refuse", "latest", "first"] = "refuse"
    keep_weights: bool = True


class GridSpec(BaseModel):
    """``[grid]``: what `querist bench` varies."""

    model_config = _STRICT

    strategies: list[str] = ["random", "margin"]
    ceiling: int = Field(default=1, ge=0)
    """fits on all labels of the pool, for the full-data ceiling"""
    workers: int | None = Field(default=None, ge=1)
    """processes; as many as processors when left out"""


class Spec(BaseModel):
    """The whole specification."""

    model_config = _STRICT

    data: DataSpec
    labels: LabelsSpec = LabelsSpec()
    model: ModelSpec = ModelSpec()
    annotator: AnnotatorSpec = AnnotatorSpec()
    run: RunSpec = RunSpec()
    grid: GridSpec | None = None


def load_spec(path: Path) -> Spec:
    """The specification in a TOML file; a relative data path is taken from the file's folder.

    Raises:
        ArgumentError: no such file (``NoConfig``), not TOML (``BadToml``), a wrong value (``BadValue``).
        UnknownNameError: an unknown key, with its line and the nearest name (``UnknownKey``).
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise ArgumentError(
            f"cannot read the specification {shorten_path(path)}: {reason}; `querist init` writes one to start from",
            code="NoConfig",
        ) from error
    spec = parse_spec(text, name=path.name)
    source = spec.data.source
    if ":" not in source and not Path(source).is_absolute():
        data = spec.data.model_copy(update={"source": str((path.parent / source).resolve())})
        spec = spec.model_copy(update={"data": data})
    return spec


def parse_spec(text: str, *, name: str = "the specification") -> Spec:
    """The specification in a TOML text; errors as in `load_spec`."""
    try:
        return Spec.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise ArgumentError(f"{name} is not TOML: {error}", code="BadToml") from error
    except ValidationError as error:
        raise _explain(error, text, name) from error


def _explain(error: ValidationError, text: str, name: str) -> Exception:
    fault = error.errors()[0]
    path = tuple(p for p in fault["loc"] if isinstance(p, str) and p in text) or fault["loc"]
    key = ".".join(str(p) for p in path)
    line = line_of(text, path)
    where = f"{name}, line {line}" if line else name
    if fault["type"] == "extra_forbidden":
        known = _keys(path[:-1])
        near = nearest(str(path[-1]), known, 3)
        hint = f"did you mean {' or '.join(map(repr, near))}?" if near else f"known here: {', '.join(known)}"
        return UnknownNameError(f"{where}: unknown key {key!r}; {hint}", code="UnknownKey")
    if fault["type"] == "missing":
        return ArgumentError(f"{where}: {key!r} is missing; add it", code="MissingKey")
    got = f"{type(fault['input']).__name__} {shorten(repr(fault['input']))}"
    return ArgumentError(f"{where}: {key!r} is wrong: {fault['msg']}; got {got}", code="BadValue")


def _keys(path: tuple[Any, ...]) -> list[str]:
    model: Any = Spec
    for part in path:
        field = model.model_fields.get(str(part))
        options = typing.get_args(field.annotation) or (field.annotation,) if field else ()
        model = next((o for o in options if isinstance(o, type) and issubclass(o, BaseModel)), None)
        if model is None:
            return []
    return list(model.model_fields)
