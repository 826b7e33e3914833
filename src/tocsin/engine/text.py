"""The two shapes in which text travels through the engine: as given, and folded.

Both are columnar: all messages of a batch stand one behind the other in one array of code points, and an array of
offsets says where each begins. No Python object is made per message.
"""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray


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
        filled = column.fill_null("")
        lengths = pc.utf8_length(filled).to_numpy(zero_copy_only=False).astype(np.int64)
        offsets = np.zeros(len(filled) + 1, dtype=np.int64)
        np.cumsum(lengths, out=offsets[1:])
        return cls(points=_decode(filled), offsets=offsets)


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


def _decode(column: "pa.StringArray | pa.LargeStringArray") -> NDArray[np.uint32]:
    """All code points of a null-free string column, from its UTF-8 buffer in one call."""
    _, places, data = column.buffers()
    if places is None or not len(column):
        return np.zeros(0, dtype=np.uint32)
    bounds = np.frombuffer(memoryview(places), dtype="i8" if pa.types.is_large_string(column.type) else "i4")
    first, last = int(bounds[column.offset]), int(bounds[column.offset + len(column)])
    if data is None or first == last:
        return np.zeros(0, dtype=np.uint32)
    wide_text = data.slice(first, last - first).to_pybytes().decode("utf-8").encode("utf-32-le")
    return np.frombuffer(wide_text, dtype="<u4").astype(np.uint32)  # a copy: compiled kernels take only writable arrays
