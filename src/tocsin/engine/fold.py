"""Folding: many ways to write a message become one, and each folded point knows where it came from.

What it does, in this order, until nothing changes any more: NFKC, lower case, simplified characters, plain digits,
invisible points removed, pictures to words or to a space; marks composed, and characters written as two parts put
together; white-space runs to one space; look-alike letters inside a mixed run to Latin, look-alike kana between
ideographs to ideographs; separators inside words removed; Chinese numerals inside a number-like run to digits;
disguised spellings to the words that they stand for. The tables are in ``fold_tables.py``.

The passes repeat because one repair may uncover another, at most MAX_PASSES times, so that hostile text costs a bounded
number of linear passes. Folding is idempotent. What is not here: no pattern, no indicator, no judgement.
"""

from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numba import types
from numpy.typing import NDArray

from tocsin.engine.fold_tables import (
    DIGIT,
    DISGUISE_FIRST,
    DROPPED,
    FOREIGN,
    HAN,
    KANA,
    LATIN,
    LETTER,
    LOOKS_HAN,
    ODD,
    PAIR_FIRST,
    PAIR_SECOND,
    PLAIN,
    SPACE,
    FoldTables,
    Keys,
    Kinds,
    Points,
    Spans,
    load_tables,
    open_slot,
)
from tocsin.engine.kernels import COUNT, I32, I64, U8, U16, U32, U64, inner, kernel, record, several
from tocsin.engine.text import FoldedBatch, TextBatch

MAX_PASSES = 8
NUMBER_RUN = 6  # shorter runs of Chinese numerals are years, weekdays and ordinary counting


class Buffer(NamedTuple):
    """Scratch space for one message: points, where each begins and ends in the original, looks as FoldTables.alike."""

    points: Points
    starts: Spans
    ends: Spans
    looks: Points


_BUFFER = record(Buffer, U32, I32, I32, U32)
_TABLES = record(FoldTables, I32, U32, U32, U8, U16, U32, U64, U32, U64, I32, types.int32[:, ::1], U32, U8)


def fold_batch(batch: TextBatch) -> FoldedBatch:
    """Fold every message; as many messages come out as went in, each with the offset map of its points."""
    points, starts, ends, offsets = _fold_all(batch.points, batch.offsets, load_tables())
    return FoldedBatch(points=points, offsets=offsets, starts=starts, ends=ends)


def fold_text(text: str) -> str:
    """Fold one message; the same kernel as fold_batch. Raises UnicodeEncodeError on lone surrogates."""
    folded = fold_batch(TextBatch.from_arrow(pa.array([text], type=pa.string())))
    return folded.points.tobytes().decode("utf-32-le")


@inner(COUNT(U64, types.uint64))
def find_key(keys: Keys, key: np.uint64) -> int:
    """Index of key in sorted keys, or -1."""
    low, high = 0, len(keys)
    while low < high:
        middle = (low + high) >> 1
        if keys[middle] < key:
            low = middle + 1
        else:
            high = middle
    return low if low < len(keys) and keys[low] == key else -1


@inner(types.uint32(types.uint32, types.uint32, _TABLES))
def _compose(first: np.uint32, second: np.uint32, tables: FoldTables) -> np.uint32:
    """The composition of two points, or 0. Hangul by arithmetic (Unicode chapter 3.12), the rest by table."""
    if 0x1100 <= first < 0x1113 and 0x1161 <= second < 0x1176:
        return np.uint32(0xAC00 + ((first - 0x1100) * 21 + (second - 0x1161)) * 28)
    if 0xAC00 <= first < 0xD7A4 and 0x11A7 < second < 0x11C3:
        return np.uint32(first + (second - 0x11A7)) if (first - 0xAC00) % 28 == 0 else np.uint32(0)
    at = find_key(tables.pairs, np.uint64(first) << np.uint64(32) | np.uint64(second))
    return tables.pair_values[at] if at >= 0 else np.uint32(0)


