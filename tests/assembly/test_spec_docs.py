"""Every key of the specification is in the table of the docs, with its kind and default."""

from __future__ import annotations

from querist.assembly.spec import Spec
from querist.assembly.spec_docs import rows


def test_keys_kinds_defaults_and_notes() -> None:
    table = {key: (kind, default, note) for key, kind, default, note in rows(Spec)}
    assert table["data.source"][1] == "required"
    assert "sklearn:digits" in table["data.source"][2]
    assert table["run.batch"][:2] == ("int", "20")
    assert table["model.training.lr"][1] == "0.001"
    assert "grid.strategies" in table
    assert len(table) > 35
