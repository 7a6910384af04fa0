from __future__ import annotations

from pathlib import Path

import pytest
import torch

from querist.core.errors import ArgumentTypeError
from querist.models.pretrained.place import find
from querist.models.pretrained.tokens import Tokens, packed, unpacked
from tiny_encoder import WORDS, tiny_folder


def test_packing_keeps_numbers_and_mask_whatever_the_padding_number_is() -> None:
    tokens = packed([[5, 0, 7], [0]])
    assert tokens.dtype == torch.int64
    assert tokens.tolist() == [[6, 1, 8], [1, 0, 0]]
    ids, mask = unpacked(tokens, pad=9)
    assert ids.tolist() == [[5, 0, 7], [0, 9, 9]]
    assert mask.tolist() == [[1, 1, 1], [1, 0, 0]]


def test_columns_of_padding_go_and_one_stays() -> None:
    ids, mask = unpacked(packed([[1, 2, 3], [4]])[1:], pad=0)
    assert ids.tolist() == [[4]]
    assert mask.tolist() == [[1]]
    ids, mask = unpacked(packed([[], []]), pad=3)
    assert ids.tolist() == [[3], [3]]
    assert mask.tolist() == [[0], [0]]
    assert packed([]).shape == (0, 1)
    assert unpacked(packed([]), pad=0)[0].shape == (0, 1)


def test_texts_are_cut_padded_and_marked(tmp_path: Path) -> None:
    pytest.importorskip("transformers", reason="needs the extra text")
    tokens = Tokens(find(str(tiny_folder(tmp_path / "m"))), max_length=5)
    film, the, cls, sep = (WORDS.index(w) + 1 for w in ("film", "the", "[CLS]", "[SEP]"))
    assert tokens(["the film", "The FILM the film the film", ""]).tolist() == [
        [cls, the, film, sep, 0],
        [cls, the, film, the, sep],
        [cls, sep, 0, 0, 0],
    ]
    assert tokens([]).shape == (0, 1)
    assert tokens(["half \ud800 a pair"]).shape == (1, 5)


def test_what_is_no_text_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("transformers", reason="needs the extra text")
    tokens = Tokens(find(str(tiny_folder(tmp_path / "m"))), max_length=5)
    with pytest.raises(ArgumentTypeError, match="texts are needed, got float") as caught:
        tokens([1.5])  # type: ignore[list-item]
    assert caught.value.code == "BadText"
