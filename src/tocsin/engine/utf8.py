"""Code points as UTF-8, without a Python object for each text. What is not here: decoding, which ``text`` does."""

import numpy as np
import pyarrow as pa
from numba import types
from numpy.typing import NDArray

from tocsin.engine.kernels import COUNT, I32, I64, U8, U32, inner, kernel


@inner(types.uint64(U32, types.uint64, types.uint64, U8, types.uint64))
def write_utf8(
    points: NDArray[np.uint32], begin: np.uint64, end: np.uint64, text: NDArray[np.uint8], at: np.uint64
) -> np.uint64:
    """Write ``points[begin:end]`` from a byte of text on, which needs up to four bytes a point. Returns the byte behind
    it."""
    one = np.uint64(1)
    for place in range(begin, end):
        point = points[place]
        if point < 0x80:
            text[at] = point
            at += one
            continue
        more = np.uint32(1) + np.uint32(point >= 0x800) + np.uint32(point >= 0x10000)
        # the first byte says by its high bits how many follow: 110, 1110 or 11110
        text[at] = np.uint32(0x7F80) >> more & np.uint32(0xFF) | point >> np.uint32(6) * more
        at += one
        while more:
            more -= np.uint32(1)
            text[at] = np.uint32(0x80) | point >> np.uint32(6) * more & np.uint32(0x3F)
            at += one
    return at


@kernel(COUNT(U32, I64, I64, U8, I32))
def _encode(
    points: NDArray[np.uint32],
    begins: NDArray[np.int64],
    ends: NDArray[np.int64],
    text: NDArray[np.uint8],
    bounds: NDArray[np.int32],
) -> int:
    """Write spans of points as one text, and the n + 1 bytes at which they begin. Returns the bytes of all."""
    at = np.uint64(0)
    for number in range(len(begins)):
        at = write_utf8(points, np.uint64(begins[number]), np.uint64(ends[number]), text, at)
        bounds[number + 1] = at
    return int(at)


def strings_of(points: NDArray[np.uint32], begins: NDArray[np.int64], ends: NDArray[np.int64]) -> "pa.StringArray":
    """Spans of points, ends exclusive, as a string column. At most 2 GiB of text."""
    text = np.empty(4 * int((ends - begins).sum()), dtype=np.uint8)
    bounds = np.zeros(len(begins) + 1, dtype=np.int32)
    size = _encode(points, begins, ends, text, bounds)
    return pa.StringArray.from_buffers(len(begins), pa.py_buffer(bounds.data), pa.py_buffer(text[:size].data))
