"""Texts cut into terms, and terms into pieces; no Python object is made for a term.

A term is a word of a script that writes spaces, stemmed lightly where it is plain English, or two neighbouring
characters of a script that does not (Chinese, Japanese, Thai …; Korean too, whose particles would make one word
many). The pieces of a word are its runs of four letters, with its ends marked: they find a word in another form or
inside a compound. The pieces of a pair of characters are the two characters.

Terms and pieces are named by 32-bit hashes: among a million of them some hundred share a name, which no ranking feels.
"""

from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numba import types
from numpy.typing import NDArray

from tocsin.engine.fold import fold_batch
from tocsin.engine.fold_tables import DIGIT, FOREIGN, HAN, KANA, LATIN, LETTER, Kinds, Points, load_tables
from tocsin.engine.kernels import COUNT, I32, I64, U8, U32, inner, kernel, record, several
from tocsin.engine.matching.reading import prepare
from tocsin.engine.text import TextBatch

MOST_TERMS = 8192
"""Terms of one text that are read; the rest is ignored, so that no text costs more than a bounded time."""

WORD, NUMBER, PAIR = 0, 1, 2
"""Kinds of terms: a word, a run of ASCII digits, one or two characters of a script without spaces."""

PIECE_LENGTH = 4
_EDGE = 0x2060  # a point that folding removes, so that no text holds it


class Terms(NamedTuple):
    """The terms of some texts, in order.

    keys: uint32 names.  kinds: uint8 as above.  starts, lengths: where in ``points`` a term stands, after stemming.
    bounds: int64 of length texts + 1; text i has the terms ``bounds[i]:bounds[i + 1]``.  points: folded code points.
    """

    keys: NDArray[np.uint32]
    kinds: Kinds
    starts: NDArray[np.int64]
    lengths: NDArray[np.int32]
    bounds: NDArray[np.int64]
    points: Points


TERMS: Any = record(Terms, U32, U8, I64, I32, I64, U32)


def terms_of(texts: list[str]) -> Terms:
    """Prepare, fold and cut texts. A lone surrogate, which no UTF-8 can hold, is read as U+FFFD."""
    prepared = [prepare(text) for text in texts]
    try:
        column = pa.array(prepared, type=pa.large_string())
    except UnicodeEncodeError:
        mended = [text.encode("utf-16", "surrogatepass").decode("utf-16", "replace") for text in prepared]
        column = pa.array(mended, type=pa.large_string())
    folded = fold_batch(TextBatch.from_arrow(column))
    return _cut(folded.points, folded.offsets, load_tables().kind)


@inner(types.boolean(types.uint32, U8))
def _is_spaced(point: np.uint32, kind: Kinds) -> bool:
    """Whether a point belongs to a word of a script that writes spaces."""
    return kind[point] in (LATIN, DIGIT, FOREIGN, LETTER)


@inner(types.boolean(types.uint32, U8))
def _is_unspaced(point: np.uint32, kind: Kinds) -> bool:
    """Whether a point belongs to a script whose neighbouring characters are paired."""
    return bool(
        kind[point] == HAN
        or kind[point] == KANA
        or 0xAC00 <= point <= 0xD7A3  # Hangul
        or 0x0E00 <= point <= 0x0EFF  # Thai, Lao
        or 0x1000 <= point <= 0x109F  # Myanmar
        or 0x1780 <= point <= 0x17FF  # Khmer
    )


@inner(types.boolean(types.uint32))
def _is_apostrophe(point: np.uint32) -> bool:
    return point in (0x27, 0x2019, 0x2018, 0x02BC)


@inner(types.boolean(U32, COUNT, COUNT, COUNT, COUNT))
def _ends(letters: Points, n: int, first: int, second: int, third: int) -> bool:
    """Whether a word ends so; third 0 for an ending of two letters."""
    if third:
        return n >= 3 and letters[n - 3] == first and letters[n - 2] == second and letters[n - 1] == third
    return n >= 2 and letters[n - 2] == first and letters[n - 1] == second


@inner(COUNT(U32, COUNT))
def _stem(letters: Points, n: int) -> int:
    """Stem a word of a to z in place, and return its new length: plural, -ing, -ed, -ly, final e; final y is i."""
    whole = n
    if n > 3 and letters[n - 1] == ord("s") and letters[n - 2] != ord("s"):
        n -= 2 if n > 4 and _ends(letters, n, ord("i"), ord("e"), ord("s")) else 1
    if n >= 7 and _ends(letters, n, ord("i"), ord("n"), ord("g")):
        n -= 3
    elif n >= 6 and (_ends(letters, n, ord("e"), ord("d"), 0) or _ends(letters, n, ord("l"), ord("y"), 0)):
        n -= 2
    if n < whole - 1 and letters[n - 1] == letters[n - 2] and letters[n - 1] not in (ord("l"), ord("s"), ord("z")):
        n -= 1  # running, stopped
    if n > 4 and letters[n - 1] == ord("e"):
        n -= 1
    if n > 3 and letters[n - 1] == ord("y"):
        letters[n - 1] = ord("i")
    return n


