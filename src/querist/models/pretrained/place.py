"""Where a pre-trained model lies: a package, a local folder, or the hub; and what makes it safe and the same again.

Weights are read from safetensors only. From the hub a snapshot of one revision is taken, and of it only the files that
hold weights, settings and the tokeniser: a pickle is not even downloaded. What a folder's own settings ask for, code of
its own, an adapter over another model, a kernel from elsewhere, is refused and never followed.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from querist.core.errors import ArgumentError, DataError, ResourceError, shorten, shorten_path
from querist.core.optional import need, torch
from querist.core.pickles import PICKLES, refuse_pickle
from querist.models.pretrained.minilm import minilm_folder

__all__ = ["Place", "find"]

_TAKEN = ("*.json", "*.safetensors", "*.txt", "*.model")
_LEFT = ("onnx/*", "openvino/*", "coreml/*", "*.onnx")
_UNSAFE = PICKLES | {".h5", ".msgpack"}
_HUB_ID = re.compile(r"[\w.-]+(/[\w.-]+)?")


@dataclass(frozen=True)
class Place:
    """A folder with a model in it.

    Args:
        name: what the user called it.
        folder: where its files are.
        revision: commit of the hub, or None for a package or a local folder.
    """

    name: str
    folder: Path
    revision: str | None = None

    @cached_property
    def digest(self) -> str:
        """Digest of settings, tokeniser and weights: another byte is another model."""
        h = hashlib.blake2b(digest_size=16)
        for path in sorted(
            p for p in self.folder.rglob("*") if p.suffix in (".json", ".safetensors", ".txt", ".model")
        ):
            with path.open("rb") as file:
                inside = hashlib.file_digest(file, "sha256").digest()
            h.update(path.relative_to(self.folder).as_posix().encode() + b"\0" + inside)
        return h.hexdigest()

    def settings(self, file: str) -> Any:
        """What a JSON file of the folder says; an empty object when it is not there.

        Raises:
            DataError: it cannot be read (code ``BadWeights``).
        """
        path = self.folder / file
        if not path.is_file():
            return {}
        try:
            return json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError) as error:
            raise DataError(
                f"{file} of {self.name} cannot be read: {shorten(str(error))}", code="BadWeights"
            ) from error


def find(name: str, *, revision: str | None = None) -> Place:
    """The place of a model.

    Args:
        name: ``minilm``; a folder that holds ``config.json`` and safetensors; or an id of the Hugging Face hub.
        revision: commit, tag or branch of the hub; a commit is what pins.

    Raises:
        ArgumentError: neither a folder nor an id (code ``BadValue``); a revision of a folder (``BadValue``).
        DataError: a file that can run code (code ``PickleRefused``); no safetensors, or a folder that asks for code or
            another model (``UnsafeWeights``).
        ResourceError: the hub cannot be reached or does not know it (code ``NoHub``); no extra (``MissingExtra``).
    """
    local = Path(name).expanduser()
    if local.is_file():
        refuse_pickle(local)
    if name == "minilm" or local.is_dir():
        if revision is not None:
            raise ArgumentError(
                f"revision={revision!r} is for models of the hub, and {shorten(name)!r} is not one; leave it out",
                code="BadValue",
            )
        place = Place(name if name == "minilm" else local.name, minilm_folder() if name == "minilm" else local)
    elif _HUB_ID.fullmatch(name):
        place = _from_hub(name, revision)
    else:
        raise ArgumentError(
            f"{shorten_path(name)!r} is no folder that is there and no id of the hub (owner/name); give minilm, a "
            "folder with config.json and model.safetensors, or an id",
            code="BadValue",
        )
    _safe(place)
    return place


def _from_hub(name: str, revision: str | None) -> Place:
    torch()
    hub = need("huggingface_hub", "text", f"the model {name}")
    try:
        folder = Path(
            hub.snapshot_download(name, revision=revision, allow_patterns=list(_TAKEN), ignore_patterns=list(_LEFT))
        )
    except (OSError, ValueError, RuntimeError) as error:
        at = f" at revision {revision}" if revision else ""
        cause = shorten((str(error).splitlines() or [""])[0], 120)
        raise ResourceError(
            f"{name}{at} is neither a folder here nor in the local cache, and the hub did not give it "
            f"({type(error).__name__}: {cause}). Without a network: "
            "download it elsewhere and pass the folder, or set HF_HOME to a cache that has it and HF_HUB_OFFLINE=1; "
            "'minilm' needs no hub",
            code="NoHub",
        ) from error
    return Place(name, folder, folder.name)


def _safe(place: Place) -> None:
    """Refuse what could run code, or is not what it is taken for."""
    files = [p for p in place.folder.rglob("*") if p.is_file()]
    if not any(p.name == "config.json" and p.parent == place.folder for p in files):
        raise DataError(f"{place.name} has no config.json: it is no model of transformers", code="BadWeights")
    weights = [p for p in files if p.suffix == ".safetensors"]
    if any(p.name == "adapter_config.json" for p in files):
        raise DataError(
            f"{place.name} is an adapter over another model and not a model: merge it into its base, save that, and give "
            "the folder",
            code="UnsafeWeights",
        )
    if not any(p.parent == place.folder for p in weights):
        unsafe = sorted(p.name for p in files if p.suffix in _UNSAFE)
        held = f" but {', '.join(unsafe[:3])}, which may run code when read" if unsafe else ""
        raise DataError(
            f"{place.name} holds no safetensors{held}; make them with "
            "`querist convert FILE FOLDER/model.safetensors` or save_pretrained(folder, safe_serialization=True), or "
            "choose a revision that has model.safetensors",
            code="UnsafeWeights",
        )
    for part in place.settings("modules.json") or []:
        kind = str(part.get("type", "")) if isinstance(part, dict) else ""
        if not kind.startswith("sentence_transformers."):
            raise DataError(
                f"modules.json of {place.name} names the code {shorten(kind)!r}, which is not of sentence-transformers; "
                "it is not run",
                code="UnsafeWeights",
            )
        path = str(part.get("path", "")) if isinstance(part, dict) else ""
        inside = [p.suffix for p in files if p.parent == place.folder / path]
        if (
            ".." in Path(path).parts
            or Path(path).is_absolute()
            or ({*inside} & _UNSAFE and ".safetensors" not in inside)
        ):
            raise DataError(
                f"module {shorten(path)!r} of {place.name} holds no safetensors, or lies outside its folder; convert it "
                "where you trust it",
                code="UnsafeWeights",
            )
    asked = place.settings("config.json")
    for key, value in asked.items() if isinstance(asked, dict) else ():
        if "_implementation" in key and "/" in str(value):
            raise DataError(
                f"config.json of {place.name} asks for code from {shorten(str(value))!r} ({key}); it is not fetched. "
                "Remove the key",
                code="UnsafeWeights",
            )
