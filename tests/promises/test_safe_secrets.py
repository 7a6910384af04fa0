"""R47, R49: no secret in what the server leaves behind; who took labels out is in a trail that cannot be changed unseen."""

from __future__ import annotations

import io
import json
import logging
from pathlib import Path

import pytest

from command_line import runner
from querist.server.logs import to_stream
from querist.storage.audit import Audit
from querist.storage.backup import backup
from querist.storage.doctor import doctor
from serving import make, running


def test_r47_no_secret_is_left_anywhere(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = make(tmp_path / "p", 6)
    log = io.StringIO()
    handler = to_stream(log, level=logging.DEBUG)
    try:
        with running(folder) as ask:
            link = ask.server.link().partition("#")[2]
            unused = ask.server.link().partition("#")[2]
            said = ask("POST", "/api/v1/session", {"token": link}, anonymous=True)
            cookie = said.headers["set-cookie"].split("=", 1)[1].split(";")[0]
            assert ask("POST", "/api/v1/session", {"token": link}, anonymous=True).status == 401
            session = {"Cookie": f"querist-{ask.server.port}={cookie}"}
            client = ask.server.client()
            client.label(client.next()[0], "cat", note="a note")
            bodies = [client.export(format) for format in ("csv", "jsonl", "label-studio", "prodigy", "doccano")]
            bodies += [ask("GET", path, headers=session).body for path in ("/api/v1/project", "/api/v1/nothing", "/")]
            bodies += [ask("GET", f"/api/v1/items?cursor={cookie}", headers=session).body]
            bodies += [ask("POST", "/api/v1/session", {"token": unused + "x"}, anonymous=True).body]
            assert ask("DELETE", "/api/v1/session", headers=session).status == 204
            assert ask("GET", "/api/v1/project", headers=session).status == 401
            secret = (folder / "secret").read_bytes()
            sessions = [cookie, ask.session]
    finally:
        logging.getLogger("querist.server").removeHandler(handler)
    backup(folder, tmp_path / "b")
    assert runner(capsys)("export", folder, "--out", tmp_path / "o.jsonl", "--all").code == 0
    left = [p.read_bytes() for p in tmp_path.rglob("*") if p.is_file() and p.name != "secret"]
    for one in [link, unused, *sessions]:
        assert len(one) >= 43, "256 bits"
        for text in (*left, *bodies, log.getvalue().encode()):
            assert one.encode() not in text
    assert all(secret.strip() not in text for text in left)
    assert not (tmp_path / "b" / "secret").exists()
    assert "a note" not in log.getvalue()


def test_r49_who_took_labels_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = make(tmp_path / "p", 6)
    cli = runner(capsys)
    with running(folder) as ask:
        client = ask.server.client()
        client.label(client.next()[0], "cat")
        client.export("csv")
        assert cli("export", folder, "--out", tmp_path / "o.jsonl", "--all").code == 0  # while the page is open
        client.export("jsonl")
    said = [(e["act"], e["who"], e["where"], e["format"], e["all"]) for e in Audit(folder).lines()]
    assert said == [
        ("export", "me", "page", "csv", False),
        ("export", "owner", "command line", "jsonl", True),
        ("export", "me", "page", "jsonl", False),
    ]
    backup(folder, tmp_path / "b")
    assert Audit(tmp_path / "b").lines() == Audit(folder).lines()
    assert [f for f in doctor(folder) if f.severity == "error"] == []
    lines = (folder / "audit.jsonl").read_text().splitlines(keepends=True)
    changed = {**json.loads(lines[1]), "who": "nobody"}
    for tampered in (
        [lines[0], json.dumps(changed) + "\n", lines[2]],
        lines[:2],
        lines[1:],
        [lines[1], lines[0], lines[2]],
    ):
        (folder / "audit.jsonl").write_text("".join(tampered))
        errors = [f for f in doctor(folder) if f.severity == "error"]
        assert [f.where for f in errors] == ["audit.jsonl"]
    done = cli("export", folder, "--out", tmp_path / "again.jsonl")
    assert (done.code, "this export is not in the audit trail" in done.err) == (0, True), done
