"""Where a passage of a message begins and ends for a reader: at the edges of words and clauses.

What is not here: which passage is shown; the classifier says that.
"""

from functools import cache

import numpy as np
from numba import types
from numpy.typing import NDArray

from tocsin.engine.kernels import COUNT, I64, U8, U32, inner, kernel
from tocsin.engine.text import TextBatch

_CLAUSE_REACH = 8
"""Code points by which a passage may grow to the edge of the clause that it cuts."""

_WORD_REACH = 32
"""Code points by which it may grow to the edge of a word; a longer word is rather an address."""

_CLAUSE_MARKS = "，。！？；：、!?;\n"
_LOOSE_MARKS = "，。！？；：、,.!?;:|/\\~-–—…·•'\"’"
_JOINING_MARKS = ".,-@"
"""Between two letters or digits these are inside a word: 1,000, pay-now.example."""

_NO_SPACES_BETWEEN_WORDS = 0x2E80
"""From this code point on scripts are written without spaces: no word edge can be seen."""

_CLAUSE, _LOOSE, _JOINING, _LETTER = 1, 2, 4, 8


@cache
def _roles() -> NDArray[np.uint8]:
    """What each code point may do at an edge, as bits."""
    roles = np.zeros(0x110000, dtype=np.uint8)
    for marks, role in ((_CLAUSE_MARKS, _CLAUSE), (_LOOSE_MARKS, _LOOSE), (_JOINING_MARKS, _JOINING), ("'’_", _LETTER)):
        roles[[ord(mark) for mark in marks]] |= role
    below = [chr(point) for point in range(_NO_SPACES_BETWEEN_WORDS)]
    roles[: len(below)] |= np.array([letter.isalnum() for letter in below]) * np.uint8(_LETTER)
    roles[: len(below)] |= np.array([letter.isspace() for letter in below]) * np.uint8(_LOOSE)
    roles[ord("\u3000")] |= _LOOSE
    return roles


def readable_spans(
    batch: TextBatch, rows: NDArray[np.int64], starts: NDArray[np.int64], ends: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Spans of original code points, one of each row, moved to edges that a reader sees: no cut word, no cut short
    clause, no loose marks around it. A span of marks alone stays as it is."""
    lows, highs = starts.copy(), ends.copy()
    _readable_spans(batch.points, batch.offsets, rows, _roles(), lows, highs)
    return lows, highs


@inner(types.boolean(U32, COUNT, COUNT, U8))
def _in_word(text: NDArray[np.uint32], place: int, size: int, roles: NDArray[np.uint8]) -> bool:
    """Whether a word goes on at a place."""
    if roles[text[place]] & _JOINING == 0:
        return bool(roles[text[place]] & _LETTER)
    inside = 0 < place < size - 1
    return inside and bool(roles[text[place - 1]] & roles[text[place + 1]] & _LETTER)


@inner(COUNT(U32, COUNT, COUNT, COUNT, U8))
def _clause_edge(text: NDArray[np.uint32], place: int, step: int, size: int, roles: NDArray[np.uint8]) -> int:
    """The edge of the clause in one direction, where it is near; else the place itself."""
    moved = place
    for _ in range(_CLAUSE_REACH):
        ahead = moved if step > 0 else moved - 1
        if ahead < 0 or ahead >= size or roles[text[ahead]] & _CLAUSE:
            return moved
        moved += step
    return place


@inner(COUNT(U32, COUNT, COUNT, COUNT, U8))
def _word_edge(text: NDArray[np.uint32], place: int, step: int, size: int, roles: NDArray[np.uint8]) -> int:
    """The edge of the word that the place cuts, in one direction; the place itself where it cuts none."""
    moved = place
    for _ in range(_WORD_REACH):
        if not 0 < moved < size or not (_in_word(text, moved - 1, size, roles) and _in_word(text, moved, size, roles)):
            return moved
        moved += step
    return place


@kernel(types.void(U32, I64, I64, U8, I64, I64))
def _readable_spans(
    points: NDArray[np.uint32],
    offsets: NDArray[np.int64],
    rows: NDArray[np.int64],
    roles: NDArray[np.uint8],
    lows: NDArray[np.int64],
    highs: NDArray[np.int64],
) -> None:
    """Move spans, from lows to highs, as `readable_spans` says."""
    for number in range(len(rows)):
        text = points[offsets[rows[number]] : offsets[rows[number] + 1]]
        size = len(text)
        low = _word_edge(text, _clause_edge(text, lows[number], -1, size, roles), -1, size, roles)
        high = _word_edge(text, _clause_edge(text, highs[number], 1, size, roles), 1, size, roles)
        while low < high and roles[text[low]] & _LOOSE:
            low += 1
        while low < high and roles[text[high - 1]] & _LOOSE:
            high -= 1
        if low < high:
            lows[number], highs[number] = low, high
