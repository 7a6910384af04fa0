"""Sources from Parquet files (needs the extra ``parquet``)."""

from __future__ import annotations

from pathlib import Path

from querist.core.errors import DataError
from querist.core.optional import need
from querist.data.source import Source
from querist.data.table import Columns, table_source
from querist.data.text_file import read_bytes

__all__ = ["parquet_source"]


def parquet_source(path: Path, wanted: Columns, *, dedupe: bool = False) -> Source:
    """Read a Parquet file.

    Raises:
        ResourceError: pyarrow is not installed (code ``MissingExtra``).
        DataError: not a Parquet file (code ``NoData``), or faults of the table.
    """
    parquet = need("pyarrow.parquet", "parquet", "reading Parquet files")
    if not path.is_file():
        read_bytes(path)
    try:
        table = parquet.read_table(path)
    except Exception as error:  # pyarrow raises classes of its own
        raise DataError(f"{path.name} is no Parquet file that can be read: {error}", code="NoData") from error
    columns = {name: table.column(name).to_pylist() for name in table.column_names}
    return table_source(columns, wanted, name=path.name, dedupe=dedupe)
