"""Folding: many ways to write a message become one, and each folded point knows where it came from.

What it does, in this order, until nothing changes any more: NFKC, lower case, simplified characters, plain digits,
invisible points removed, pictures to words or to a space; marks composed, and characters written as two parts put
together; white-space runs to one space; look-alike letters inside a mixed run to Latin, look-alike kana between
ideographs to ideographs; separators inside words removed; Chinese numerals inside a number-like run to digits;
disguised spellings to the words that they stand for. The tables are in ``fold_tables.py``, the repairs from the
look-alikes on in ``fold_repairs.py``.

The passes repeat because one repair may uncover another, at most MAX_PASSES times, so that hostile text costs a bounded
number of linear passes. Folding is idempotent. Most messages need nothing but their points replaced: one look over the
whole batch finds the others (``fold_survey.py``). What is not here: no pattern, no indicator, no judgement.
"""

from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numba import types
from numpy.typing import NDArray

from tocsin.engine.fold_repairs import BUFFER, Buffer, look_again, new_buffer, repair
from tocsin.engine.fold_survey import AHEAD, EXPANDS, doubts_of, look_over
from tocsin.engine.fold_tables import (
    DROPPED,
    IS_FIRST,
    IS_RARE,
    IS_SPACE,
    IS_STRANGE,
    PAIR_FIRST,
    PAIR_SECOND,
    POINT_OF,
    SECOND_OVER_FIRST,
    TABLES,
    FoldTables,
    Kinds,
    Points,
    Spans,
    find_key,
    load_tables,
)
from tocsin.engine.kernels import COUNT, I32, I64, U8, U32, borrowing_inner, borrowing_kernel, record
from tocsin.engine.text import FoldedBatch, TextBatch

MAX_PASSES = 8


class Folded(NamedTuple):
    """What FoldedBatch says, as the kernels have it."""

    points: Points
    starts: Spans
    ends: Spans
    offsets: NDArray[np.int64]


FOLDED = record(Folded, U32, I32, I32, I64)


def fold_batch(batch: TextBatch) -> FoldedBatch:
    """Fold every message; as many messages come out as went in, each with the offset map of its points."""
    points, offsets, tables = batch.points, batch.offsets, load_tables()
    room = len(points) + len(batch)
    entries, doubts = np.empty(AHEAD + room, np.uint32), np.empty(room, np.uint8)
    total, longest = look_over(points, offsets, tables, entries, doubts)
    out = Folded(np.empty(total, np.uint32), np.empty(total, np.int32), np.empty(total, np.int32), offsets.copy())
    end = _fold_all(offsets, entries, doubts, new_buffer(longest), new_buffer(longest), out, tables)
    return FoldedBatch(points=out.points[:end], offsets=out.offsets, starts=out.starts[:end], ends=out.ends[:end])


def fold_text(text: str) -> str:
    """Fold one message; the same kernel as fold_batch. Raises UnicodeEncodeError on lone surrogates."""
    folded = fold_batch(TextBatch.from_arrow(pa.array([text], type=pa.string())))
    return folded.points.tobytes().decode("utf-32-le")


@borrowing_inner(types.uint32(types.uint32, types.uint32, TABLES))
def _compose(first: np.uint32, second: np.uint32, tables: FoldTables) -> np.uint32:
    """The composition of two points, or 0. Hangul by arithmetic (Unicode chapter 3.12), the rest by table."""
    if 0x1100 <= first < 0x1113 and 0x1161 <= second < 0x1176:
        return np.uint32(0xAC00 + ((first - 0x1100) * 21 + (second - 0x1161)) * 28)
    if 0xAC00 <= first < 0xD7A4 and 0x11A7 < second < 0x11C3:
        return np.uint32(first + (second - 0x11A7)) if (first - 0xAC00) % 28 == 0 else np.uint32(0)
    at = find_key(tables.pairs, np.uint64(first) << np.uint64(32) | np.uint64(second))
    return tables.pair_values[at] if at >= 0 else np.uint32(0)


@borrowing_inner(COUNT(BUFFER, COUNT, types.uint32, types.int32, types.int32, TABLES))
def _attach(out: Buffer, n: int, mark: np.uint32, start: np.int32, end: np.int32, tables: FoldTables) -> int:
    """Add a point that may compose with the last one, or else vanish. Returns the new length."""
    if n and tables.role[out.points[n - 1] & POINT_OF] & PAIR_FIRST:
        composed = _compose(out.points[n - 1] & POINT_OF, mark, tables)
        if composed:
            out.points[n - 1], out.ends[n - 1], out.looks[n - 1] = tables.entry[composed], end, np.uint32(0)
            return n
    if tables.role[mark] & DROPPED:
        return n
    out.points[n], out.starts[n], out.ends[n], out.looks[n] = tables.entry[mark], start, end, tables.alike[mark]
    return n + 1


