"""The trainer as a process: its lines, what piles up, how it ends, and that it writes only candidates and features."""

from __future__ import annotations

import errno
import io
import json
import queue
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from live_project import LiveProject
from querist.core.errors import DataError
from querist.server.alike import InUse, most_alike, read_in_use
from querist.server.trainer import features as features_module
from querist.server.trainer import process as process_module
from querist.server.trainer.candidate import read_candidate
from querist.server.trainer.process import Lines, Trainer, main
from querist.storage.digest import file_digest
from querist.training.feature_file import FeatureFile


@pytest.fixture
def project(tmp_path: Path) -> Iterator[LiveProject]:
    made = LiveProject.of_texts(tmp_path / "p", 60, encoder="base")
    yield made
    made.close()


class Child:
    """A trainer started as the supervisor starts it, or by other code."""

    def __init__(self, folder: Path, *code: str) -> None:
        self.errors = folder.parent / "errors.txt"
        with self.errors.open("w", encoding="utf-8") as errors:
            self.process = subprocess.Popen(
                [sys.executable, *(code or ("-m", "querist.server.trainer")), str(folder)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        self.lines: list[dict[str, Any]] = []

    def send(self, **line: Any) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(line) + "\n")
        self.process.stdin.flush()

    def until(self, kind: str) -> dict[str, Any]:
        assert self.process.stdout is not None
        while text := self.process.stdout.readline():
            self.lines.append(json.loads(text))
            if self.lines[-1]["is"] == kind:
                return self.lines[-1]
        raise AssertionError(f"it ended before it said {kind}: {self.lines}")

    @property
    def words(self) -> str:
        return self.errors.read_text(encoding="utf-8")

    def close(self) -> int:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        code = self.process.wait(20)
        self.process.stdout.close()
        return code


@pytest.fixture
def child(project: LiveProject) -> Iterator[Child]:
    made = Child(project.folder)
    yield made
    if made.process.poll() is None:
        made.process.kill()
    made.close()


def test_a_life_from_the_first_line_to_the_stop(project: LiveProject, child: Child) -> None:
    child.until("idle")
    child.send(do="round", queue=10)
    first = child.until("candidate")
    assert [x["is"] for x in child.lines if x["is"] == "features"]
    assert (first["folder"], first["round"], first["upto"]) == ("candidates/1", 0, 1)
    project.label(project.ids[:5])
    project.label(project.ids[5:9], "validation")
    before = {n: file_digest(project.folder / n) for n in ("journal.db", "items.db")}
    child.send(do="round", queue=10)
    second = child.until("candidate")
    found = read_candidate(project.folder, second["folder"])
    assert (found.report["labels"], found.report["upto"]) == (5, 19)
    assert len(found.queue) == 10
    assert {n: file_digest(project.folder / n) for n in before} == before
    child.send(do="stop")
    assert child.process.wait(20) == 0


def test_before_the_first_label_it_rehearses_and_torch_is_not_for_speed_alone(project: LiveProject) -> None:
    code = (
        "import sys; from querist.server.trainer import process, rehearsal\n"
        "real = rehearsal.rehearse\n"
        "def rehearse(*a):\n    print('rehearsed', real(*a), file=sys.stderr); return True\n"
        "rehearsal.rehearse = rehearse\n"
        "code = process.main(sys.argv[1:])\n"
        "print('torch' in sys.modules, 'sklearn.linear_model' in sys.modules, file=sys.stderr); sys.exit(code)"
    )
    child = Child(project.folder, "-c", code)
    child.until("idle")
    child.send(do="round", queue=20)
    child.until("candidate")
    child.until("idle")  # after the rehearsal
    project.label(project.ids[:6])
    child.send(do="round", queue=20)
    found = read_candidate(project.folder, child.until("candidate")["folder"])
    assert found.report["labels"] == 6
    child.send(do="stop")
    assert child.close() == 0
    assert child.words.splitlines() == ["rehearsed True", "False True"]


def test_what_is_answered_while_features_are_made_is_in_the_first_round(
    project: LiveProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = features_module.Features.fill

    def fill(self: features_module.Features, *arguments: Any, **more: Any) -> Iterator[tuple[int, int]]:
        yield from real(self, *arguments, **more)
        project.label(project.ids[:7])

    monkeypatch.setattr(features_module.Features, "fill", fill)
    lines = in_process(project, {"do": "round", "queue": 5})
    (first,) = [x for x in lines if x["is"] == "candidate"]
    assert read_candidate(project.folder, first["folder"]).report["labels"] == 7


def test_a_rehearsal_that_fails_costs_nothing(
    project: LiveProject, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from querist.server.trainer import rehearsal

    def fail(*_: Any) -> bool:
        raise ZeroDivisionError

    monkeypatch.setattr(rehearsal, "rehearse", fail)
    lines = in_process(project, {"do": "round", "queue": 5})
    assert [x["is"] for x in lines if x["is"] in ("candidate", "failed")] == ["candidate"]
    assert "ZeroDivisionError" in capsys.readouterr().err


def test_it_ends_with_the_server_and_at_a_signal(project: LiveProject, child: Child) -> None:
    child.until("idle")
    assert child.close() == 0
    second = Child(project.folder)
    second.until("idle")
    second.process.send_signal(signal.SIGTERM)
    assert second.process.wait(20) == -signal.SIGTERM
    second.close()


def test_a_folder_that_is_no_project_is_named(tmp_path: Path) -> None:
    made = Child(tmp_path)
    assert made.until("failed")["code"] == "NoJournal"
    assert made.close() == 4
    assert main([]) == 2


class Patient(queue.Queue[Any]):
    """What was put in, and the end once the trainer has nothing more to do of itself."""

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        return None if self.empty() and block else super().get(block, timeout)


def in_process(project: LiveProject, *asked: Any) -> list[dict[str, Any]]:
    """The lines of a trainer that runs here, on requests that have all piled up."""
    out, wanted = io.StringIO(), Patient()
    for line in asked:
        wanted.put(line)
    assert Trainer(project.folder, Lines(out), wanted).run() == 0
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_requests_that_piled_up_are_one_round(project: LiveProject) -> None:
    class Slow(queue.Queue[Any]):
        """Gives the stop only after the round."""

        def get(self, block: bool = True, timeout: float | None = None) -> Any:
            if not block and self.qsize() == 1:
                raise queue.Empty
            return super().get(block, timeout)

    wanted = Slow()
    for size in (5, 7, 9):
        wanted.put({"do": "round", "queue": size})
    wanted.put(None)
    out = io.StringIO()
    Trainer(project.folder, Lines(out), wanted).run()
    found = [json.loads(line) for line in out.getvalue().splitlines()]
    (only,) = [x for x in found if x["is"] == "candidate"]
    assert len(read_candidate(project.folder, only["folder"]).queue) == 9


def test_the_better_encoder_comes_when_nobody_waits(project: LiveProject, monkeypatch: pytest.MonkeyPatch) -> None:
    class Better:
        name = "better v1"

        def __call__(self, batch: Any, /) -> Any:
            return np.asarray([[len(t), t.count("a"), t.count("w")] for t in batch], dtype=np.float32)

    monkeypatch.setattr(features_module, "better_encoder", lambda asked, modality: Better())
    project.label(project.ids[:6])
    for expected in (["hashed text", "better v1"], ["hashed text", "better v1"]):  # the second time they are on disk
        wanted = Patient()
        wanted.put({"do": "round", "queue": 5})
        out = io.StringIO()
        assert Trainer(project.folder, Lines(out), wanted).run() == 0
        lines = [json.loads(line) for line in out.getvalue().splitlines()]
        names = [x["folder"] for x in lines if x["is"] == "candidate"]
        assert [read_candidate(project.folder, n).report["encoder"] for n in names] == expected
        kinds = [x["is"] for x in lines]
        assert kinds.index("candidate") < len(kinds) - 1 - kinds[::-1].index("candidate")
    done = [x for x in lines if x["is"] == "features"]
    assert all(x["done"] == x["of"] == 60 for x in done)


class Sentences:
    """Takes the place of an encoder of sentences."""

    name = "sentences v1"
    place = SimpleNamespace(name="minilm", folder=Path())

    def __call__(self, batch: Any, /) -> Any:
        return np.asarray([[t.count(c) + 0.1 for c in "abcdefgh"] for t in batch], dtype=np.float32)


def test_which_features_are_in_use_is_said_for_the_server(
    project: LiveProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run() -> InUse:
        wanted = Patient()
        wanted.put({"do": "round", "queue": 5})
        out = io.StringIO()
        assert Trainer(project.folder, Lines(out), wanted).run() == 0
        assert not [x for x in map(json.loads, out.getvalue().splitlines()) if x["is"] == "failed"]
        return read_in_use(folder)

    folder = project.folder / "features"
    monkeypatch.setattr(features_module, "better_encoder", lambda asked, modality: None)
    said = run()
    assert (said.encoder, said.names) == ("hashed text", {})
    assert most_alike(folder, 3, rows=[0])
    monkeypatch.setattr(features_module, "better_encoder", lambda asked, modality: Sentences())
    said = run()
    assert said.encoder == "sentences v1"
    np.testing.assert_allclose(said.names["dog"], Sentences()(["dog"])[0], rtol=1e-6)
    assert most_alike(folder, 3, vector=said.names["dog"])
    project.write("class_added", {"class": "bee"})  # a class that came later is read too
    assert list(run().names) == ["cat", "dog", "owl", "bee"]


def test_a_better_encoder_that_fails_is_noted_and_the_base_one_stays(
    project: LiveProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(asked: str, modality: str) -> None:
        raise DataError("no such folder", code="BadValue")

    monkeypatch.setattr(features_module, "better_encoder", refuse)
    wanted = Patient()
    wanted.put({"do": "round"})
    out = io.StringIO()
    Trainer(project.folder, Lines(out), wanted).run()
    last = [x for x in map(json.loads, out.getvalue().splitlines()) if x["is"] == "candidate"][-1]
    report = read_candidate(project.folder, last["folder"]).report
    assert report["encoder"] == "hashed text"
    assert any("no such folder" in note for note in report["notes"])


class Asking(queue.Queue[Any]):
    """Some rounds, each asked for as soon as one can be, then nothing until the trainer has nothing more to do."""

    def __init__(self, rounds: int) -> None:
        super().__init__()
        self.left, self.given = rounds, False

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        if self.left and not self.given:  # one at a time: several that wait are one
            self.left, self.given = self.left - 1, True
            return {"do": "round", "queue": 20}
        self.given = False
        if block:
            return None
        raise queue.Empty

    def empty(self) -> bool:
        return not self.left


def lines_of(folder: Path, wanted: queue.Queue[Any]) -> list[dict[str, Any]]:
    out = io.StringIO()
    assert Trainer(folder, Lines(out), wanted).run() == 0
    return [json.loads(line) for line in out.getvalue().splitlines()]


def queues(folder: Path, lines: list[dict[str, Any]]) -> list[Any]:
    found = [read_candidate(folder, x["folder"]) for x in lines if x["is"] == "candidate"]
    return [(c.queue, c.guesses, c.report["metrics"], c.report["labels"]) for c in found]


def many(folder: Path, monkeypatch: pytest.MonkeyPatch, at_once: int) -> LiveProject:
    """Labelled in part; ``at_once`` says how many count as many."""
    monkeypatch.setattr(process_module, "_AT_ONCE", at_once)
    monkeypatch.setattr(process_module, "_TEXTS", 25)
    made = LiveProject.of_texts(folder, 300, encoder="base")
    made.label(made.ids[:20])
    made.label(made.ids[20:30], "validation")
    return made


def test_with_many_items_a_round_comes_before_all_features_and_is_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process_module, "_FILL", (0.0, 0.0))
    said = {}
    for name, at_once in (("later", 100), ("at once", 1_000)):
        project = many(tmp_path / name, monkeypatch, at_once)
        lines = lines_of(project.folder, Asking(3))
        said[name] = queues(project.folder, lines)
        kinds = [x["is"] for x in lines if x["is"] in ("features", "candidate")]
        assert kinds[0] == ("candidate" if name == "later" else "features")
        assert (kinds.count("candidate"), kinds[-1]) == (3, "features" if name == "later" else "candidate")
        assert [x for x in lines if x["is"] == "features"][-1]["done"] == 300
        assert read_in_use(project.folder / "features").encoder == "hashed text"
        project.close()
    assert said["later"] == said["at once"]
    assert len(said["later"][0][0]) == 20


def test_rounds_one_after_another_do_not_starve_the_features(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process_module, "_FILL", (30.0, 30.0))
    project = many(tmp_path / "p", monkeypatch, 100)
    kinds = [x["is"] for x in lines_of(project.folder, Asking(2)) if x["is"] in ("features", "candidate")]
    assert (kinds[0], kinds[-1]) == ("candidate", "candidate")
    assert set(kinds[1:-1]) == {"features"}
    project.close()


def test_features_that_cannot_be_written_are_said_and_rounds_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process_module, "_FILL", (0.0, 0.0))
    project = many(tmp_path / "p", monkeypatch, 100)
    real, full = FeatureFile.add, [OSError(errno.ENOSPC, "No space left on device")]

    def add(self: FeatureFile, rows: Any) -> None:
        if full:
            raise full.pop()
        real(self, rows)

    class Twice(Asking):
        """The second round when the trainer has nothing more to do."""

        def get(self, block: bool = True, timeout: float | None = None) -> Any:
            if self.left == 1 and not block:
                self.given = False
                raise queue.Empty
            return super().get(block, timeout)

        def empty(self) -> bool:
            return self.left < 2

    monkeypatch.setattr(FeatureFile, "add", add)
    lines = lines_of(project.folder, Twice(2))
    (failed,) = [x for x in lines if x["is"] == "failed"]
    assert failed["code"] == "DiskFull"
    assert len(queues(project.folder, lines)) == 2
    assert [x["done"] for x in lines if x["is"] == "features"][-1] == 300
    project.close()


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (DataError("damaged", code="BadCache"), "BadCache"),
        (MemoryError(), "OutOfMemory"),
        (KeyError("x"), "TrainerError"),
    ],
)
def test_a_round_that_fails_is_said_and_the_next_one_may_work(
    error: BaseException, code: str, project: LiveProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    from querist.server.trainer.round import Rounds

    real, fails = Rounds.run, [error]

    def run(self: Rounds, size: int) -> Any:
        if fails:
            raise fails.pop()
        return real(self, size)

    class OneByOne(queue.Queue[Any]):
        def get(self, block: bool = True, timeout: float | None = None) -> Any:
            if not block:
                raise queue.Empty
            return super().get(block, timeout)

    monkeypatch.setattr(Rounds, "run", run)
    wanted = OneByOne()
    for line in ({"do": "round"}, {"do": "round"}, None):
        wanted.put(line)
    trainer = Trainer(project.folder, Lines(out := io.StringIO()), wanted)
    monkeypatch.setattr(Trainer, "_load_better", lambda self: False)
    assert trainer.run() == 0
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    (failed,) = [x for x in lines if x["is"] == "failed"]
    assert failed["code"] == code
    assert project.ids[0] not in failed["text"]
    assert [x["is"] for x in lines].count("candidate") == 1


def test_beats_go_on_while_work_does_and_stop_when_it_hangs() -> None:
    out = io.StringIO()
    lines = Lines(out, step=1.7)
    lines.doing("fit")
    time.sleep(1.4)
    assert json.loads(out.getvalue().splitlines()[0]) == {"is": "beat", "doing": "fit"}
    time.sleep(2.2)  # the step is over its time: silence
    count = len(out.getvalue().splitlines())
    time.sleep(1.3)
    assert len(out.getvalue().splitlines()) == count
    lines.doing("choose")
    assert json.loads(out.getvalue().splitlines()[-1])["doing"] == "choose"
    lines.doing("")


def test_what_a_library_prints_is_no_line(project: LiveProject) -> None:
    code = (
        "import sys, os; from querist.server.trainer import process, round as r\n"
        "real = r.Rounds.run\n"
        "def run(self, size):\n    print('chatter'); os.write(1, b'more chatter\\n'); return real(self, size)\n"
        "r.Rounds.run = run\nsys.exit(process.main(sys.argv[1:]))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(project.folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write('{"do":"round","queue":5}\nrubbish\n[]\n')
    process.stdin.flush()
    while json.loads(process.stdout.readline())["is"] != "candidate":
        pass
    rest, chatter = process.communicate("", timeout=60)
    assert {json.loads(line)["is"] for line in rest.splitlines()} <= {"idle", "beat", "features"}
    assert "chatter" in chatter
    assert "more chatter" in chatter
