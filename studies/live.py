"""The live loop: a simulated person labels digits through the API; margin-type asking against random at 150 labels.

Usage: python studies/live.py [--short] [--seeds 10]. Each run makes a project of 1,297 digits as pictures, serves it on
the loopback with its trainer beside, and answers like a person who waits for the model: after every fifth answer until it
has learnt from it. The labels are then read back by the API, and a logistic regression trained on them is tested on the
500 digits that the project never saw.
"""

from __future__ import annotations

import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

from harness import Curve, Study, main
from querist.core.seeds import generator
from querist.core.types import Array
from querist.data.record import Record
from querist.server.client import Client
from querist.server.project import Project
from querist.server.serve import serve
from querist.server.task import Task

MARKS = (50, 100, 150)
TEST = 500
EVERY = 5
PATIENCE = 60.0
CLASSES = tuple(str(k) for k in range(10))
STRATEGIES = {"random": "random", "margin": "margin", "auto": "auto"}


@cache
def digits() -> tuple[Array, Array]:
    """(1797, 64) pixels from 0 to 1, and the classes."""
    x, y = load_digits(return_X_y=True)
    return x / 16.0, y


def make(folder: Path, strategy: str, seed: int) -> tuple[Path, dict[str, int], Array]:
    """A project of digits, the row of each item, and the rows held back for testing."""
    x, y = digits()
    order = generator(seed, "live split").permutation(len(y))
    pool, test = order[TEST:], order[:TEST]
    pictures = folder / "pictures"
    pictures.mkdir()
    for row in pool:
        Image.fromarray((255 * (1 - x[row].reshape(8, 8))).astype(np.uint8)).resize((64, 64)).save(
            pictures / f"{row}.png"
        )

    def records() -> Iterator[Record]:
        for row in pool:
            yield Record(id=f"d{row}", file=f"{row}.png")

    settings = {"strategy": strategy, "validation": 0.0}
    task = Task("single", CLASSES)
    project = folder / "project"
    with Project.make(
        project, records(), task=task, modality="image", name="digits", root=pictures, seed=seed, settings=settings
    ):
        return project, {f"d{row}": int(row) for row in pool}, test


def wait_for_model(client: Client, labels: int) -> None:
    """Until the model has learnt from so many labels, as a person waits who looks at the page."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        model = client.project()["model"]
        if model is not None and model["labels"] >= labels:
            return
        time.sleep(0.05)
    raise RuntimeError(f"the model did not learn from {labels} labels within {PATIENCE:g} s")


def accuracy(client: Client, rows: dict[str, int], test: Array) -> float:
    """Of a logistic regression on what is labelled, on digits that the project never saw."""
    x, y = digits()
    kept = [(rows[i["id"]], int(i["value"])) for i in client.items(state="labelled", limit=200)]
    model = LogisticRegression(C=10, max_iter=500)
    model.fit(x[[row for row, _ in kept]], [value for _, value in kept])
    return float((model.predict(x[test]) == y[test]).mean())


def by_api(client: Client, rows: dict[str, int], count: int, done: int) -> None:
    """Answer up to ``count`` items with their true class."""
    y = digits()[1]
    while done < count:
        (handed,) = client.next(1)
        client.label(handed, str(y[rows[handed["item"]["id"]]]), seconds=1.0)
        done += 1
        if done % EVERY == 0:
            wait_for_model(client, done)


def run(strategy: str, seed: int, answer: Callable[[Client, dict[str, int], int, int], None] = by_api) -> Curve:
    """One project from nothing to 150 labels."""
    warnings.simplefilter("ignore")
    curve: Curve = []
    with tempfile.TemporaryDirectory() as folder:
        project, rows, test = make(Path(folder), strategy, seed)
        with serve(project, background=True) as server:
            client = server.client()
            done = 0
            for mark in MARKS:
                answer(client, rows, mark, done)
                done = mark
                curve.append((mark, accuracy(client, rows, test)))
    return curve


def one(name: str, strategy: str, seed: int) -> Curve:
    """A run through the API."""
    return run(strategy, seed)


def study(name: str, row: str, one: Callable[[str, str, int], Curve], **more: Any) -> Study:
    """The study, however the answers come in."""
    return Study(
        name=name,
        row=row,
        source="no published figure; the bar is random at 150 labels",
        recipe=(
            "1,297 of scikit-learn's digits as 64 x 64 pictures, PCA of pixels, the trainer's own head; 150 answers, all "
            "right, none before the model has learnt from the last multiple of five; control share .05, validation 0. "
            "Judged by a logistic regression (C = 10) on the labels, on 500 other digits."
        ),
        datasets=("digits",),
        one=one,
        figure=lambda curve: curve[-1][1],
        figure_name="test accuracy at 150 labels",
        published={},
        **more,
    )


STUDY = study("live", "the live loop through the API", one, strategies=STRATEGIES, seeds=10, short=1)

if __name__ == "__main__":
    main(STUDY)
