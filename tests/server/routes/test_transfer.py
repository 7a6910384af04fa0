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


def send(ask: Asker, name: str, content: bytes, to: str = "/api/v1/import", **fields: str) -> Said:
    edge = "edge0123"
    head = "".join(
        f'--{edge}\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n{value}\r\n'
        for field, value in fields.items()
    )
    head += f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
    head += "Content-Type: text/plain\r\n\r\n"
    raw = head.encode() + content + f"\r\n--{edge}--\r\n".encode()
    return ask("POST", to, raw=raw, headers={"Content-Type": f"multipart/form-data; boundary={edge}"})


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


def test_what_a_format_has_no_place_for_is_told(ask: Asker) -> None:
    client = ask.server.client()
    client.distribution(client.next()[0], {"cat": 0.75, "dog": 0.25})
    client.export("doccano")
    assert client.lost[0].startswith("soft label of 1 item: written as its largest class")
    client.export("jsonl")
    assert client.lost == []


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
    nothing = {"repeated": 0, "history": 0, "flags": 0, "classes": [], "notes": [], "left_out": 0, "rows": []}
    assert (said.status, said.json) == (200, {"items": 2, "known": 1, "answers": 3, **nothing})
    project = ask("GET", "/api/v1/project").json
    assert (project["items"], project["labelled"]) == (10, 3)
    assert not list(ask.server.service.scratch.glob("import-*"))


MIXED = b"""{"id": "n1", "text": "a new text here", "label": "cat"}
{"id": "n2", "text": "another", "label": "bird"}
{"id": "n3", "text":
{"id": "i0", "text": "item 0", "label": "dog"}
"""


def test_a_check_says_row_by_row_what_is_not_understood_and_takes_nothing(ask: Asker) -> None:
    said = send(ask, "more.jsonl", MIXED, "/api/v1/import/check").json
    assert [row["at"] for row in said["rows"]] == ["record 2", "line 3"]
    assert said["rows"][0]["why"] == "the project has no class 'bird'"
    rest = {name: said[name] for name in ("items", "known", "answers", "classes", "left_out")}
    assert rest == {"items": 1, "known": 1, "answers": 2, "classes": ["bird"], "left_out": 2}
    assert ask("GET", "/api/v1/project").json["items"] == 8
    added = send(ask, "more.jsonl", MIXED, "/api/v1/import/check", new_classes="true").json
    assert (added["items"], added["answers"], [row["at"] for row in added["rows"]]) == (2, 3, ["line 3"])
    refused = send(ask, "more and möre.jsonl", MIXED)
    assert (refused.code, refused.json["detail"][:26]) == ("BadRow", "more and möre.jsonl, line 3"[:26]), (
        "all or nothing"
    )
    assert ask("GET", "/api/v1/project").json["items"] == 8
    assert not list(ask.server.service.scratch.iterdir())


def test_the_others_are_taken_when_bad_rows_are_to_be_left_out(ask: Asker) -> None:
    checked = send(ask, "more.jsonl", MIXED, "/api/v1/import/check").json
    took = send(ask, "more.jsonl", MIXED, skip_bad="true").json
    same = ("items", "known", "answers", "left_out", "rows")
    assert {name: took[name] for name in same} == {name: checked[name] for name in same}
    assert ask("GET", "/api/v1/items?text=n1").json["items"][0]["value"] == "cat"
    more = send(ask, "more.jsonl", MIXED, skip_bad="true", new_classes="true").json
    assert (more["items"], more["repeated"], more["classes"], more["left_out"]) == (1, 2, ["bird"], 1)
    assert [c["name"] for c in ask("GET", "/api/v1/project").json["classes"]] == ["cat", "dog", "bird"]


def test_a_packed_file_keeps_both_endings(ask: Asker) -> None:
    packed = gzip.compress(b"id,text\nz1,a new text here\nz2,and one more text\n")
    assert send(ask, "more.csv.gz", packed).json["items"] == 2
    assert send(ask, "...csv", b"id,text\ny1,a new text here\n").json["items"] == 1


def test_many_bad_rows_are_counted_and_the_first_hundred_told(ask: Asker) -> None:
    said = send(ask, "more.jsonl", b'{"text": "a long enough text"}\n' + b"{no\n" * 250, "/api/v1/import/check").json
    assert (said["items"], said["left_out"], len(said["rows"]), said["rows"][99]["at"]) == (1, 250, 100, "line 101")


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
