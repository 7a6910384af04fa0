"""Folders of images: a folder a class, or flat. Items are known by their paths below the folder."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path

from querist.core.errors import ArgumentError, DataError, QueristWarning, shorten_path
from querist.data.formats.answers import current, told
from querist.data.formats.exported import About, Exported, Losses, Lost, whole_folder
from querist.data.formats.reading import Reading
from querist.data.image_folder import IMAGE_SUFFIXES, found_images
from querist.data.record import Record
from querist.data.safe_path import open_inside, plain_name

__all__ = ["head_fault", "read", "write"]


def read(root: Path, reading: Reading) -> Iterator[Record]:
    """The images below a folder in order of their paths; where all lie in sub-folders, these are their classes.

    Only the head of each file is looked at. What is no image is left out: told to ``reading.bad``, else warned of.

    Raises:
        DataError: no folder, or one that cannot be listed (code ``NoData``), no image in it (``EmptyPool``).
    """
    found = list(found_images(root))
    classes = bool(found) and all("/" in name for _, name, _ in found)
    bad: list[str] = []
    count = 0
    for place, (path, name, reason) in enumerate(found, start=1):
        reason = reason or head_fault(path)
        if reason:
            bad.append(f"{name}: {reason}")
            if reading.bad is not None:
                reading.bad(place, f"{name}: {reason}")
            continue
        count += 1
        labels = [{"kind": "label", "value": name.split("/")[0]}] if classes else []
        yield Record(name, None, name, labels=labels)
    if bad and reading.bad is None:
        warnings.warn(
            f"{root.name}: {len(bad)} of {len(found)} images are set aside: {'; '.join(bad[:3])}"
            + ("; ..." if len(bad) > 3 else ""),
            QueristWarning,
            stacklevel=2,
        )
    if not count:
        raise DataError(
            f"the pool has 0 items: {shorten_path(root)} holds no image that can be read ({len(bad)} set aside); known "
            f"endings are {', '.join(sorted(IMAGE_SUFFIXES))}",
            code="EmptyPool",
        )


def head_fault(path: Path) -> str:
    """Why a file is no image, by its head alone, or ""."""
    from PIL import Image

    try:
        if path.stat().st_size == 0:
            return "the file is empty (0 bytes)"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(path) as image:
                if image.width * image.height > 25_000_000:
                    return f"{image.width} x {image.height}: more than 25,000,000 pixels"
    except Image.DecompressionBombError:
        return "more than 25,000,000 pixels"
    except Exception:  # the decoders of damaged files raise many classes
        return "not an image of a known kind (wrong first bytes)"
    return ""


def write(items: Iterable[Exported], path: Path, about: About) -> list[Lost]:
    """Copy images into a folder a class; those without a class are left out.

    Args:
        items: what to write; read once.
        path: the folder, missing or empty; it appears whole or not at all.
        about: of the project; ``root`` is the folder below which the images lie.

    Raises:
        ArgumentError: there is no ``root`` (code ``BadArgument``).
        DataError: a file name that leads out of it (code ``BadPath``), or a file that is not there (``NoData``).
    """
    if about.root is None:
        raise ArgumentError(
            "images are copied from the folder of the project's data, and it is not known", code="BadArgument"
        )
    losses = Losses()
    with whole_folder(path) as folder:
        for item in items:
            value = current(item.answers)
            if item.record.file is None or not isinstance(value, str):
                losses.add("the whole item: " + ("it has no image" if item.record.file is None else "it has no class"))
                continue
            name = plain_name(value, "class")
            if name != value:
                losses.add("name of the class", "signs that a folder cannot have are written as _")
            target = _free(folder / name, plain_name(item.record.file.rsplit("/", 1)[-1]))
            with open_inside(about.root, item.record.file) as source, target.open("xb") as copy:
                shutil.copyfileobj(source, copy)
            _count(item, losses)
    return losses.found()


def _free(folder: Path, name: str) -> Path:
    folder.mkdir(exist_ok=True)
    stem, dot, ending = name.rpartition(".")
    target = folder / name
    number = 1
    while target.exists():
        target = folder / (f"{stem}-{number}{dot}{ending}" if stem else f"{name}-{number}")
        number += 1
    return target


def _count(item: Exported, losses: Losses) -> None:
    record, answers = item.record, told(item.answers)
    if record.id != record.file:
        losses.add("id")
    if len(item.answers) > 1:
        losses.add("all answers but the last")
    for key in ("annotator", "at", "note", "rationale", "seconds", "weight"):
        if any(a.get(key) is not None for a in answers):
            losses.add(key)
    for what, there in (
        ("text", record.text),
        ("fields", record.fields),
        ("extra columns", record.extra),
        ("suggestion", record.suggestions),
        ("flag", item.flag),
    ):
        if there:
            losses.add(what)
