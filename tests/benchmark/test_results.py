"""The document: its shape, its way to the disk and back."""

from __future__ import annotations

import copy
import json
import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from querist.benchmark.results import document, read, write
from querist.core.errors import DataError


def test_keys_of_the_contract(study: dict[str, Any]) -> None:
    assert list(study) == ["querist", "spec", "environment", "runs", "summary", "ceiling", "interrupted"]
    assert study["querist"] == study["environment"]["querist"]
    assert [e["strategy"] for e in study["summary"]] == ["random", "margin", "k_center"]
    assert {"strategy", "metric", "aubc", "aubc_ci", "final", "labels_to_target", "censored", "versus_random"} <= set(
        study["summary"][0]
    )
    assert {"diff", "p", "wins", "ties", "losses", "seeds", "note"} <= set(study["summary"][1]["versus_random"])
    assert study["interrupted"] is False


def test_main_metric_comes_first() -> None:
    rounds = [{"labels": 10, "metrics": {"accuracy": 0.5, "log_loss": 0.4}}]
    runs = [{"strategy": "margin", "seed": 0, "rounds": rounds}]
    assert document({}, runs)["summary"][0]["metric"] == "accuracy"
    assert document({}, runs, metric="log_loss")["summary"][0]["metric"] == "log_loss"
    assert document({"run": {"metrics": ["log_loss"]}}, runs)["summary"][0]["metric"] == "log_loss"
    assert document({"run": {"metrics": None}}, runs)["summary"][0]["metric"] == "accuracy"


@pytest.mark.parametrize("place", ["/srv/someone/pool.csv", "C:\\Users\\someone\\pool.csv"])
def test_absolute_data_sources_are_cut(place: str) -> None:
    spec = {"data": {"source": place, "label": "y"}}
    assert document(spec, [])["spec"] == {"data": {"source": "pool.csv", "label": "y"}}
    assert spec["data"]["source"] == place
    for kept in ("sklearn:digits", "pool.csv", "data/pool.csv"):
        assert document({"data": {"source": kept}}, [])["spec"]["data"]["source"] == kept


def test_round_trip(study: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "new" / "results.json"
    write(study, path)
    assert read(path) == study
    assert os.listdir(path.parent) == ["results.json"]


def test_a_document_with_the_contract_s_parts_alone_is_read(study: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    bare = {k: v for k, v in study.items() if k in ("querist", "spec", "environment", "runs", "summary")}
    path.write_text(json.dumps(bare), encoding="utf-8")
    assert read(path) == {**bare, "ceiling": None, "interrupted": False}


def test_published_rule_is_passed_on(study: dict[str, Any]) -> None:
    # random's three rounds are .5, .6 and .7
    assert document({}, study["runs"], published="mean")["summary"][0]["aubc_published"] == pytest.approx(0.6)


def test_not_finite_becomes_null(study: dict[str, Any], tmp_path: Path) -> None:
    study["runs"][0]["rounds"][0]["metrics"]["accuracy"] = math.nan
    study["ceiling"]["accuracy"] = math.inf
    made = document({}, study["runs"], ceiling=study["ceiling"])
    assert "NaN" not in json.dumps(made)
    assert made["ceiling"] == {"accuracy": None}
    write(study, tmp_path / "r.json")
    assert "NaN" not in (tmp_path / "r.json").read_text(encoding="utf-8")
    back = read(tmp_path / "r.json")
    assert back["runs"][0]["rounds"][0]["metrics"]["accuracy"] is None
    assert back["ceiling"]["accuracy"] is None


def test_a_failed_write_keeps_the_old_file(
    study: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "results.json"
    write(study, path)
    before = path.read_bytes()

    def broken(*_: object) -> None:
        raise PermissionError("no")

    monkeypatch.setattr(os, "replace", broken)
    with pytest.raises(PermissionError):
        write({**study, "interrupted": True}, path)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["results.json"]


def test_a_draft_that_cannot_be_made_json_changes_nothing(study: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    write(study, path)
    with pytest.raises(TypeError):
        write({**study, "spec": {"a": object()}}, path)
    assert read(path) == study


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"3", b"null", b"\xff\xfe", b'{"querist": NaN}', b"{}", b"[" * 5000, b'{"querist": "0.1"}'],
)
def test_anything_else_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"r\.json is not a document of results") as caught:
        read(path)
    assert caught.value.code == "BadResults"


def test_an_absent_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "absent.json", tmp_path):
        with pytest.raises(DataError) as caught:
            read(path)
        assert caught.value.code == "BadResults"


_BREAKS: dict[str, Callable[[dict[str, Any]], object]] = {
    "runs": lambda d: d.update(runs={}),
    "interrupted": lambda d: d.update(interrupted=None),
    "runs[0] ": lambda d: d["runs"].insert(0, 3),
    "runs[0].seed": lambda d: d["runs"][0].update(seed=True),
    "runs[0] lacks 'strategy'": lambda d: d["runs"][0].pop("strategy"),
    "rounds[1].labels": lambda d: d["runs"][0]["rounds"][1].update(labels="20"),
    "rounds[2].labels goes down": lambda d: d["runs"][0]["rounds"][2].update(labels=1),
    "rounds[0].metrics": lambda d: d["runs"][0]["rounds"][0].update(metrics=[]),
    "rounds[0].seconds": lambda d: d["runs"][0]["rounds"][0].update(seconds={"fit": "long"}),
    "rounds[0].classes": lambda d: d["runs"][0]["rounds"][0].update(classes=["a"]),
    "summary[0].aubc ": lambda d: d["summary"][0].update(aubc=None),
    "summary[0].aubc_ci": lambda d: d["summary"][0].update(aubc_ci=[0.1]),
    "summary[1].versus_random.note": lambda d: d["summary"][1]["versus_random"].update(note=["few"]),
    "summary[1].versus_random": lambda d: d["summary"][1].update(versus_random={"diff": 1}),
}


@pytest.mark.parametrize("where", list(_BREAKS))
def test_faults_inside_are_named(where: str, study: dict[str, Any], tmp_path: Path) -> None:
    broken = copy.deepcopy(study)
    _BREAKS[where](broken)
    path = tmp_path / "r.json"
    path.write_text(json.dumps(broken), encoding="utf-8")
    with pytest.raises(DataError) as caught:
        read(path)
    assert caught.value.code == "BadResults"
    assert where in str(caught.value)
