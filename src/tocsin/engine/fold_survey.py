"""One look over a whole batch that finds the messages which need more than their points replaced.

It may doubt a message that needs nothing, which costs time only; it never passes one that a repair would touch. What
is not here: the repairs (``fold_repairs.py``) and what they are for (``fold.py``).
"""

import numpy as np
from numba import types
from numpy.typing import NDArray

from tocsin.engine.fold_tables import (
    FILTER_FACTOR,
    FILTER_MASK,
    HAN_OVER_SEPARATOR,
    IS_HAN,
    IS_LATIN,
    IS_NUMBER,
    IS_RARE,
    IS_SECOND,
    IS_SEPARATOR,
    IS_SPACE,
    IS_STRANGE,
    IS_WORD,
    NUMBER_OVER_HAN,
    OPENS,
    POINT_OF,
    SECOND_OVER_FIRST,
    TABLES,
    THIRD_MASK,
    WORD_OVER_SEPARATOR,
    FoldTables,
    Kinds,
    Points,
    Spans,
)
from tocsin.engine.kernels import COUNT, I32, I64, U8, U32, borrowing_inner, borrowing_kernel, several

AHEAD = 8
"""Zeros before the first entry, so that a look back from it needs no bounds; one more stands behind each message."""

# What may be done to a message, by what stands at a point and before it: points met that are one (EXPANDS), separators
# stand between ideographs (GAP), numerals in a number (NUMBER), single letters in a row (CHAIN), what a disguise begins
# with (OPENING, two points on). STRANGE letters are suspicious only in a message that has FAMILIAR ones too.
EXPANDS, GAP, NUMBER, CHAIN, OPENING, STRANGE, FAMILIAR = 1, 2, 4, 8, 16, 32, 64


@borrowing_inner(several(COUNT, COUNT)(U32, I64, U32, I32, U32, U32))
def _look_up(points: Points, offsets: NDArray[np.int64], entry_of: Points, slot: Spans, bounds: Points,
            entries: Points) -> tuple[int, int]:  # fmt: skip
    """Write the entry of each point: of message m, from ``AHEAD + offsets[m] + m`` on, with a zero behind each.

    Returns upper bounds of the folded length of all messages, and of the longest of them.
    """
    total, longest = 0, 0
    entries[:AHEAD] = 0
    for m in range(len(offsets) - 1):
        source = points[offsets[m] : offsets[m + 1]]
        target = entries[AHEAD + offsets[m] + m : AHEAD + offsets[m + 1] + m + 1]
        size = len(source)
        for i in range(len(source)):
            target[i] = entry_of[source[i]]
            if target[i] & IS_RARE:
                fold = slot[source[i]]
                size += int(bounds[fold]) - int(bounds[fold - 1]) - 1 if fold else 0
        target[len(source)] = 0
        total += size
        longest = max(longest, size, len(source))
    return total, longest


