from __future__ import annotations

import csv
import gzip
import io
import json
import uuid
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from serving import Asker, Said, make, running, until


@pytest.fixture
def ask(tmp_path: Path) -> Iterator[Asker]:
    with running(make(tmp_path / "p", 8, settings={"validation": 0.0})) as ask:
        yield ask


def send(ask: Asker, name: str, content: bytes) -> Said:
    edge = "edge0123"
    head = f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\nContent-Type: text/plain\r\n\r\n'
    raw = head.encode() + content + f"\r\n--{edge}--\r\n".encode()
    return ask("POST", "/api/v1/import", raw=raw, headers={"Content-Type": f"multipart/form-data; boundary={edge}"})


def test_labels_go_out_and_come_in_again(ask: Asker, tmp_path: Path) -> None:
    client = ask.server.client()
    one, two, three = client.next(3)
    client.label(one, "cat", note="=1+1")
    client.label(two, "dog")
    client.undo()
    client.skip(three)
    said = ask("POST", "/api/v1/export", {"format": "jsonl"})
    assert said.status == 200
    assert said.headers["content-disposition"] == 'attachment; filename="demo.jsonl"'
    assert "sandbox" in said.headers["content-security-policy"]
    lines = {line["id"]: line for line in map(json.loads, said.body.splitlines())}
    assert lines[one["item"]["id"]]["label"] == "cat"
    assert set(lines) == {h["item"]["id"] for h in (one, two, three)}
    until(lambda: not list(ask.server.service.scratch.glob("export-*")))
    whole = ask("POST", "/api/v1/export", {"format": "jsonl", "all": True})
    assert len(whole.body.splitlines()) == 8
    table = list(csv.DictReader(io.StringIO(client.export("csv").decode("utf-8-sig"))))
    assert {row["id"]: row["label"] for row in table}[one["item"]["id"]] == "cat"


@pytest.mark.parametrize("format", ["csv", "jsonl", "label-studio", "prodigy", "doccano", "parquet"])
def test_every_format_is_written(ask: Asker, format: str) -> None:
    if format == "parquet":
        pytest.importorskip("pyarrow")
    client = ask.server.client()
    client.label(client.next()[0], "cat")
    assert len(client.export(format)) > 20


def test_a_folder_is_packed(ask: Asker, monkeypatch: pytest.MonkeyPatch) -> None:
    def written(format: str, items: object, path: Path, about: object) -> list[object]:
        path.mkdir()
        (path / "inside.txt").write_text("x")
        return []

    monkeypatch.setattr("querist.server.exchange.write_records", written)
    said = ask("POST", "/api/v1/export", {"format": "datasets"})
    assert zipfile.ZipFile(io.BytesIO(said.body)).namelist() == ["inside.txt"]
    assert said.headers["content-disposition"].endswith('.zip"')
    until(lambda: not list(ask.server.service.scratch.iterdir()))


def test_more_items_come_in(ask: Asker) -> None:
    said = send(ask, "more.csv", b"id,text,label\nn1,a new text here,cat\nn2,another new text,dog\ni0,item 0,cat\n")
    assert (said.status, said.json) == (200, {"items": 2, "known": 1, "answers": 3, "notes": []})
    project = ask("GET", "/api/v1/project").json
    assert (project["items"], project["labelled"]) == (10, 3)
    assert not list(ask.server.service.scratch.glob("import-*"))


@pytest.mark.parametrize(
    "name, content, code",
    [
        ("more.csv", b'id,text\nn1,a text that is open,"x\n', "BadRow"),
        ("more.csv", b"id,text\n1,2,3,4\n", "BadRow"),
        ("more.jsonl", b'{"text": "a long enough text"}\n{"text": \n', "BadRow"),
        ("more.csv", b"", None),
        ("more.pkl", b"\x80\x04N.", "PickleRefused"),
        ("more.exe", b"MZ", "UnknownFormat"),
        ("more", b"text", "BadFileName"),
        ("../../../x.c/v", b"text", "BadFileName"),
        ("more.csv", b"text\n\xff\xfe\n", "BadEncoding"),
        ("more.csv", b"x,y\n1,2\n3,4\n", "OtherKind"),
    ],
)
def test_what_cannot_be_read_is_named_and_nothing_taken(
    ask: Asker, name: str, content: bytes, code: str | None
) -> None:
    said = send(ask, name, content)
    assert said.status == 422, said.body
    assert code in (None, said.code), said.body
    assert ask("GET", "/api/v1/project").json["items"] == 8
    assert str(ask.server.service.folder).encode() not in said.body
    assert b"import-" not in said.body
    assert not list(ask.server.service.scratch.iterdir())


def test_a_packed_table_comes_in_too(ask: Asker) -> None:
    said = send(ask, "more.csv.gz", gzip.compress(b"id,text\nn1,a new text here\n"))
    assert (said.status, said.json["items"]) == (200, 1), said.body
    said = send(ask, "more.gz", gzip.compress(b"id,text\nn1,a new text here\n"))
    assert (said.status, said.code) == (422, "UnknownFormat")
    assert said.json["detail"].startswith("more.gz has no known ending")


def test_a_form_of_a_million_fields_is_refused(ask: Asker) -> None:
    edge = "edge0123"
    part = f'--{edge}\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'.encode()
    raw = part * 20_000 + f"--{edge}--\r\n".encode()
    said = ask("POST", "/api/v1/import", raw=raw, headers={"Content-Type": f"multipart/form-data; boundary={edge}"})
    assert 400 <= said.status < 500
    for kind in (
        "application/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "multipart/form-data; boundary=",
    ):
        said = ask("POST", "/api/v1/import", raw=b"a=1&" * 1000, headers={"Content-Type": kind})
        assert 400 <= said.status < 500, kind


def test_answers_with_keys_are_not_lost_in_an_import(ask: Asker) -> None:
    client = ask.server.client()
    handed = client.next()[0]
    assert send(ask, "more.csv", b"id,text\nn1,one new text\n").status == 200
    assert client.label(handed, "cat", key=str(uuid.uuid4()))["counted"] is True
