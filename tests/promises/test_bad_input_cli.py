"""Bad input on the command line, rows 38 to 52: a named error, its exit code, the words, and nothing changed.

A row is a case or several; each makes its files in an empty folder and runs one command there.
"""

from __future__ import annotations

import errno
import io
import os
import re
import sqlite3
import struct
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from command_line import Done, Run, runner
from querist.server.project import Project
from serving import make, running

SPEC = '[data]\nsource = "{}"\n'
TABLE = "text,label\n" + "".join(f"a text of some words {k},{'good' if k % 2 else 'bad'}\n" for k in range(20))
PICKLE = b"\x80\x04cos\nsystem\n(S'touch ran'\ntR."
"""Makes the file ``ran`` when it is unpickled."""

Files = dict[str, bytes | str]


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command line in an empty folder, with nobody who could be asked."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.stdin", io.StringIO())
    return runner(capsys)


@pytest.fixture
def unserved(monkeypatch: pytest.MonkeyPatch) -> None:
    """A project is made, and its page is not served."""
    monkeypatch.setattr("querist.cli.page.show", lambda folder, **_: 0)


def put(files: Files) -> None:
    for name, content in files.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_bytes(content.encode() if isinstance(content, str) else content)


def state() -> dict[str, Any]:
    """All files and what is in them; the name in a lock comes and goes."""
    return {
        str(p): p.read_bytes() if p.is_file() else None
        for p in Path().rglob("*")
        if p.suffix != ".lock" and not p.name.endswith(("-shm", "-wal"))  # of readers too
    }


def refused(cli: Run, command: str, exit_code: int, code: str, words: tuple[str, ...]) -> Done:
    """The command is refused, and what is on disk stays as it was; an empty project folder may be left."""
    before = state()
    done = cli(*command.split())
    assert (done.code, f"[{code}]" in done.err) == (exit_code, True), done
    assert [w for w in words if w not in done.err] == [], done.err
    assert "Traceback" not in done.err + done.out
    assert done.err.splitlines()[-1].startswith("error: ")
    assert {k: v for k, v in state().items() if v is not None} == {k: v for k, v in before.items() if v is not None}
    return done


