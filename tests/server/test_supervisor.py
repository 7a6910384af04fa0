"""The supervisor against trainers that do everything a trainer must not: labelling's last good model stays each time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from querist.core.errors import ResourceError
from querist.server.limits import Limits
from querist.server.supervisor import Standing, Supervisor
from sick_trainer import SICK, falls_ill, trainer_that


class Watched:
    """A supervisor with a fake trainer, and all that came of it."""

    def __init__(self, folder: Path, work: str, **more: Any) -> None:
        command = trainer_that(work, folder)
        self.promoted: list[tuple[dict[str, Any], Any, Any]] = []
        self.states: list[Standing] = []
        self.news = threading.Condition()
        arguments = {"patience": 5.0, "back_off": (0.05, 0.05, 0.05), **more}
        self.supervisor = Supervisor(
            folder,
            arguments.pop("promote", self.promote),
            changed=self.changed,
            known={"a", "b"}.__contains__,
            command=command,
            **arguments,
        )

    def promote(self, report: Any, queue: Any, guesses: Any) -> None:
        with self.news:
            self.promoted.append((dict(report), queue, guesses))
            self.news.notify_all()

    def changed(self, standing: Standing) -> None:
        with self.news:
            self.states.append(standing)
            self.news.notify_all()

    def until(self, what: Callable[[], Any], seconds: float = 20.0) -> None:
        with self.news:
            good = self.news.wait_for(what, seconds)
        assert good, f"{self.supervisor.standing} after {[s.state for s in self.states]}: {self.supervisor.last_words}"

    @property
    def state(self) -> str:
        return self.supervisor.standing.state

    @property
    def reason(self) -> str:
        return self.supervisor.standing.reason or ""


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[Callable[..., Watched]]:
    made: list[Watched] = []

    def start(work: str, **more: Any) -> Watched:
        made.append(Watched(tmp_path, work, **more))
        made[-1].supervisor.start()
        return made[-1]

    yield start
    for watched in made:
        watched.supervisor.stop()
        assert watched.state == "off"


def alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{process}/status")
    return not status.exists() or "State:\tZ" not in status.read_text()


def test_a_good_candidate_is_kept_by_digest_and_promoted(watch: Callable[..., Watched], tmp_path: Path) -> None:
    watched = watch("candidate(n)")
    watched.until(lambda: watched.promoted and watched.state == "idle")
    report, queue, _ = watched.promoted[0]
    kept = tmp_path / "artifacts" / report["model"]
    assert (kept / "model.safetensors").read_bytes() == b"w0"
    assert [w.item for w in queue] == ["a"]
    assert list((tmp_path / "candidates").iterdir()) == []
    watched.supervisor.round(50)
    watched.until(lambda: len(watched.promoted) == 2)
    assert watched.promoted[1][0]["round"] == 1
    assert {"starting", "busy", "idle"} <= {s.state for s in watched.states}


def test_a_queue_without_a_model_is_promoted_without_one(watch: Callable[..., Watched]) -> None:
    watched = watch("candidate(n, weights=False)")
    watched.until(lambda: watched.promoted)
    assert watched.promoted[0][0]["model"] is None


@pytest.mark.parametrize(("work", "reason"), SICK.values(), ids=SICK.keys())
def test_a_sick_trainer_is_tried_again_then_paused_with_the_reason(
    work: str, reason: str, watch: Callable[..., Watched], tmp_path: Path
) -> None:
    limits = Limits(memory=2 << 30, file_size=1 << 20)
    patience = 1.2 if reason == "said nothing" else 20.0
    watched = watch(falls_ill(work), patience=patience, back_off=(0.02,), limits=limits)
    watched.until(lambda: watched.promoted or watched.state == "paused")  # the good one, before it fell ill
    watched.supervisor.round()
    watched.until(lambda: watched.state == "paused")
    assert reason in watched.reason
    assert "2 times" in watched.reason
    assert len(watched.promoted) == 1
    kept = tmp_path / "artifacts" / watched.promoted[0][0]["model"]
    assert (kept / "model.safetensors").read_bytes() == b"w0"
    assert [s.failures for s in watched.states if s.state == "paused"] == [2]


def test_by_default_it_is_tried_three_times_more(tmp_path: Path) -> None:
    assert len(Supervisor(tmp_path, lambda *a: None)._back_off) == 3


def test_one_that_recovers_goes_on_and_its_failures_are_forgotten(watch: Callable[..., Watched]) -> None:
    watched = watch("\nif runs() in (0, 2): sys.exit(3)\ncandidate(n)")
    watched.until(lambda: watched.promoted)
    assert watched.supervisor.standing.failures == 0
    assert any("exit code 3" in (s.reason or "") for s in watched.states)


def test_resume_after_a_pause_begins_anew(watch: Callable[..., Watched]) -> None:
    watched = watch("\nif runs() < 2: sys.exit(3)\ncandidate(n)", back_off=(0.02,))
    watched.until(lambda: watched.state == "paused")
    watched.supervisor.round()
    time.sleep(0.1)
    assert watched.state == "paused"  # a request alone wakes nobody
    watched.supervisor.resume()
    watched.until(lambda: watched.promoted)


def test_paused_by_a_person_ends_the_process(watch: Callable[..., Watched], tmp_path: Path) -> None:
    watched = watch("\nopen(folder + '/pid', 'w').write(str(os.getpid()))\ncandidate(n)")
    watched.until(lambda: watched.promoted)
    process = int((tmp_path / "pid").read_text())
    watched.supervisor.pause()
    watched.until(lambda: watched.state == "paused")
    assert watched.reason == "paused by you"
    assert not alive(process)
    watched.supervisor.resume()
    watched.until(lambda: len(watched.promoted) == 2)


def test_beats_that_come_to_nothing_are_not_endless(watch: Callable[..., Watched]) -> None:
    work = "\nwhile True: say(**{'is': 'beat', 'doing': 'fit'}); time.sleep(0.05)"
    watched = watch(work, longest=0.5, back_off=())
    watched.until(lambda: watched.state == "paused")
    assert "came to nothing" in watched.reason


def test_an_idle_trainer_may_be_silent(watch: Callable[..., Watched]) -> None:
    watched = watch("candidate(n)", patience=0.3)
    watched.until(lambda: watched.promoted and watched.state == "idle")
    time.sleep(0.8)
    assert watched.state == "idle"
    assert not any(s.failures for s in watched.states)


def test_children_of_the_trainer_end_with_it(watch: Callable[..., Watched], tmp_path: Path) -> None:
    work = """
    import subprocess
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1000)"])
    open(folder + '/child', 'w').write(str(child.pid))
    candidate(n)
    """
    watched = watch(work)
    watched.until(lambda: watched.promoted)
    watched.supervisor.stop()
    child = int((tmp_path / "child").read_text())
    deadline = time.monotonic() + 5
    while alive(child) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not alive(child)


def test_a_trainer_that_ignores_the_request_to_end_is_killed(watch: Callable[..., Watched], tmp_path: Path) -> None:
    work = """
    import signal
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    open(folder + '/pid', 'w').write(str(os.getpid()))
    candidate(n)
    time.sleep(1000)
    """
    watched = watch(work)
    watched.until(lambda: watched.promoted)
    watched.supervisor.stop()
    assert not alive(int((tmp_path / "pid").read_text()))


def test_a_full_disk_or_a_refusal_of_the_server_is_a_reason(watch: Callable[..., Watched]) -> None:
    def full(*_: Any) -> None:
        raise ResourceError("cannot write journal.db: out of space", code="DiskFull")

    watched = watch("candidate(n)", promote=full, back_off=())
    watched.until(lambda: watched.state == "paused")
    assert "out of space" in watched.reason
    assert "DiskFull" in watched.reason


def test_a_server_that_fails_while_promoting_does_not_end_the_watch(watch: Callable[..., Watched]) -> None:
    def fail(*_: Any) -> None:
        raise ZeroDivisionError

    watched = watch("candidate(n)", promote=fail, back_off=())
    watched.until(lambda: watched.state == "paused")
    assert "ZeroDivisionError" in watched.reason


def test_requests_while_it_works_are_one_more_round(watch: Callable[..., Watched]) -> None:
    watched = watch("time.sleep(0.2); candidate(n)")
    watched.until(lambda: watched.state == "busy")
    for _ in range(3):
        watched.supervisor.round(10)
    watched.until(lambda: len(watched.promoted) >= 2)


def test_requests_are_no_sign_of_life(watch: Callable[..., Watched]) -> None:
    watched = watch("candidate(n) if n == 0 else time.sleep(1000)", patience=2.0, quiet=0.5, back_off=())
    watched.until(lambda: watched.promoted)
    stopped = threading.Event()

    def answer() -> None:
        while not stopped.wait(0.001):  # more than a pipe holds
            watched.supervisor.round(10)

    person = threading.Thread(target=answer)
    person.start()
    try:
        watched.until(lambda: any("it has said nothing for 0.5 seconds" in (s.reason or "") for s in watched.states))
        watched.until(lambda: watched.state == "paused")
    finally:
        stopped.set()
        person.join()
    assert "said nothing for 2 seconds" in watched.reason


def test_a_trainer_that_cannot_be_started_is_a_reason(tmp_path: Path) -> None:
    seen: list[Standing] = []
    supervisor = Supervisor(
        tmp_path, lambda *a: None, changed=seen.append, command=[str(tmp_path / "absent")], back_off=()
    )
    supervisor.start()
    deadline = time.monotonic() + 5
    while supervisor.standing.state != "paused" and time.monotonic() < deadline:
        time.sleep(0.01)
    assert "cannot be started" in (supervisor.standing.reason or "")
    supervisor.stop()
    supervisor.stop()


def test_it_stands_back_behind_labelling(watch: Callable[..., Watched], tmp_path: Path) -> None:
    watched = watch("\nopen(folder + '/nice', 'w').write(str(os.nice(0)))\ncandidate(n)")
    watched.until(lambda: watched.promoted)
    assert int((tmp_path / "nice").read_text()) >= 5


def test_the_last_words_are_kept_and_bounded(watch: Callable[..., Watched]) -> None:
    watched = watch("\nsys.stderr.write('y' * 100000 + 'the end'); sys.stderr.flush(); sys.exit(1)", back_off=())
    watched.until(lambda: watched.state == "paused")
    deadline = time.monotonic() + 5
    while not watched.supervisor.last_words.endswith("the end") and time.monotonic() < deadline:
        time.sleep(0.01)
    assert watched.supervisor.last_words.endswith("the end")
    assert len(watched.supervisor.last_words) <= 4_000


def test_the_server_side_loads_neither_torch_nor_scikit_learn() -> None:
    code = (
        "import sys, json, querist.server.supervisor as s; "
        "print(json.dumps([m for m in ('torch', 'sklearn', 'scipy', 'transformers') if m in sys.modules]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []


def test_a_quiet_trainer_is_reported_long_before_it_is_ended(watch: Callable[..., Watched]) -> None:
    watched = watch("time.sleep(2.0) if n == 0 else None\ncandidate(n)", patience=30.0, quiet=0.5)
    watched.until(lambda: "it has said nothing for 0.5 seconds" in watched.reason)
    assert watched.state == "busy"
    watched.until(lambda: watched.promoted and watched.state == "idle")
    assert watched.reason == ""
