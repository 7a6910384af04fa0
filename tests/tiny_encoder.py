"""A transformers encoder of a few thousand weights in a folder, drawn at random: everything of a real one but knowledge."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from querist.core.types import Items, Labels
from querist.data.arrays import text_source
from querist.data.schema import SingleLabel
from querist.data.source import Source

WORDS = (
    "[PAD]",
    "[UNK]",
    "[CLS]",
    "[SEP]",
    "[MASK]",
    "the",
    "a",
    "was",
    "film",
    "meal",
    "good",
    "bad",
    "fine",
    "poor",
    "##s",
)
GLAD = SingleLabel(("glad", "sad"))


def tiny_folder(folder: Path, *, seed: int = 0, **settings: Any) -> Path:
    """Write model and tokeniser into ``folder`` and give it back."""
    import torch
    import transformers

    tools: Any = transformers

    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.txt").write_text("\n".join(WORDS) + "\n")
    said = {
        "vocab_size": len(WORDS),
        "hidden_size": 16,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 32,
        "max_position_embeddings": 24,
        "initializer_range": 0.3,
        **settings,
    }
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = tools.BertModel(tools.BertConfig(**said))
    model.save_pretrained(folder)
    tools.BertTokenizerFast(vocab=str(folder / "vocab.txt"), do_lower_case=True).save_pretrained(folder)
    return folder


def reviews(count: int = 48) -> Source:
    """Short texts; those with an even number are glad."""
    words = (("good", "fine"), ("bad", "poor"))
    texts = [
        f"{('the', 'a')[k // 8 % 2]} {('film', 'meal')[k // 4 % 2]} was {words[k % 2][k // 2 % 2]}" + " the" * (k // 16)
        for k in range(count)
    ]
    return text_source(texts, ids=[f"t{k}" for k in range(count)])


def told(source: Source, rows: Any) -> Labels:
    """The labels of some reviews."""
    at = np.asarray(rows, dtype=np.int64)
    return Labels(Items(source.ids, at), at % 2, None)


def change(folder: Path, file: str, **settings: Any) -> None:
    """Change settings in a JSON file of a folder."""
    path = folder / file
    said = json.loads(path.read_text()) if path.exists() else {}
    path.write_text(json.dumps({**said, **settings}))
