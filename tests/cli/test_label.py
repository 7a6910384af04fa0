from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from querist.server.client import Client
from querist.server.project import Project

Run = Callable[..., Any]


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The page is not served: which project would have been."""
    out: list[Path] = []

    def show(folder: Path, **_: Any) -> int:
        out.append(folder)
        return 0

    monkeypatch.setattr("querist.cli.page.show", show)
    return out


def texts(path: Path, rows: int = 30) -> Path:
    lines = [f"a text with the number {k} in it,{'good' if k % 2 else 'bad'}" for k in range(rows)]
    path.write_text("\n".join(["text,label", *lines]) + "\n")
    return path


def opened(folder: Path) -> dict[str, Any]:
    with Project.open(folder) as project:
        task = project.writer.do(lambda work: project.changes.task(work.connection))
        return {
            "task": task.kind, "classes": task.classes, "items": len(project.items), "modality": project.modality,
            "root": project.root, "limits": (task.low, task.high), "step": task.step, "first": project.items.at([0])[0],
            "settings": project.writer.do(lambda work: project.changes.settings(work.connection)),
        }  # fmt: skip


def test_a_file_with_labels_needs_no_word(
    cli: Run, tmp_path: Path, shown: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = cli("label", texts(tmp_path / "reviews.csv"), "--no-browser")
    assert done.code == 0, done.err
    assert shown == [Path("reviews-labels")]
    made = opened(tmp_path / "reviews-labels")
    assert (made["task"], made["classes"], made["items"], made["modality"]) == ("single", ("bad", "good"), 30, "text")
    assert "30 items (text, single of bad, good)" in done.err
    again = cli("label", tmp_path / "reviews.csv", "--no-browser")
    assert "going on" in again.err
    assert "note:" not in again.err
    unused = cli("label", tmp_path / "reviews.csv", "--labels", "a,b", "--strategy", "margin", "--no-browser")
    assert "note: --labels, --strategy shape a new project and change nothing here" in unused.err
    assert cli("label", tmp_path / "reviews-labels").code == 0  # the project's own folder
    assert len(shown) == 4


def test_a_folder_of_images(cli: Run, tmp_path: Path, shown: list[Path]) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    for k in range(3):
        Image.new("L", (9, 9), 40 * k).save(photos / f"{k}.png")
    done = cli("label", photos, "--labels", "cat, dog", "--project", tmp_path / "p")
    assert done.code == 0, done.err
    made = opened(tmp_path / "p")
    assert (made["modality"], made["task"], made["classes"], made["root"]) == (
        "image",
        "single",
        ("cat", "dog"),
        photos,
    )
    assert made["first"].file == "0.png"


def test_a_number_with_limits(cli: Run, tmp_path: Path, shown: list[Path]) -> None:
    (tmp_path / "t.csv").write_text("text\n" + "".join(f"some longer text number {k}\n" for k in range(5)))
    done = cli("label", tmp_path / "t.csv", "--task", "number", "--low", 0, "--high", 10, "--project", tmp_path / "p")
    assert done.code == 0, done.err
    assert (opened(tmp_path / "p")["limits"], opened(tmp_path / "p")["step"]) == ((0, 10), None)
    more = ("--task", "number", "--low", 1, "--high", 5, "--step", 1)
    assert cli("label", tmp_path / "t.csv", *more, "--project", tmp_path / "q").code == 0
    assert (opened(tmp_path / "q")["limits"], opened(tmp_path / "q")["step"]) == ((1, 5), 1)


def test_settings_are_taken(cli: Run, tmp_path: Path, shown: list[Path]) -> None:
    more = ("--strategy", "margin", "--encoder", "minilm", "--project", tmp_path / "p")
    assert cli("label", texts(tmp_path / "t.csv"), *more).code == 0
    settings = opened(tmp_path / "p")["settings"]
    assert (settings.strategy, settings.encoder) == ("margin", "minilm")


@pytest.mark.parametrize(
    "more, code, word",
    [
        (("--task", "guess"), 2, "single, multi, number, spans"),
        (("--labels", " , "), 2, "--labels cat,dog"),
        (("--labels", "a,b", "--step", 1), 2, "--step is above 0 and for numbers"),
        (("--task", "number", "--step", 0), 2, "--step is above 0"),
        (("--strategy", "margn", "--labels", "a,b"), 2, "margin"),
        (("--text", "body", "--labels", "a,b"), 3, "body"),
        (("--host", "0.0.0.0", "--labels", "a,b"), 2, "this machine only"),
        (("--labels", "Cat,cat"), 3, "cat"),
        (("--labels", "good"), 2, "nothing to tell apart; name the others too (--labels good,other)"),
        (("--encoder", "nowhere", "--labels", "a,b"), 2, "no folder that is there"),
        ((), 2, "--labels good,bad"),
        (("--task", "spans"), 2, "name the classes. Say it with --labels"),
    ],
)
def test_what_does_not_fit_is_named_and_nothing_made(
    cli: Run, tmp_path: Path, shown: list[Path], more: tuple[str, ...], code: int, word: str
) -> None:
    (tmp_path / "t.csv").write_text("text\n" + "".join(f"some longer text number {k}\n" for k in range(5)))
    done = cli("label", tmp_path / "t.csv", "--project", tmp_path / "p", *more)
    assert (done.code, word in done.err) == (code, True), done
    assert "Traceback" not in done.err
    assert shown == []
    assert not (tmp_path / "p" / "journal.db").exists()


@pytest.mark.parametrize(
    "name, content",
    [("none.csv", None), ("t.pkl", b"\x80\x04N."), ("t.csv", b""), ("t.csv", b'text\n"open\n'), ("d", "dir")],
)
def test_data_that_cannot_be_read_ends_with_three(
    cli: Run, tmp_path: Path, shown: list[Path], name: str, content: Any
) -> None:
    if content == "dir":
        (tmp_path / name).mkdir()
    elif content is not None:
        (tmp_path / name).write_bytes(content)
    done = cli("label", tmp_path / name, "--labels", "a,b", "--project", tmp_path / "p")
    assert done.code == 3, done
    assert not (tmp_path / "p" / "journal.db").exists()


@pytest.mark.parametrize("task", ["multi", "spans"])
def test_one_class_is_enough_where_an_item_may_have_none(
    cli: Run, tmp_path: Path, shown: list[Path], task: str
) -> None:
    (tmp_path / "t.csv").write_text("text\n" + "".join(f"some longer text number {k}\n" for k in range(5)))
    done = cli("label", tmp_path / "t.csv", "--task", task, "--labels", "good", "--project", tmp_path / "p")
    assert done.code == 0, done.err
    assert opened(tmp_path / "p")["classes"] == ("good",)


def test_labels_of_the_file_that_are_not_named_are_told(cli: Run, tmp_path: Path, shown: list[Path]) -> None:
    file = texts(tmp_path / "t.csv", 1_100)
    done = cli("label", file, "--labels", "good,odd", "--project", tmp_path / "p")
    assert (done.code, "has labels that --labels does not name: bad" in done.err) == (2, True), done.err
    file.write_text(file.read_text() + "a late one,ugly\n")
    done = cli("label", file, "--labels", "good,bad", "--project", tmp_path / "p")
    assert (done.code, "[UnknownLabel]" in done.err, "name every class with --labels" in done.err) == (2, True, True)
    assert "add_class" not in done.err
    assert not (tmp_path / "p" / "journal.db").exists()


def test_a_column_is_held_for_the_label_only_where_it_could_be(cli: Run, tmp_path: Path, shown: list[Path]) -> None:
    rows = "".join(f"some longer text number {k},{'red' if k % 2 else 'blue'}\n" for k in range(30))
    (tmp_path / "t.csv").write_text("text,colour\n" + rows)
    hint = "colour could be the label"
    assert hint in cli("label", tmp_path / "t.csv").err  # nothing is made: the classes have to be said
    assert hint not in cli("label", tmp_path / "t.csv", "--labels", "a,b", "--project", tmp_path / "p").err
    assert hint in cli("label", tmp_path / "t.csv", "--labels", "Red,blue,green", "--project", tmp_path / "q").err


def test_bad_rows_are_left_out_when_wanted(cli: Run, tmp_path: Path, shown: list[Path]) -> None:
    lines = [f'{{"text": "a text that is fine {k}"}}' for k in range(5)]
    (tmp_path / "t.jsonl").write_text("\n".join([*lines, '{"text": ', *lines[:1]]) + "\n")
    where = ("--labels", "a,b", "--project", tmp_path / "p")
    assert cli("label", tmp_path / "t.jsonl", *where).code == 3
    done = cli("label", tmp_path / "t.jsonl", *where, "--skip-bad")
    assert done.code == 0, done.err
    assert "left out 1 rows" in done.err
    assert "line 6" in done.err


def test_a_person_is_asked(cli: Run, tmp_path: Path, shown: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "t.csv").write_text("text\n" + "".join(f"some longer text number {k}\n" for k in range(5)))
    asked: list[str] = []
    said = iter(["multi", "red, green"])

    def prompt(text: str, **_: Any) -> str:
        asked.append(text)
        return next(said)

    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("typer.prompt", prompt)
    done = cli("label", tmp_path / "t.csv", "--project", tmp_path / "p")
    assert done.code == 0, done.err
    assert asked == ["Task", "Classes, parted by commas"]
    made = opened(tmp_path / "p")
    assert (made["task"], made["classes"]) == ("multi", ("red", "green"))


def test_from_file_to_answers_in_a_process(tmp_path: Path) -> None:
    file, folder = str(texts(tmp_path / "t.csv")), str(tmp_path / "p")
    command = [sys.executable, "-m", "querist", "label", file, "--project", folder, "--no-browser"]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert child.stdout is not None
        link = next(word for word in child.stdout.readline().split() if "/open#" in word)
        with Client(link) as client:
            assert client.project()["classes"][0]["name"] == "bad"
        child.send_signal(signal.SIGTERM)
        _, err = child.communicate(timeout=20)
    finally:
        child.kill()
    assert child.returncode == 0
    assert "within ten minutes" in err
    assert "querist serve" in err
    assert "Traceback" not in err
    assert link not in (tmp_path / "p" / "server.log").read_text()
