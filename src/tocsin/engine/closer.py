"""The closer look: what is worked out only of messages that the first look finds suspicious, a small part of all.

A first, cheap look weighs every message (``classify``). Those that it does not dismiss are weighed again by all their
n-grams of 1 to 4 folded points, spaces included, which see spellings inside words of any script; and their shape is
measured. Trees (``trees``) put that together with the evidence of all other stages. What is not here: any verdict.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tocsin.engine.kernels import inner, kernel
from tocsin.engine.text import FoldedBatch, TextBatch

LONGEST = 4_000
"""Folded points that the closer look sees of a message."""

LONGEST_GRAM = 4
PASSAGE = 120
"""Folded points of a passage that is weighed alone; passages overlap by half."""

_DAMPING = 8.0

SHAPE = ("points", "shrunk", "changed", "digits", "ideographs", "latin", "foreign", "signature", "colons", "questions")
"""Columns of `shapes`: the folded length (its logarithm), folded over original length, and shares of folded points."""

_PRIME = np.uint64(0x9E3779B97F4A7C15)
_SEED = np.uint64(0xCBF29CE484222325)


@dataclass(frozen=True, slots=True)
class Closer:
    """Weights of n-grams of folded points: int8, 2^n of them, and the scale that turns them into log-odds."""

    table: NDArray[np.int8]
    scale: float

    def margins(self, folded: FoldedBatch, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Margins of the chosen rows: float32 (rows, 2), of all of a message and of its worst passage."""
        return _margins(folded.points, folded.offsets, rows, self.table, np.float32(self.scale))


def shapes(batch: TextBatch, folded: FoldedBatch, rows: NDArray[np.int64]) -> NDArray[np.float32]:
    """How the chosen rows look: float32 of shape (rows, `SHAPE`)."""
    return _shapes(batch.points, batch.offsets, folded.points, folded.offsets, folded.starts, rows)


@inner("int64(uint32[::1], int64, int64, uint64[::1])")
def _emit(points: NDArray[np.uint32], begin: int, end: int, hashes: NDArray[np.uint64]) -> int:
    """Write the hashes of the n-grams of ``points[begin:end]``, in the order of the point that ends them."""
    count = 0
    for last in range(begin, end):
        value = _SEED
        for back in range(LONGEST_GRAM):
            if last - back < begin:
                break
            value = (value ^ np.uint64(points[last - back])) * _PRIME
            hashes[count] = value ^ (value >> np.uint64(29))
            count += 1
    return count


@kernel("Tuple((uint64[::1], int64[::1]))(uint32[::1], int64[::1], int64[::1])")
def grams_of(
    points: NDArray[np.uint32], offsets: NDArray[np.int64], rows: NDArray[np.int64]
) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """The n-grams of chosen rows, for training: hashes of all in order, and bounds of each row's among them."""
    room = 0
    for row in rows:
        room += min(offsets[row + 1] - offsets[row], LONGEST) * LONGEST_GRAM
    hashes = np.empty(room, dtype=np.uint64)
    bounds = np.zeros(len(rows) + 1, dtype=np.int64)
    for number in range(len(rows)):
        begin = offsets[rows[number]]
        end = min(offsets[rows[number] + 1], begin + LONGEST)
        bounds[number + 1] = bounds[number] + _emit(points, begin, end, hashes[bounds[number] :])
    return hashes[: bounds[-1]].copy(), bounds


@kernel("float32[:,::1](uint32[::1], int64[::1], int64[::1], int8[::1], float32)")
def _margins(
    points: NDArray[np.uint32],
    offsets: NDArray[np.int64],
    rows: NDArray[np.int64],
    table: NDArray[np.int8],
    scale: np.float32,
) -> NDArray[np.float32]:
    """Sums of weights over the root of their number: of each row, and of its worst passage."""
    result = np.zeros((len(rows), 2), dtype=np.float32)
    mask = np.uint64(len(table) - 1)
    hashes = np.empty(LONGEST * LONGEST_GRAM, dtype=np.uint64)
    sums = np.zeros(LONGEST + 1, dtype=np.int64)
    for number in range(len(rows)):
        begin = offsets[rows[number]]
        size = min(offsets[rows[number] + 1] - begin, LONGEST)
        count = _emit(points, begin, begin + size, hashes)
        place = 0
        for last in range(size):
            of_point = 0
            for _ in range(min(last + 1, LONGEST_GRAM)):
                of_point += table[hashes[place] & mask]
                place += 1
            sums[last + 1] = sums[last] + of_point
        whole = sums[size] / np.sqrt(count + _DAMPING)
        worst = whole if size <= PASSAGE else -np.inf
        for first in range(0, size if size > PASSAGE else 0, PASSAGE // 2):
            last = min(first + PASSAGE, size)
            worst = max(worst, (sums[last] - sums[first]) / np.sqrt((last - first) * LONGEST_GRAM + _DAMPING))
        result[number, 0], result[number, 1] = scale * whole, scale * worst
    return result


@inner("int64(uint32)")
def _class_of(point: int) -> int:  # noqa: PLR0911 - a table of ranges reads best as one
    """Which of the last columns of `SHAPE` a folded point counts for, from "digits" on; -1 for none."""
    if 48 <= point <= 57:
        return 0
    if 0x3400 <= point <= 0x9FFF:
        return 1
    if 97 <= point <= 122:
        return 2
    if point >= 0xC0 and not 0x2000 <= point <= 0x33FF and point < 0xFE00:
        return 3
    if point == 0x3010:
        return 4
    if point == 58:
        return 5
    return 6 if point == 63 else -1


@kernel("float32[:,::1](uint32[::1], int64[::1], uint32[::1], int64[::1], int32[::1], int64[::1])")
def _shapes(
    original: NDArray[np.uint32],
    begins: NDArray[np.int64],
    points: NDArray[np.uint32],
    offsets: NDArray[np.int64],
    starts: NDArray[np.int32],
    rows: NDArray[np.int64],
) -> NDArray[np.float32]:
    """One pass over the points of each row."""
    result = np.zeros((len(rows), 10), dtype=np.float32)
    for number in range(len(rows)):
        row = rows[number]
        begin, end = offsets[row], min(offsets[row + 1], offsets[row] + LONGEST)
        for place in range(begin, end):
            result[number, 2] += points[place] != original[begins[row] + starts[place]]
            which = _class_of(points[place])
            if which >= 0:
                result[number, 3 + which] += 1
        result[number] /= max(end - begin, 1)
        result[number, 0] = np.log(1.0 + end - begin)
        result[number, 1] = (offsets[row + 1] - offsets[row]) / max(begins[row + 1] - begins[row], 1)
    return result