CSV_SPEC = SPEC.format("t.csv")
Case = tuple[str, Files, str, int, str, tuple[str, ...]]
PICKLES: list[Case] = [
    (
        f"row_51_data{suffix}",
        {f"m{suffix}": PICKLE},
        f"label m{suffix} --labels a,b",
        3,
        "PickleRefused",
        (suffix, "querist convert", "can run code"),
    )
    for suffix in (".pkl", ".pt", ".joblib", ".pth", ".bin")
]
CASES: list[Case] = [
    ("row_38", {}, "run study.toml", 2, "NoConfig", ("study.toml", "querist init")),
    ("row_38_bench", {}, "bench study.toml", 2, "NoConfig", ("study.toml", "querist init")),
    ("row_38_no_text", {"s.toml": b"\xff\xfe"}, "run s.toml", 2, "NoConfig", ("s.toml", "UTF-8", "querist init")),
    (
        "row_39",
        {"s.toml": SPEC.format("sklearn:wine") + "[run]\nbacth_size = 5\n"},
        "run s.toml",
        2,
        "UnknownKey",
        ("s.toml, line 4", "'run.bacth_size'", "'batch'"),
    ),
    (
        "row_40",
        {"s.toml": SPEC.format("sklearn:wine") + '[run]\nbatch = "five"\n'},
        "run s.toml",
        2,
        "BadValue",
        ("s.toml, line 4", "'run.batch'", "valid integer", "'five'"),
    ),
    ("row_40_no_toml", {"s.toml": "[run]\nbatch =\n"}, "run s.toml", 2, "BadToml", ("s.toml", "line 2")),
    ("row_41", {}, "label photos --labels a,b", 3, "NoData", ("photos", "not there")),
    ("row_41_file", {"f": "x"}, "label f/photos --labels a,b", 3, "NoData", ("f/photos", "not there")),
    ("row_41_study", {"s.toml": SPEC.format("photos")}, "run s.toml", 3, "NoData", ("photos", "no such file")),
    ("row_42", {"t.csv": "a,b\n1,2\n3,4\n"}, "label t.csv --text body", 3, "NoColumn", ("'body'", "it has: a, b")),
    (
        "row_42_study",
        {"s.toml": CSV_SPEC + 'text = "body"\n', "t.csv": "a,b\n1,2\n"},
        "run s.toml",
        3,
        "NoColumn",
        ("'body'", "it has: a, b"),
    ),
    (
        "row_43",
        {"t.csv": "text,label\nsome text,a\nx,y,z\n"},
        "label t.csv --labels a,b",
        3,
        "BadRow",
        ("t.csv, line 3", "3 fields where the header has 2", "--skip-bad"),
    ),
    (
        "row_43_quote",
        {"t.csv": 'text,label\nsome text,a\n"open\nand on,b\n'},
        "label t.csv --labels a,b",
        3,
        "BadRow",
        ("t.csv, line 3", "never closed"),
    ),
    (
        "row_43_study",
        {"s.toml": CSV_SPEC, "t.csv": "text,label\nsome text,a\nx,y,z\n"},
        "run s.toml",
        3,
        "BadRow",
        ("t.csv, line 3", "3 fields where the header has 2"),
    ),
    ("row_44_utf_16", {"t.csv": TABLE.encode("utf-16")}, "label t.csv", 3, "BadEncoding", ("UTF-16", "byte 0")),
    (
        "row_44_utf_16_no_mark",
        {"t.csv": TABLE.encode("utf-16-le")},
        "label t.csv",
        3,
        "BadEncoding",
        ("UTF-16 without a mark", "byte 1"),
    ),
    (
        "row_44_latin",
        {"t.csv": TABLE.replace("words 0", "wörds 0").encode("latin-1")},
        "label t.csv",
        3,
        "BadEncoding",
        ("0xf6", f"offset {TABLE.index('words 0') + 1}", "Latin-1"),
    ),
    (
        "row_44_nul",
        {"t.csv": TABLE.replace("words 0", "w\0rds 0")},
        "label t.csv",
        3,
        "BadEncoding",
        ("NUL", f"byte {TABLE.index('words 0') + 1}"),
    ),
    (
        "row_44_study",
        {"s.toml": CSV_SPEC, "t.csv": TABLE.encode("utf-16")},
        "run s.toml",
        3,
        "BadEncoding",
        ("UTF-16", "byte 0"),
    ),
    (
        "row_45",
        {"t.jsonl": '{"text": "one longer text"}\n{"text": "b", \n'},
        "label t.jsonl --labels a,b",
        3,
        "BadRow",
        ("t.jsonl, line 2, column 1", "--skip-bad"),
    ),
    (
        "row_45_study",
        {"s.toml": SPEC.format("t.jsonl"), "t.jsonl": '{"text": "one"}\n{"text": "b", \n'},
        "run s.toml",
        3,
        "BadRow",
        ("t.jsonl, line 2, column 1", "--skip-bad"),
    ),
    (
        "row_46_none_left",
        {"photos/a.png": b"", "photos/b.jpg": b"GIF8 no"},
        "label photos --labels a,b",
        3,
        "EmptyPool",
        ("photos", "2 set aside"),
    ),
    *PICKLES,
    (
        "row_51_study",
        {"s.toml": SPEC.format("m.joblib"), "m.joblib": PICKLE},
        "run s.toml",
        3,
        "PickleRefused",
        (".joblib", "querist convert", "can run code"),
    ),
    (
        "row_51_encoder_file",
        {"t.csv": TABLE, "m.pt": PICKLE},
        "label t.csv --encoder m.pt",
        3,
        "PickleRefused",
        (".pt", "querist convert m.pt", "can run code"),
    ),
    (
        "row_51_encoder_folder",
        {"t.csv": TABLE, "e/pytorch_model.bin": PICKLE, "e/config.json": "{}"},
        "label t.csv --encoder e",
        3,
        "UnsafeWeights",
        ("pytorch_model.bin", "querist convert", "run code"),
    ),
    ("row_51_convert_of_code", {"m.pt": PICKLE}, "convert m.pt", 3, "UnsafeWeights", ("m.pt",)),
    ("row_51_convert_of_joblib", {"m.joblib": PICKLE}, "convert m.joblib", 3, "PickleRefused", ("m.joblib", "running")),
    (
        "row_52",
        {"t.csv": TABLE},
        "label t.csv --host 0.0.0.0",
        2,
        "NotLoopback",
        ("0.0.0.0", "accounts", "public address", "TLS", "ssh -L"),
    ),
    ("row_52_name", {}, "serve p --host example.org", 2, "NotLoopback", ("example.org", "accounts", "TLS")),
]


