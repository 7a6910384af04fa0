"""Specifications: defaults, faults with their line and the nearest name, nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from querist.assembly.spec import load_spec, parse_spec
from querist.core.errors import ArgumentError, UnknownNameError

GOOD = '[data]\nsource = "sklearn:digits"\n'
TORCH = '[model]\nlearner = "torch"\nname = "mlp"\n'


def test_defaults() -> None:
    spec = parse_spec(GOOD)
    assert spec.run.strategy == "margin"
    assert spec.run.batch == 20
    assert spec.grid is None
    assert parse_spec(GOOD + TORCH + "[model.training]\nepochs = 3\n").model.training.epochs == 3  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (GOOD + "[run]\nbacth = 3\n", ["line 4", "'run.bacth'", "did you mean 'batch'"]),
        (GOOD + "[rum]\nbatch = 3\n", ["line 3", "'rum'", "did you mean 'run'"]),
        (GOOD + TORCH + "[model.training]\nepoch = 3\n", ["line 7", "did you mean 'epochs'"]),
        (GOOD + "\n[data.more]\n", ["line 4", "'data.more'"]),
    ],
)
def test_unknown_keys_are_refused_with_line_and_nearest_name(text: str, words: list[str]) -> None:
    with pytest.raises(UnknownNameError) as error:
        parse_spec(text, name="spec.toml")
    assert error.value.code == "UnknownKey"
    assert error.value.exit_code == 2
    for word in words:
        assert word in str(error.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (GOOD + '[run]\nbatch = "ten"\n', ["line 4", "'run.batch'", "integer", "str 'ten'"]),
        (GOOD + "[run]\nbatch = 0\n", ["line 4", "greater than or equal to 1", "int 0"]),
        (GOOD + "[run]\nbatch = 2.5\n", ["line 4", "'run.batch'", "float 2.5"]),
        (GOOD + '[labels]\ntask = "sinlge"\n', ["line 4", "'single'", "sinlge"]),
        (GOOD + "[annotator]\nrate = 1.5\n", ["line 4", "'annotator.rate'"]),
        ("[run]\nbatch = 3\n", ["'data'", "is missing"]),
        ("[data]\nsource = 3\n", ["line 2", "string", "int 3"]),
    ],
)
def test_wrong_values_are_refused_with_line_and_kind(text: str, words: list[str]) -> None:
    with pytest.raises(ArgumentError) as error:
        parse_spec(text, name="spec.toml")
    for word in words:
        assert word in str(error.value)


def test_not_toml() -> None:
    with pytest.raises(ArgumentError, match="line 1") as error:
        parse_spec("[data\n")
    assert error.value.code == "BadToml"


def test_missing_file_names_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match=r"absent\.toml.*querist init") as error:
        load_spec(tmp_path / "absent.toml")
    assert error.value.code == "NoConfig"
    (tmp_path / "latin.toml").write_bytes(b'[data]\nsource = "\xe9"\n')
    with pytest.raises(ArgumentError, match="UTF-8"):
        load_spec(tmp_path / "latin.toml")


def test_a_relative_source_is_taken_from_the_folder_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "spec.toml").write_text('[data]\nsource = "texts.csv"\n')
    assert load_spec(tmp_path / "spec.toml").data.source == str(tmp_path / "texts.csv")
    (tmp_path / "spec.toml").write_text(GOOD)
    assert load_spec(tmp_path / "spec.toml").data.source == "sklearn:digits"


def test_a_specification_survives_json() -> None:
    spec = parse_spec(GOOD + '[grid]\nstrategies = ["margin >> k_means"]\n[model]\nparameters = { C = 2.0 }\n')
    assert type(spec).model_validate_json(spec.model_dump_json()) == spec


def test_files_beside_the_specification_are_found_from_anywhere(tmp_path: Path) -> None:
    (tmp_path / "encoder").mkdir()
    text = GOOD + '[model]\nlearner = "text"\ncache = "features"\nencoder = "{}"\n'
    (tmp_path / "spec.toml").write_text(text.format("encoder"))
    spec = load_spec(tmp_path / "spec.toml")
    assert spec.model.encoder == str(tmp_path / "encoder")  # type: ignore[attr-defined]
    assert spec.model.cache == str(tmp_path / "features")  # type: ignore[attr-defined]
    (tmp_path / "spec.toml").write_text(text.format("minilm"))
    assert load_spec(tmp_path / "spec.toml").model.encoder == "minilm"  # type: ignore[attr-defined]
