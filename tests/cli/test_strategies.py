"""`querist strategies`: everything registered, with what it needs."""

from __future__ import annotations

import json

from querist.cli.strategies import listing
from querist.core.registry import registry

from .conftest import Run


def test_listing_is_complete() -> None:
    names = {e["name"] for e in listing()}
    assert names == {e.name for e in registry.entries("score", "selector", "filter", "strategy")}
    entries = {e["name"]: e for e in listing()}
    assert entries["margin"]["needs"] == {"pool": ["probs"]}
    assert entries["k_center"]["needs"] == {"pool": ["embedding"], "uses": ["embedding"]}
    assert entries["shortlist"]["needs"] is None
    assert entries["power"]["parameters"] == {"beta": 1.0}
    assert all(e["summary"].endswith((".", ")", ":", ";")) or e["summary"] for e in entries.values())
    assert "Ash" in entries["badge"]["paper"]


def test_table_and_json(cli: Run) -> None:
    assert "k_center" in cli("strategies").out
    assert {e["kind"] for e in json.loads(cli("strategies", "--json", "--kind", "filter").out)} == {"filter"}
