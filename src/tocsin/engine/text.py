"""The two shapes in which text travels through the engine: as given, and folded.

Both are columnar: all messages of a batch stand one behind the other in one array of code points, and an array of
offsets says where each begins. No Python object is made per message.
"""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pyarrow as pa
from numba import types
from numpy.typing import NDArray

from tocsin.engine.kernels import COUNT, I64, INDEX, READ_U8, U32, borrowing_inner, borrowing_kernel, several

# numba takes a signed index for one that may count from the end, and looks; unsigned ones only add up with their like
ONE, TWO, THREE, FOUR, EIGHT = map(np.uint64, (1, 2, 3, 4, 8))
_NO_POINT = np.uint32(0xFFFFFFFF)


@dataclass(frozen=True, slots=True)
class TextBatch:
    """Messages as Unicode code points.

    points: uint32 array, all messages in order.  offsets: int64 array of length n + 1; message i is
    ``points[offsets[i]:offsets[i + 1]]``.
    """

    points: NDArray[np.uint32]
    offsets: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @classmethod
    def from_arrow(cls, texts: "pa.Array[Any] | pa.ChunkedArray[Any]") -> Self:
        """Decode an Arrow string column; a null is an empty message.

        Raises TypeError for another type, UnicodeDecodeError where the column holds bytes that are not UTF-8.
        """
        column: Any = texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
        if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
            raise TypeError(f"texts must be an Arrow string column, not {column.type}")
        return cls(*_decode(column.fill_null("")))


@dataclass(frozen=True, slots=True)
class FoldedBatch:
    """Messages after folding, each code point with the span of the original that it stands for.

    points, offsets: as in TextBatch.  starts, ends: int32 arrays as long as points; folded point j of a message comes
    from the original code points ``[starts[j], ends[j])`` counted from the beginning of that message.
    """

    points: NDArray[np.uint32]
    offsets: NDArray[np.int64]
    starts: NDArray[np.int32]
    ends: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.offsets) - 1


def _decode(column: "pa.StringArray | pa.LargeStringArray") -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """Points and offsets of a null-free string column, straight from its UTF-8 buffer."""
    _, places, data = column.buffers()
    if places is None or data is None or not len(column):
        return np.zeros(0, dtype=np.uint32), np.zeros(len(column) + 1, dtype=np.int64)
    width = "<i8" if pa.types.is_large_string(column.type) else "<i4"
    bounds = np.frombuffer(memoryview(places), dtype=width)[column.offset : column.offset + len(column) + 1]
    letters = np.frombuffer(memoryview(data), dtype=np.uint8)
    letters.flags.writeable = False  # as the kernel promises
    points = np.empty(_count_points(letters[bounds[0] : bounds[-1]]), np.uint32)
    offsets = np.empty(len(bounds), np.int64)
    bad = _decode_all(letters, bounds.astype(np.int64), points, offsets)
    if bad >= 0:
        bytes(letters[bounds[bad] : bounds[bad + 1]]).decode("utf-8")  # raises, and says where
        raise ValueError(f"message {bad} is not UTF-8")
    return points, offsets


@borrowing_inner(INDEX(READ_U8, INDEX, INDEX, U32, INDEX), inline=True)
def _copy_ascii(letters: NDArray[np.uint8], i: np.uint64, end: np.uint64, points: NDArray[np.uint32],
                n: np.uint64) -> np.uint64:  # fmt: skip
    """Write the ASCII letters from ``letters[i]`` on to points, from ``points[n]`` on. Returns how many."""
    first = i
    while i + EIGHT <= end:
        some, out, seen = letters[i : i + EIGHT], points[n : n + EIGHT], np.uint8(0)
        for k in range(8):
            seen = np.uint8(seen | some[k])
        if seen & 0x80:
            break
        for k in range(8):
            out[k] = some[k]
        i, n = i + EIGHT, n + EIGHT
    while i < end and letters[i] < 0x80:
        points[n] = letters[i]
        i, n = i + ONE, n + ONE
    return i - first


@borrowing_inner(types.uint32(types.uint8, types.uint8, types.uint8, types.uint8), inline=True)
def _join(first: int, second: int, third: int, fourth: int) -> np.uint32:
    """The point of four bytes of UTF-8 (RFC 3629), or _NO_POINT."""
    bad = (second ^ 0x80 | third ^ 0x80 | fourth ^ 0x80) & 0xC0
    point = np.uint32((first & 7) << 18 | (second & 63) << 12 | (third & 63) << 6 | fourth & 63)
    return _NO_POINT if bad or point < 0x10000 or point > 0x10FFFF else point


@borrowing_inner(several(INDEX, types.boolean)(READ_U8, INDEX, INDEX, U32, INDEX), inline=True)
def _decode_message(letters: NDArray[np.uint8], i: np.uint64, end: np.uint64, points: NDArray[np.uint32],
                    n: np.uint64) -> tuple[np.uint64, bool]:  # fmt: skip
    """Write the points of ``letters[i:end]`` from ``points[n]`` on. Returns their end, and whether all is UTF-8."""
    bad = False
    while i < end and not bad:
        first = letters[i]
        if first < 0x80:
            count = _copy_ascii(letters, i, end, points, n)
            i, n = i + count, n + count
            continue
        if 0xE0 <= first < 0xF0 and i + TWO < end:
            second, third = letters[i + ONE], letters[i + TWO]
            point = np.uint32((first & 15) << 12 | (second & 63) << 6 | third & 63)
            bad = bool((second ^ 0x80 | third ^ 0x80) & 0xC0 != 0 or point < 0x800 or point >> 11 == 0x1B)
            i += THREE
        elif 0xC2 <= first < 0xE0 and i + ONE < end:
            point = np.uint32((first & 31) << 6 | letters[i + ONE] & 63)
            bad = bool(letters[i + ONE] & 0xC0 != 0x80)
            i += TWO
        elif first >= 0xF0 and i + THREE < end:
            point = _join(first, letters[i + ONE], letters[i + TWO], letters[i + THREE])
            bad = bool(point == _NO_POINT)
            i += FOUR
        else:
            return n, False
        points[n] = point
        n += ONE
    return n, not bad


@borrowing_kernel(COUNT(READ_U8, I64, U32, I64))
def _decode_all(letters: NDArray[np.uint8], bounds: NDArray[np.int64], points: NDArray[np.uint32],
                 offsets: NDArray[np.int64]) -> int:  # fmt: skip
    """Write points and offsets of all messages. Returns the first message that is not UTF-8, or -1."""
    n = np.uint64(0)
    offsets[0] = 0
    for m in range(len(bounds) - 1):
        n, good = _decode_message(letters, np.uint64(bounds[m]), np.uint64(bounds[m + 1]), points, n)
        if not good:
            return m
        offsets[m + 1] = n
    return -1


@borrowing_kernel(COUNT(READ_U8))
def _count_points(letters: NDArray[np.uint8]) -> int:
    """How many bytes begin a point."""
    count = 0
    for i in range(len(letters)):
        count += letters[i] & 0xC0 != 0x80
    return count
