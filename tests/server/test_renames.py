"""Renames of classes are read from the journal in their order, and only once."""

from __future__ import annotations

from pathlib import Path

from desk_cases import Case
from querist.server.renames import Renames


def test_renames_and_merges_in_their_order(tmp_path: Path) -> None:
    with Case(tmp_path / "p") as case:
        changes, renames = case.project.changes, Renames()

        def now() -> list[tuple[str, str]]:
            return case.do(lambda w: renames.follow(w.connection))

        assert now() == []
        case.do(lambda w: changes.add_class(w, "anna", "owl"))
        assert now() == []
        case.do(lambda w: changes.rename_class(w, "anna", "cat", "tom"))
        assert now() == [("cat", "tom")]
        case.do(lambda w: changes.rename_class(w, "anna", "tom", "feline"))
        case.do(lambda w: changes.merge_class(w, "anna", "feline", "dog"))
        case.do(lambda w: changes.add_class(w, "anna", "cat"))
        assert now() == [("cat", "tom"), ("tom", "feline"), ("feline", "dog")]
        assert now() == case.do(lambda w: Renames().follow(w.connection)), "the same as read at once"
