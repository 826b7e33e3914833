"""The tables that folding reads, in the shape that its kernels want.

What is here: loading ``tables/fold.npz`` (derived by ``scripts/derive_fold_tables.py``) and ``tables/disguises.txt``
(written and reviewed by hand), the classes and roles of code points. What is not: any folding, that is ``fold.py``.
"""

from functools import cache
from importlib.resources import files
from typing import NamedTuple

import numpy as np
from numba import types
from numpy.typing import NDArray

from tocsin.engine.kernels import COUNT, I32, U8, U16, U32, U64, borrowing_inner, record

POINTS = 0x110000

# Classes of code points, as the derived table has them.
HAN, LATIN, DIGIT, FOREIGN, SPACE, ODD, PLAIN, KANA, LETTER = 1, 2, 3, 4, 5, 6, 7, 8, 9
# Roles are bits: first and second of a composition, a mark to drop, first of a disguise, kana that looks like an
# ideograph. Bits 8 to 11 hold 1 + the value of a Chinese numeral.
PAIR_FIRST, PAIR_SECOND, DROPPED, DISGUISE_FIRST, LOOKS_HAN = 1, 2, 4, 8, 16
NUMERALS = "零〇一二三四五六七八九幺壹贰叁肆伍陆柒捌玖"
NUMERAL_VALUES = (0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9)
# Whether a disguise begins with three points stands in a filter: at the place of the first two, the bit of the third;
# all bits where the first two are all of it.
FILTER_FACTOR, FILTER_MASK, THIRD_MASK = np.uint32(31), np.uint32(0xFFFF), np.uint32(7)
DISGUISE_SEPARATORS = " .·-/*_+"

# An entry is a folded code point in the low 21 bits and, above it, all that the kernels ask of it on their way through
# a message: one look-up instead of four. STRANGE: a letter of another script, or kana that looks like an ideograph.
# NUMBER: a digit or a Chinese numeral (then HAN too). OPENS: first of a disguise. FIRST and SECOND: a base and a mark
# that may compose. RARE: this code point is not simply replaced by another one; then the low bits hold itself. HAN
# stands one bit above SEPARATOR, WORD two, NUMBER three above HAN, SECOND one above FIRST: the survey shifts one onto
# the other.
POINT_OF = np.uint32(0x1FFFFF)
(IS_SPACE, IS_SEPARATOR, IS_HAN, IS_WORD, IS_LATIN, IS_NUMBER, IS_STRANGE, OPENS, IS_FIRST, IS_SECOND, IS_RARE) = (
    np.uint32(1 << bit) for bit in range(21, 32)
)
HAN_OVER_SEPARATOR, WORD_OVER_SEPARATOR, NUMBER_OVER_HAN, SECOND_OVER_FIRST = map(np.uint32, (1, 2, 3, 1))

Points = NDArray[np.uint32]
Spans = NDArray[np.int32]
Keys = NDArray[np.uint64]
Kinds = NDArray[np.uint8]


class FoldTables(NamedTuple):
    """Everything that the kernels look up.

    entry: uint32[POINTS], see above.  slot: int32[POINTS], 0 or 1 + the index of a fold.  bounds, flat: fold i is
    ``flat[bounds[i]:bounds[i + 1]]``.  kind: uint8[POINTS] classes.  role: uint16[POINTS] bits.  alike: uint32[POINTS],
    the letter that a point looks like, or 0.  pairs, pair_values: sorted ``first << 32 | second`` and the composed
    point.  doors, trie, letters: all disguises, see `build_trie`.
    openings: uint8, see FILTER_MASK.
    """

    entry: Points
    slot: Spans
    bounds: Points
    flat: Points
    kind: Kinds
    role: NDArray[np.uint16]
    alike: Points
    pairs: Keys
    pair_values: Points
    doors: Points
    trie: Points
    letters: Points
    openings: Kinds


TABLES = record(FoldTables, U32, I32, U32, U32, U8, U16, U32, U64, U32, U32, U32, U32, U8)


