"""Sources from CSV and TSV files: every fault has its line."""

from __future__ import annotations

import warnings
from pathlib import Path

from querist.core.errors import QueristWarning
from querist.data.formats.csv_format import rows
from querist.data.formats.reading import Reading
from querist.data.source import Noticed, Source
from querist.data.table import Columns, table_source

__all__ = ["csv_source"]


def csv_source(path: Path, wanted: Columns, *, dedupe: bool = False, skip_bad: bool = False) -> Source:
    """Read a CSV or TSV file with a header; columns without a name are left out with a warning.

    Args:
        path: the file; tabs separate the fields of a .tsv.
        wanted: which column is what.
        dedupe: drop items that repeat the content of an earlier one.
        skip_bad: leave rows with a wrong number of fields out instead of stopping.

    Raises:
        DataError: a row with another number of fields than the header, an open quote, a field of more than a million
            characters (code ``BadRow``, with the line), a bad header (``BadHeader``), not UTF-8 (``BadEncoding``), a
            missing column (``NoColumn``), no rows (``EmptyPool``).
    """
    name = path.name
    skipped: list[tuple[int, str]] = []
    found = rows(path, Reading(bad=(lambda line, fault: skipped.append((line, fault))) if skip_bad else None))
    header = next(found)[1]
    lines: list[int] = []
    taken: list[list[str]] = []
    for line, row in found:
        lines.append(line)
        taken.append(row)
    nameless = [k + 1 for k, h in enumerate(header) if not h]
    if nameless:
        warnings.warn(
            f"{name}: column {', '.join(map(str, nameless))} has no name in the header and is left out",
            QueristWarning,
            stacklevel=2,
        )
    columns = {h: [row[k] for row in taken] for k, h in enumerate(header) if h}
    noticed = Noticed(skipped=tuple(skipped))
    return table_source(columns, wanted, name=name, dedupe=dedupe, noticed=noticed, lines=lines)