@inner(COUNT(_BUFFER, COUNT, types.uint32, types.int32, types.int32, _TABLES))
def _attach(out: Buffer, n: int, mark: np.uint32, start: np.int32, end: np.int32, tables: FoldTables) -> int:
    """Add a point that may compose with the last one, or else vanish. Returns the new length."""
    if n and tables.role[out.points[n - 1]] & PAIR_FIRST:
        composed = _compose(out.points[n - 1], mark, tables)
        if composed:
            out.points[n - 1], out.ends[n - 1], out.looks[n - 1] = composed, end, np.uint32(0)
            return n
    if tables.role[mark] & DROPPED:
        return n
    out.points[n], out.starts[n], out.ends[n], out.looks[n] = mark, start, end, tables.alike[mark]
    return n + 1


@inner(COUNT(_BUFFER, COUNT, _BUFFER, _TABLES))
def _expand(source: Buffer, count: int, out: Buffer, tables: FoldTables) -> int:
    """Fold each point by the table, compose, and collapse white space. Returns the length of out."""
    n = 0
    # Arrays are taken out of their records before a loop: numba counts a reference at every access inside it.
    points, starts, ends, looks = out.points, out.starts, out.ends, out.looks
    from_points, from_starts, from_ends = source.points, source.starts, source.ends
    slot, bounds, flat, role, alike = tables.slot, tables.bounds, tables.flat, tables.role, tables.alike
    for i in range(count):
        point, start, end = from_points[i], from_starts[i], from_ends[i]
        entry = slot[point]
        first, last = (int(bounds[entry - 1]), int(bounds[entry])) if entry else (0, 1)
        for k in range(first, last):
            new = flat[k] if entry else point
            bits = role[new]
            if bits & DROPPED or (bits & PAIR_SECOND and n and role[points[n - 1]] & PAIR_FIRST):
                n = _attach(out, n, new, start, end, tables)
            elif new != 32 or (n and points[n - 1] != 32):
                points[n], starts[n], ends[n] = new, start, end
                looks[n] = alike[point] if last - first == 1 else np.uint32(0)
                n += 1
            elif n:
                ends[n - 1] = end
    return n - 1 if n and points[n - 1] == 32 else n


@inner(types.boolean(types.uint32, U8))
def _in_run(point: np.uint32, kind: Kinds) -> bool:
    """Whether a point belongs to a run in which letters of two scripts are suspicious (the inside of domains too)."""
    return kind[point] in (LATIN, DIGIT, FOREIGN, LETTER) or point in (45, 46, 95, 64)


@inner(types.boolean(_BUFFER, COUNT, COUNT, COUNT, _TABLES))
def _undo_run(text: Buffer, start: int, end: int, n: int, tables: FoldTables) -> bool:
    """Make a run Latin if it is mixed and each of its foreign letters looks Latin. Returns whether it did."""
    latin, foreign = 0, 0
    for i in range(start, end):
        kind = tables.kind[text.points[i]]
        latin += kind == LATIN
        if kind == FOREIGN:
            foreign += 1
            if text.looks[i] == 0 or tables.role[text.points[i]] & LOOKS_HAN:
                return False
    near_han = (start > 0 and tables.kind[text.points[start - 1]] == HAN) or (
        end < n and tables.kind[text.points[end]] == HAN
    )
    if not foreign or not (latin or near_han):
        return False
    for i in range(start, end):
        if tables.kind[text.points[i]] == FOREIGN:
            text.points[i] = text.looks[i]
    return True


@inner(types.boolean(_BUFFER, COUNT, _TABLES))
def _undo_kana(text: Buffer, n: int, tables: FoldTables) -> bool:
    """Replace kana that look like ideographs, between ideographs, where the message has no other kana."""
    points, changed = text.points, False
    for i in range(n):
        if tables.kind[points[i]] == KANA and not tables.role[points[i]] & LOOKS_HAN:
            return False
    for i in range(1, n - 1):
        neighbours = tables.kind[points[i - 1]] == HAN and tables.kind[points[i + 1]] == HAN
        if neighbours and tables.role[points[i]] & LOOKS_HAN:
            points[i], changed = text.looks[i], True
    return changed


