"""SQLite's errors by name."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from querist.core.errors import QueristError
from querist.data.sqlite_errors import corrupt, damaged, named, translate

PATH = Path("project") / "journal.db"


def error(code: int, text: str = "as it is") -> sqlite3.Error:
    made = sqlite3.OperationalError(text)
    made.sqlite_errorcode = code
    return made


@pytest.mark.parametrize(
    "number, code, exit_code",
    [
        (sqlite3.SQLITE_FULL, "DiskFull", 5),
        (sqlite3.SQLITE_IOERR_WRITE, "DiskFull", 5),
        (sqlite3.SQLITE_IOERR_SHMSIZE, "DiskFull", 5),
        (sqlite3.SQLITE_IOERR_READ, "DiskError", 5),
        (sqlite3.SQLITE_CORRUPT, "Corrupt", 4),
        (sqlite3.SQLITE_CORRUPT_INDEX, "Corrupt", 4),
        (sqlite3.SQLITE_NOTADB, "Corrupt", 4),
        (sqlite3.SQLITE_BUSY, "Locked", 4),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, "Locked", 4),
        (sqlite3.SQLITE_READONLY, "NotWritable", 5),
        (sqlite3.SQLITE_CANTOPEN, "NotWritable", 5),
        (sqlite3.SQLITE_CONSTRAINT, "StoreFailed", 4),
        (sqlite3.SQLITE_ERROR, "StoreFailed", 4),
    ],
)
def test_each_has_its_name(number: int, code: str, exit_code: int) -> None:
    found = translate(error(number), PATH)
    assert (found.code, found.exit_code) == (code, exit_code)
    assert str(PATH) in str(found)
    assert "as it is" in str(found)


def test_an_error_without_a_number_is_named_too() -> None:
    assert translate(sqlite3.ProgrammingError("closed"), PATH).code == "StoreFailed"


def test_disk_full_says_needed_free_and_kept() -> None:
    text = str(translate(error(sqlite3.SQLITE_FULL), PATH, kept="All is kept.", needed=12_345))
    assert "about 12,345 bytes are needed" in text
    assert "bytes are free" in text
    assert "All is kept." in text


def test_corrupt_names_file_check_and_restore() -> None:
    text = str(corrupt(PATH, "quick_check: row 3 missing"))
    restore = "querist restore BACKUP NEW_FOLDER"
    for words in (str(PATH), "quick_check: row 3 missing", "querist doctor project", restore):
        assert words in text


def test_named_lets_nothing_else_out() -> None:
    with pytest.raises(QueristError) as caught, named(PATH):
        sqlite3.connect(":memory:").execute("SELECT nothing FROM nowhere")
    assert caught.value.code == "StoreFailed"
    assert isinstance(caught.value.__cause__, sqlite3.Error)
    with pytest.raises(KeyError), named(PATH):
        raise KeyError


def test_damage_that_only_we_see_is_corrupt() -> None:
    with pytest.raises(QueristError, match="no number") as caught, named(PATH):
        raise damaged("its schema version is no number")
    assert caught.value.code == "Corrupt"


def test_damage_that_python_cannot_even_say_is_corrupt() -> None:
    with pytest.raises(QueristError, match="UTF-8") as caught, named(PATH):
        b"\xd9".decode("utf-8")
    assert caught.value.code == "Corrupt"
