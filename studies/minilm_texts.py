"""Five text sets of evidence row 11, and their MiniLM features, computed once and kept outside the repository.

The cache is the folder named by QUERIST_CACHE, else ``querist-cache`` in the folder of temporary files.
"""

from __future__ import annotations

import os
import tempfile
import warnings
from functools import cache
from pathlib import Path

import numpy as np

from many import lines
from querist.core.types import Array
from querist.data.arrays import text_source
from querist.models.pretrained.encoder import TextEncoder
from querist.training.frozen import frozen_features

__all__ = ["SETS", "features", "split", "texts"]

SETS = ("trec6", "ag_news", "sst2", "mr", "cr")


def cache_folder() -> Path:
    """Where features are kept."""
    return Path(os.environ.get("QUERIST_CACHE") or Path(tempfile.gettempdir()) / "querist-cache")


@cache
def texts(name: str) -> tuple[list[str], Array, int]:
    """All texts of a set, their class numbers, and how many of them, at the end, are the given test part (0: none)."""
    if name == "ag_news":
        train = [*lines("text", name, "train.jsonl.gz"), *lines("text", name, "extra_descriptions.jsonl.gz")]
        test = lines("text", name, "test.jsonl.gz")
    elif name in ("mr", "cr"):
        train, test = lines("text", name, "all.jsonl.gz"), []
    else:
        train, test = lines("text", name, "train.jsonl.gz"), lines("text", name, "test.jsonl.gz")
    whole = [f"{line.get('title', '')} {line['text']}".strip() for line in (*train, *test)]
    return whole, np.array([int(line["label"]) for line in (*train, *test)]), len(test)


@cache
def features(name: str) -> Array:
    """(N, 384) float32 unit rows by MiniLM, frozen; the first call encodes and keeps them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the sets hold a few repeated texts
        source = text_source(texts(name)[0], name=name)
        encoder = TextEncoder("minilm", device="cpu", max_length=128)
        kept = frozen_features(source, encoder, name=encoder.name, cache=cache_folder(), progress=_say)
    return np.asarray(kept.take(slice(None)))


def split(name: str, seed: int) -> tuple[Array, Array]:
    """Rows of the pool and of the test part: as given, else a tenth drawn by the seed."""
    _, y, tested = texts(name)
    if tested:
        return np.arange(len(y) - tested), np.arange(len(y) - tested, len(y))
    order = np.random.default_rng(seed).permutation(len(y))
    cut = round(0.9 * len(y))
    return order[:cut], order[cut:]


def _say(done: int, total: int) -> None:
    if done == total or done % 4096 == 0:
        print(f"encoded {done} of {total} texts", flush=True)


if __name__ == "__main__":
    for each in SETS:
        print(each, features(each).shape, flush=True)
