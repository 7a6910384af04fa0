"""The entries of a summary hold what their types say."""

from __future__ import annotations

from typing import Any

from querist.benchmark.entry import Entry, Versus
from querist.benchmark.results import document

PUBLISHED = {"aubc_published"}


def test_a_made_summary_has_the_keys_of_the_types(study: dict[str, Any]) -> None:
    for entry in study["summary"]:
        assert set(entry) == set(Entry.__annotations__) - PUBLISHED
        if entry["versus_random"] is not None:
            assert set(entry["versus_random"]) == set(Versus.__annotations__)
    published = document({}, study["runs"], published="mean")
    assert set(published["summary"][0]) == set(Entry.__annotations__)


def test_without_a_common_seed_the_keys_are_the_same(study: dict[str, Any]) -> None:
    runs = [r for r in study["runs"] if (r["strategy"], r["seed"]) in {("random", 0), ("margin", 1)}]
    (versus,) = [e["versus_random"] for e in document({}, runs)["summary"] if e["versus_random"]]
    assert set(versus) == set(Versus.__annotations__)
