"""The reference input: as many short messages as wanted, the same every time, in the mix of the public corpora.

Drawn with replacement from the distinct messages of the shared data (without it, of the bundled corpus) that have at
least 40 bytes and at most 200 characters: about 100 bytes in the middle. A million drawn from some ten thousands would
be many copies of each, and what remembers copies would look fast. So in each copy the digits from the fourth of a run
on are drawn anew (the first three keep a phone a phone), and one letter or ideograph becomes another. Lengths stay.

Every draw is a hash of its place (SplitMix64; Steele, Lea and Flood 2014), so that a shorter input is the beginning of
a longer one, and no library's generator can change it.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tocsin.lab.corpora import Row, all_rows, written_rows

LEAST_BYTES: Final = 40
MOST_CHARACTERS: Final = 200
BLOCK: Final = 65_536
"""Messages of one chunk."""

_KEPT_DIGITS: Final = 3
_CHOOSE, _DIGITS, _PLACE, _LETTER = (np.uint64(seed << 56) for seed in range(1, 5))
_STEP: Final = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True, slots=True)
class Reference:
    """The messages that are drawn from. texts: distinct, in the order of the corpora.  alarms: which of them are harms,
    as far as their label says."""

    texts: tuple[str, ...]
    alarms: NDArray[np.bool_]

    @classmethod
    def read(cls, data: Path | None) -> "Reference":
        """Of a data folder, or of the bundled corpus if None. Raises CorpusError or OSError where it cannot be read."""
        rows = written_rows() if data is None else (row for row in all_rows(data, ()) if _is_shared(row))
        return cls.of(list(rows))

    @classmethod
    def of(cls, rows: Sequence[Row]) -> "Reference":
        """Of labelled rows: the short ones, each text once. Raises ValueError where none is left."""
        kept = {row.text: row.alarm for row in reversed(rows) if _is_short(row.text)}
        if not kept:
            raise ValueError(f"no message of {LEAST_BYTES} bytes to {MOST_CHARACTERS} characters to draw from")
        texts = tuple(reversed(kept))
        return cls(texts, np.array([kept[text] for text in texts]))

    def messages(self, count: int) -> "pa.ChunkedArray[Any]":
        """The first so many messages, in chunks of `BLOCK`."""
        pool: Any = pa.array(self.texts, pa.string())
        chunks = []
        for first in range(0, count, BLOCK):
            rows = np.arange(first, min(first + BLOCK, count), dtype=np.uint64)
            chunks.append(_varied(pool.take(pa.array(self._choices(rows))), rows))
        return pa.chunked_array(chunks, pa.string())

    def labels(self, count: int) -> NDArray[np.bool_]:
        """For each of the first so many messages whether its source is a harm."""
        labels: NDArray[np.bool_] = self.alarms[self._choices(np.arange(count, dtype=np.uint64))]
        return labels

    def _choices(self, rows: NDArray[np.uint64]) -> NDArray[np.int64]:
        return (_mix(rows | _CHOOSE) % np.uint64(len(self.texts))).astype(np.int64)


def digest(messages: "pa.ChunkedArray[Any]") -> str:
    """SHA-256 over all messages, a newline after each: two inputs with the same one are the same."""
    total = hashlib.sha256()
    for chunk in messages.chunks:
        total.update("".join(f"{text}\n" for text in chunk.to_pylist()).encode())
    return total.hexdigest()


def _is_shared(row: Row) -> bool:
    """Not written for this project, and no masked double of a row."""
    return not row.group.startswith("written") and not row.group.endswith("(masked)")


def _is_short(text: str) -> bool:
    return len(text) <= MOST_CHARACTERS and len(text.encode()) >= LEAST_BYTES


def _mix(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """SplitMix64 of each value."""
    values = values * _STEP + _STEP
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def _varied(column: "pa.StringArray", rows: NDArray[np.uint64]) -> "pa.Array[Any]":
    """A copy of a column without nulls, with other digits and one other letter in each message."""
    _, places, data = column.buffers()
    if places is None or data is None:
        return column
    ends = np.frombuffer(memoryview(places), np.int32)[: len(column) + 1]
    text = np.frombuffer(memoryview(data), np.uint8)[: ends[-1]].copy()
    _redraw_digits(text, ends, rows)
    _change_one_letter(text, ends, rows)
    return pa.StringArray.from_buffers(len(column), places, pa.py_buffer(text.tobytes()))


def _redraw_digits(text: NDArray[np.uint8], ends: NDArray[np.int32], rows: NDArray[np.uint64]) -> None:
    """From the fourth of a run on."""
    digit = (text >= ord("0")) & (text <= ord("9"))
    deep = digit.copy()
    deep[:_KEPT_DIGITS] = False
    for back in range(1, _KEPT_DIGITS + 1):
        deep[back:] &= digit[:-back]
    at = np.flatnonzero(deep)
    message = np.searchsorted(ends, at, side="right") - 1
    place = at - ends[message]
    # a run that began in the message before is none
    at, message, place = (part[place >= _KEPT_DIGITS] for part in (at, message, place))
    # a message has fewer than 2^16 bytes
    drawn = _mix((rows[message] << np.uint64(16)) + place.astype(np.uint64) | _DIGITS)
    text[at] = (drawn % np.uint64(10)).astype(np.uint8) + ord("0")


def _change_one_letter(text: NDArray[np.uint8], ends: NDArray[np.int32], rows: NDArray[np.uint64]) -> None:
    """Of each message, if the place that is drawn holds a small Latin letter or an ideograph of three bytes."""
    lengths = np.diff(ends).astype(np.uint64)
    at = ends[:-1] + (_mix(rows | _PLACE) % lengths).astype(np.int64)
    for _ in range(2):  # back to the first byte of the character
        at = at - ((text[at] & 0xC0) == 0x80)
    drawn = _mix(rows | _LETTER)
    latin = (text[at] >= ord("a")) & (text[at] <= ord("z"))
    text[at[latin]] = (drawn[latin] % np.uint64(26)).astype(np.uint8) + ord("a")
    wide = (text[at] >= 0xE4) & (text[at] <= 0xE9)
    text[at[wide] + 2] = (drawn[wide] % np.uint64(64)).astype(np.uint8) + 0x80
