"""The repairs of folding that look at more than one point: look-alikes, separators inside words, numerals, disguises.

Each works on one message in scratch space, in place, and is a linear pass. When they run, and in which order, is said
in ``fold.py``; what is written in a table is in ``fold_tables.py``. What is not here: the folding of single points.
"""

from typing import NamedTuple

import numpy as np
from numba import types
from numpy.typing import NDArray

from tocsin.engine.fold_survey import (
    AHEAD,
    CHAIN,
    GAP,
    NUMBER,
    OPENING,
    STRANGE,
    doubts_of,
    longest_disguise,
    survey,
)
from tocsin.engine.fold_tables import (
    DIGIT,
    FOREIGN,
    IS_HAN,
    IS_LATIN,
    IS_NUMBER,
    IS_SEPARATOR,
    IS_SPACE,
    IS_WORD,
    KANA,
    LOOKS_HAN,
    OPENS,
    PLAIN,
    POINT_OF,
    TABLES,
    FoldTables,
    Kinds,
    Points,
    Spans,
)
from tocsin.engine.kernels import COUNT, I32, U8, U16, U32, borrowing_inner, record, several

NUMBER_RUN = 6  # shorter runs of Chinese numerals are years, weekdays and ordinary counting


class Buffer(NamedTuple):
    """Scratch space for one message: entries, where each begins and ends in the original, and what it looks like.

    points: see "entry" in fold_tables.  padded: the same with AHEAD zeros in front.  looks: as FoldTables.alike, of the
    point that the entry was made from; only valid for STRANGE entries until anything has been moved.
    """

    padded: Points
    points: Points
    starts: Spans
    ends: Spans
    looks: Points
    doubts: Kinds


BUFFER = record(Buffer, U32, U32, I32, I32, U32, U8)


def new_buffer(size: int) -> Buffer:
    """Scratch space for messages of that many points."""
    padded = np.zeros(AHEAD + size + 1, np.uint32)
    starts, ends = np.empty(size, np.int32), np.empty(size, np.int32)
    return Buffer(padded, padded[AHEAD:], starts, ends, np.empty(size, np.uint32), np.empty(size + 1, np.uint8))


@borrowing_inner(types.boolean(BUFFER, COUNT, COUNT, COUNT, TABLES))
def _undo_run(text: Buffer, start: int, end: int, n: int, tables: FoldTables) -> bool:
    """Make a run Latin if it is mixed and each of its foreign letters looks Latin. Returns whether it did."""
    points, looks, kind = text.points, text.looks, tables.kind
    latin, foreign = False, False
    for i in range(start, end):
        latin |= points[i] & IS_LATIN != 0
        if kind[points[i] & POINT_OF] == FOREIGN:
            foreign = True
            if looks[i] == 0 or tables.role[points[i] & POINT_OF] & LOOKS_HAN:
                return False
    near_han = (start > 0 and points[start - 1] & IS_HAN != 0) or (end < n and points[end] & IS_HAN != 0)
    if not foreign or not (latin or near_han):
        return False
    for i in range(start, end):
        if kind[points[i] & POINT_OF] == FOREIGN:
            points[i] = tables.entry[looks[i]]
    return True


@borrowing_inner(types.boolean(BUFFER, COUNT, TABLES))
def _undo_kana(text: Buffer, n: int, tables: FoldTables) -> bool:
    """Replace kana that look like ideographs, between ideographs, where the message has no other kana."""
    points, kind, role, changed = text.points, tables.kind, tables.role, False
    for i in range(n):
        if kind[points[i] & POINT_OF] == KANA and not role[points[i] & POINT_OF] & LOOKS_HAN:
            return False
    for i in range(1, n - 1):
        if points[i - 1] & points[i + 1] & IS_HAN and role[points[i] & POINT_OF] & LOOKS_HAN:
            points[i], changed = tables.entry[text.looks[i]], True
    return changed


@borrowing_inner(types.boolean(types.uint32, TABLES), inline=True)
def _in_run(entry: np.uint32, tables: FoldTables) -> bool:
    """Whether a point belongs to a run in which letters of two scripts are suspicious (the inside of domains too)."""
    point = entry & POINT_OF
    return entry & IS_WORD != 0 or tables.kind[point] == FOREIGN or point in (45, 46, 95, 64)


