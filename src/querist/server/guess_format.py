"""Which format a path has: by its ending, and where that says little, by its first lines."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Any

from querist.core.errors import DataError, shorten, shorten_path
from querist.core.pickles import refuse_pickle
from querist.data.formats.json_array import array_objects
from querist.data.formats.reading import Reading, json_lines, text_lines
from querist.data.image_folder import IMAGE_SUFFIXES, found_images
from querist.data.text_file import check_file

__all__ = ["guess_format"]

_LINES = 50
_DOCCANO = frozenset(
    {"id", "text", "data", "label", "labels", "entities", "relations", "Comments", "comments", "meta", "filename"}
)


def guess_format(path: Path) -> str:
    """The name of the format, as `querist.data.formats.FORMATS` has it.

    Raises:
        DataError: the path cannot be read (code ``NoData``), or is of no known format (``UnknownFormat``).
    """
    if path.is_dir():
        return _of_folder(path)
    check_file(path)
    name = path.name.lower()
    plain = name.removesuffix(".gz")
    if plain.endswith((".csv", ".tsv")):
        return "csv"
    if plain.endswith((".jsonl", ".ndjson")):
        return _of_lines(path)
    if name.endswith(".parquet"):
        return "parquet"
    if plain.endswith(".json"):
        return _of_json(path)
    if plain.endswith((".conll", ".bio", ".iob", ".iob2", ".txt")) and _tagged(path):
        return "conll"
    suffix = Path(name).suffix
    refuse_pickle(path, "write data as CSV, JSONL or Parquet")
    hint = "a text a line? Make it a CSV file with the header text" if suffix == ".txt" else "rename or convert it"
    if suffix in IMAGE_SUFFIXES:
        hint = "name the folder in which the images lie"
    raise DataError(
        f"{shorten_path(path)} has no known ending ({suffix or 'none'}); known are .csv, .tsv, .jsonl, .ndjson, .parquet, "
        f".json (Label Studio), .conll, and folders of images: {hint}",
        code="UnknownFormat",
    )


def _of_folder(path: Path) -> str:
    if (path / "dataset_dict.json").is_file():
        splits = sorted(p.name for p in path.iterdir() if (p / "state.json").is_file())
        raise DataError(
            f"{shorten_path(path)} holds several sets of a Hugging Face dataset: name one of its folders: "
            f"{', '.join(splits) or 'none is there'}",
            code="UnknownFormat",
        )
    if (path / "dataset_info.json").is_file() and (path / "state.json").is_file():
        return "datasets"
    if next(iter(found_images(path)), None) is not None:
        return "images"
    files = sorted(
        p.name for p in path.iterdir() if p.suffix.lower() in (".csv", ".tsv", ".jsonl", ".json", ".parquet")
    )
    hint = f"name one of its files: {', '.join(files[:5])}" if files else "put images into it, or name a file"
    raise DataError(
        f"the pool has 0 items: {shorten_path(path)} holds no images ({', '.join(sorted(IMAGE_SUFFIXES))}); {hint}",
        code="EmptyPool",
    )


def _of_lines(path: Path) -> str:
    bad: list[int] = []
    lines = json_lines(path, Reading(bad=lambda line, _: bad.append(line)))
    rows = [row for _, row in islice(lines, _LINES)]
    if any("querist" in row and row["querist"] == 1 for row in rows):
        return "jsonl"
    if any(_prodigy(row) for row in rows):
        return "prodigy"
    labels = [row[key] for row in rows for key in ("label", "labels", "entities") if key in row]
    listed = bool(labels) and all(label is None or isinstance(label, list) for label in labels)
    known = all(set(row) - {"querist"} <= _DOCCANO for row in rows)
    if listed and any(isinstance(row.get("querist"), dict) for row in rows):
        return "doccano"
    spans = (
        any(isinstance(part, list) and len(part) == 3 for label in labels for part in label or ()) if listed else False
    )
    if listed and (spans or known):
        return "doccano"
    return "jsonl"


def _prodigy(row: dict[str, Any]) -> bool:
    if row.get("answer") in ("accept", "reject", "ignore") and ("text" in row or "image" in row):
        return True
    spans = row.get("spans")
    marked = isinstance(spans, list) and bool(spans) and all(isinstance(s, dict) and "start" in s for s in spans)
    return "_input_hash" in row or "_task_hash" in row or ("text" in row and (marked or "accept" in row))


def _of_json(path: Path) -> str:
    first = next(iter(array_objects(path, Reading())), None)
    if first is not None and isinstance(first[1].get("data"), dict):
        return "label-studio"
    keys = shorten(", ".join(first[1]) if first else "", 100)
    raise DataError(
        f"{path.name} is JSON and no list of Label Studio's tasks: its first object has {keys or 'no keys'}, and 'data' is "
        "needed; write other records as JSONL, an object a line",
        code="UnknownFormat",
    )


def _tagged(path: Path) -> bool:
    """Whether nearly all lines end in a tag."""
    lines = [text.split() for _, text in islice(text_lines(path, Reading()), 200)]
    filled = [columns for columns in lines if columns]
    tags = [c for c in filled if len(c) > 1 and (c[-1] == "O" or c[-1][:2] in ("B-", "I-") or c[0] == "-DOCSTART-")]
    return bool(filled) and len(tags) >= 0.9 * len(filled)