@inner(types.boolean(_BUFFER, COUNT, _TABLES))
def _undo_look_alikes(text: Buffer, n: int, tables: FoldTables) -> bool:
    """Undo look-alike letters. Returns whether any was replaced."""
    foreign, kana = 0, 0
    for i in range(n):
        foreign += tables.kind[text.points[i]] == FOREIGN
        kana += tables.role[text.points[i]] & LOOKS_HAN != 0
    changed = _undo_kana(text, n, tables) if kana else False
    i = 0
    while foreign and i < n:
        start = i
        while i < n and _in_run(text.points[i], tables.kind):
            i += 1
        changed = _undo_run(text, start, i, n, tables) or changed
        i += i == start
    return changed


@inner(types.boolean(_BUFFER, COUNT, _TABLES))
def _undo_numerals(text: Buffer, n: int, tables: FoldTables) -> bool:
    """Turn Chinese numerals into digits inside runs of at least NUMBER_RUN digits. Returns whether any was."""
    points, role, changed, i = text.points, tables.role, False, 0
    while i < n:
        start, numerals = i, 0
        while i < n and (role[points[i]] >> 8 or tables.kind[points[i]] == DIGIT):
            numerals += role[points[i]] >> 8 != 0
            i += 1
        if numerals and i - start >= NUMBER_RUN:
            for j in range(start, i):
                if role[points[j]] >> 8:
                    points[j], changed = np.uint32(47 + (role[points[j]] >> 8)), True
        i += i == start
    return changed


@inner(COUNT(_BUFFER, COUNT, COUNT, COUNT, _TABLES))
def _separator_end(text: Buffer, i: int, n: int, piece: int, tables: FoldTables) -> int:
    """End of the separators at i if they only split a word (piece ideographs stand before them), else i."""
    end, plain = i, 0
    while end < n and end - i < 4 and tables.kind[text.points[end]] in (SPACE, ODD, PLAIN):
        plain += tables.kind[text.points[end]] == PLAIN
        end += 1
    right = 0
    while right < 3 and end + right < n and tables.kind[text.points[end + right]] == HAN:
        right += 1
    if right == 0 or end - i > 3:
        return i
    if end - i == 1 and text.points[i] == 32:
        return end
    return end if min(piece, right) <= (1 if plain else 2) else i


@inner(COUNT(_BUFFER, COUNT, _TABLES))
def _join_ideographs(text: Buffer, n: int, tables: FoldTables) -> int:
    """Drop spaces between ideographs, and other separators where the pieces are too short to be words. New length."""
    points, starts, ends, kinds = text.points, text.starts, text.ends, tables.kind
    w, i, piece = 0, 0, 0
    while i < n:
        kind = kinds[points[i]]
        if piece and kind in (SPACE, ODD, PLAIN):
            end = _separator_end(text, i, n, piece, tables)
            if end > i:
                piece = piece if end - i == 1 and points[i] == 32 else 0
                i = end
                continue
        piece = piece + 1 if kind == HAN else 0
        points[w], starts[w], ends[w] = points[i], starts[i], ends[i]
        w += 1
        i += 1
    return w


@inner(types.boolean(U32, COUNT, COUNT, U8))
def _is_word(points: Points, i: int, n: int, kind: Kinds) -> bool:
    """Whether there is a letter or digit of a Latin word at i."""
    return 0 <= i < n and kind[points[i]] in (LATIN, DIGIT, LETTER)


