"""Live settings: each value is checked, and a wrong name gets the nearest right one."""

from __future__ import annotations

import sqlite3
from typing import Any

import pytest

from querist.core.errors import ArgumentError, QueristError, UnknownNameError
from querist.server.settings import ACTIONS, PROFILES, SUGGESTIONS, Settings


def test_the_defaults() -> None:
    assert Settings().to_json() == {
        "strategy": "auto",
        "suggestions": "after",
        "advance": True,
        "profile": "querist",
        "keys": {},
        "class_keys": {},
        "guideline": "",
        "validation": 0.1,
        "control": 0.05,
        "lease": 1800.0,
        "encoder": "",
    }


@pytest.mark.parametrize(
    "good",
    [
        {},
        *({"suggestions": s} for s in SUGGESTIONS),
        *({"profile": p} for p in PROFILES),
        {"keys": {a: f"key {k}" for k, a in enumerate(ACTIONS)}},
        {"class_keys": {"cat": "c", "dog": "F2", "owl": "Ctrl+b", "cow": "é"}},
        {"validation": 0, "control": 0.5, "lease": 10},
        {"lease": 86_400.0, "guideline": "g" * 50_000, "strategy": "margin(batch=5)"},
    ],
)
def test_changes_that_are_taken(good: dict[str, Any]) -> None:
    changed = Settings().with_changes(good)
    assert changed.to_json() == {**Settings().to_json(), **good}
    assert Settings(**changed.to_json()) == changed


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ({"suggestions": "always"}, ["suggestions", "after, before, never", "'always'"]),
        ({"suggestions": ["after"]}, ["suggestions"]),
        ({"profile": "prodigy"}, ["profile", "querist, label-studio, argilla", "'prodigy'"]),
        ({"advance": 1}, ["advance", "true or false", "1"]),
        ({"advance": "yes"}, ["advance"]),
        ({"validation": 0.51}, ["validation", "from 0 to 0.5", "0.51"]),
        ({"validation": -0.1}, ["validation", "-0.1"]),
        ({"validation": True}, ["validation", "True"]),
        ({"control": float("nan")}, ["control", "nan"]),
        ({"control": "0.1"}, ["control", "'0.1'"]),
        ({"lease": 9}, ["lease", "from 10 to 86400", "9"]),
        ({"lease": float("inf")}, ["lease", "inf"]),
        ({"guideline": "g" * 50_001}, ["guideline", "50,000 characters"]),
        ({"guideline": None}, ["guideline", "None"]),
        ({"strategy": "s" * 2001}, ["strategy", "2,000"]),
        ({"strategy": "a\0b"}, ["strategy"]),
        ({"encoder": 5}, ["encoder", "5"]),
        ({"keys": []}, ["keys", "object of key by action"]),
        ({"keys": {"submit": ""}}, ["submit", "1 to 40 characters"]),
        ({"keys": {"submit": "k" * 41}}, ["submit"]),
        ({"keys": {"submit": 3}}, ["submit", "3"]),
        ({"keys": {"submit": "a", "skip": "a"}}, ["'a'", "two actions"]),
        ({"class_keys": []}, ["class_keys", "object of key by class"]),
        ({"class_keys": {5: "a"}}, ["names of classes", "5"]),
        ({"class_keys": {"cat": "a", "dog": "b", "cow": "a"}}, ["'a'", "'cat'", "'cow'", "each needs its own"]),
    ],
)
def test_values_that_cannot_be_used(bad: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(QueristError) as caught:
        Settings().with_changes(bad)
    assert caught.value.code == "BadSetting"
    assert all(word in str(caught.value) for word in words), str(caught.value)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ({"strateg": "x"}, ["'strateg'", "did you mean 'strategy'"]),
        ({"role": "admin"}, ["'role'"]),
        ({"zzzz": 1}, ["known are strategy, suggestions"]),
        ({"keys": {"submti": "a"}}, ["'submti'", "did you mean 'submit'"]),
        ({"keys": {"zzzzz": "a"}}, ["known are submit, skip"]),
        ({"keys": {5: "a"}}, ["5"]),
    ],
)
def test_names_that_are_not_known(bad: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(UnknownNameError) as caught:
        Settings().with_changes(bad)
    assert caught.value.code == "UnknownSetting"
    assert all(word in str(caught.value) for word in words), str(caught.value)


def test_what_another_version_wrote_is_left_out() -> None:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE setting (stream, name, value)")
    rows = [("main", "lease", "60"), ("main", "of the future", "{}"), ("other", "control", "0.5")]
    connection.executemany("INSERT INTO setting VALUES (?, ?, ?)", rows)
    assert Settings.read(connection, "main") == Settings(lease=60.0)
    connection.close()


def test_a_change_is_checked_beside_the_others() -> None:
    first = Settings(keys={"submit": "a"})
    with pytest.raises(ArgumentError):
        first.with_changes({"keys": {"submit": "b", "undo": "b"}})
    assert first.with_changes({"lease": 60}).keys == {"submit": "a"}