@borrowing_inner(COUNT(U64, types.uint64))
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


@cache
def load_tables() -> FoldTables:
    """Read the bundled tables, once per process (some 10 ms)."""
    folder = files("tocsin.engine") / "tables"
    with (folder / "fold.npz").open("rb") as stream, np.load(stream) as stored:
        data = {name: stored[name] for name in stored.files if name != "about"}
    slot = np.zeros(POINTS, dtype=np.int32)
    slot[data["keys"]] = np.arange(1, len(data["keys"]) + 1, dtype=np.int32)
    alike = np.zeros(POINTS, dtype=np.uint32)
    alike[data["latin_keys"]] = data["latin_values"]
    alike[data["han_keys"]] = data["han_values"]
    disguises = read_disguises((folder / "disguises.txt").read_text(encoding="utf-8"))
    kind, role = class_of_points(data["classes"]), _roles(data, disguises)
    doors, trie, letters = build_trie(disguises)
    return FoldTables(
        entry=_entries(data, kind, role, alike),
        slot=slot,
        bounds=data["bounds"],
        flat=data["flat"],
        kind=kind,
        role=role,
        alike=alike,
        pairs=data["pairs"],
        pair_values=data["pair_values"],
        doors=doors,
        trie=trie,
        letters=letters,
        openings=_openings(disguises),
    )


@cache
def load_capitals() -> NDArray[np.bool_]:
    """bool[POINTS]: which original code points are capital Latin letters, in whatever dress (A, Ａ, 𝐀)."""
    with (files("tocsin.engine") / "tables" / "fold.npz").open("rb") as stream, np.load(stream) as stored:
        capitals = np.zeros(POINTS, dtype=np.bool_)
        capitals[stored["capitals"]] = True
    return capitals


def class_of_points(rows: Points) -> Kinds:
    """Spread rows of (first code point, class) over all code points."""
    kind = np.zeros(POINTS, dtype=np.uint8)
    for (first, value), last in zip(rows.tolist(), [*rows[1:, 0].tolist(), POINTS], strict=True):
        kind[first:last] = value
    return kind


def read_disguises(text: str) -> dict[str, str]:
    """Parse ``disguises.txt``: disguise → word, with ``~`` spelled out. Raises ValueError with the line number."""
    found: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        disguise, _, word = (part.strip() for part in line.partition("="))
        if len(disguise) < 2 or not word:
            raise ValueError(f"disguises.txt line {number}: expected 'disguise = word', found {line!r}")
        for spelling in _spellings(disguise):
            if len(word) > len(spelling):  # the kernel replaces in place
                raise ValueError(f"disguises.txt line {number}: {word!r} is longer than {spelling!r}")
            if found.setdefault(spelling, word) != word:
                raise ValueError(f"disguises.txt line {number}: {spelling!r} already stands for {found[spelling]!r}")
    return found


def _spellings(disguise: str) -> list[str]:
    """A disguise with each ``~`` replaced by nothing and by every separator."""
    head, tilde, tail = disguise.partition("~")
    if not tilde:
        return [disguise]
    return [head + separator + rest for rest in _spellings(tail) for separator in ("", *DISGUISE_SEPARATORS)]


def build_trie(disguises: dict[str, str]) -> tuple[Points, Points, Points]:
    """The first nodes of all disguises, by code point; the trie of what follows; the letters of their words.

    A node is a place in the trie: there stand how many points lead on from it, where in letters its word begins and
    how long that is (0 for none); then these points in order, and the nodes that they lead to. At 0 there is no node.
    """
    edges: dict[int, dict[int, int]] = {0: {}}
    words: dict[int, tuple[int, int]] = {}
    letters: list[int] = []
    for disguise, word in sorted(disguises.items()):
        node = 0
        for char in disguise:
            node = edges[node].setdefault(ord(char), len(edges))
            edges.setdefault(node, {})
        words[node] = (len(letters), len(word))
        letters.extend(map(ord, word))
    places = np.cumsum([0, 1, *(3 + 2 * len(edges[node]) for node in range(1, len(edges)))])
    doors = np.zeros(max(edges[0]) + 1, dtype=np.uint32)
    doors[list(edges[0])] = places[list(edges[0].values())]
    trie = [0]
    for node in range(1, len(edges)):
        points = sorted(edges[node])
        trie += [len(points), *words.get(node, (0, 0)), *points, *(int(places[edges[node][point]]) for point in points)]
    return doors, np.array(trie, dtype=np.uint32), np.array(letters, dtype=np.uint32)