@borrowing_inner(types.void(U32, U8, U8))
def survey(entries: Points, filter_of: Kinds, doubts: Kinds) -> None:
    """Say what is doubtful about each of the entries behind the first AHEAD. Without a branch: it vectorises."""
    e0, e1, e2, e3, e4 = entries[8:], entries[7:], entries[6:], entries[5:], entries[4:]
    e5, e6, e7, e8 = entries[3:], entries[2:], entries[1:], entries
    for i in range(len(doubts)):
        doubts[i] = filter_of[(e2[i] * FILTER_FACTOR + e1[i]) & FILTER_MASK] >> (e0[i] & THIRD_MASK) & 1
    for i in range(len(doubts)):
        p0, p1, p2, p3, p4, p5, p6, p7, p8 = e0[i], e1[i], e2[i], e3[i], e4[i], e5[i], e6[i], e7[i], e8[i]
        met = p0 & (p1 & IS_SPACE | np.uint32(p1 << SECOND_OVER_FIRST) & IS_SECOND | IS_RARE)
        one, two = HAN_OVER_SEPARATOR, WORD_OVER_SEPARATOR
        gap = (p0 >> one) & p1 & (p2 >> one | p2 & (p3 >> one | p3 & (p4 >> one))) & IS_SEPARATOR
        six, any_of_six = p0 & p1 & p2 & p3 & p4 & p5, p0 | p1 | p2 | p3 | p4 | p5
        numerals = six & np.uint32(any_of_six << NUMBER_OVER_HAN) & IS_NUMBER
        chain = p1 & p3 & p5 & p7 & np.uint32((p2 & p4 & p6) << two) & ~(p0 | p8) & IS_WORD
        outside = (p2 & OPENS != 0) & (p2 & p3 & IS_LATIN == 0)  # of a Latin word
        doubts[i] = (
            np.uint8(met != 0) * EXPANDS
            + np.uint8(gap != 0) * GAP
            + np.uint8(numerals != 0) * NUMBER
            + np.uint8(chain != 0) * CHAIN
            + np.uint8((doubts[i] != 0) & outside) * OPENING
            + np.uint8(p0 & IS_STRANGE != 0) * STRANGE
            + np.uint8(p0 & (IS_HAN | IS_LATIN) != 0) * FAMILIAR
        )


@borrowing_inner(several(COUNT, COUNT)(U32, COUNT, COUNT, U32, U32), inline=True)
def longest_disguise(points: Points, i: int, n: int, doors: Points, trie: Points) -> tuple[int, int]:
    """Node and end of the longest disguise that begins at i and does not cut a Latin word; (0, i) for none.

    points: entries, one with OPENS at i.  n: where the message ends.  doors, trie: as in FoldTables.
    """
    node, best, best_end = int(doors[points[i] & POINT_OF]), 0, i
    for j in range(i + 1, n):
        point, size, low = points[j] & POINT_OF, int(trie[node]), node + 3
        last = low + size - 1
        while low < last:
            middle = (low + last) >> 1
            low, last = (middle + 1, last) if trie[middle] < point else (low, middle)
        if size == 0 or trie[low] != point:
            break
        node = int(trie[low + size])
        if trie[node + 2] and not (j + 1 < n and points[j] & points[j + 1] & IS_LATIN):
            best, best_end = node, j + 1
    return best, best_end


@borrowing_inner(COUNT(U32, U8, U32, U32), inline=True)
def doubts_of(entries: Points, doubts: Kinds, doors: Points, trie: Points) -> int:
    """What may have to be done to one message, 0 for nothing: what `survey` found, less what proves to be nothing.

    entries: of this message, with a zero behind.  doubts: as many.
    """
    found, last = np.uint8(0), len(entries) - 1
    for i in range(len(doubts)):
        found = np.uint8(found | doubts[i])  # numba widens every sum, and then the loop has an eighth of its speed
    seen = int(found) & (EXPANDS | GAP | NUMBER | CHAIN)
    if last and (entries[0] | entries[last - 1]) & IS_SPACE:
        seen |= EXPANDS
    if found & STRANGE and found & FAMILIAR:
        seen |= EXPANDS | STRANGE
    if found & OPENING:
        for i in range(2, last + 1):
            if doubts[i] & OPENING and longest_disguise(entries, i - 2, last, doors, trie)[0]:
                return seen | OPENING
    return seen


@borrowing_kernel(several(COUNT, COUNT)(U32, I64, TABLES, U32, U8))
def look_over(points: Points, offsets: NDArray[np.int64], tables: FoldTables, entries: Points,
              doubts: Kinds) -> tuple[int, int]:  # fmt: skip
    """Write the entries of all points, and what is doubtful about each. Returns the bounds of `_look_up`.

    entries: room for AHEAD, the points, and one more for each message.  doubts: as many, less AHEAD.
    """
    bounds = _look_up(points, offsets, tables.entry, tables.slot, tables.bounds, entries)
    survey(entries, tables.openings, doubts)
    return bounds
