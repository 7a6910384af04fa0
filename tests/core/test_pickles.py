"""Files that can run code are refused by their ending, with the way that fits them."""

from __future__ import annotations

from pathlib import Path

import pytest

from querist.core.errors import DataError
from querist.core.pickles import PICKLES, TORCH_FILES, refuse_pickle


@pytest.mark.parametrize("suffix", sorted(PICKLES))
def test_every_pickle_is_refused(suffix: str) -> None:
    with pytest.raises(DataError) as caught:
        refuse_pickle(Path(f"m{suffix.upper()}"), "save it as text")
    assert caught.value.code == "PickleRefused"
    said = str(caught.value)
    assert f"is a {suffix} file, which can run code" in said
    assert "save it as text; " in said
    assert said.endswith(f"querist convert {f'm{suffix.upper()}' if suffix in TORCH_FILES else 'FILE'}")


def test_others_pass() -> None:
    for name in ("m.safetensors", "m.csv", "pt", ".npy"):
        refuse_pickle(Path(name))
    assert TORCH_FILES < PICKLES
