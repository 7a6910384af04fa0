"""R35 to R38: sixty files that would run code when read carelessly, at every door; nothing runs.

An audit hook watches for programs, sockets and code; a canary file shows what slipped by it.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import pickle
import resource
import struct
import sys
import time
import warnings
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from querist.assembly.spec import load_spec
from querist.core.errors import QueristError
from querist.data.formats import read_records
from querist.data.formats.reading import Reading
from querist.data.read import read
from querist.models.pretrained.place import find
from querist.models.weights_file import read_state
from querist.server.guess import guess
from querist.storage.restore import restore
from serving import Asker, make, running

_watching = False
_seen: list[str] = []
_RUNS = ("os.system", "os.exec", "os.posix_spawn", "os.fork", "subprocess.Popen", "socket.connect", "pty.spawn")


def _watch(event: str, arguments: Any) -> None:
    if _watching and (event in _RUNS or (event == "open" and str(arguments[0]).endswith("canary"))):
        _seen.append(event)


sys.addaudithook(_watch)


class Runs:
    """Unpickled, it calls ``function`` with ``arguments``."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.function, self.arguments = function, arguments

    def __reduce__(self) -> Any:
        return (self.function, self.arguments)


def pickles(canary: Path) -> list[bytes]:
    """Pickles of several protocols and ways."""
    runs = [Runs(os.system, f"touch {canary}"), Runs(open, str(canary), "w"), Runs(os.mkdir, str(canary))]
    out = [pickle.dumps(one, protocol) for one in runs for protocol in (0, 2, 4)]
    return [*out, b"cos\nsystem\n(S'touch " + os.fsencode(canary) + b"'\ntR."]


def poison(folder: Path, canary: Path) -> dict[str, bytes]:
    """The files by name."""
    plain = pickles(canary)
    touch = f"touch {canary}"
    objects, boxed = io.BytesIO(), io.BytesIO()
    np.save(objects, np.array([Runs(os.system, touch)], dtype=object), allow_pickle=True)
    np.savez(boxed, x=np.array([Runs(os.system, touch)], dtype=object))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as box:
        box.writestr("archive/data.pkl", plain[4])
        box.writestr("archive/version", "3")
    out: dict[str, bytes] = {}
    for k, suffix in enumerate((".pkl", ".pickle", ".joblib", ".dill", ".pt", ".pth", ".bin", ".ckpt", ".npy", ".npz")):
        out[f"a{k}{suffix}"] = plain[k]
    # a pickle under the name of something harmless: the safe reader fails first, and nothing else is tried
    harmless = (
        ".csv",
        ".tsv",
        ".jsonl",
        ".json",
        ".parquet",
        ".conll",
        ".png",
        ".jpg",
        ".safetensors",
        ".toml",
        ".zip",
    )
    for k, suffix in enumerate(harmless):
        out[f"b{k}{suffix}"] = plain[k % len(plain)]
        out[f"c{k}{suffix}"] = packed.getvalue()
    out |= {"objects.npy": objects.getvalue(), "boxed.npz": boxed.getvalue(), "gz.csv.gz": gzip.compress(plain[3])}
    reduce = {"py/reduce": [{"py/function": "os.system"}, {"py/tuple": [touch]}], "__reduce__": ["os.system", [touch]]}
    tag = f"!!python/object/apply:os.system ['{touch}']"
    entity = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>'
    formula = f'=cmd|"/c {touch}"!A1'
    evil = f"__import__('os').system('{touch}')"
    for name, text in {
        "reduce.jsonl": json.dumps({"text": "a longer text", "label": reduce}),
        "reduce.json": json.dumps([{"data": {"text": "a", **reduce}}]),
        "yaml.csv": f'text\n"{tag}"\n',
        "yaml.toml": f'[data]\nsource = "{tag}"\n',
        "eval.toml": f'[data]\nsource = "x.csv"\n[run]\nstrategy = "{evil}"\n',
        "eval2.toml": f'[data]\nsource = "x.csv"\n[model]\nname = "{evil}"\n',
        "trust.toml": '[data]\nsource = "x.csv"\n[model]\nlearner = "text"\ntrust_remote_code = true\n',
        "xml.json": entity,
        "xml.csv": f"text\n'{entity}'\n",
        "xml.png": f'<?xml version="1.0"?><svg onload="{evil}" xmlns="http://www.w3.org/2000/svg"/>',
        "formula.csv": f"text\n'{formula}\n",
        "eps.png": f"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(%pipe%{touch}) (r) file\n",
        "mvg.png": f"push graphic-context\nfill 'url(https://x\"|{touch}\")'\npop graphic-context\n",
        "eval.conll": f"{evil} O\n",
        "eval.jsonl": json.dumps({"text": evil, "spans": [{"start": evil, "end": 1}]}),
        "doccano.jsonl": json.dumps({"text": "a", "label": [[evil, evil, evil]]}),
        "format.csv": "text\n{0.__class__.__init__.__globals__[os].system}\n",
    }.items():
        out[name] = text.encode()
    header = json.dumps({"w": {"dtype": "F32", "shape": [1], "data_offsets": [0, 1 << 40]}}).encode()
    out["far.safetensors"] = struct.pack("<Q", len(header)) + header
    out["huge.safetensors"] = struct.pack("<Q", 1 << 62)
    out["meta.safetensors"] = struct.pack("<Q", 9) + b'{"w":evil' + plain[0]
    encoders: dict[str, dict[str, Any]] = {
        "auto_map": {"auto_map": {"AutoModel": "code.py--Model"}},
        "implementation": {"_attn_implementation": "evil/kernels"},
    }
    for name, config in encoders.items():
        out[f"{name}/config.json"] = json.dumps({"model_type": "bert", **config}).encode()
        out[f"{name}/code.py"] = f"import os; os.system({touch!r})".encode()
        out[f"{name}/pytorch_model.bin"] = plain[1]
    out["modules/config.json"] = b"{}"
    out["modules/model.safetensors"] = plain[2]
    out["modules/modules.json"] = json.dumps([{"type": "os.system", "path": touch}]).encode()
    for name, data in out.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(data)
    return out


