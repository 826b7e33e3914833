"""What a reader gives: rows, good or bad, and damage. Readers make them, batches take them; no file is read here."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, Protocol

from tocsin.bulk.lines import LineFault
from tocsin.bulk.request import MEBIBYTE, Limits


class Row(NamedTuple):
    """One input row.

    place: line, or row of a Parquet file, from 1.  id: the input's, or None where it has none.  text: UTF-8, valid;
    empty in a bad row.  error: None, or what is wrong with the row.
    """

    place: int
    id: str | int | None
    text: bytes
    error: str | None


class Damage(NamedTuple):
    """Something wrong with a file that is not one row's: cut off, unreadable from here on."""

    message: str


Item = Row | Damage


class Reader(Protocol):
    """One opened input file. Iterating gives its items in order, once, and always the same ones for the same file.

    notes: what a person should be told before (an assumed encoding, an empty file).  position: bytes read so far, for
    the progress bar.
    """

    path: Path
    notes: list[str]

    @property
    def position(self) -> int:
        """Bytes of the file on disk that have been read."""

    def __iter__(self) -> Iterator[Item]: ...

    def close(self) -> None:
        """Close the file."""


def make_row(place: int, identifier: object, text: object, limits: Limits) -> Row:
    """A row out of decoded values; a text that is no string, not valid Unicode or over the limit makes a bad row.

    An identifier that is missing, null or empty becomes None; one that is neither string nor whole number becomes its
    ``str``.
    """
    name = clean_identifier(identifier)
    if not isinstance(text, str):
        kind = "null" if text is None else f"a {_JSON_KINDS.get(type(text), 'value')}"
        return Row(place, name, b"", f"the text is {kind}, not a string")
    try:
        data = text.encode()
    except UnicodeEncodeError:
        return Row(place, name, b"", "the text is not valid Unicode (half of a surrogate pair)")
    return check_length(place, name, data, limits)


def check_length(place: int, identifier: str | int | None, data: bytes, limits: Limits) -> Row:
    """A row of valid UTF-8, or a bad row where the text is over the limit."""
    if len(data) > limits.text_bytes:
        return Row(place, identifier, b"", f"the text has {len(data)} bytes, over the limit of {limits.text_bytes}")
    return Row(place, identifier, data, None)


def clean_identifier(identifier: object) -> str | int | None:
    """An identifier as it may be written out: a string without lone surrogates, a whole number, or None."""
    if identifier is None or (isinstance(identifier, int) and not isinstance(identifier, bool)):
        return identifier
    return str(identifier).encode(errors="replace").decode() or None


def describe_fault(fault: LineFault, limits: Limits) -> str:
    """The words for a line that is not there to be read."""
    return fault.value + (f" of {limits.line_bytes / MEBIBYTE:g} MiB" if fault is LineFault.TOO_LONG else "")


_JSON_KINDS: dict[type, str] = {
    bool: "truth value",
    int: "number",
    float: "number",
    list: "list",
    dict: "object",
}
