"""The process that reads a file: its order, its answer, its end."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from querist.core.errors import ResourceError
from querist.server import import_process
from querist.server.bring import Target
from querist.server.project import ITEMS, Project
from serving import make


def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """What it says of a small file, run in this process."""
    file = tmp_path / "more.csv"
    file.write_text("id,text,label\nz1,a text that is new,dog\n", encoding="utf-8")
    with Project.open(make(tmp_path / "p", 6)) as project:
        target = Target.of(project)
        order = {
            "target": {**{k: getattr(target, k) for k in target.__slots__}, "task": target.task.to_json()},
            "items": str(project.folder / ITEMS),
            "path": str(file),
            "name": "more.csv",
            "answers": str(tmp_path / "answers"),
            "skip_bad": False,
            "new_classes": False,
        }

        class Input:
            def readline(self) -> str:
                return json.dumps(order) + "\n"

        monkeypatch.setattr("sys.stdin", Input())
        monkeypatch.setattr(import_process, "_end_with_the_server", lambda: None)
        import_process.main()
    said: dict[str, Any] = json.loads(capsys.readouterr().out)
    return said


def test_it_says_what_it_did_and_writes_the_answers_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    said = asked(tmp_path, monkeypatch, capsys)
    assert said["done"]["gathered"]["items"] == 1
    (piece,) = (tmp_path / "answers").read_text(encoding="utf-8").splitlines()
    assert json.loads(piece) == [{"annotator": "import", "item": "z1", "kind": "label", "value": "dog"}]


@pytest.mark.parametrize(
    ("fault", "kind", "code"),
    [
        (MemoryError(), "DataError", "TooLarge"),
        (ResourceError("full", code="DiskFull"), "ResourceError", "DiskFull"),
    ],
)
def test_faults_are_said(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    fault: BaseException,
    kind: str,
    code: str,
) -> None:
    def failing(*arguments: object, **more: object) -> None:
        raise fault

    monkeypatch.setattr(import_process, "read_file", failing)
    error = asked(tmp_path, monkeypatch, capsys)["error"]
    assert (error["type"], error["code"]) == (kind, code)


def test_the_process_ends_with_the_server() -> None:
    """Its input is a pipe from the server: when that is closed, whatever it is at ends."""
    code = "import querist.server.import_process as p, threading, time; p._end_with_the_server()"
    child = subprocess.Popen([sys.executable, "-P", "-c", code], stdin=subprocess.PIPE)
    assert child.poll() is None
    assert child.stdin is not None
    child.stdin.close()
    assert child.wait(20) == 1
