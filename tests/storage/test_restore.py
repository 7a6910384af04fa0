"""A backup is looked at whole before anything appears."""

from __future__ import annotations

import json
import shutil
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from querist.core.errors import DataError, QueristError, ResourceError, StateError
from querist.core.types import Event
from querist.storage import SqliteStore
from querist.storage.backup import MANIFEST, backup
from querist.storage.digest import file_digest
from querist.storage.restore import restore


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    project = tmp_path / "project"
    project.mkdir()
    (project / "querist.toml").write_text("[run]\n", encoding="utf-8")
    with SqliteStore(project / "journal.db") as store:
        store.append("main", [Event("note", {"n": n}) for n in range(200)])
    backup(project, tmp_path / "copy")
    return tmp_path / "copy"


def zipped(copy: Path, change: Callable[[zipfile.ZipFile], object] | None = None, skip: tuple[str, ...] = ()) -> Path:
    target = copy.with_suffix(".zip")
    with zipfile.ZipFile(target, "w") as file:
        for path in sorted(copy.rglob("*")):
            name = path.relative_to(copy).as_posix()
            if path.is_file() and name not in skip:
                file.write(path, name)
        if change is not None:
            change(file)
    return target


def edit(copy: Path, change: Callable[[dict[str, Any]], object]) -> None:
    manifest = json.loads((copy / MANIFEST).read_text(encoding="utf-8"))
    change(manifest)
    (copy / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")


def refused(archive: Path, kind: type[QueristError], code: str, words: str = "") -> None:
    target = archive.parent / "again"
    before = sorted(p.name for p in archive.parent.iterdir())
    with pytest.raises(kind) as caught:
        restore(archive, target)
    assert caught.value.code == code, caught.value
    assert words in str(caught.value)
    assert sorted(p.name for p in archive.parent.iterdir()) == before  # nothing appeared, nothing is left


@pytest.mark.parametrize("how", ["folder", "zip"])
@pytest.mark.parametrize("there", [False, True])
def test_restores_into_a_missing_or_empty_folder(copy: Path, how: str, there: bool) -> None:
    target = copy.parent / "deep" / "again"
    if there:
        target.mkdir(parents=True)
    report = restore(copy if how == "folder" else zipped(copy), target)
    assert report.streams == {"main": 200}
    with SqliteStore(target / "journal.db", create=False) as store:
        assert store.last("main") == 200


def test_never_over_a_project(copy: Path) -> None:
    project = copy.parent / "project"
    before = (project / "journal.db").read_bytes()
    with pytest.raises(StateError) as caught:
        restore(copy, project)
    assert caught.value.code == "NotEmpty"
    assert (project / "journal.db").read_bytes() == before
    with pytest.raises(StateError):
        restore(copy, copy / MANIFEST)


@pytest.mark.parametrize("name", ["../evil", "/evil", "a/../../evil", "a\\..\\evil", "C:evil", "~/evil"])
def test_names_that_lead_outside_are_refused(copy: Path, name: str) -> None:
    refused(zipped(copy, lambda z: z.writestr(name, "x")), DataError, "BadArchive", "outside the project")
    copy.with_suffix(".zip").unlink()
    edit(copy, lambda m: m["files"].update({name: {"size": 1, "blake2b": "00" * 32}}))
    refused(copy, DataError, "BadArchive", "outside the project")
    refused(zipped(copy), DataError, "BadArchive", "outside the project")


def test_links_in_a_zip_are_refused(copy: Path) -> None:
    link = zipfile.ZipInfo("querist.toml")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    refused(
        zipped(copy, lambda z: z.writestr(link, "/etc/passwd"), skip=("querist.toml",)), DataError, "BadArchive", "link"
    )


def test_links_in_a_folder_are_refused(copy: Path) -> None:
    (copy / "querist.toml").unlink()
    (copy / "querist.toml").symlink_to(copy.parent / "project" / "querist.toml")
    refused(copy, DataError, "BadArchive", "link")


def test_a_name_twice_is_refused(copy: Path) -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        archive = zipped(copy, lambda z: z.writestr("querist.toml", "[run]\n"))
    refused(archive, DataError, "BadArchive", "twice")


def test_files_that_nobody_named_are_not_taken(copy: Path) -> None:
    restore(zipped(copy, lambda z: z.writestr("__MACOSX/._x", "x")), copy.parent / "again")
    assert sorted(p.name for p in (copy.parent / "again").iterdir()) == ["journal.db", "querist.toml"]


@pytest.mark.parametrize("how", ["folder", "zip"])
@pytest.mark.parametrize("content", [b"[RUN]\n", b"[run]", b"[run]\n" + b"x" * 5_000_000])
def test_a_changed_file_is_named(copy: Path, how: str, content: bytes) -> None:
    (copy / "querist.toml").write_bytes(content)
    refused(copy if how == "folder" else zipped(copy), StateError, "DigestMismatch", "querist.toml")


@pytest.mark.parametrize("how", ["folder", "zip"])
def test_a_missing_file_is_named(copy: Path, how: str) -> None:
    (copy / "querist.toml").unlink()
    refused(copy if how == "folder" else zipped(copy), DataError, "BadArchive", "'querist.toml' is missing")


def test_a_zip_bomb_is_cut_off(copy: Path) -> None:
    """A file that says 6 bytes and unpacks to 64 MiB."""

    def bomb(file: zipfile.ZipFile) -> None:
        with file.open("querist.toml", "w", force_zip64=True) as out:
            for _ in range(64):
                out.write(bytes(1 << 20))

    archive = copy.with_suffix(".zip")
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        for name in (MANIFEST, "journal.db"):
            file.write(copy / name, name)
        bomb(file)
    refused(archive, StateError, "DigestMismatch", "more than the 6 bytes")


def test_more_than_the_disk_holds_is_refused_before_it_is_unpacked(copy: Path) -> None:
    edit(copy, lambda m: m["files"]["querist.toml"].update(size=1 << 60))
    refused(copy, ResourceError, "DiskFull", "larger than the free space")


@pytest.mark.parametrize(
    "text, words",
    [
        ("", "cannot be read"),
        ("[]", "cannot be read"),
        ('{"format": 1}', "cannot be read"),
        ('{"format": 2, "files": {}, "streams": {}}', "format is 2"),
        ('{"format": 1, "files": {}, "streams": {}}', "no journal.db"),
        ('{"format": 1, "files": {"journal.db": {"size": "x"}}, "streams": {}}', "cannot be read"),
        ("[" * 100_000, "cannot be read"),
    ],
)
def test_a_broken_list_of_files_is_named(copy: Path, text: str, words: str) -> None:
    (copy / MANIFEST).write_text(text, encoding="utf-8")
    refused(copy, DataError, "BadArchive", words)


def test_other_things_are_no_backups(copy: Path) -> None:
    refused(copy.parent / "nothing", DataError, "BadArchive", "no backup at")
    shutil.rmtree(copy)
    copy.mkdir()
    refused(copy, DataError, "BadArchive", "backup.json")
    (copy.parent / "x.zip").write_bytes(b"rubbish")
    refused(copy.parent / "x.zip", DataError, "BadArchive", "neither a folder nor a zip")


def test_a_zip_cut_short_is_named(copy: Path) -> None:
    archive = zipped(copy)
    content = bytearray(archive.read_bytes())
    content[len(content) // 3] ^= 0xFF
    archive.write_bytes(content)
    with pytest.raises(QueristError) as caught:
        restore(archive, copy.parent / "again")
    assert caught.value.code in ("BadArchive", "DigestMismatch")
    archive.write_bytes(content[: len(content) // 2])
    refused(archive, DataError, "BadArchive")


def test_a_damaged_journal_is_named_although_its_digest_fits(copy: Path) -> None:
    content = bytearray((copy / "journal.db").read_bytes())
    content[4096 * 3 : 4096 * 4] = bytes(4096)
    (copy / "journal.db").write_bytes(content)
    edit(copy, lambda m: m["files"]["journal.db"].update(blake2b=file_digest(copy / "journal.db")))
    refused(copy, StateError, "Corrupt")


def test_a_newer_journal_is_named(copy: Path) -> None:
    import sqlite3

    connection = sqlite3.connect(copy / "journal.db")
    with connection:
        connection.execute("UPDATE meta SET value = '99' WHERE key = 'schema_version'")
    connection.close()
    size = (copy / "journal.db").stat().st_size
    edit(copy, lambda m: m["files"]["journal.db"].update(blake2b=file_digest(copy / "journal.db"), size=size))
    refused(copy, StateError, "NewerSchema", "99")
