"""The typed specification of a run: TOML in, a checked record out, every fault with its line."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field, ValidationError

from querist.assembly.faults import explain
from querist.assembly.learners import AnyModel, model_spec, settled
from querist.assembly.tables import STRICT
from querist.core.errors import ArgumentError, shorten_path

__all__ = [
    "AnnotatorSpec",
    "DataSpec",
    "GridSpec",
    "LabelsSpec",
    "RunSpec",
    "Spec",
    "load_spec",
    "parse_spec",
]


class DataSpec(BaseModel):
    """``[data]``: where the items come from and what is held out."""

    model_config = STRICT

    source: str
    """a file, a folder of images, or ``sklearn:digits`` (iris, wine, breast_cancer); an .npz with edges is a graph, and
    .conll, or .jsonl with ``tokens``, are tagged sentences"""
    text: str | None = None
    """column of the text"""
    label: str | None = None
    """column of the true label (simulations)"""
    tokens: str | None = None
    """key of the tokens of tagged sentences (.jsonl); tokens by default"""
    tags: str | None = None
    """key of their tags or spans; tags by default"""
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

    model_config = STRICT

    task: Literal["single", "multi", "number", "spans"] | None = None
    """one class, several classes, a number or spans of tokens; guessed from the data when it is left out"""
    classes: list[str] | None = None
    """class names (types of spans) in order; those found in the data, sorted, when left out"""
    scheme: Literal["bio", "io"] | None = None
    """spans: how their tokens are tagged; found in the data when left out"""
    repair: bool = False
    """spans: mend tags that are not valid instead of refusing them"""


class AnnotatorSpec(BaseModel):
    """``[annotator]``: who answers in a simulation."""

    model_config = STRICT

    kind: Literal["simulated", "noisy"] = "simulated"
    rate: float = Field(default=0.1, ge=0, le=1)
    """noisy: share of wrong answers"""
    skip: float = Field(default=0.0, ge=0, le=1)
    reject: float = Field(default=0.0, ge=0, le=1)
    cost: float = Field(default=1.0, ge=0)


class RunSpec(BaseModel):
    """``[run]``: the loop."""

    model_config = STRICT

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

    model_config = STRICT

    strategies: list[str] = ["random", "margin"]
    ceiling: int = Field(default=1, ge=0)
    """fits on all labels of the pool, for the full-data ceiling"""
    workers: int | None = Field(default=None, ge=1)
    """processes; as many as processors when left out"""


class Spec(BaseModel):
    """The whole specification."""

    model_config = STRICT

    data: DataSpec
    labels: LabelsSpec = LabelsSpec()
    model: AnyModel = model_spec()
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
    beside = settled(spec.model, path.parent)
    return spec.model_copy(update={"model": spec.model.model_copy(update=beside)}) if beside else spec


def parse_spec(text: str, *, name: str = "the specification") -> Spec:
    """The specification in a TOML text; errors as in `load_spec`."""
    try:
        return Spec.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise ArgumentError(f"{name} is not TOML: {error}", code="BadToml") from error
    except ValidationError as error:
        raise explain(error, Spec, text, name) from error