@inner(COUNT(_BUFFER, COUNT, COUNT, _TABLES))
def _chain_end(text: Buffer, i: int, n: int, tables: FoldTables) -> int:
    """End of the chain of single letters and digits that begins at i (w-e-i-x-i-n), or i where it is none."""
    if i + 2 >= n or tables.kind[text.points[i + 1]] not in (SPACE, ODD, PLAIN):
        return i
    separator, j, pieces = text.points[i + 1], i, 1
    digits = int(tables.kind[text.points[i]] == DIGIT)
    longer_follows = False
    while j + 2 < n and text.points[j + 1] == separator and _is_word(text.points, j + 2, n, tables.kind):
        longer_follows = _is_word(text.points, j + 3, n, tables.kind)
        if longer_follows:
            break
        j += 2
        pieces += 1
        digits += tables.kind[text.points[j]] == DIGIT
    if longer_follows and tables.kind[separator] == PLAIN:  # a.b.c.example, 1-2-3-4-5-67: not spelled out
        return i
    needed = 6 if digits == pieces else 5 if digits else 4
    return j + 1 if pieces >= needed else i


@inner(COUNT(_BUFFER, COUNT, _TABLES))
def _join_letters(text: Buffer, n: int, tables: FoldTables) -> int:
    """Join words that are spelled letter by letter. New length."""
    points, starts, ends, kind = text.points, text.starts, text.ends, tables.kind
    w, i, after_word = 0, 0, False
    while i < n:
        word = _is_word(points, i, n, kind)
        if word and not after_word and not _is_word(points, i + 1, n, kind):
            end = _chain_end(text, i, n, tables)
            while i < end - 1:
                points[w], starts[w], ends[w] = points[i], starts[i], ends[i]
                w += 1
                i += 2
        after_word = word
        points[w], starts[w], ends[w] = points[i], starts[i], ends[i]
        w += 1
        i += 1
    return w


@inner(several(COUNT, COUNT)(_BUFFER, COUNT, COUNT, _TABLES))
def _longest_disguise(text: Buffer, i: int, n: int, tables: FoldTables) -> tuple[int, int]:
    """Node and end of the longest disguise that begins at i and does not cut a Latin word; (0, i) for none."""
    points, kind = text.points, tables.kind
    node, best, best_end, j = 0, 0, i, i
    if i and kind[points[i]] == LATIN and kind[points[i - 1]] in (LATIN, DIGIT):
        return best, best_end
    while j < n:
        at = find_key(tables.edges, np.uint64(node) << np.uint64(32) | np.uint64(points[j]))
        if at < 0:
            break
        node = int(tables.children[at])
        j += 1
        if tables.words[node, 1] and not (kind[points[j - 1]] == LATIN and j < n and kind[points[j]] == LATIN):
            best, best_end = node, j
    return best, best_end


@inner(several(COUNT, types.boolean)(_BUFFER, COUNT, _TABLES))
def _undo_disguises(text: Buffer, n: int, tables: FoldTables) -> tuple[int, bool]:
    """Replace disguised spellings. Returns the new length, and whether anything was replaced."""
    points, starts, ends, role, openings = text.points, text.starts, text.ends, tables.role, tables.openings
    w, i, changed = 0, 0, False
    while i < n:
        node, end = 0, i
        if role[points[i]] & DISGUISE_FIRST and i + 1 < n and openings[open_slot(points[i], points[i + 1])]:
            node, end = _longest_disguise(text, i, n, tables)
        if node == 0:
            points[w], starts[w], ends[w] = points[i], starts[i], ends[i]
            w += 1
            i += 1
            continue
        first, length = tables.words[node, 0], tables.words[node, 1]
        same, start, stop = length == end - i, starts[i], ends[end - 1]
        for k in range(length):
            letter = tables.letters[first + k]
            changed = changed or not same or points[i + k] != letter
            starts[w], ends[w] = (starts[i + k], ends[i + k]) if same else (start, stop)
            points[w] = letter
            w += 1
        i = end
    return w, changed


