from __future__ import annotations

from pathlib import Path

import pytest

from querist.server.ports import PORT_FILE, last_port, moved, remember_port
from querist.storage.backup import backup
from querist.storage.doctor import doctor
from querist.storage.restore import restore
from serving import make


def test_a_port_is_remembered_in_a_private_file(tmp_path: Path) -> None:
    assert last_port(tmp_path) is None
    remember_port(tmp_path, 8123)
    remember_port(tmp_path, 8124)
    assert last_port(tmp_path) == 8124
    assert (tmp_path / PORT_FILE).stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [PORT_FILE]


@pytest.mark.parametrize("held", ["", "0", "-1", "65536", "8123x", "9" * 5000, "\0", "é"])
def test_a_file_that_says_no_port_is_as_none(tmp_path: Path, held: str) -> None:
    (tmp_path / PORT_FILE).write_text(held, encoding="utf-8")
    assert last_port(tmp_path) is None


def test_where_nothing_can_be_written_there_is_no_fault(tmp_path: Path) -> None:
    remember_port(tmp_path / "gone", 8123)
    (tmp_path / PORT_FILE).mkdir()
    remember_port(tmp_path, 8123)
    assert last_port(tmp_path) is None


def test_the_way_back_is_said_in_one_line() -> None:
    said = moved("http://[::1]:8123", 8123)
    assert "http://[::1]:8123:" in said
    assert said.endswith("--port 8123")
    assert "\n" not in said


def test_a_backup_brings_the_port_along_and_doctor_does_not_mind(tmp_path: Path) -> None:
    """Answers that wait in the browser are then sent to the restored project."""
    folder = make(tmp_path / "p", 3)
    found = doctor(folder)
    remember_port(folder, 8123)
    assert doctor(folder) == found
    backup(folder, tmp_path / "b.zip")
    restore(tmp_path / "b.zip", tmp_path / "again")
    assert last_port(tmp_path / "again") == 8123
    assert {finding.severity for finding in doctor(tmp_path / "again")} <= {"warning"}