@inner(types.uint32(U32, COUNT, COUNT, types.uint32))
def _name(points: Points, start: int, count: int, salt: np.uint32) -> np.uint32:
    """FNV-1a over code points, with the finish of MurmurHash3 (both public domain)."""
    value = np.uint32(2166136261) ^ salt
    for i in range(start, start + count):
        value = np.uint32((value ^ points[i]) * np.uint32(16777619))
    value ^= value >> np.uint32(16)
    value = np.uint32(value * np.uint32(0x85EBCA6B))
    value ^= value >> np.uint32(13)
    value = np.uint32(value * np.uint32(0xC2B2AE35))
    return np.uint32(value ^ (value >> np.uint32(16)))


@inner(several(COUNT, COUNT)(U32, COUNT, COUNT, U8))
def _take_word(points: Points, start: int, end: int, kind: Kinds) -> tuple[int, int]:
    """Gather the word at ``start`` in place, without apostrophes and a final 's. Returns its length, and its end."""
    i, n = start, 0
    while i < end:
        point = points[i]
        if _is_spaced(point, kind) and not _is_unspaced(point, kind):
            points[start + n] = point
            n += 1
        elif not (_is_apostrophe(point) and i + 1 < end and _is_spaced(points[i + 1], kind)):
            break
        elif points[i + 1] == ord("s") and (i + 2 == end or not _is_spaced(points[i + 2], kind)):
            i += 2
            break
        i += 1
    return n, i


@inner(several(COUNT, types.boolean)(U32, COUNT, COUNT))
def _finish_word(points: Points, start: int, n: int) -> tuple[int, bool]:
    """Stem a gathered word where it is plain English. Returns its length, and whether it is a number."""
    letters, digits = 0, 0
    for i in range(start, start + n):
        letters += 97 <= points[i] <= 122
        digits += 48 <= points[i] <= 57
    if letters == n:
        n = _stem(points[start : start + n], n)
    return n, digits == n


@kernel(TERMS(U32, I64, U8))
def _cut(points: Points, offsets: NDArray[np.int64], kind: Kinds) -> Terms:
    """Cut folded texts into terms; ``points`` is written to."""
    keys, kinds = np.empty(len(points), np.uint32), np.empty(len(points), np.uint8)
    starts, lengths = np.empty(len(points), np.int64), np.empty(len(points), np.int32)
    bounds = np.zeros(len(offsets), np.int64)
    n = 0
    for text in range(len(offsets) - 1):
        i, end, most = offsets[text], offsets[text + 1], n + MOST_TERMS
        while i < end and n < most:
            if _is_unspaced(points[i], kind):
                run = i
                while i < end and _is_unspaced(points[i], kind):
                    i += 1
                for at in range(run, max(run + 1, i - 1)):
                    if n == most:
                        break
                    starts[n], lengths[n], kinds[n] = at, min(2, i - at), PAIR
                    keys[n] = _name(points, at, lengths[n], np.uint32(PAIR))
                    n += 1
            elif _is_spaced(points[i], kind):
                start = i
                length, i = _take_word(points, start, end, kind)
                length, number = _finish_word(points, start, length)
                starts[n], lengths[n], kinds[n] = start, length, NUMBER if number else WORD
                keys[n] = _name(points, start, length, np.uint32(0))
                n += 1
            else:
                i += 1
        bounds[text + 1] = n
    return Terms(keys[:n].copy(), kinds[:n].copy(), starts[:n].copy(), lengths[:n].copy(), bounds, points)


class Pieces(NamedTuple):
    """The pieces of some terms. keys: uint32 names.  bounds: int64; term i has ``keys[bounds[i]:bounds[i + 1]]``."""

    keys: NDArray[np.uint32]
    bounds: NDArray[np.int64]


@kernel(record(Pieces, U32, I64)(TERMS, I64))
def pieces_of(terms: Terms, chosen: NDArray[np.int64]) -> Pieces:
    """The pieces of the terms with these indices: runs of four letters of a marked word, characters of a pair."""
    bounds = np.zeros(len(chosen) + 1, np.int64)
    for i in range(len(chosen)):
        length = int(terms.lengths[chosen[i]])
        pair = terms.kinds[chosen[i]] == PAIR
        bounds[i + 1] = bounds[i] + (length if pair else max(1, length + 3 - PIECE_LENGTH))
    keys = np.empty(bounds[-1], np.uint32)
    marked = np.empty(8, np.uint32)
    for i in range(len(chosen)):
        start, length = terms.starts[chosen[i]], int(terms.lengths[chosen[i]])
        n = bounds[i]
        if terms.kinds[chosen[i]] == PAIR:
            for at in range(length):
                keys[n + at] = _name(terms.points, start + at, 1, np.uint32(PAIR))
            continue
        if length + 2 > len(marked):
            marked = np.empty(2 * (length + 2), np.uint32)
        marked[0], marked[length + 1] = _EDGE, _EDGE
        marked[1 : length + 1] = terms.points[start : start + length]
        for at in range(bounds[i + 1] - n):
            keys[n + at] = _name(marked, at, min(PIECE_LENGTH, length + 2), np.uint32(1))
    return Pieces(keys, bounds)
