"""Rows of a Parquet file, row group by row group; a row group that cannot be read is that many bad rows."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tocsin.bulk.request import MEBIBYTE, Limits, ScanError, ScanRequest, name_columns
from tocsin.bulk.rows import Damage, Item, Row, check_length, clean_identifier, make_row

_BUFFER = MEBIBYTE
_BATCH_BYTES = 4 * MEBIBYTE
_BATCH_ROWS = 4096
# How many rows of a broken row group become bad rows one by one; its number of rows is only a claim of the broken file.
_MOST_BAD_ROWS = 1_000_000


class ParquetReader:
    """Reads one file. Raises ScanError on opening if it is not Parquet or has no text column of strings."""

    def __init__(self, path: Path, request: ScanRequest) -> None:
        self.path = path
        self.notes: list[str] = []
        self.position = 0
        self._request = request
        self._file: pq.ParquetFile | None = None
        self._size = _size_of(path)
        if self._size == 0:
            self.notes.append("empty, no rows")
            return
        try:
            self._file = pq.ParquetFile(path, buffer_size=_BUFFER, pre_buffer=False)
            schema = self._file.schema_arrow
        except (pa.ArrowException, OSError) as error:
            raise ScanError(f"{path}: not a Parquet file that can be read ({_first_line(error)})") from error
        try:
            self._columns = self._choose(schema)
        except ScanError:
            self.close()
            raise

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()

    def _choose(self, schema: pa.Schema) -> list[str]:
        text, identifier = self._request.text_column, self._request.id_column
        names = list(schema.names)
        for column in [text, *([identifier] if self._request.id_required else [])]:
            if names.count(column) != 1:
                found = "more than one" if column in names else "no"
                raise ScanError(f"{self.path}: {found} column {column!r}; it has {name_columns(names)}")
        if not _holds_text(schema.field(text).type):
            raise ScanError(f"{self.path}: column {text!r} holds {schema.field(text).type}, not text")
        return [text, identifier] if names.count(identifier) == 1 and identifier != text else [text]

    def __iter__(self) -> Iterator[Item]:
        if self._file is None:
            return
        place = 0
        for group in range(self._file.metadata.num_row_groups):
            expected = self._file.metadata.row_group(group).num_rows
            begin = place
            try:
                for batch in self._read_group(self._file, group, expected):
                    for row in self._rows(batch, place):
                        yield row
                        place += 1
                    self.position = int(self._size * place / max(1, self._file.metadata.num_rows))
            except (pa.ArrowException, OSError) as error:
                missing = max(0, min(begin + expected - place, _MOST_BAD_ROWS))
                message = f"row group {group} cannot be read ({_first_line(error)})"
                for _ in range(missing):
                    place += 1
                    yield Row(place, None, b"", message)
                if missing in {0, _MOST_BAD_ROWS}:
                    yield Damage(message)

    def _read_group(self, file: pq.ParquetFile, group: int, rows: int) -> Iterator[pa.RecordBatch]:
        """Batches of a row group, few rows at a time where the rows are big."""
        weight = file.metadata.row_group(group).total_byte_size // max(1, rows) + 1
        size = max(1, min(_BATCH_ROWS, _BATCH_BYTES // weight))
        yield from file.iter_batches(batch_size=size, row_groups=[group], columns=self._columns)

    def _rows(self, batch: pa.RecordBatch, place: int) -> Iterator[Row]:
        limits = self._request.limits
        texts = _as_bytes(batch.column(self._columns[0])).to_pylist()
        names: list[object] = [None] * len(texts)
        if len(self._columns) == 2:
            names = _as_values(batch.column(self._columns[1]))
        for text, name in zip(texts, names, strict=True):
            place += 1
            yield _make(place, name, text, limits)


def _make(place: int, name: object, text: bytes | None, limits: Limits) -> Row:
    if text is None:
        return make_row(place, name, None, limits)
    try:
        text.decode()
    except UnicodeDecodeError as error:
        return Row(place, clean_identifier(name), b"", f"not valid UTF-8 at byte {error.start + 1} of the text")
    return check_length(place, clean_identifier(name), text, limits)


def _size_of(path: Path) -> int:
    try:
        if not path.is_file():
            raise ScanError(f"{path}: Parquet cannot be read from a pipe")
        return path.stat().st_size
    except OSError as error:
        raise ScanError(f"{path}: {error.strerror}") from error


def _holds_text(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        return _holds_text(kind.value_type)
    return any(
        test(kind)
        for test in (
            pa.types.is_string,
            pa.types.is_large_string,
            pa.types.is_string_view,
            pa.types.is_binary,
            pa.types.is_large_binary,
            pa.types.is_binary_view,
        )
    )


def _as_bytes(column: "pa.Array[Any]") -> "pa.Array[Any]":
    """A text column as bytes: Parquet does not promise that its strings are valid UTF-8, and Python would refuse
    them."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    return column.cast(pa.large_binary())


def _as_values(column: "pa.Array[Any]") -> list[object]:
    if _holds_text(column.type):
        return [None if value is None else value.decode(errors="replace") for value in _as_bytes(column).to_pylist()]
    return list(column.to_pylist())


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
