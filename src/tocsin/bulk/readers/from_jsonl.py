"""Rows of a JSON Lines file: one object per line; blank lines are no rows."""

import json
from collections.abc import Iterator
from pathlib import Path

from tocsin.bulk.lines import LineFault
from tocsin.bulk.request import ScanError, ScanRequest, name_columns
from tocsin.bulk.rows import Damage, Item, Row, describe_fault, make_row
from tocsin.bulk.text_file import TextFile

_SAMPLE = 100


class JsonlReader(TextFile):
    """Reads one file. Raises ScanError on opening if its first objects, up to a hundred, all lack the text column."""

    def __init__(self, path: Path, request: ScanRequest) -> None:
        super().__init__(path, request)
        try:
            self._check_column()
        except ScanError:
            self.close()
            raise

    def __iter__(self) -> Iterator[Item]:
        limits = self._request.limits
        for number, line in self._lines:
            if isinstance(line, LineFault):
                yield Row(number, None, b"", describe_fault(line, limits))
                continue
            row = self._parse(number, line)
            if row is not None:
                yield row
        if self._lines.damage:
            yield Damage(self._lines.damage)

    def _parse(self, number: int, line: bytes) -> Row | None:
        found = self._load(line)
        if found is None:
            return None
        if isinstance(found, str):
            return Row(number, None, b"", found)
        column = self._request.text_column
        identifier = found.get(self._request.id_column)
        if column not in found:
            row = make_row(number, identifier, "", self._request.limits)
            return row._replace(error=f"no column {column!r}; it has {name_columns(list(found))}")
        return make_row(number, identifier, found[column], self._request.limits)

    def _load(self, line: bytes) -> dict[str, object] | str | None:
        """The object on a line, or what is wrong with it, or None for a blank line."""
        try:
            text = line.decode(self._lines.encoding.codec)
        except UnicodeDecodeError as error:
            return f"not valid {self._lines.encoding.label} at byte {error.start + 1} of the line"
        if not text or text.isspace():
            return None
        try:
            value = json.loads(text)
        except json.JSONDecodeError as error:
            return f"not JSON: {error.msg} at column {error.colno}"
        except (ValueError, RecursionError):  # a number of thousands of digits; thousands of nested brackets
            return "not JSON that can be read: too deep, or a number too long"
        return value if isinstance(value, dict) else "not a JSON object"

    def _check_column(self) -> None:
        names: dict[str, None] = {}
        for line in self._lines.sample()[:_SAMPLE]:
            found = self._load(line) if len(line) <= self._request.limits.line_bytes else None
            if isinstance(found, dict):
                if self._request.text_column in found:
                    return
                names.update(dict.fromkeys(found))
        if names:
            wanted = self._request.text_column
            raise ScanError(f"{self.path}: no column {wanted!r}; it has {name_columns(list(names))}")
