"""Strategies times seeds: in processes, resumable, every finished run kept at once."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from multiprocessing import get_context, parent_process
from pathlib import Path
from typing import Any

from querist.assembly.build import Loaded, load_data
from querist.assembly.spec import Spec
from querist.benchmark.parent import end_with_parent
from querist.benchmark.runner import ceiling, simulate
from querist.core.errors import StateError
from querist.core.optional import torch
from querist.strategies.algebra import as_strategy

__all__ = ["Grid", "Outcome"]

_loaded: dict[str, Loaded] = {}


@dataclass(frozen=True)
class Outcome:
    """What a grid gave.

    Args:
        runs: finished runs, in the order of strategies, then seeds.
        ceiling: mean metrics of fits on the whole pool, or None.
        interrupted: whether it was stopped before the end.
    """

    runs: list[dict[str, Any]]
    ceiling: dict[str, float] | None
    interrupted: bool = False


@dataclass(frozen=True)
class Grid:
    """Runs of several strategies over common seeds.

    Args:
        spec: the specification of every run.
        strategies: texts.
        seeds: root seeds, common to all strategies.
        ceilings: fits on all labels of the pool, on the first seeds.
        out: folder; finished runs are kept under ``out/runs``.
        workers: processes; None takes as many as there are processors, 1 runs in this process.
    """

    spec: Spec
    strategies: Sequence[str]
    seeds: Sequence[int]
    out: Path
    ceilings: int = 1
    workers: int | None = None

    def __post_init__(self) -> None:
        """Refuse unknown strategies before anything runs."""
        for text in self.strategies:
            as_strategy(text)

    @property
    def total(self) -> int:
        """Number of tasks: runs and ceilings."""
        return len(self.strategies) * len(self.seeds) + min(self.ceilings, len(self.seeds))

    def run(self, *, resume: bool = False, on_done: Callable[[str, int], None] | None = None) -> Outcome:
        """Run what is not there yet.

        Args:
            resume: take finished runs of an earlier call over; without it they are thrown away.
            on_done: called with (strategy or "ceiling", seed) after each finished task, also for those taken over.

        Returns:
            The outcome; after Ctrl-C the finished part, with ``interrupted`` set.

        Raises:
            StateError: the folder holds runs of another specification (``SpecMismatch``).
        """
        folder = self._folder(resume)
        todo, done = [], on_done or (lambda strategy, seed: None)
        for task in self._tasks():
            if self._file(folder, task).is_file():
                done(*task)
            else:
                todo.append(task)
        interrupted = False
        with tempfile.TemporaryDirectory(prefix="querist-first-") as shared:
            for task, record in self._work(todo, Path(shared)):
                if record is None:
                    interrupted = True
                    break
                _write(self._file(folder, task), record)
                done(*task)
        return self._collect(folder, interrupted)

    def _tasks(self) -> list[tuple[str, int]]:
        """Seed by seed, so that the strategies of a seed find its first fit; ceilings, the longest, come first."""
        tasks = [("ceiling", seed) for seed in self.seeds[: self.ceilings]]
        return tasks + [(text, seed) for seed in self.seeds for text in self.strategies]

    def _work(
        self, tasks: list[tuple[str, int]], shared: Path
    ) -> Iterator[tuple[tuple[str, int], dict[str, Any] | None]]:
        """Finished tasks as they come; a None record says that Ctrl-C came."""
        workers = min(self.workers or os.cpu_count() or 1, max(len(tasks), 1))
        payload = self.spec.model_dump_json()
        if workers == 1:
            for task in tasks:
                try:
                    record = _one(payload, task[0], task[1], str(shared))
                except KeyboardInterrupt:
                    yield task, None
                    return
                yield task, record
            return
        pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_quiet_worker)
        futures: dict[Future[dict[str, Any]], tuple[str, int]] = {}
        try:
            for task in tasks:
                futures[pool.submit(_one, payload, task[0], task[1], str(shared))] = task
            while futures:
                finished, _ = wait(futures, return_when=FIRST_COMPLETED)
                for future in finished:
                    yield futures.pop(future), future.result()
        except KeyboardInterrupt:
            for future in futures:
                future.cancel()
            running = [f for f in futures if not f.cancelled()]
            wait(running)  # the runs in flight are short: let them finish and keep them
            for future in running:
                yield futures[future], future.result()
            yield ("", 0), None
        finally:
            pool.shutdown(cancel_futures=True)

    def _folder(self, resume: bool) -> Path:
        folder = self.out / "runs"
        stamp = self.out / "runs" / "specification.json"
        now = json.dumps(self.spec.model_dump(mode="json", exclude={"grid"}), sort_keys=True)
        if folder.exists() and resume:
            before = stamp.read_text(encoding="utf-8") if stamp.is_file() else ""
            if before != now:
                raise StateError(
                    f"{self.out.name} holds runs of another specification; run without --resume to start over, or name "
                    "another --out",
                    code="SpecMismatch",
                )
        elif folder.exists():
            shutil.rmtree(folder)
        folder.mkdir(parents=True, exist_ok=True)
        stamp.write_text(now, encoding="utf-8")
        return folder

    def _file(self, folder: Path, task: tuple[str, int]) -> Path:
        name = task[0] if task[0] == "ceiling" else str(as_strategy(task[0]))
        digest = hashlib.blake2b(name.encode(), digest_size=6).hexdigest()
        return folder / f"{digest}-{task[1]}.json"

    def _collect(self, folder: Path, interrupted: bool) -> Outcome:
        def read(task: tuple[str, int]) -> dict[str, Any] | None:
            file = self._file(folder, task)
            return json.loads(file.read_text(encoding="utf-8")) if file.is_file() else None

        found = [read((text, seed)) for text in self.strategies for seed in self.seeds]
        tops = [t for t in (read(("ceiling", s)) for s in self.seeds[: self.ceilings]) if t is not None]
        mean = {k: sum(t[k] for t in tops) / len(tops) for k in tops[0]} if tops else None
        return Outcome([r for r in found if r is not None], mean, interrupted)


def _quiet_worker() -> None:
    """Workers leave Ctrl-C to the parent, and end when it is killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_parent()


def _one(payload: str, strategy: str, seed: int, shared: str) -> dict[str, Any]:
    from threadpoolctl import threadpool_limits

    spec = Spec.model_validate_json(payload)
    if spec.model.learner != "sklearn" and parent_process() is not None:
        torch().set_num_threads(1)  # for good: two threads a worker wait for each other, ten times slower
    key = f"{spec.model.learner} {spec.labels.model_dump_json()} {spec.data.model_dump_json()}"
    if key not in _loaded:
        _loaded[key] = load_data(spec)
    with threadpool_limits(1):
        if strategy == "ceiling":
            return dict(ceiling(spec, seed, loaded=_loaded[key]))
        return simulate(spec, strategy, seed, loaded=_loaded[key], first_fits=Path(shared))


def _write(path: Path, record: dict[str, Any]) -> None:
    draft = path.with_suffix(".part")
    draft.write_text(json.dumps(record), encoding="utf-8")
    os.replace(draft, path)
