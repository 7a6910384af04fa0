from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

pytest.importorskip("transformers", reason="needs the extra text")
from safetensors.torch import load_file

from querist.training.pretraining.text_task import TextTask
from querist.training.pretraining.texts import pretrain_texts
from tiny_encoder import reviews, tiny_folder


class Short(TextTask):
    """A task of one's own: rows are drawn to zero."""

    name = "short"

    def helper(self, backbone: Any, place: Any, tokens: Any) -> Any:
        return torch.nn.Identity()

    def loss(self, backbone: Any, helper: Any, batch: Any) -> Any:
        assert batch.dtype == torch.int64
        return backbone(batch).square().mean()

    def __repr__(self) -> str:
        return "Short()"


def test_a_task_of_ones_own_is_two_methods(tmp_path: Path) -> None:
    folder = tiny_folder(tmp_path / "model")
    of = reviews()
    found = pretrain_texts(
        of, folder, Short(), rows=np.arange(40), cache=tmp_path / "kept", epochs=4, lr=5e-3, device="cpu"
    )
    assert found.task == "short"
    assert found.losses[-1] < 0.8 * found.losses[0]
    assert not torch.equal(
        load_file(found.folder / "model.safetensors")["embeddings.word_embeddings.weight"],
        load_file(folder / "model.safetensors")["embeddings.word_embeddings.weight"],
    )


def test_the_base_alone_is_no_task() -> None:
    with pytest.raises(TypeError, match="abstract"):
        TextTask()  # type: ignore[abstract]