def _openings(disguises: dict[str, str]) -> Kinds:
    """The filter that spares nearly all points the walk through the trie."""
    openings = np.zeros(int(FILTER_MASK) + 1, dtype=np.uint8)
    for disguise in disguises:
        first, second, *more = map(ord, disguise)
        place = first * int(FILTER_FACTOR) + second & int(FILTER_MASK)
        openings[place] |= 1 << (more[0] & int(THIRD_MASK)) if more else 0xFF
    return openings


def _entries(data: dict[str, NDArray[np.uint32]], kind: Kinds, role: NDArray[np.uint16], alike: Points) -> Points:
    """The entry of each code point, see the constants above."""
    own = np.arange(POINTS, dtype=np.uint32) | _bits_of_kinds()[kind]
    for bit, meaning in ((OPENS, DISGUISE_FIRST), (IS_FIRST, PAIR_FIRST), (IS_STRANGE, LOOKS_HAN), (IS_NUMBER, 0xF00)):
        own[role & meaning != 0] |= bit
    own[(role & PAIR_SECOND != 0) & (kind != HAN)] |= IS_SECOND
    own[role & DROPPED != 0] |= IS_RARE
    # Left parts of split characters: so rare that their right parts need no bit of their own.
    firsts, seconds = data["pairs"] >> np.uint64(32), data["pairs"] & np.uint64(0xFFFFFFFF)
    own[firsts[kind[seconds] == HAN]] |= IS_RARE
    entry = own.copy()
    keys, targets = data["keys"], data["flat"][np.minimum(data["bounds"][:-1], len(data["flat"]) - 1)]
    entry[keys] = own[targets]
    # A letter may look like another than its lower case does, a fold may have two parts: the point itself is needed.
    special = (alike[keys] != alike[targets]) & (own[targets] & IS_STRANGE != 0)
    special |= (np.diff(data["bounds"]) != 1) | (own[targets] & IS_RARE != 0)
    entry[keys[special]] = keys[special] | IS_RARE
    return entry


def _bits_of_kinds() -> Points:
    """What an entry says of each class."""
    bits = np.zeros(LETTER + 1, dtype=np.uint32)
    bits[HAN], bits[LATIN], bits[DIGIT], bits[LETTER] = IS_HAN, IS_WORD | IS_LATIN, IS_WORD | IS_NUMBER, IS_WORD
    bits[SPACE], bits[ODD], bits[PLAIN] = IS_SPACE | IS_SEPARATOR, IS_SEPARATOR, IS_SEPARATOR
    bits[FOREIGN] = IS_STRANGE
    return bits


def _roles(data: dict[str, NDArray[np.uint32]], disguises: dict[str, str]) -> NDArray[np.uint16]:
    """One word of bits for each code point, see the constants above."""
    role = np.zeros(POINTS, dtype=np.uint16)
    pairs = data["pairs"].astype(np.int64)
    role[pairs >> 32] |= PAIR_FIRST
    role[pairs & 0xFFFFFFFF] |= PAIR_SECOND
    role[data["dropped_marks"]] |= DROPPED
    role[0x1100:0x1200] |= PAIR_FIRST | PAIR_SECOND
    role[0xAC00:0xD7A4] |= PAIR_FIRST
    role[[ord(disguise[0]) for disguise in disguises]] |= DISGUISE_FIRST
    role[data["han_keys"]] |= LOOKS_HAN
    for numeral, value in zip(NUMERALS, NUMERAL_VALUES, strict=True):
        role[ord(numeral)] |= (value + 1) << 8
    return role
