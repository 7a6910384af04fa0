"""Classes and settings change while people label."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from desk_cases import CATS, Case
from querist.core.errors import QueristError
from querist.server.changes import class_keys
from querist.server.settings import Settings
from querist.server.task import Task


def names(case: Case) -> tuple[str, ...]:
    return case.do(lambda work: case.project.changes.task(work.connection)).classes


def test_a_class_is_added_renamed_and_merged(tmp_path: Path) -> None:
    with Case(tmp_path / "p") as case:
        changes = case.project.changes
        case.answer(case.pick("i0"), value="cat")
        case.answer(case.pick("i1"), kind="distribution", value={"cat": 0.5, "dog": 0.5})
        assert case.do(lambda w: changes.add_class(w, "anna", "owl")).classes == ("cat", "dog", "owl")
        case.answer(case.pick("i2"), value="owl")
        assert case.do(lambda w: changes.rename_class(w, "anna", "cat", "feline")).classes == ("feline", "dog", "owl")
        assert case.rows("SELECT value FROM item WHERE id = 'i0'") == [('"feline"',)]
        assert case.do(lambda w: changes.merge_class(w, "anna", "dog", "feline")).classes == ("feline", "owl")
        assert case.rows("SELECT value FROM item WHERE id = 'i1'") == [('{"feline": 1.0}',)]
        case.restart()
        assert names(case) == ("feline", "owl")
        events = list(case.project.store.read("main"))[-3:]
        assert [e.payload["user"] for e in events if e.kind.startswith("class")] == ["anna"] * 2


def test_the_answer_before_has_the_name_that_its_class_has_now(tmp_path: Path) -> None:
    with Case(tmp_path / "p") as case:
        case.answer(case.pick("i0"), value="cat")
        case.do(lambda w: case.project.changes.rename_class(w, "anna", "cat", "feline"))
        previous = case.pick("i0").previous
        assert previous is not None
        assert previous["value"] == "feline", "an answer that could be sent again as it is"


def test_a_merge_may_leave_one_class(tmp_path: Path) -> None:
    with Case(tmp_path / "p") as case:
        case.do(lambda w: case.project.changes.merge_class(w, "anna", "cat", "dog"))
        assert names(case) == ("dog",)
        case.answer(case.pick("i0"), value="dog")
        case.do(lambda w: case.project.changes.add_class(w, "anna", "cat"))
        assert names(case) == ("dog", "cat")


def test_a_name_is_kept_as_the_schema_writes_it(tmp_path: Path) -> None:
    with Case(tmp_path / "p", task=Task("single", ("1", "2"))) as case:
        changes = case.project.changes
        assert case.do(lambda w: changes.rename_class(w, "anna", "1", " one ")).classes == names(case)
        before = case.kinds()
        case.do(lambda w: changes.rename_class(w, "anna", "2", "2"))
        assert case.kinds() == before, "the same name is no change"


@pytest.mark.parametrize(
    ("what", "args", "code", "words"),
    [
        ("add_class", ("cat",), "AmbiguousClasses", ["'cat'"]),
        ("add_class", ("CAT ",), "AmbiguousClasses", ["'cat'"]),
        ("add_class", ("",), "AmbiguousClasses", ["empty"]),
        ("rename_class", ("horse", "x"), "UnknownLabel", ["'horse'", "cat, dog"]),
        ("rename_class", ("cat", "dog"), "AmbiguousClasses", ["'dog'"]),
        ("merge_class", ("horse", "cat"), "UnknownLabel", ["'horse'"]),
        ("merge_class", ("cat", "horse"), "UnknownLabel", ["'horse'"]),
        ("merge_class", ("cat", "cat"), "BadLabel", ["into itself"]),
    ],
)
def test_changes_that_are_refused(
    tmp_path: Path, what: str, args: tuple[str, ...], code: str, words: list[str]
) -> None:
    with Case(tmp_path / "p") as case:
        before = case.kinds()
        with pytest.raises(QueristError) as caught:
            case.do(lambda w: getattr(case.project.changes, what)(w, "anna", *args))
        assert caught.value.code == code, str(caught.value)
        assert all(word in str(caught.value) for word in words), str(caught.value)
        assert case.kinds() == before
        assert names(case) == CATS.classes


def test_a_number_has_no_classes(tmp_path: Path) -> None:
    with Case(tmp_path / "p", task=Task("number", low=0, high=1)) as case:
        assert names(case) == ()
        for what, args in (("add_class", ("x",)), ("rename_class", ("x", "y")), ("merge_class", ("x", "y"))):
            with pytest.raises(QueristError) as caught:
                case.do(lambda w, what=what, args=args: getattr(case.project.changes, what)(w, "anna", *args))  # type: ignore[misc]
            assert caught.value.code == "BadTask"


def test_settings_change_all_or_none(tmp_path: Path) -> None:
    with Case(tmp_path / "p") as case:
        changes = case.project.changes

        def settings() -> Settings:
            return case.do(lambda w: changes.settings(w.connection))

        before, kinds = settings(), case.kinds()
        bad: dict[str, Any] = {"strategy": "margin", "control": 9}
        with pytest.raises(QueristError):
            case.do(lambda w: changes.configure(w, "anna", bad))
        assert (settings(), case.kinds()) == (before, kinds)
        case.do(lambda w: changes.configure(w, "anna", {"strategy": "margin", "lease": 60}))
        case.do(lambda w: changes.configure(w, "anna", {}))
        assert case.kinds() == [*kinds, "configured"]
        assert next(e for e in case.project.store.read("main", len(kinds))).payload == {
            "strategy": "margin",
            "lease": 60.0,
        }
        case.restart()
        changes = case.project.changes
        assert (settings().strategy, settings().lease) == ("margin", 60.0)


def keys(case: Case) -> dict[str, str]:
    changes = case.project.changes
    return case.do(lambda w: class_keys(changes.settings(w.connection), changes.task(w.connection)))


def test_a_key_goes_with_its_class(tmp_path: Path) -> None:
    with Case(tmp_path / "p") as case:
        changes = case.project.changes
        case.do(lambda w: changes.add_class(w, "anna", "owl"))
        case.do(lambda w: changes.configure(w, "anna", {"class_keys": {"cat": "c", "dog": "d"}}))
        case.do(lambda w: changes.rename_class(w, "anna", "cat", "feline"))
        assert keys(case) == {"feline": "c", "dog": "d"}
        case.do(lambda w: changes.merge_class(w, "anna", "dog", "owl"))
        assert keys(case) == {"feline": "c", "owl": "d"}, "a class without a key takes that of the merged one"
        case.do(lambda w: changes.merge_class(w, "anna", "owl", "feline"))
        assert keys(case) == {"feline": "c"}, "a class with a key keeps it"
        before = case.kinds()
        case.do(lambda w: changes.add_class(w, "anna", "cat"))
        case.do(lambda w: changes.rename_class(w, "anna", "cat", "tom"))
        assert case.kinds() == [*before, "class_added", "class_renamed"], "without a key nothing follows"
        case.restart()
        assert keys(case) == {"feline": "c"}


@pytest.mark.parametrize(
    ("before", "bad", "code", "words"),
    [
        ({}, {"class_keys": {"cat": "x"}}, "BadSetting", ["'x'", "'cat'", "'reject'"]),
        ({}, {"class_keys": {"horse": "h"}}, "UnknownLabel", ["'horse'", "cat, dog"]),
        ({"keys": {"skip": "k"}}, {"class_keys": {"dog": "k"}}, "BadSetting", ["'k'", "'dog'", "'skip'"]),
        ({"class_keys": {"dog": "k"}}, {"keys": {"skip": "k"}}, "BadSetting", ["'k'", "'dog'", "'skip'"]),
        (
            {"class_keys": {"dog": "Ctrl+Enter"}},
            {"profile": "label-studio"},
            "BadSetting",
            ["'Ctrl+Enter'", "'dog'", "'submit'"],
        ),
    ],
)
def test_keys_that_are_refused(
    tmp_path: Path, before: dict[str, Any], bad: dict[str, Any], code: str, words: list[str]
) -> None:
    with Case(tmp_path / "p") as case:
        case.do(lambda w: case.project.changes.configure(w, "anna", before))
        kinds = case.kinds()
        with pytest.raises(QueristError) as caught:
            case.do(lambda w: case.project.changes.configure(w, "anna", bad))
        assert caught.value.code == code
        assert all(word in str(caught.value) for word in words), str(caught.value)
        assert case.kinds() == kinds


def test_a_key_that_another_profile_uses_is_free_here(tmp_path: Path) -> None:
    with Case(tmp_path / "p") as case:
        changes = case.project.changes
        case.do(lambda w: changes.configure(w, "anna", {"keys": {"reject": "k"}, "class_keys": {"cat": "x"}}))
        assert keys(case) == {"cat": "x"}
