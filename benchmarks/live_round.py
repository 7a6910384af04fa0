"""How long a round of the live loop takes: read the answer, fit, choose, candidate on the disk. One core, many items.

    python benchmarks/live_round.py [--items 10000] [--width 128] [--classes 10] [--labels 500] [--answers 20]

The items are random points about class centres, with features at hand, for encoding is not part of a round. Times are of
the whole path inside the trainer; the process around it adds two lines over a pipe.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name, value in (("items", 10_000), ("width", 128), ("classes", 10), ("labels", 500), ("answers", 20)):
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--strategy", default="auto")
    chosen = parser.parse_args()

    from threadpoolctl import threadpool_limits

    from live_project import LiveProject
    from querist.data.item_store import Record
    from querist.data.schema import SingleLabel
    from querist.server.trainer.round import Rounds
    from querist.server.trainer.snapshot import Snapshot

    generator = np.random.default_rng(0)
    classes = tuple(f"class {k}" for k in range(chosen.classes))
    truth = generator.integers(0, chosen.classes, chosen.items)
    centres = generator.normal(size=(chosen.classes, chosen.width))
    points = 0.5 * centres[truth] + generator.normal(size=(chosen.items, chosen.width))
    features = (points / np.linalg.norm(points, axis=1, keepdims=True)).astype(np.float32)
    with tempfile.TemporaryDirectory() as folder:
        records = [Record(id=f"i{k}", text=f"item {k}") for k in range(chosen.items)]
        project = LiveProject(Path(folder) / "p", records, SingleLabel(classes), strategy=chosen.strategy)
        project.truth = {f"i{k}": classes[c] for k, c in enumerate(truth.tolist())}
        project.label(project.ids[: chosen.labels])
        project.label(project.ids[chosen.labels : chosen.labels + 100], "validation")
        with threadpool_limits(1):
            snapshot = Snapshot(project.folder)
            rounds = Rounds(snapshot, lambda doing: None)
            snapshot.refresh()
            rounds.use("random points", features)
            rounds.run(200)
            seconds: list[float] = []
            parts: dict[str, list[float]] = {}
            for item in project.ids[-chosen.answers :]:
                project.label([item])
                started = time.perf_counter()
                snapshot.refresh()
                rounds.run(200)
                seconds.append(time.perf_counter() - started)
                for name, took in rounds.seconds.items():
                    parts.setdefault(name, []).append(took)
        project.close()
    print(
        f"{chosen.items:,} items x {chosen.width}, {chosen.classes} classes, {chosen.labels} labels, {chosen.strategy}"
    )
    print(f"round: median {statistics.median(seconds):.3f} s, slowest {max(seconds):.3f} s of {len(seconds)}")
    print("parts, median: " + ", ".join(f"{name} {statistics.median(v):.3f} s" for name, v in parts.items()))


if __name__ == "__main__":
    main()
