"""The text in which detectors search, which is the marked messages of a batch, and what they hand back."""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np
from numba import types
from numpy.typing import NDArray

from tocsin.engine.detectors._cues import Cue, Marks
from tocsin.engine.detectors._numbers import NUMBERS, Numbers
from tocsin.engine.fold_tables import load_capitals
from tocsin.engine.kernels import I32, I64, U8, U32, kernel, record, several
from tocsin.engine.text import FoldedBatch, TextBatch

NEWLINE = 10
_FLAGS = types.boolean[::1]


class Source(NamedTuple):
    """A batch as given and as folded, in the shape that the kernel wants."""

    given: NDArray[np.uint32]
    given_offsets: NDArray[np.int64]
    points: NDArray[np.uint32]
    offsets: NDArray[np.int64]
    starts: NDArray[np.int32]
    ends: NDArray[np.int32]


class Found(NamedTuple):
    """One candidate that a detector stands by: kind, normalised value, span in Haystack.lower (end exclusive)."""

    kind: str
    value: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Haystack:
    """The marked messages in one string, folded, a newline after each (folding leaves none inside a message).

    lower: the folded text.  cased: the same, with the capitals of the original put back; for what is case-sensitive.
    dressed: a byte for each position, 1 where another character than that of ``cased`` was typed.  numbers: the numbers
    in it.  rows: int32, the number of each message in its batch.  begins: int64, where each message begins.
    """

    lower: str
    cased: str
    dressed: bytes
    numbers: Numbers
    rows: NDArray[np.int32]
    begins: NDArray[np.int64]
    _source: Source
    _positions: NDArray[np.int64]
    _cues: NDArray[np.uint64]
    _bits: Mapping[Cue, np.uint64]

    @classmethod
    def build(cls, batch: TextBatch, folded: FoldedBatch, marks: Marks, bits: Mapping[Cue, np.uint64]) -> Self:
        """Lay out the marked messages of a batch; bits says which bit of Marks.cues is whose."""
        first = np.ones(len(marks.row), dtype=np.bool_)
        first[1:] = marks.row[1:] != marks.row[:-1]
        rows = marks.row[first]
        source = Source(batch.points, batch.offsets, folded.points, folded.offsets, folded.starts, folded.ends)
        points, cased, dressed, begins = _lay_out(source, rows, load_capitals())
        positions = marks.place + (begins - folded.offsets[rows])[np.cumsum(first) - 1]
        return cls(
            lower=_as_text(points),
            cased=_as_text(cased),
            dressed=dressed.tobytes(),
            numbers=Numbers.read(points, positions[(marks.cues & bits[NUMBERS]) != 0]),
            rows=rows,
            begins=begins,
            _source=source,
            _positions=positions,
            _cues=marks.cues,
            _bits=bits,
        )

    def places(self, cue: Cue) -> list[int]:
        """Where a cue stands, in order."""
        found: list[int] = self._positions[(self._cues & self._bits[cue]) != 0].tolist()
        return found

    def typed(self, position: int) -> str:
        """The first character of the original that a position stands for."""
        row, point = self._origin(position)
        return chr(self._source.given[self._source.given_offsets[row] + self._source.starts[point]])

    def is_after_gap(self, position: int) -> bool:
        """Whether something of the original, right before a position that does not begin a message, was folded away."""
        _, point = self._origin(position)
        return bool(self._source.starts[point] != self._source.ends[point - 1])

    def _origin(self, position: int) -> tuple[int, int]:
        """The message in which a position lies, and its place in Source.points."""
        number = bisect_right(self.begins, position) - 1
        row = int(self.rows[number])
        return row, position - int(self.begins[number]) + int(self._source.offsets[row])

    def before(self, position: int, length: int) -> str:
        """Up to length characters of the same message that stand before a position."""
        text = self.lower[position - length if position > length else 0 : position]
        return text[text.rfind("\n") + 1 :]

    def after(self, position: int, length: int) -> str:
        """Up to length characters of the same message from a position on."""
        text = self.lower[position : position + length]
        end = text.find("\n")
        return text if end < 0 else text[:end]


_SOURCE = record(Source, U32, I64, U32, I64, I32, I32)


@kernel(several(U32, U32, U8, I64)(_SOURCE, I32, _FLAGS))
def _lay_out(
    source: Source, rows: NDArray[np.int32], capitals: NDArray[np.bool_]
) -> tuple[NDArray[np.uint32], NDArray[np.uint32], NDArray[np.uint8], NDArray[np.int64]]:
    """Some messages in a row: folded, with capitals; whether another character was typed; where each begins."""
    given, points, starts = source.given, source.points, source.starts
    begins, size = np.empty(len(rows), np.int64), 0
    for k in range(len(rows)):
        begins[k] = size
        size += source.offsets[rows[k] + 1] - source.offsets[rows[k]] + 1
    lower, cased, dressed = np.empty(size, np.uint32), np.empty(size, np.uint32), np.empty(size, np.uint8)
    at, one = np.uint64(0), np.uint64(1)
    for k in range(len(rows)):
        whence = source.given_offsets[rows[k]]
        for i in range(np.uint64(source.offsets[rows[k]]), np.uint64(source.offsets[rows[k] + 1])):
            point, original = points[i], given[np.uint64(whence + starts[i])]
            capital = point
            if point != original and 97 <= point <= 122 and capitals[original]:
                capital = point - np.uint32(32)
            lower[at], cased[at], dressed[at] = point, capital, capital != original
            at += one
        lower[at] = cased[at] = np.uint32(NEWLINE)
        dressed[at] = 0
        at += one
    return lower, cased, dressed, begins


def _as_text(points: NDArray[np.uint32]) -> str:
    return str(points.astype("<u4", copy=False).data, "utf-32-le")