@borrowing_inner(types.boolean(BUFFER, COUNT, TABLES))
def _undo_look_alikes(text: Buffer, n: int, tables: FoldTables) -> bool:
    """Undo look-alike letters. Returns whether any was replaced."""
    points, changed, i = text.points, _undo_kana(text, n, tables), 0
    while i < n:
        start = i
        while i < n and _in_run(points[i], tables):
            i += 1
        if i > start:
            changed = _undo_run(text, start, i, n, tables) or changed
        else:
            i += 1
    return changed


@borrowing_inner(types.boolean(U32, COUNT, U16, U32))
def _undo_numerals(points: Points, n: int, role: NDArray[np.uint16], entry_of: Points) -> bool:
    """Turn Chinese numerals into digits inside runs of at least NUMBER_RUN digits. Returns whether any was."""
    changed, i = False, 0
    while i < n:
        start = i
        while i < n and points[i] & IS_NUMBER:
            i += 1
        if i - start >= NUMBER_RUN:
            for j in range(start, i):
                if points[j] & IS_HAN:
                    points[j], changed = entry_of[47 + (role[points[j] & POINT_OF] >> 8)], True
        i += i == start
    return changed


@borrowing_inner(COUNT(U32, COUNT, COUNT, COUNT, U8), inline=True)
def _separator_end(points: Points, i: int, n: int, piece: int, kind: Kinds) -> int:
    """End of the separators at i if they only split a word (piece ideographs stand before them), else i."""
    end, plain = i, False
    while end < n and end - i < 4 and points[end] & IS_SEPARATOR:
        plain |= kind[points[end] & POINT_OF] == PLAIN
        end += 1
    if end - i > 3 or end == n or not points[end] & IS_HAN:
        return i
    if end - i == 1 and points[i] & IS_SPACE:
        return end
    right = 1
    while right < 3 and end + right < n and points[end + right] & IS_HAN:
        right += 1
    return end if min(piece, right) <= (1 if plain else 2) else i


@borrowing_inner(COUNT(U32, I32, I32, COUNT, U8))
def _join_ideographs(points: Points, starts: Spans, ends: Spans, n: int, kind: Kinds) -> int:
    """Drop spaces between ideographs, and other separators where the pieces are too short to be words. New length."""
    w, i, piece = 0, 0, 0
    while i < n:
        entry = points[i]
        if piece and entry & IS_SEPARATOR:
            end = _separator_end(points, i, n, piece, kind)
            if end > i:
                piece = piece if end - i == 1 and entry & IS_SPACE else 0
                i = end
                continue
        piece = piece + 1 if entry & IS_HAN else 0
        points[w], starts[w], ends[w] = entry, starts[i], ends[i]
        w += 1
        i += 1
    return w


@borrowing_inner(several(COUNT, COUNT)(U32, COUNT, COUNT, U8), inline=True)
def _chain_end(points: Points, i: int, n: int, kind: Kinds) -> tuple[int, int]:
    """End of the chain of single letters and digits that begins at i (w-e-i-x-i-n), or i where it is none.

    Also the last letter that was looked at: where the chain from i is none, the one from there is none either.
    """
    if i + 2 >= n or not points[i + 1] & IS_SEPARATOR:
        return i, i
    separator, j, pieces = points[i + 1], i, 1
    digits = int(kind[points[i] & POINT_OF] == DIGIT)
    longer_follows = False
    while j + 2 < n and points[j + 1] == separator and points[j + 2] & IS_WORD:
        longer_follows = j + 3 < n and points[j + 3] & IS_WORD != 0
        if longer_follows:
            break
        j += 2
        pieces += 1
        digits += int(kind[points[j] & POINT_OF] == DIGIT)
    if longer_follows and kind[separator & POINT_OF] == PLAIN:  # a.b.c.example, 1-2-3-4-5-67: not spelled out
        return i, j
    needed = 6 if digits == pieces else 5 if digits else 4
    return (j + 1 if pieces >= needed else i), j


