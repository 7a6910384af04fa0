"""Write an encoder that was trained further as a folder like the one that it came from."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from querist.models.pretrained.encoder import Backbone
from querist.models.pretrained.place import Place

__all__ = ["write_model"]

_ALONG = ("*.json", "*.txt", "*.model", "*/config.json", "*/*.safetensors")
_NOT = ("config.json", "model.safetensors.index.json", "data_config.json")
_LEFT = ("onnx", "openvino", "coreml")


def write_model(backbone: Backbone, place: Place, folder: Path) -> None:
    """Write settings, tokeniser and weights; what `find` and transformers read again. Safetensors and JSON only.

    Args:
        backbone: the encoder, with the weights to be kept.
        place: where it came from: settings and tokeniser are taken along.
        folder: where it is written; it is there already.
    """
    from safetensors.torch import save_file

    for pattern in _ALONG:
        for path in sorted(place.folder.glob(pattern)):
            inside = path.relative_to(place.folder)
            if inside.as_posix() not in _NOT and inside.parts[0] not in _LEFT and path.is_file():
                (folder / inside).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, folder / inside)
    said = {k: v for k, v in place.settings("config.json").items() if k != "torch_dtype"}
    said |= {"architectures": [type(backbone.model).__name__], "dtype": "float32"}
    _write(folder / "config.json", said)
    pooling = {
        "word_embedding_dimension": backbone.width,
        "pooling_mode_cls_token": backbone.pooling == "cls",
        "pooling_mode_mean_tokens": backbone.pooling == "mean",
        "pooling_mode_max_tokens": False,
        "pooling_mode_lasttoken": backbone.pooling == "last",
    }
    (folder / "1_Pooling").mkdir(exist_ok=True)
    _write(folder / "1_Pooling" / "config.json", pooling)
    state = {k: v.detach().cpu().contiguous().clone() for k, v in backbone.model.state_dict().items()}
    save_file(state, folder / "model.safetensors", metadata={"format": "pt"})


def _write(path: Path, said: object) -> None:
    path.write_text(json.dumps(said, indent=1, sort_keys=True) + "\n", encoding="utf-8")