@pytest.fixture
def canary(tmp_path: Path) -> Iterator[Path]:
    global _watching
    path = tmp_path / "canary"
    _seen.clear()
    _watching = True
    yield path
    _watching = False
    assert _seen == []
    assert not path.exists()


def _data(path: Path) -> None:
    found = guess(path)
    list(read_records(found.format, path, found.reading(lambda line, why: None)))


def _spec(path: Path) -> None:
    settings = load_spec(path)
    from querist.strategies.parser import parse

    parse(settings.run.strategy)


DOORS: dict[str, Any] = {
    "read": read,
    "guess": _data,
    "json": lambda path: list(read_records("label-studio", path, Reading())),
    "weights": read_state,
    "encoder": lambda path: find(str(path)),
    "restore": lambda path: restore(path, path.with_name("restored")),
    "specification": _spec,
}


@pytest.mark.parametrize("door", DOORS)
def test_r35_nothing_runs(door: str, tmp_path: Path, canary: Path) -> None:
    """Only named errors come out; what is let in is text, and stays so."""
    (tmp_path / "in").mkdir()
    files = poison(tmp_path / "in", canary)
    assert len(files) >= 60
    refused = 0
    folders = {tmp_path / "in" / name.split("/")[0] for name in files if "/" in name}
    for path in [*(tmp_path / "in" / name for name in files), *folders]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                DOORS[door](path)
            except QueristError:
                refused += 1
    least = {"read": 45, "guess": 45, "json": 55}.get(door, 60)
    assert refused >= least, f"{door} let {len(files) - refused} in"


def test_r36_a_broken_safe_file_does_not_lead_to_the_unsafe_one_beside_it(tmp_path: Path, canary: Path) -> None:
    for data in pickles(canary):
        (tmp_path / "model.safetensors").write_bytes(data)
        (tmp_path / "pytorch_model.bin").write_bytes(data)
        (tmp_path / "config.json").write_text('{"model_type": "bert"}')
        with pytest.raises(QueristError) as caught:
            read_state(tmp_path / "model.safetensors")
        assert caught.value.code == "UnsafeWeights"


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    with running(make(tmp_path_factory.mktemp("safe") / "p", 20)) as ask:
        yield ask


def send(ask: Asker, name: str, content: bytes) -> Any:
    edge = "edge0123"
    head = f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\nContent-Type: text/plain\r\n\r\n'
    raw = head.encode() + content + f"\r\n--{edge}--\r\n".encode()
    return ask("POST", "/api/v1/import", raw=raw, headers={"Content-Type": f"multipart/form-data; boundary={edge}"})


def test_r35_nothing_runs_in_the_server(ask: Asker, tmp_path: Path, canary: Path) -> None:
    global _watching
    _watching = False  # this process is the client too, and connects
    (tmp_path / "in").mkdir()
    for name, data in poison(tmp_path / "in", canary).items():
        said = send(ask, name.replace("/", "-"), data)
        assert said.status in (200, 400, 422), (name, said.body)
        assert b"import-" not in said.body, "where it lay meanwhile"
        assert str(ask.server.service.scratch).encode() not in said.body
    assert ask("GET", "/api/v1/project").status == 200
    assert not canary.exists()


def test_r37_no_model_can_be_named_over_the_page(ask: Asker) -> None:
    for name in ("encoder", "model", "learner", "revision", "trust_remote_code"):
        said = ask("PATCH", "/api/v1/settings", {name: "someone/model"})
        assert (said.status, said.code) == (422, "UnknownField")


BOMBS: dict[str, Callable[[], bytes]] = {
    "zeros.csv.gz": lambda: gzip.compress(b"text\n" + b"0" * (120 << 20), 9),
    "lines.csv.gz": lambda: gzip.compress(b"text\n" + b"a\n" * (30 << 20), 1),
    "deep.jsonl": lambda: b'{"text": ' + b"[" * 100_000 + b"]" * 100_000 + b"}\n",
    "deep.json": lambda: b"[" * 1_000_000,
    "field.csv": lambda: b'text\n"' + b"a" * (40 << 20) + b'"\n',
    "nul.csv": lambda: b"text\n" + b"\0" * (1 << 20),
    "half.jsonl": lambda: b'{"text": "\\ud800"}\n',
    "columns.csv": lambda: b"," * 2_000_000 + b"\n",
}


@pytest.mark.parametrize("name", BOMBS)
def test_r38_a_bomb_is_refused_soon_and_in_little_memory(ask: Asker, name: str) -> None:
    content = BOMBS[name]()
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.monotonic()
    said = send(ask, name, content)
    took = time.monotonic() - began
    assert (said.status, said.code in ("TooLarge", "BadRow", "BadEncoding", "BadHeader")) == (422, True), said.body
    assert ask("GET", "/api/v1/project").json["items"] >= 20
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - most) / 1024
    assert grown < 64 + 4 * len(content) / (1 << 20), f"{grown:.0f} MiB more, in {took:.1f} s"
    assert took < 60  # below 2 s on a machine with nothing else to do
