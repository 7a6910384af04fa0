"""Memory of scoring a million images from a file: probabilities and embedding of 1,000,000 x 3 x 32 x 32 bytes (3 GB).

The file is written block by block into a temporary folder, read back by TorchLearner with a small CNN, and the largest
resident size of the process is printed, beside what it was before scoring. To reach: under 3 GiB.

Usage: python benchmarks/scoring_memory.py [--quick] [--folder FOLDER]
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

import querist
from querist.core.signals import EMBEDDING, PROBS
from querist.core.types import Labels
from querist.data.schema import SingleLabel
from querist.models.cnn import SmallCNN

SHAPE = (3, 32, 32)
BLOCK = 10_000


def peak() -> float:
    """GiB: the largest resident size of this process so far."""
    for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():  # noqa: path
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 2**20
    raise SystemExit("the largest resident size is read from /proc, which is not here")


def write(path: Path, count: int) -> None:
    """Random bytes, the same block again and again but for the number of each image in its first bytes."""
    rng = np.random.default_rng(0)
    block = rng.integers(0, 256, (BLOCK, *SHAPE), dtype=np.uint8)
    header = {"descr": "|u1", "fortran_order": False, "shape": (count, *SHAPE)}
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        for start in range(0, count, BLOCK):
            numbers = np.arange(start, start + BLOCK, dtype="<u4").view(np.uint8).reshape(BLOCK, 4)
            block[:, 0, 0, :4] = numbers
            file.write(block.data)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="100,000 images")
    parser.add_argument("--folder", type=Path, help="where the file is written; by default among the temporary files")
    options = parser.parse_args()
    count = 100_000 if options.quick else 1_000_000
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        path = Path(folder) / "images.npy"
        write(path, count)
        print(f"{path.stat().st_size / 2**30:.2f} GiB written")
        started = time.monotonic()
        source = querist.read(path)
        print(f"read (digests of all items) in {time.monotonic() - started:.0f} s, peak {peak():.2f} GiB")
        learner = querist.TorchLearner(
            lambda: SmallCNN(3, 10, 32),
            source,
            SingleLabel(tuple(str(c) for c in range(10))),
            recipe=querist.Recipe(epochs=1),
            device="cpu",
        )
        learner.fit(Labels(source.items(np.arange(200)), np.arange(200) % 10), seed=0)
        print(f"fitted, peak {peak():.2f} GiB")
        started = time.monotonic()
        view = learner.signals(source.items(), frozenset({PROBS, EMBEDDING}))
        shapes = [view[s].shape for s in (PROBS, EMBEDDING)]
        seconds = time.monotonic() - started
        kind = type(view[EMBEDDING]).__name__
        print(f"scored {shapes[0]} and {shapes[1]} ({kind}) in {seconds:.0f} s with {torch.get_num_threads()} threads")
        found = peak()
        print(f"peak {found:.2f} GiB: {'under' if found < 3 else 'NOT UNDER'} 3 GiB")


if __name__ == "__main__":
    main()
