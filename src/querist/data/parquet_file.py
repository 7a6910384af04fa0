"""Sources from Parquet files (needs the extra ``parquet``)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from querist.core.errors import DataError, shorten
from querist.core.optional import need
from querist.data.source import Source
from querist.data.table import Columns, table_source
from querist.data.text_file import check_file

__all__ = ["parquet_source"]


def parquet_source(path: Path, wanted: Columns, *, dedupe: bool = False) -> Source:
    """Read a Parquet file. A column of lists of one length counts as that many features.

    Args:
        path: the file.
        wanted: which column is what.
        dedupe: drop items that repeat the content of an earlier one.

    Raises:
        ResourceError: pyarrow is not installed (code ``MissingExtra``).
        DataError: not a Parquet file (code ``NoData``), or faults of the table.
    """
    check_file(path)
    parquet = need("pyarrow.parquet", "parquet", "reading Parquet files")
    arrow = need("pyarrow", "parquet", "reading Parquet files")
    try:
        table = parquet.read_table(path, partitioning=None)  # a folder called a=b is no column
    except (arrow.ArrowException, OSError, ValueError) as error:
        reason = shorten(str(error).splitlines()[0] if str(error) else type(error).__name__, 200)
        raise DataError(f"{path.name} is no Parquet file that can be read: {reason}", code="NoData") from error
    columns = {name: _values(table.column(name), arrow) for name in table.column_names}
    return table_source(columns, wanted, name=path.name, dedupe=dedupe)


def _values(column: Any, arrow: Any) -> Any:
    """A NumPy array where the column is numbers without gaps, else a list."""
    kind = column.type
    numbers = arrow.types.is_integer(kind) or arrow.types.is_floating(kind)
    return column.to_numpy() if numbers and column.null_count == 0 else column.to_pylist()
