"""Whether an encoder that is named on the command line can be had, before a project is made with it."""

from __future__ import annotations

import json
from pathlib import Path

from querist.core.errors import ArgumentError, shorten, shorten_path
from querist.core.pickles import refuse_pickle

__all__ = ["checked_encoder"]

_NAMED = ("auto", "base", "minilm")


def checked_encoder(asked: str, modality: str) -> str:
    """The encoder as the project keeps it: folders by their whole path.

    Args:
        asked: "auto", "base", "minilm", a folder, or for images "timm:NAME=WEIGHTS"; a folder of timm names its network.
        modality: text, image or table.

    Raises:
        ArgumentError: nothing that is there (code ``BadValue``), or for another kind of items (``NeedsCapability``).
        DataError: a file that can run code (code ``PickleRefused``), or a folder without safetensors (``UnsafeWeights``).
    """
    if asked in _NAMED:
        return asked
    name, _, weights = asked.partition("=")
    if modality == "image" and Path(asked).expanduser().is_dir():
        return _timm_folder(Path(asked).expanduser())
    if modality == "image" and ":" in name:
        if weights and weights != "default":
            return f"{name}={_file(weights)}"
        return asked
    if modality != "text":
        known = "a folder of timm, timm:NAME=WEIGHTS or base" if modality == "image" else "base"
        raise ArgumentError(
            f"the encoder {shorten(asked)!r} is for texts, and these are items of the kind {modality}; name {known}",
            code="NeedsCapability",
        )
    folder = Path(asked).expanduser()
    from querist.models.pretrained.place import find

    if folder.is_file():
        refuse_pickle(folder)
    if not folder.is_dir():
        raise ArgumentError(
            f"the encoder {shorten_path(asked)!r} is no folder that is there; name one with config.json and "
            f"model.safetensors, or {', '.join(_NAMED)}",
            code="BadValue",
        )
    find(str(folder))
    return str(folder.resolve())


def _timm_folder(folder: Path) -> str:
    """As ``timm:NAME=WEIGHTS``: timm's folders have config.json with the name of the network, and model.safetensors."""
    config = folder / "config.json"
    try:
        found = json.loads(config.read_text(encoding="utf-8"))["architecture"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ArgumentError(
            f"{shorten_path(folder)} is no folder of timm: it has no config.json that names its architecture; a file of "
            "weights is named with timm:NAME=WEIGHTS",
            code="BadValue",
        ) from error
    return f"timm:{shorten(str(found))}={_file(str(folder / 'model.safetensors'))}"


def _file(weights: str) -> Path:
    path = Path(weights).expanduser()
    refuse_pickle(path)
    if not path.is_file():
        raise ArgumentError(f"there is no file {shorten_path(weights)} with weights", code="BadValue")
    return path.resolve()