@pytest.mark.parametrize(
    ("files", "command", "exit_code", "code", "words"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_it_is_refused_by_name(
    cli: Run, files: Files, command: str, exit_code: int, code: str, words: tuple[str, ...]
) -> None:
    put(files)
    refused(cli, command, exit_code, code, words)
    assert not Path("ran").exists()


def test_row_41_a_folder_that_cannot_be_read(cli: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("photos").mkdir()

    def closed(path: object) -> object:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr("os.scandir", closed)
    done = cli("label", "photos", "--labels", "a,b")
    assert (done.code, done.err) == (3, "error: cannot read photos: Permission denied [NoData]\n")


def test_row_41_a_file_that_cannot_be_read(cli: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    put({"t.csv": TABLE})
    real = Path.open

    def closed(path: Path, *more: Any, **named: Any) -> Any:
        if path.name == "t.csv":
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return real(path, *more, **named)

    monkeypatch.setattr(Path, "open", closed)
    done = cli("label", "t.csv")
    assert (done.code, "cannot read t.csv: Permission denied" in done.err) == (3, True), done


def test_row_44_a_mark_of_utf_8_is_taken_off(cli: Run, unserved: None) -> None:
    put({"t.csv": TABLE.encode("utf-8-sig")})
    assert cli("label", "t.csv", "--project", "p").code == 0
    with Project.open(Path("p")) as project:
        assert project.items.at([0])[0].text == "a text of some words 0"


def test_row_45_skip_bad_leaves_them_out_with_their_number(cli: Run, unserved: None) -> None:
    put({"t.jsonl": '{"text": "one longer text"}\n{"text": "b", \n{"text": "another text"}\n'})
    done = cli("label", "t.jsonl", "--labels", "a,b", "--project", "p", "--skip-bad")
    assert (done.code, "left out 1 rows that cannot be read, the first in line 2" in done.err) == (0, True), done.err


def test_row_46_broken_images_are_set_aside_once_and_by_name(cli: Run, unserved: None) -> None:
    Path("photos").mkdir()
    for k in range(3):
        Image.new("L", (9, 9), 40 * k).save(f"photos/{k}.png")
    whole = Path("photos/0.png").read_bytes()
    put({"photos/cut.png": whole[:20], "photos/zero.png": b"", "photos/wrong.jpg": b"GIF8 no"})
    done = cli("label", "photos", "--labels", "a,b", "--project", "p")
    assert done.code == 0, done.err
    assert done.err.count("3 of 6 images are set aside") == 1
    assert "zero.png: the file is empty (0 bytes)" in done.err
    assert "wrong.jpg: not an image of a known kind" in done.err
    with Project.open(Path("p")) as project:
        assert project.items.ids() == ["0.png", "1.png", "2.png"]


def test_row_46_an_image_cut_in_the_middle_is_set_aside_where_it_is_shown(cli: Run, unserved: None) -> None:
    Path("photos").mkdir()
    noise = Image.frombytes("L", (64, 64), bytes((k * k * 7) % 251 for k in range(64 * 64)))
    noise.save("photos/good.png")
    whole = Path("photos/good.png").read_bytes()
    put({"photos/cut.png": whole[: len(whole) // 2]})
    assert cli("label", "photos", "--labels", "a,b", "--project", "p").code == 0
    with running(Path("p")) as ask:
        said = ask("GET", "/api/v1/items/cut.png/image")
        assert (said.status, said.code) == (404, "BadImage")
        assert said.json["detail"]
        assert [h["item"]["id"] for h in ask.hand(2)] == ["good.png"]


@pytest.mark.parametrize("command", ["serve p", "import p more.csv", "label p"])
def test_row_47_a_project_that_is_open_elsewhere(cli: Run, command: str) -> None:
    make(Path("p"), 3)
    put({"more.csv": "id,text\nn,one text\n"})
    with running(Path("p")) as ask:
        done = cli(*command.split())
        assert ask("GET", "/health").status == 200
    assert (done.code, "[Locked]" in done.err) == (4, True), done
    assert f"process {os.getpid()} on " in done.err
    assert " since 20" in done.err


@pytest.mark.parametrize("command", ["serve p", "export p --out o.csv", "import p t.csv", "doctor p"])
@pytest.mark.parametrize("file", ["journal.db", "items.db"])
def test_row_48_a_newer_schema(cli: Run, command: str, file: str) -> None:
    make(Path("p"), 3)
    put({"t.csv": "id,text\nn,one text\n"})
    with closing(sqlite3.connect(f"p/{file}")) as connection:
        if file == "items.db":
            connection.execute("PRAGMA user_version = 99")
        else:
            connection.execute("UPDATE meta SET value = '99' WHERE key = 'schema_version'")
            connection.commit()
    done = cli(*command.split())
    assert (done.code, "NewerSchema" in done.err + done.out) == (4, True), done
    assert re.search(r"version 99, and this program .*knows versions up to \d", done.err + done.out)
    assert not Path("o.csv").exists()


@pytest.mark.parametrize("command", ["serve p", "export p --out o.csv", "import p t.csv", "doctor p"])
@pytest.mark.parametrize("file", ["journal.db", "items.db"])
def test_row_49_a_damaged_file(cli: Run, command: str, file: str) -> None:
    make(Path("p"), 300)
    put({"t.csv": "id,text\nn,one text\n"})
    path = Path("p", file)
    data = bytearray(path.read_bytes())
    data[100:4000] = b"\xff" * 3900
    path.write_bytes(bytes(data))
    done = cli(*command.split())
    said = done.err + done.out
    assert (done.code, "Corrupt" in said) == (4, True), done
    assert file in said
    assert "querist restore BACKUP NEW_FOLDER" in said
    assert path.read_bytes() == bytes(data)
    assert not Path("o.csv").exists()


def test_row_49_a_digest_that_differs(cli: Run) -> None:
    make(Path("p"), 3)
    with closing(sqlite3.connect("p/journal.db")) as connection:
        connection.execute("DROP TRIGGER event_is_never_changed")
        connection.execute("UPDATE event SET payload = replace(payload, 'demo', 'dema')")
        connection.commit()
    for command in ("serve p", "doctor p"):  # the doctor also finds that a trigger is missing
        done = cli(*command.split())
        said = done.err + done.out
        assert (done.code, "its digest differs" in said) == (4, True), done
        assert "journal.db" in said
        assert "querist restore" in said


def test_row_50_a_full_disk(cli: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    make(Path("p"), 3)
    before = state()

    def full(*_: Any, **__: Any) -> Any:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    done = cli("export", "p", "--out", "o.csv", "--all")
    assert (done.code, "[DiskFull]" in done.err) == (5, True), done
    assert [w for w in ("o.csv", "free", "Make space") if w not in done.err] == [], done.err
    assert state() == before


def test_row_51_what_is_only_tensors_is_converted(cli: Run) -> None:
    torch = pytest.importorskip("torch")
    torch.save({"state_dict": {"weight": torch.arange(6.0).reshape(2, 3)}}, "m.pth")
    done = cli("convert", "m.pth")
    assert (done.code, done.out) == (0, "m.safetensors: 1 tensors\n"), done.err
    size = struct.unpack("<Q", Path("m.safetensors").read_bytes()[:8])[0]
    assert struct.unpack("<6f", Path("m.safetensors").read_bytes()[8 + size :]) == (0, 1, 2, 3, 4, 5)
    assert cli("convert", "m.pth").code == 4


def test_every_row_has_its_test() -> None:
    here = Path(__file__).read_text(encoding="utf-8")
    assert [row for row in range(38, 53) if f"row_{row}" not in here] == []