@borrowing_inner(COUNT(BUFFER, COUNT, types.uint32, types.int32, types.int32, TABLES))
def _expand_odd(out: Buffer, n: int, point: np.uint32, start: np.int32, end: np.int32, tables: FoldTables) -> int:
    """Fold a point that is more than replaced by another one, or that may meet the last one. Returns the new length."""
    entry, role = tables.slot[point], tables.role
    first, last = (int(tables.bounds[entry - 1]), int(tables.bounds[entry])) if entry else (0, 1)
    for k in range(first, last):
        new = tables.flat[k] if entry else point
        bits, before = role[new], out.points[n - 1] & POINT_OF if n else np.uint32(32)
        if bits & DROPPED or (bits & PAIR_SECOND and n and role[before] & PAIR_FIRST):
            n = _attach(out, n, new, start, end, tables)
        elif new != 32 or before != 32:
            out.points[n], out.starts[n], out.ends[n] = tables.entry[new], start, end
            out.looks[n] = tables.alike[point] if last - first == 1 else np.uint32(0)
            n += 1
        elif n:
            out.ends[n - 1] = end
    return n


@borrowing_inner(COUNT(BUFFER, COUNT, BUFFER, TABLES))
def _expand(source: Buffer, count: int, out: Buffer, tables: FoldTables) -> int:
    """Fold each point by the table, compose, and collapse white space. Returns the length of out."""
    n, last = 0, np.uint32(IS_SPACE)
    points, starts, ends, looks = out.points, out.starts, out.ends, out.looks
    from_points, from_starts, from_ends, alike = source.points, source.starts, source.ends, tables.alike
    for i in range(count):
        entry, start, end = from_points[i], from_starts[i], from_ends[i]
        if entry & last & IS_SPACE:
            if n:
                ends[n - 1] = end
            continue
        if entry & (IS_RARE | ((last & IS_FIRST) << SECOND_OVER_FIRST)) or last & IS_RARE:
            n = _expand_odd(out, n, entry & POINT_OF, start, end, tables)
            last = points[n - 1] if n else np.uint32(IS_SPACE)
            continue
        points[n], starts[n], ends[n], last = entry, start, end, entry
        if entry & IS_STRANGE:
            looks[n] = alike[entry & POINT_OF]
        n += 1
    return n - 1 if n and last & IS_SPACE else n


@borrowing_inner(types.void(U32, U32, I32, I32), inline=True)
def _copy_plain(entries: Points, points: Points, starts: Spans, ends: Spans) -> None:
    """Copy a message, each point standing for itself."""
    for i in range(len(entries)):
        points[i] = entries[i]
    for i in range(len(entries)):
        starts[i] = i
    for i in range(len(entries)):
        ends[i] = i + 1


@borrowing_inner(COUNT(U32, COUNT, BUFFER, BUFFER, FOLDED, COUNT, TABLES))
def _fold_message(entries: Points, seen: int, text: Buffer, spare: Buffer, out: Folded, at: int,
                  tables: FoldTables) -> int:  # fmt: skip
    """Fold one message with the repairs that were seen to be needed, and write it. Returns its length."""
    _copy_plain(entries, text.points, text.starts, text.ends)
    n = len(entries)
    for _ in range(MAX_PASSES):
        if seen & EXPANDS:
            n = _expand(text, n, spare, tables)
            text, spare = spare, text
            seen = look_again(text, n, tables)
        before = n
        n, changed, seen = repair(text, n, seen, tables)
        if seen == 0 or (n == before and not changed):
            break
    points, starts, ends = out.points[at : at + n], out.starts[at : at + n], out.ends[at : at + n]
    for i in range(n):
        points[i] = text.points[i]
    for i in range(n):
        starts[i] = text.starts[i]
    for i in range(n):
        ends[i] = text.ends[i]
    return n


@borrowing_kernel(COUNT(I64, U32, U8, BUFFER, BUFFER, FOLDED, TABLES))
def _fold_all(offsets: NDArray[np.int64], entries: Points, doubts: Kinds, text: Buffer, spare: Buffer, out: Folded,
               tables: FoldTables) -> int:  # fmt: skip
    """Fold all messages, one after the other. Returns the length of them all."""
    at = out.offsets[0] = 0
    for m in range(len(offsets) - 1):
        first, last = offsets[m] + m, offsets[m + 1] + m
        message, n = entries[AHEAD + first : AHEAD + last + 1], int(last - first)
        seen = doubts_of(message, doubts[first : last + 1], tables.doors, tables.trie)
        if seen:
            n = _fold_message(message[:n], seen, text, spare, out, at, tables)
        else:
            _copy_plain(message[:n], out.points[at : at + n], out.starts[at : at + n], out.ends[at : at + n])
        at += n
        out.offsets[m + 1] = at
    for i in range(at):
        out.points[i] &= POINT_OF
    return at