@inner(several(COUNT, COUNT)(U32, COUNT, U8, U16))
def _survey(points: Points, n: int, kind: Kinds, role: NDArray[np.uint16]) -> tuple[int, int]:
    """The classes that occur in a message, as bits, and all its roles: most messages need few of the repairs."""
    kinds, roles = 0, 0
    for i in range(n):
        kinds |= 1 << int(kind[points[i]])
        roles |= int(role[points[i]])
    return kinds, roles


@inner(several(COUNT, types.boolean)(_BUFFER, COUNT, _TABLES))
def _repair(text: Buffer, n: int, tables: FoldTables) -> tuple[int, bool]:
    """All repairs that look at more than one point. Returns the new length, and whether any point was replaced."""
    kinds, roles = _survey(text.points, n, tables.kind, tables.role)
    separated = kinds & (1 << SPACE | 1 << ODD | 1 << PLAIN) != 0
    changed = False
    if kinds & 1 << FOREIGN or roles & LOOKS_HAN:
        changed = _undo_look_alikes(text, n, tables)
    if separated and kinds & 1 << HAN:
        n = _join_ideographs(text, n, tables)
    if roles >> 8:
        changed = _undo_numerals(text, n, tables) or changed
    if separated:
        n = _join_letters(text, n, tables)
    if roles & DISGUISE_FIRST or changed:
        n, replaced = _undo_disguises(text, n, tables)
        changed = changed or replaced
    return n, changed


@inner(_BUFFER(COUNT))
def _new_buffer(size: int) -> Buffer:
    return Buffer(
        np.empty(size, np.uint32), np.empty(size, np.int32), np.empty(size, np.int32), np.empty(size, np.uint32)
    )


@inner(several(COUNT, COUNT)(U32, I64, _TABLES))
def _sizes(points: Points, offsets: NDArray[np.int64], tables: FoldTables) -> tuple[int, int]:
    """Upper bounds of the folded length of all messages, and of the longest of them."""
    slot, bounds = tables.slot, tables.bounds
    total, longest = 0, 0
    for m in range(len(offsets) - 1):
        size = 0
        for i in range(offsets[m], offsets[m + 1]):
            entry = slot[points[i]]
            size += int(bounds[entry]) - int(bounds[entry - 1]) if entry else 1
        total += size
        longest = max(longest, size, int(offsets[m + 1] - offsets[m]))
    return total, longest


@inner(types.void(U32, COUNT, COUNT, _BUFFER))
def _load_message(points: Points, first: int, count: int, text: Buffer) -> None:
    """Put one original message into scratch space, each point standing for itself."""
    out, starts, ends = text.points, text.starts, text.ends
    for i in range(count):
        out[i], starts[i], ends[i] = points[first + i], i, i + 1


@kernel(several(U32, I32, I32, I64)(U32, I64, _TABLES))
def _fold_all(points: Points, offsets: NDArray[np.int64],
              tables: FoldTables) -> tuple[Points, Spans, Spans, NDArray[np.int64]]:  # fmt: skip
    """Fold all messages, one after the other, through two scratch buffers of the longest message's size."""
    total, longest = _sizes(points, offsets, tables)
    out, out_offsets = _new_buffer(total), np.zeros(len(offsets), np.int64)
    text, spare = _new_buffer(longest), _new_buffer(longest)
    at = 0
    for m in range(len(offsets) - 1):
        n = int(offsets[m + 1] - offsets[m])
        _load_message(points, offsets[m], n, text)
        for _ in range(MAX_PASSES):
            before = _expand(text, n, spare, tables)
            text, spare = spare, text
            n, changed = _repair(text, before, tables)
            if not changed and n == before:
                break
        out.points[at : at + n] = text.points[:n]
        out.starts[at : at + n], out.ends[at : at + n] = text.starts[:n], text.ends[:n]
        at += n
        out_offsets[m + 1] = at
    return out.points[:at].copy(), out.starts[:at].copy(), out.ends[:at].copy(), out_offsets
