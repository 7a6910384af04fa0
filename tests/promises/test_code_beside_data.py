"""Modules that lie in a folder of data are never run: not by the server, nor by a process that it starts."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest
from PIL import Image

if sys.platform != "linux":
    pytest.skip("the trainer is found in /proc", allow_module_level=True)

from label_server import LabelServer, free_port, trainer_of
from querist.data.record import Record
from serving import make

NAMES = ("json", "csv", "socket", "threading", "numpy", "sklearn", "PIL", "torch", "querist")
TRAP = "from pathlib import Path\nPath(__file__).with_suffix('.sprung').touch()\nraise SystemExit(77)\n"


def test_the_working_folder_is_no_place_for_modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    for name in NAMES:
        (photos / f"{name}.py").write_text(TRAP, encoding="utf-8")
    records = []
    for k in range(6):
        Image.new("L", (9, 9), 40 * k).save(photos / f"{k}.png")
        records.append(Record(id=f"{k}.png", file=f"{k}.png"))
    project = make(tmp_path / "p", records, modality="image", root=photos)
    more = tmp_path / "more.jsonl"
    more.write_text('{"id": "0.png", "file": "0.png", "label": "cat"}\n', encoding="utf-8")
    monkeypatch.chdir(photos)
    server = LabelServer(project, port=free_port(), run=("-P", "-m", "querist"))
    try:
        client = server.client()
        handed = client.next(2)
        assert all(one["item"]["width"] == 9 for one in handed), "the pictures were decoded"
        client.answer(handed[0], "label", "cat")
        client.check_file(more)
        end = time.monotonic() + 60
        while client.project()["trainer"]["state"] not in ("busy", "idle"):
            assert time.monotonic() < end, client.project()["trainer"]
            time.sleep(0.1)
        assert trainer_of(server) is not None
    finally:
        server.kill()
    assert list(photos.glob("*.sprung")) == []
