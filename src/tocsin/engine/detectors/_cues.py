"""Cues: what must stand at a place of a message for a detector to look there at all.

Most messages hold no indicator, so one compiled pass over the folded text of a batch marks the places where one may
begin, and only these messages are laid out as a haystack. A cue is a set of words, or a shape that words cannot tell. A
cue may mark too much, never too little: the detector decides. What is not here: any decision.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum, auto
from typing import NamedTuple

import numpy as np
from numba import types
from numpy.typing import NDArray

from tocsin.engine.kernels import COUNT, I32, I64, U8, U32, U64, inner, kernel, record, several
from tocsin.engine.text import FoldedBatch

POINTS = 0x110000
OPENINGS = 1 << 17
# What a point can be, as bits: a letter a-z, a digit, first of what may be a dot, first of a word of a cue.
LETTER, DIGIT, DOT, FIRST = 1, 2, 4, 8
WORD = LETTER | DIGIT
DOTS = ".。·•・‧∙⋅点丶"
_LETTERS, _DIGITS, _JOINTS, _CLOSERS = "abcdefghijklmnopqrstuvwxyz", "0123456789", " ()-./·–—", "])}】>"
# What may follow a word of one point; 0 is the end of the message.
_AFTER_ONE = "\0" + "".join(map(chr, range(32, 127))) + "←↑→↓⇒➡·…“”‘’、。《》「」『』【】〔〕"
# Unsigned counters: numba then has no negative index to care for.
_0, _1, _2, _3, _4 = (np.uint64(number) for number in range(5))
_NEAR = np.uint64(20)
_CODE = np.uint64(26)
_SHORT_CODE = np.uint64(14)
_HALF_CODE = np.uint64(7)


class Shape(IntEnum):
    """What words cannot tell.

    NUMBER: digits that stand alone, grouped by up to two separators, as `_numbers.Numbers` reads them: at least eight,
    or seven behind a plus, or five or six that begin as the service numbers of China do.  ADDRESS: at least four digits
    with three dots among them.  SPELLED: eleven digits from 13 up, some of which are the letters o, i, l.  ENDING: a
    dot before the ending of a domain.  CODE: a word of at least 26 letters and digits, or of 14 after bc1 or ltc1.
    ACCOUNT: two letters and two digits that begin at least 15 letters and digits.
    """

    NUMBER = 0
    ADDRESS = auto()
    SPELLED = auto()
    ENDING = auto()
    CODE = auto()
    ACCOUNT = auto()


@dataclass(frozen=True, slots=True, eq=False)
class Cue:
    """Where a detector wants to look: where one of some words begins, or where a shape does.

    words: folded text. One that begins with a Latin letter or digit counts only where it begins a word; one of a single
    point only before `_AFTER_ONE`.  named: count a word only where it may announce a name: at least four letters,
    digits or low lines within 20 points behind it, with a digit or mark among them if the word is a Latin one, or as
    many in front of it, with a digit or low line.
    """

    words: tuple[str, ...] = ()
    shape: Shape | None = None
    named: bool = False


@dataclass(frozen=True, slots=True)
class Marks:
    """The marked places of a batch, in order: row int32, place int64 in FoldedBatch.points, cues uint64, a bit each."""

    row: NDArray[np.int32]
    place: NDArray[np.int64]
    cues: NDArray[np.uint64]


class CueTables(NamedTuple):
    """What the kernel looks up.

    roles: uint8[POINTS].  openings: uint8[OPENINGS], whether two neighbouring points are worth a look, by their slot.
    letters, heads: the trie of words; the edges of node i are ``letters[heads[i]:heads[i + 1]]``, sorted, and edge e
    leads to node e + 1.  accepts: uint64[2 * nodes], the cues of which a word ends at a node, then those that want a
    name near it.  endings: uint64, sorted hashes.  shapes: uint64[shapes], the cues of each.
    """

    roles: NDArray[np.uint8]
    openings: NDArray[np.uint8]
    letters: NDArray[np.uint32]
    heads: NDArray[np.int32]
    accepts: NDArray[np.uint64]
    endings: NDArray[np.uint64]
    shapes: NDArray[np.uint64]


_TABLES = record(CueTables, U8, U8, U32, I32, U64, U64, U64)


def compile_cues(cues: Sequence[Cue], endings: Iterable[str]) -> CueTables:
    """Tables for cues, in the order of their bits; endings: those of domains. Raises ValueError for more than 64."""
    if len(cues) > 64:
        raise ValueError(f"at most 64 cues, not {len(cues)}")
    roles = np.zeros(POINTS, dtype=np.uint8)
    openings = np.zeros(OPENINGS, dtype=np.uint8)
    roles[[ord(letter) for letter in _LETTERS]] = LETTER
    roles[[ord(digit) for digit in _DIGITS]] = DIGIT
    roles[[ord(dot) for dot in DOTS + " d"]] |= DOT
    _open(_DIGITS, _DIGITS + _LETTERS + _JOINTS, openings)
    _open(DOTS, _LETTERS + _CLOSERS, openings)
    _open(" ", ".", openings)
    _open("d", "o", openings)
    shapes = np.zeros(len(Shape), dtype=np.uint64)
    words: tuple[dict[str, int], dict[str, int]] = ({}, {})
    for number, cue in enumerate(cues):
        if cue.shape is not None:
            shapes[cue.shape] |= np.uint64(1 << number)
        for word in cue.words:
            roles[ord(word[0])] |= FIRST
            _open(word[0], word[1:2] or _AFTER_ONE, openings)
            words[cue.named][word] = words[cue.named].get(word, 0) | 1 << number
    # Numbered by length, then by spelling: so the edges of a node lie together, in the order of the nodes.
    nodes = sorted({word[:end] for word in (*words[0], *words[1]) for end in range(len(word) + 1)}, key=_by_length)
    numbers = {node: number for number, node in enumerate(nodes)}
    parents = np.array([numbers[node[:-1]] for node in nodes[1:]], dtype=np.int64)
    return CueTables(
        roles=roles,
        openings=openings,
        letters=np.array([ord(node[-1]) for node in nodes[1:]], dtype=np.uint32),
        heads=np.searchsorted(parents, np.arange(len(nodes) + 1)).astype(np.int32),
        accepts=np.array([each.get(node, 0) for node in nodes for each in words], dtype=np.uint64),
        endings=np.array(sorted(_hash_of(ending) for ending in endings), dtype=np.uint64),
        shapes=shapes,
    )


def _by_length(word: str) -> tuple[int, str]:
    return len(word), word


def _open(first: str, second: str, openings: NDArray[np.uint8]) -> None:
    """Let every pair of one of some points and one of others be looked at."""
    for one in first:
        for other in second:
            row = ord(one) % 512 + 512 * (ord(one) > 127)  # as _slot has it
            openings[(row * 128 ^ ord(other)) % OPENINGS] = 1


def _hash_of(ending: str) -> int:
    value = 0
    for letter in ending:
        value = (value * 31 + ord(letter)) % (1 << 64)
    return value


def find_cues(folded: FoldedBatch, tables: CueTables) -> Marks:
    """Mark a batch; one pass, without a Python object per message."""
    places, cues, rows = _scan(folded.points, folded.offsets, tables)
    return Marks(rows, places, cues)


@inner(types.uint32(types.uint32, types.uint32))
def _slot(first: np.uint32, second: np.uint32) -> np.uint32:
    """Where `CueTables.openings` says whether to look at two neighbouring points; pairs of ASCII share none."""
    row = (first & np.uint32(511)) + np.uint32(512 * (first > 127))
    return (row * np.uint32(128) ^ second) & np.uint32(OPENINGS - 1)


@inner(types.boolean(U64, types.uint64))
def _holds(keys: NDArray[np.uint64], key: np.uint64) -> bool:
    """Whether sorted keys hold one. Halving without a branch: a processor guesses those wrong half of the time."""
    low, size = _0, np.uint64(len(keys))
    while size > _1:
        half = size >> _1
        low += half * np.uint64(keys[low + half] <= key)
        size -= half
    return bool(size > _0 and keys[low] == key)


@inner(types.boolean(types.uint32))
def _is_of_name(point: np.uint32) -> bool:
    """Whether a point is a letter, a digit or a low line."""
    return bool(97 <= point <= 122 or 48 <= point <= 57 or point == 95)


@inner(types.boolean(U32, types.uint64, types.uint64, types.uint64, types.uint64))
def _is_name_near(points: NDArray[np.uint32], begin: np.uint64, first: np.uint64, last: np.uint64,
                  end: np.uint64) -> bool:  # fmt: skip
    """Whether what stands from first to last may announce a name: `Cue` says when."""
    stop, i = min(end, last + _NEAR), last
    count, marks = 0, 0 if 97 <= points[first] <= 122 else 1
    while i < stop:
        count += _is_of_name(points[i])
        if points[i] == 46:
            marks += int(i + _1 < stop and _is_of_name(points[i + _1]))
        else:  # digits, : = @ ( " and the like
            marks += int(points[i] == 95 or (34 <= points[i] < 65 and points[i] != 44))
        i += _1
    if count >= 4 and marks:
        return True
    stop, i = max(begin + _NEAR, first) - _NEAR, first
    count, marks = 0, 0
    while i > stop:
        i -= _1
        count += _is_of_name(points[i])
        marks += _is_of_name(points[i]) and bool(points[i] < 97)
    return count >= 4 and marks > 0


@inner(COUNT(COUNT, types.uint32, U32, I32))
def _step(node: int, point: np.uint32, letters: NDArray[np.uint32], heads: NDArray[np.int32]) -> int:
    """The node that a point leads to from a node of the trie, or 0."""
    low = np.uint64(heads[node])
    size = np.uint64(heads[node + 1]) - low
    if not size:
        return 0
    while size > _1:
        half = size >> _1
        low += half * np.uint64(letters[low + half] <= point)
        size -= half
    return int(low) + 1 if letters[low] == point else 0


@inner(types.uint64(U32, types.uint64, types.uint64, types.uint64, U32, I32, U64))
def _words_at(points: NDArray[np.uint32], begin: np.uint64, i: np.uint64, end: np.uint64, letters: NDArray[np.uint32],
              heads: NDArray[np.int32], accepts: NDArray[np.uint64]) -> np.uint64:  # fmt: skip
    """The cues of which a word begins at i, in the message from begin to end."""
    node, j, found = 0, i, _0
    while j < end:
        node = _step(node, points[j], letters, heads)
        if not node:
            break
        j += _1
        found |= accepts[2 * node]
        if accepts[2 * node + 1] and _is_name_near(points, begin, i, j, end):
            found |= accepts[2 * node + 1]
    return found


@inner(types.boolean(types.uint32))
def _joins_digits(point: np.uint32) -> bool:
    """Whether a point may stand between the digits of one number: space ( ) - . / · – —."""
    if point < 128:
        return point in (32, 40, 41, 45, 46, 47)
    return point in (0xB7, 0x2013, 0x2014)


@inner(several(types.uint64, COUNT, COUNT)(U32, types.uint64, types.uint64))
def read_run(points: NDArray[np.uint32], i: np.uint64, end: np.uint64) -> tuple[np.uint64, int, int]:
    """The number that begins with the digit at i: its end, how many digits and how many full stops it has."""
    count, dots = 1, 0
    i += _1
    while i < end:
        j = i
        while j < end and j < i + _2 and _joins_digits(points[j]):
            j += _1
        if j == end or not 48 <= points[j] <= 57:
            break
        while i < j:
            dots += points[i] == 46
            i += _1
        count += 1
        i += _1
    return i, count, dots


@inner(types.boolean(U32, types.uint64, types.uint64, types.uint64, types.uint64))
def stands_alone(points: NDArray[np.uint32], begin: np.uint64, start: np.uint64, stop: np.uint64,
                 end: np.uint64) -> bool:  # fmt: skip
    """Whether what lies from start to stop is not glued to a Latin word, a decimal or an amount."""
    before = points[start - _1] if start > begin else np.uint32(0)
    if _is_of_name(before) or before in (36, 0xA5, 0xA3, 0x20AC, 64, 35, 37):  # $¥£€@#%
        return False
    if before in (46, 44, 58) and start > begin + _1 and 48 <= points[start - _2] <= 57:
        return False
    after = points[stop] if stop < end else np.uint32(0)
    if _is_of_name(after) or after in (64, 37):  # @%
        return False
    return not bool(after in (46, 44, 58) and stop + _1 < end and 48 <= points[stop + _1] <= 57)


@inner(types.boolean(U32, types.uint64, types.uint64, types.uint64, types.uint64, COUNT))
def _may_be_of_use(points: NDArray[np.uint32], begin: np.uint64, i: np.uint64, stop: np.uint64, end: np.uint64,
                   count: int) -> bool:  # fmt: skip
    """Whether the number from i to stop may be one to dial or to pay to; small amounts, years and the like are not."""
    j = i
    while count > 6 and j > begin and j + _4 > i:
        j -= _1
        if points[j] == 43:
            return True
    if count < 8:
        first, second = points[i], points[i + _1]
        if count not in (5, 6) or not ((first == 57 and 53 <= second <= 54) or (first == 49 and second in (48, 50))):
            return False
    return stands_alone(points, begin, i, stop, end)


@inner(types.boolean(U32, types.uint64, types.uint64, U64))
def _is_ending(points: NDArray[np.uint32], i: np.uint64, end: np.uint64, endings: NDArray[np.uint64]) -> bool:
    """Whether the ending of a domain stands at i, as a whole word."""
    value, length = _0, 0
    while i < end and 97 <= points[i] <= 122:
        value = value * np.uint64(31) + np.uint64(points[i])
        length += 1
        i += _1
    if not 2 <= length <= 24 or (i < end and (points[i] in (45, 95) or 48 <= points[i] <= 57)):
        return False
    return _holds(endings, value)


@inner(types.boolean(U32, types.uint64, types.uint64, types.uint64, U64))
def _is_dot(points: NDArray[np.uint32], begin: np.uint64, i: np.uint64, end: np.uint64,
            endings: NDArray[np.uint64]) -> bool:  # fmt: skip
    """Whether a dot, or the word for it, stands at i and may be the last one of a domain; it may have brackets."""
    before = points[i - _1] if i > begin else np.uint32(0)
    if points[i] == 100:
        if 97 <= before <= 122 or i + _3 >= end or points[i + _1] != 111 or points[i + _2] != 116:
            return False
        i += _2
    elif points[i] == 46:
        if before in (46, 58, 0):  # a row of dots, or a dot that begins the message
            return False
    elif points[i] == 32:
        if i + _2 >= end or points[i + _2] != 32:
            return False  # the dot itself is looked at next
        before = np.uint32(32)
        i += _1
    elif not (_is_of_name(before) or before in (32, 45, 91, 40, 123, 0x3010, 60) or 0xE0 <= before < 0x250):
        return False
    i += _1
    if i < end and (before == 32 or before in (91, 40, 123, 0x3010, 60)):
        i += np.uint64(points[i] == 32)
        i += np.uint64(i < end and points[i] in (93, 41, 125, 0x3011, 62))
    return _is_ending(points, i, end, endings)


@inner(types.boolean(U32, types.uint64, types.uint64))
def _is_code(points: NDArray[np.uint32], i: np.uint64, stop: np.uint64) -> bool:
    """Whether the word from i to stop is long enough for a hash or a wallet."""
    if stop - i < _SHORT_CODE:
        return False
    j = i + np.uint64(points[i] == 108)
    if points[i] == 98 or points[j] == 116:
        j += _1
    return bool(stop - i >= _CODE or (j > i and points[j] == 99 and points[j + _1] == 49))


@inner(types.boolean(U32, types.uint64, types.uint64, U8))
def _is_account(points: NDArray[np.uint32], i: np.uint64, end: np.uint64, roles: NDArray[np.uint8]) -> bool:
    """Whether two letters and two digits at i begin at least 15 letters and digits, single spaces aside."""
    if i + np.uint64(15) > end or not roles[points[i + _1]] & LETTER:
        return False
    if not (roles[points[i + _2]] & DIGIT and roles[points[i + _3]] & DIGIT):
        return False
    count = 0
    while i < end and count < 15:
        if roles[points[i]] & WORD:
            count += 1
        elif points[i] != 32 or points[i - _1] == 32:
            break
        i += _1
    return count == 15


@inner(types.boolean(U32, types.uint64, types.uint64, U8))
def _is_spelled(points: NDArray[np.uint32], i: np.uint64, end: np.uint64, roles: NDArray[np.uint8]) -> bool:
    """Whether eleven digits, letters o, i and l among them, begin at i."""
    if i + np.uint64(11) > end or points[i] not in (49, 105, 108) or not 51 <= points[i + _1] <= 57:
        return False
    count, letters = 0, 0
    while i < end and count < 11:
        point = points[i]
        if roles[point] & DIGIT:
            count += 1
        elif point in (105, 108, 111):
            count += 1
            letters += 1
        elif point not in (32, 45) or points[i - _1] in (32, 45):
            break
        i += _1
    return count == 11 and letters > 0


@inner(COUNT(I64, U64, I32, COUNT, types.uint64, types.uint64, COUNT))
def _put(places: NDArray[np.int64], cues: NDArray[np.uint64], rows: NDArray[np.int32], n: int, place: np.uint64,
         found: np.uint64, row: int) -> int:  # fmt: skip
    """Note cues at a place, together with those noted there before. Returns how many places are noted."""
    if not found:
        return n
    if n and places[n - 1] == np.int64(place):
        cues[n - 1] |= found
        return n
    places[n], cues[n], rows[n] = place, found, row
    return n + 1


@inner(types.uint64(U32, types.uint64, types.uint64, U8))
def _next(points: NDArray[np.uint32], i: np.uint64, end: np.uint64, openings: NDArray[np.uint8]) -> np.uint64:
    """The next place from i on that is worth a look, by its two neighbouring points; end if there is none."""
    if i >= end:
        return end
    last = end - _1
    while i < last:
        if openings[_slot(points[i], points[i + _1])]:
            return i
        i += _1
    return i if openings[_slot(points[i], np.uint32(0))] else end


@inner(types.boolean(U32, types.uint64, types.uint64, types.uint64, U8))
def _is_in_shape(points: NDArray[np.uint32], begin: np.uint64, i: np.uint64, end: np.uint64,
                 roles: NDArray[np.uint8]) -> bool:  # fmt: skip
    """Whether the word around the digit at i may be a shape: for most numbers three looks tell that it is none."""
    if points[i] == 49 or (i > begin and roles[points[i - _1]] & LETTER):
        return True
    if i + _HALF_CODE < end and roles[points[i + _HALF_CODE]] & WORD:
        return True
    return bool(i >= begin + _HALF_CODE and roles[points[i - _HALF_CODE]] & WORD)


@inner(several(types.uint64, types.uint64, types.uint64)(U32, types.uint64, types.uint64, types.uint64, U8, U64))
def _shapes_around(points: NDArray[np.uint32], begin: np.uint64, i: np.uint64, end: np.uint64, roles: NDArray[np.uint8],
                   shapes: NDArray[np.uint64]) -> tuple[np.uint64, np.uint64, np.uint64]:  # fmt: skip
    """Start and end of the word around the digit at i, and the shapes that it begins, numbers aside."""
    start, stop, found = i, i + _1, _0
    while start > begin and roles[points[start - _1]] & WORD:
        start -= _1
    while stop < end and roles[points[stop]] & WORD:
        stop += _1
    if _is_code(points, start, stop):
        found |= shapes[Shape.CODE]
    if stop - start >= _4 and roles[points[start]] & LETTER and _is_account(points, start, end, roles):
        found |= shapes[Shape.ACCOUNT]
    if _is_spelled(points, start, end, roles):
        found |= shapes[Shape.SPELLED]
    return start, stop, found


@kernel(several(I64, U64, I32)(U32, I64, _TABLES))
def _scan(points: NDArray[np.uint32], offsets: NDArray[np.int64],
          tables: CueTables) -> tuple[NDArray[np.int64], NDArray[np.uint64], NDArray[np.int32]]:  # fmt: skip
    """Mark all messages. Two neighbouring points decide whether there is anything to look at; there hardly ever is."""
    roles, openings, shapes, endings = tables.roles, tables.openings, tables.shapes, tables.endings
    letters, heads, accepts = tables.letters, tables.heads, tables.accepts
    places, cues = np.empty(len(points), np.int64), np.empty(len(points), np.uint64)
    rows, n = np.empty(len(points), np.int32), 0
    for m in range(len(offsets) - 1):
        begin, end = np.uint64(offsets[m]), np.uint64(offsets[m + 1])
        i, counted, seen = _next(points, begin, end, openings), begin, begin
        while i < end:
            role, found = roles[points[i]], _0
            if role & DIGIT and i >= seen and _is_in_shape(points, begin, i, end, roles):
                start, seen, found = _shapes_around(points, begin, i, end, roles, shapes)
                n = _put(places, cues, rows, n, start, found, m)
            found = _0
            if role & DIGIT and i >= counted:
                counted, count, dots = read_run(points, i, end)
                found = shapes[Shape.NUMBER] if _may_be_of_use(points, begin, i, counted, end, count) else _0
                found |= shapes[Shape.ADDRESS] if count >= 4 and dots >= 3 else _0
            if role & FIRST and not (role & WORD and i > begin and roles[points[i - _1]] & WORD):
                found |= _words_at(points, begin, i, end, letters, heads, accepts)
            if role & DOT and _is_dot(points, begin, i, end, endings):
                found |= shapes[Shape.ENDING]
            n = _put(places, cues, rows, n, i, found, m)
            i = _next(points, i + _1, end, openings)
    return places[:n].copy(), cues[:n].copy(), rows[:n].copy()
