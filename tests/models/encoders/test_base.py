"""What all base encoders promise: fitted once, saved without pickle, loaded to the same rows, named by what they learnt."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from querist.core.errors import ArgumentError, DataError, StateError
from querist.models.encoders.base import Encoder
from querist.models.encoders.hashed_text import HashedText
from querist.models.encoders.pixels import Pixels
from querist.models.encoders.table_columns import TableColumns

TEXTS = [f"the {animal} number {k} sleeps" for k in range(30) for animal in ("cat", "dog")]
PIXELS = np.random.default_rng(0).integers(0, 256, (40, 3, 8, 8), dtype=np.uint8)
ROWS = [{"size": float(k), "kind": "ab"[k % 2]} for k in range(40)]
CASES = [(HashedText(width=8), TEXTS), (Pixels(width=8, size=8), PIXELS), (TableColumns(), ROWS)]


@pytest.mark.parametrize(("encoder", "items"), CASES, ids=["hashed_text", "pixels", "table_columns"])
class TestEveryEncoder:
    def test_saved_and_loaded_it_gives_the_same_rows(self, encoder: Encoder, items: Any, tmp_path: Path) -> None:
        encoder.fit(items)
        encoder.save(tmp_path)
        assert {p.suffix for p in tmp_path.iterdir()} == {".json", ".safetensors"}
        again = type(encoder).load(tmp_path)
        assert again.name == encoder.name
        np.testing.assert_array_equal(again(items), encoder(items))

    def test_rows_do_not_depend_on_the_batch(self, encoder: Encoder, items: Any) -> None:
        encoder.fit(items)
        whole = encoder(items)
        assert whole.dtype == np.float32
        assert np.isfinite(whole).all()
        pieces = np.concatenate([encoder(items[:7]), encoder(items[7:])])
        np.testing.assert_allclose(pieces, whole, atol=1e-6)

    def test_the_same_sample_gives_the_same_name_and_rows(self, encoder: Encoder, items: Any) -> None:
        one, two = type(encoder)(**encoder.settings()).fit(items), type(encoder)(**encoder.settings()).fit(items)
        assert one.name == two.name
        np.testing.assert_array_equal(one(items), two(items))

    def test_another_sample_gives_another_name(self, encoder: Encoder, items: Any) -> None:
        one = type(encoder)(**encoder.settings()).fit(items)
        two = type(encoder)(**encoder.settings()).fit(items[:11])
        assert one.name != two.name

    def test_a_damaged_file_is_refused_by_name(self, encoder: Encoder, items: Any, tmp_path: Path) -> None:
        encoder.fit(items).save(tmp_path)
        said = json.loads((tmp_path / "encoder.json").read_text())
        (tmp_path / "encoder.json").write_text(json.dumps({**said, "version": 99}))
        with pytest.raises(DataError, match="99") as caught:
            type(encoder).load(tmp_path)
        assert caught.value.code == "BadWeights"
        (tmp_path / "encoder.json").write_text(json.dumps(said))
        (tmp_path / "encoder.safetensors").write_bytes(b"\x80\x04pickle")
        with pytest.raises(DataError, match="no encoder"):
            type(encoder).load(tmp_path)

    def test_unfitted_it_says_so(self, encoder: Encoder, items: Any, tmp_path: Path) -> None:
        fresh = type(encoder)(**encoder.settings())
        for act in (lambda: fresh(items), lambda: fresh.save(tmp_path)):
            with pytest.raises(StateError, match="not fitted") as caught:
                act()
            assert caught.value.code == "NotFitted"


def test_a_width_below_one_is_refused() -> None:
    with pytest.raises(ArgumentError, match="width"):
        HashedText(width=0)