@borrowing_inner(COUNT(U32, I32, I32, COUNT, U8))
def _join_letters(points: Points, starts: Spans, ends: Spans, n: int, kind: Kinds) -> int:
    """Join words that are spelled letter by letter. New length."""
    w, i, after_word, seen = 0, 0, False, -1
    while i < n:
        word = points[i] & IS_WORD != 0
        if word and not after_word and i > seen and i + 1 < n and points[i + 1] & IS_SEPARATOR:
            end, seen = _chain_end(points, i, n, kind)  # each letter is looked at once: a.b.c.… may be a megabyte long
            while i < end - 1:
                points[w], starts[w], ends[w] = points[i], starts[i], ends[i]
                w += 1
                i += 2
        after_word = word
        points[w], starts[w], ends[w] = points[i], starts[i], ends[i]
        w += 1
        i += 1
    return w


@borrowing_inner(types.boolean(U32, COUNT), inline=True)
def _opens(points: Points, i: int) -> bool:
    """Whether a disguise may begin at i, which is not so inside a Latin word."""
    if i and points[i] & IS_LATIN and points[i - 1] & IS_WORD:
        return bool(points[i] & OPENS != 0 and points[i - 1] & (IS_LATIN | IS_NUMBER) == 0)
    return bool(points[i] & OPENS != 0)


@borrowing_inner(several(COUNT, types.boolean)(BUFFER, COUNT, TABLES))
def _undo_disguises(text: Buffer, n: int, tables: FoldTables) -> tuple[int, bool]:
    """Replace disguised spellings. Returns the new length, and whether anything was replaced."""
    points, starts, ends = text.points, text.starts, text.ends
    doors, trie, letters = tables.doors, tables.trie, tables.letters
    w, i, changed = 0, 0, False
    while i < n:
        node, end = longest_disguise(points, i, n, doors, trie) if _opens(points, i) else (0, i)
        if node == 0:
            points[w], starts[w], ends[w] = points[i], starts[i], ends[i]
            w += 1
            i += 1
            continue
        first, length = int(trie[node + 1]), int(trie[node + 2])
        same, start, stop = length == end - i, starts[i], ends[end - 1]
        for k in range(length):
            letter = tables.entry[letters[first + k]]
            changed = changed or not same or points[i + k] != letter
            starts[w], ends[w] = (starts[i + k], ends[i + k]) if same else (start, stop)
            points[w] = letter
            w += 1
        i = end
    return w, changed


@borrowing_inner(COUNT(BUFFER, COUNT, TABLES))
def look_again(text: Buffer, n: int, tables: FoldTables) -> int:
    """What may have to be done to the n points of a message in scratch space."""
    text.points[n] = 0
    survey(text.padded[: AHEAD + n + 1], tables.openings, text.doubts[: n + 1])
    return doubts_of(text.points[: n + 1], text.doubts[: n + 1], tables.doors, tables.trie)


@borrowing_inner(several(COUNT, types.boolean, COUNT)(BUFFER, COUNT, COUNT, TABLES))
def repair(text: Buffer, n: int, seen: int, tables: FoldTables) -> tuple[int, bool, int]:
    """All repairs of a message of n points that are called for by what was seen, which each may change.

    Returns the new length, whether any point was replaced, and what is seen then.
    """
    changed = False
    if seen & STRANGE and _undo_look_alikes(text, n, tables):
        changed, seen = True, look_again(text, n, tables)
    if seen & GAP:
        before, n = n, _join_ideographs(text.points, text.starts, text.ends, n, tables.kind)
        seen = look_again(text, n, tables) if n < before else seen
    if seen & NUMBER and _undo_numerals(text.points, n, tables.role, tables.entry):
        changed, seen = True, look_again(text, n, tables)
    if seen & CHAIN:
        before, n = n, _join_letters(text.points, text.starts, text.ends, n, tables.kind)
        seen = look_again(text, n, tables) if n < before else seen
    if seen & OPENING:
        n, replaced = _undo_disguises(text, n, tables)
        if replaced:
            changed, seen = True, look_again(text, n, tables)
    return n, changed, seen
