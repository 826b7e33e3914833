"""Rows of a CSV file (RFC 4180, comma, header line), quoted line breaks included; blank lines are no rows.

A quote that is opened and never closed would swallow everything behind it. So a record that is broken costs its first
line only: that line is the bad row, and reading goes on with the line after it.
"""

import csv
from collections import deque
from collections.abc import Iterator
from pathlib import Path

from tocsin.bulk.lines import LineFault, Lines, RawLine
from tocsin.bulk.request import MEBIBYTE, ScanError, ScanRequest, name_columns
from tocsin.bulk.rows import Damage, Item, Row, describe_fault, make_row
from tocsin.bulk.text_file import TextFile

# The module's own limit is 128 KiB and counts per field; ours stands in Limits and counts per record.
csv.field_size_limit(1 << 30)


class _BrokenRecordError(Exception):
    """The record that is being read cannot be completed."""


class CsvReader(TextFile):
    """Reads one file. Raises ScanError on opening if its header lacks the text column."""

    def __init__(self, path: Path, request: ScanRequest) -> None:
        super().__init__(path, request)
        self._feed = _Feed(self._lines, request)
        self._records = self._read_records()
        try:
            self._header = self._read_header()
        except ScanError:
            self.close()
            raise

    def __iter__(self) -> Iterator[Item]:
        if self._header:
            text = self._header.index(self._request.text_column)
            name = self._request.id_column
            identifier = self._header.index(name) if name in self._header else None
            for place, fields in self._records:
                yield self._make(place, fields, text, identifier)
        damage = self._feed.damage or self._lines.damage
        if damage:
            yield Damage(damage)

    def _make(self, place: int, fields: list[str] | str, text: int, identifier: int | None) -> Row:
        if isinstance(fields, str):
            return Row(place, None, b"", fields)
        found = fields[identifier] if identifier is not None and identifier < len(fields) else None
        width = len(self._header)
        if len(fields) <= text or (len(fields) > width and any(fields[width:])):
            row = make_row(place, found, "", self._request.limits)
            return row._replace(error=f"{len(fields)} fields where the header has {width}")
        return make_row(place, found, fields[text], self._request.limits)

    def _read_header(self) -> list[str]:
        """The column names; none for a file without any line."""
        place, header = next(self._records, (0, []))
        if isinstance(header, str):
            raise ScanError(f"{self.path}:{place}: no header line: {header}")
        wanted = [self._request.text_column, *([self._request.id_column] if self._request.id_required else [])]
        for column in wanted if header else []:
            if column not in header:
                raise ScanError(f"{self.path}: no column {column!r}; it has {name_columns(header)}")
        return header

    def _read_records(self) -> Iterator[tuple[int, list[str] | str]]:
        """First line number and fields of each record, or what is wrong with it."""
        reader = csv.reader(self._feed, strict=True)
        while True:
            self._feed.begin()
            try:
                fields = next(reader)
            except StopIteration:
                return
            except (_BrokenRecordError, csv.Error) as error:
                yield self._feed.first_line, str(error)
                self._feed.reread()
                reader = csv.reader(self._feed, strict=True)
                continue
            if fields:
                yield self._feed.first_line, fields


class _Feed:
    """Gives a csv.reader its lines, remembers those of the record under way, and can give all but the first again."""

    def __init__(self, lines: Lines, request: ScanRequest) -> None:
        self.damage: str | None = None
        self._lines = iter(lines)
        self._encoding = lines.encoding
        self._limits = request.limits
        self._again: deque[RawLine] = deque()
        self._taken: list[RawLine] = []
        self._size = 0
        self._bytes_read = 0
        self._bytes_again = 0

    @property
    def first_line(self) -> int:
        """Number of the line on which the record under way begins."""
        return self._taken[0][0] if self._taken else 0

    def begin(self) -> None:
        """A new record begins with the next line."""
        self._taken = []
        self._size = 0

    def reread(self) -> None:
        """Give the lines of this record again, but for the first.

        A file made of quotes that do not pair would be read again for each of its lines; past a generous share it is
        given up.
        """
        self._again.extendleft(reversed(self._taken[1:]))
        self._bytes_again += self._size
        if self._bytes_again > 8 * self._bytes_read + 16 * self._limits.line_bytes:
            self.damage = (
                f"quotes that do not pair, again and again, up to line {self.first_line}; the rest is not read"
            )
            self._again.clear()
            self._lines = iter(())

    def __iter__(self) -> "_Feed":
        return self

    def __next__(self) -> str:
        line = self._take()
        if line is None:
            if self._taken:
                raise _BrokenRecordError("a quote is opened and never closed")
            raise StopIteration
        self._taken.append(line)
        data = line[1]
        if isinstance(data, LineFault):
            raise _BrokenRecordError(describe_fault(data, self._limits))
        self._size += len(data) + 1
        if self._size > self._limits.line_bytes + 1:
            limit = self._limits.line_bytes / MEBIBYTE
            raise _BrokenRecordError(f"the record is over the limit of {limit:g} MiB: a quote is never closed")
        try:
            return data.decode(self._encoding.codec) + "\n"
        except UnicodeDecodeError as error:
            place = error.start + 1
            raise _BrokenRecordError(f"not valid {self._encoding.label} at byte {place} of the line") from error

    def _take(self) -> RawLine | None:
        if self._again:
            return self._again.popleft()
        line = next(self._lines, None)
        if line is not None and isinstance(line[1], bytes):
            self._bytes_read += len(line[1]) + 1
        return line
