"""`querist demo`: the specification it runs, and a small run of it through the same code."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

import pytest

from querist.assembly.spec import parse_spec
from querist.cli import demo
from querist.strategies.algebra import as_strategy

from .conftest import Run


def test_the_specification_has_all_three_hybrid_forms() -> None:
    spec = parse_spec((files("querist.cli") / "demo.toml").read_text(encoding="utf-8"))
    assert spec.grid is not None
    texts = spec.grid.strategies
    assert {"random", "margin", "entropy", "k_center"} <= set(texts)
    kinds = {type(as_strategy(t)).__name__ for t in texts}
    assert {"Filtered", "Switch"} <= kinds
    assert any("+" in t for t in texts)
    assert spec.model.name == "small_cnn"  # type: ignore[attr-defined]


@pytest.mark.slow
def test_a_small_demo(cli: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (files("querist.cli") / "demo.toml").read_text(encoding="utf-8")
    small = text.replace("budget = 220", "budget = 60").replace("epochs = 40", "epochs = 5")
    real = parse_spec
    monkeypatch.setattr("querist.assembly.spec.parse_spec", lambda _text, name: real(small, name=name))
    done = cli("demo", "--seeds", "1", "--out", tmp_path / "d", "--json")
    assert done.code == 0, done.err
    document = json.loads(done.out)
    assert len(document["runs"]) == 7
    assert all(s["versus_random"] is None or s["versus_random"]["p"] is None for s in document["summary"])
    report = (tmp_path / "d" / "report.html").read_text()
    assert "<script" not in report
    assert "http" not in report.replace("http-equiv", "")
    assert (tmp_path / "d" / "curves.png").stat().st_size > 10_000
    assert demo.EXAMPLES
