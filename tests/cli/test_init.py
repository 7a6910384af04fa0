"""`querist init` writes what `querist run` takes, and writes over nothing."""

from __future__ import annotations

from pathlib import Path

from querist.assembly.spec import load_spec

from .conftest import Run


def test_template_is_valid(cli: Run, tmp_path: Path) -> None:
    file = tmp_path / "s.toml"
    assert cli("init", file, "--data", "a.csv", "--text", "review", "--label", "stars").code == 0
    spec = load_spec(file)
    assert (spec.data.text, spec.data.label) == ("review", "stars")
    assert spec.grid is not None
    again = cli("init", file)
    assert again.code == 4
    assert "--force" in again.err
    assert cli("init", file, "--force").code == 0
    assert load_spec(file).data.source == "sklearn:digits"
