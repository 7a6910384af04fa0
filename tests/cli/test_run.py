"""`querist run`: project folders, resume, replay, backup, doctor: one story, and its faults."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from querist.session import run as driver

from .conftest import Run

SPEC = """\
[data]
source = "sklearn:wine"
[model]
scale = true
[run]
strategy = "margin"
start_size = 8
batch = 8
budget = 40
"""


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    (tmp_path / "spec.toml").write_text(SPEC)
    return tmp_path / "spec.toml"


def test_a_whole_story(cli: Run, spec: Path, tmp_path: Path) -> None:
    done = cli("run", spec, "--out", tmp_path / "out", "--seeds", 2, "--json")
    assert done.code == 0, done.err
    document = json.loads(done.out)
    assert [r["seed"] for r in document["runs"]] == [0, 1]
    assert {p.name for p in (tmp_path / "out").iterdir()} == {
        "results.json", "report.html", "curves.png", "seed-0", "seed-1",
    }  # fmt: skip
    project = tmp_path / "out" / "seed-1"
    assert (project / "querist.toml").is_file()
    replayed = cli("replay", project)
    assert (replayed.code, replayed.out) == (0, "5 queries are the same, 0 differ, 0 could not be replayed\n")
    found = cli("doctor", project, "--json")
    assert found.code == 0
    assert all(f["severity"] != "error" for f in json.loads(found.out))
    assert cli("backup", project, tmp_path / "copy.zip").code == 0
    assert cli("restore", tmp_path / "copy.zip", tmp_path / "back").code == 0
    assert cli("replay", tmp_path / "back").out == replayed.out
    again = cli("restore", tmp_path / "copy.zip", tmp_path / "back")
    assert again.code == 4
    assert "[NotEmpty]" in again.err
    markdown = cli("report", tmp_path / "out", "--markdown")
    assert "| `margin` |" in markdown.out


def test_interrupted_it_says_how_to_go_on_and_does(
    cli: Run, spec: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, steps = driver._say, []

    def stopping(listener: Any, what: str, thing: object) -> None:
        steps.append(what)
        if len(steps) == 8:
            raise KeyboardInterrupt
        real(listener, what, thing)

    monkeypatch.setattr(driver, "_say", stopping)
    done = cli("run", spec, "--out", tmp_path / "out")
    assert done.code == 130
    assert f"querist run {spec} --out {tmp_path / 'out'}" in done.err
    whole = cli("run", spec, "--out", tmp_path / "whole", "--json")
    rest = cli("run", spec, "--out", tmp_path / "out", "--json")
    assert rest.code == 0
    queried = [[r["queried"] for r in json.loads(d.out)["runs"][0]["rounds"]] for d in (whole, rest)]
    assert queried[0] == queried[1]


def test_verbose_gives_a_line_a_step(cli: Run, spec: Path, tmp_path: Path) -> None:
    done = cli("run", spec, "--out", tmp_path / "out", "-v")
    steps = [json.loads(line)["step"] for line in done.err.splitlines() if line.startswith("{")]
    assert steps[:3] == ["asked", "told", "fitted"]
    assert steps.count("told") == 5


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        (None, 2, "querist init"),
        (
            SPEC.replace("batch = 8\n", "bacth_size = 8\n"),
            2,
            "line 8: unknown key 'run.bacth_size'; did you mean 'start_size' or 'batch'",
        ),
        (SPEC.replace("budget = 40", 'budget = "x"'), 2, "line 9"),
        (SPEC.replace("sklearn:wine", "nowhere.csv"), 3, "nowhere.csv"),
        (SPEC.replace("margin", "margn"), 2, "margin"),
        (SPEC + 'stop = "platau()"\n', 2, "plateau"),
        (SPEC.replace("margin", "bald"), 2, "needs the signal members"),
        (SPEC + 'metrics = ["acuracy"]\n', 2, "did you mean accuracy"),
    ],
)
def test_bad_input(cli: Run, tmp_path: Path, text: str | None, code: int, words: str) -> None:
    if text is not None:
        (tmp_path / "spec.toml").write_text(text)
    done = cli("run", tmp_path / "spec.toml", "--out", tmp_path / "out")
    assert done.code == code, done.err
    assert words in done.err
    assert "Traceback" not in done.err


def test_a_project_open_elsewhere(cli: Run, spec: Path, tmp_path: Path) -> None:
    from querist.assembly.build import open_journal

    cli("run", spec, "--out", tmp_path / "out")
    store, _ = open_journal(tmp_path / "out" / "seed-0")
    done = cli("replay", tmp_path / "out" / "seed-0")
    assert done.code == 4
    assert "[Locked]" in done.err
    store.close()


def test_a_damaged_journal(cli: Run, spec: Path, tmp_path: Path) -> None:
    cli("run", spec, "--out", tmp_path / "out")
    journal = tmp_path / "out" / "seed-0" / "journal.db"
    data = bytearray(journal.read_bytes())
    data[4096:6000] = b"\0" * 1904
    journal.write_bytes(bytes(data))
    done = cli("replay", journal.parent)
    assert done.code == 4
    assert "journal.db" in done.err
    assert cli("doctor", journal.parent).code == 4


def test_a_cache_beside_the_specification_is_found_from_the_project(cli: Run, tmp_path: Path) -> None:
    pytest.importorskip("transformers", reason="transformers is not installed: the extra text")
    from querist.assembly.spec import load_spec
    from tiny_encoder import tiny_folder

    tiny_folder(tmp_path / "encoder")
    words = ["the", "a", "was", "film", "meal", "fine", "poor", "good", "bad"]
    rows = "".join(f"{one} {two},{'ab'[words.index(two) % 2]}\n" for one in words for two in words)
    (tmp_path / "texts.csv").write_text("text,label\n" + rows)
    model = '[model]\nlearner = "text"\nencoder = "encoder"  # beside it\ncache = "features"\n'
    run = "[model.training]\nepochs = 1\n[run]\nbatch = 8\nbudget = 8\n"
    (tmp_path / "s.toml").write_text(f'[data]\nsource = "texts.csv"\n{model}{run}')
    assert cli("run", tmp_path / "s.toml", "--out", tmp_path / "out").code == 0
    spec: Any = load_spec(tmp_path / "out" / "seed-0" / "querist.toml")
    assert spec.data.source == str(tmp_path / "texts.csv")
    assert (spec.model.encoder, spec.model.cache) == (str(tmp_path / "encoder"), str(tmp_path / "features"))
    assert "# beside it" in (tmp_path / "out" / "seed-0" / "querist.toml").read_text()
