"""Which expressions a message may match at all: a look at its words that costs a fraction of matching.

Of a message only the grams are noted (single points, pairs and fours of points): where each was seen last. From each
chain of ``needs`` the set of words that tells most is looked for by a gram of each of its words. Where one turns up,
what the chain needs before it must have been seen since as far back as the expression is wide, and what it needs after
it behind that place. Different grams may share a note, and later ones hide earlier ones: so a message may be let
through that matches nothing, but none is kept back that matches.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numba import types
from numpy.typing import NDArray

from tocsin.engine.kernels import COUNT, I64, U8, U32, inner, kernel, record
from tocsin.engine.patterns.needs import Chain, needs_of, worth
from tocsin.engine.text import FoldedBatch

GROUPS = 32
"""Into so many groups expressions are dealt out; a message is let through to each by itself. Neighbours, which speak of
the same things, are in different ones: together they would cost the most where a message speaks of these."""

_NOTE_BITS, _OPENING_BITS = 14, 17
_ONE, _TWO, _THREE, _FOUR = 0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D, 0x27D4EB2F
_FULL = 0xFFFFFFFF

# Marks in a list of grams: the last one of a word, the last one of the last word of a set, the end of the list.
_WORD_ENDS, _SET_ENDS, _LIST_ENDS = 1 << 16, 1 << 17, 1 << 18


class Screen(NamedTuple):
    """What is looked for.

    always: one entry, the groups, as bits, that cannot do without matching.  opening: a bit for each short hash, set
    where some entry opens with it.  bounds: the entries of each short hash, in order.  Of each entry: key, the whole
    hash of the gram that opens it; word, the list of what else its word has; before and after, the lists of what else
    its chain needs; reach, the width of its expression; group, its group as a bit.  grams: the lists, made of notes and
    the marks above; the list at 0 is empty.
    """

    always: NDArray[np.uint32]
    opening: NDArray[np.uint8]
    bounds: NDArray[np.uint32]
    key: NDArray[np.uint32]
    word: NDArray[np.uint32]
    before: NDArray[np.uint32]
    after: NDArray[np.uint32]
    reach: NDArray[np.uint32]
    group: NDArray[np.uint32]
    grams: NDArray[np.uint32]

    @classmethod
    def build(cls, expressions: Sequence[str]) -> "Screen":
        """Make the tables for expressions; one that cannot be read is always let through."""
        always, chains = 0, []
        for number, expression in enumerate(expressions):
            try:
                needed, width = needs_of(expression)
            except ValueError:
                needed, width = ((),), 0
            group = 1 << number % GROUPS
            chains += [_Chain(needs, width, group) for needs in needed if () not in needed]
            always |= group if () in needed else 0
        return _tables(chains, always)

    def groups(self, folded: FoldedBatch) -> NDArray[np.uint32]:
        """For each message the groups, as bits, that it has to be matched against."""
        return _screen(folded.points, folded.offsets, self)


class _Chain(NamedTuple):
    needs: Chain
    width: int
    group: int


class _Entry(NamedTuple):
    opening: str
    word: int
    before: int
    after: int
    reach: int
    group: int


def _tables(chains: Sequence[_Chain], always: int) -> Screen:
    known = Counter(gram for chain in chains for words in chain.needs for word in words for gram in _grams_of(word))
    grams = [_LIST_ENDS]
    entries = [entry for chain in chains for entry in _entries(chain, known, grams)]
    entries.sort(key=lambda entry: _short(_hash(entry.opening)))
    short = np.array([_short(_hash(entry.opening)) for entry in entries], dtype=np.int64)
    opening = np.zeros(1 << _OPENING_BITS, dtype=np.uint8)
    opening[short] = 1
    return Screen(
        always=np.array([always], dtype=np.uint32),
        opening=np.packbits(opening, bitorder="little"),
        bounds=np.searchsorted(short, np.arange((1 << _OPENING_BITS) + 1)).astype(np.uint32),
        key=np.array([_hash(entry.opening) for entry in entries], dtype=np.uint32),
        word=np.array([entry.word for entry in entries], dtype=np.uint32),
        before=np.array([entry.before for entry in entries], dtype=np.uint32),
        after=np.array([entry.after for entry in entries], dtype=np.uint32),
        reach=np.array([entry.reach for entry in entries], dtype=np.uint32),
        group=np.array([entry.group for entry in entries], dtype=np.uint32),
        grams=np.array(grams, dtype=np.uint32),
    )


def _entries(chain: _Chain, known: "Counter[str]", grams: list[int]) -> Iterator[_Entry]:
    """One entry for each word of the set that tells most; the lists that they need are added to grams."""
    first = max(range(len(chain.needs)), key=lambda number: (worth(chain.needs[number]), -number))
    before, after = _add_sets(grams, chain.needs[:first]), _add_sets(grams, chain.needs[first + 1 :])
    for word in sorted(chain.needs[first]):
        opening = min(_grams_of(word), key=lambda gram: (-len(gram), known[gram], gram))
        left = [gram for gram in _grams_of(word) if gram != opening]
        yield _Entry(opening, _add_list(grams, [[left]] if left else []), before, after, chain.width, chain.group)


def _add_sets(grams: list[int], chain: Chain) -> int:
    """Write a list of sets of words, the most telling first. Returns where it begins."""
    ordered = sorted(chain, key=worth, reverse=True)
    return _add_list(grams, [[_grams_of(word) for word in sorted(words)] for words in ordered])


def _add_list(grams: list[int], sets: Sequence[Sequence[Sequence[str]]]) -> int:
    """Write a list of sets of words, each word as its grams. Returns where it begins."""
    if not sets:
        return 0
    begin = len(grams)
    for words in sets:
        for word in words:
            grams += [_short(_hash(gram)) & ((1 << _NOTE_BITS) - 1) for gram in word]
            grams[-1] |= _WORD_ENDS
        grams[-1] |= _SET_ENDS
    grams.append(_LIST_ENDS)
    return begin


def _grams_of(word: str) -> list[str]:
    """What of a word is looked for: itself if it has one or two points, both pairs of three, else its first and last
    four points."""
    if len(word) <= 2:
        return [word]
    if len(word) == 3:
        return [word[:2], word[1:]]
    return [word[:4], word[-4:]] if len(word) > 4 else [word]


def _hash(gram: str) -> int:
    """The same hash of one, two or four points as in the kernel."""
    points = [ord(letter) for letter in gram]
    if len(points) == 1:
        return points[0] * _ONE & _FULL
    if len(points) == 2:
        return (points[0] * _ONE + points[1] * _TWO) & _FULL
    return (_hash(gram[:2]) * _THREE + _hash(gram[2:]) * _FOUR) & _FULL


def _short(hashed: int) -> int:
    return hashed >> (32 - _OPENING_BITS)


_SHIFT, _NOTE = np.uint32(32 - _OPENING_BITS), np.uint32((1 << _NOTE_BITS) - 1)
_SCREEN = record(Screen, U32, U8, U32, U32, U32, U32, U32, U32, U32, U32)


@inner(types.boolean(U32, U32, types.uint64, types.uint32))
def _holds(last: NDArray[np.uint32], grams: NDArray[np.uint32], at: np.uint64, least: np.uint32) -> bool:
    """Whether of every set in a list some word was seen, all its grams at least so far on."""
    one = np.uint64(1)
    while grams[at] != np.uint32(_LIST_ENDS):
        found = False
        while not found:
            found = last[np.uint64(grams[at] & _NOTE)] >= least
            while not grams[at] & np.uint32(_WORD_ENDS):
                at += one
                found = found and last[np.uint64(grams[at] & _NOTE)] >= least
            if not found and grams[at] & np.uint32(_SET_ENDS):
                return False
            at += one
        while not grams[at - one] & np.uint32(_SET_ENDS):
            at += one
    return True


@inner(COUNT(U32, types.uint64, types.uint64, U8, U32, U32, U32))
def _note(
    points: NDArray[np.uint32],
    begin: np.uint64,
    end: np.uint64,
    opening: NDArray[np.uint8],
    last: NDArray[np.uint32],
    openings: NDArray[np.uint32],
    places: NDArray[np.uint32],
) -> int:
    """Note the last place of every gram of a message, counted from 1, and the grams that may open an entry.

    Returns how many of these there are.
    """
    one, three, seven = np.uint64(1), np.uint32(3), np.uint32(7)
    count = np.uint64(0)
    point, pair, before = points[begin], np.uint32(0), np.uint32(0)
    for place in range(begin, end):
        after = np.uint64(place) + one
        following = points[after] if after < end else np.uint32(10)
        single = np.uint32(point * np.uint32(_ONE))
        double = np.uint32(single + following * np.uint32(_TWO))
        four = np.uint32(before * np.uint32(_THREE) + double * np.uint32(_FOUR))
        for gram in (single, double, four):
            short = gram >> _SHIFT
            last[np.uint64(short & _NOTE)] = after
            openings[count], places[count] = gram, after
            count += np.uint64(opening[np.uint64(short >> three)] >> (short & seven)) & one
        point, pair, before = following, double, pair
    return int(count)


@kernel(U32(U32, I64, _SCREEN))
def _screen(points: NDArray[np.uint32], offsets: NDArray[np.int64], screen: Screen) -> NDArray[np.uint32]:
    """The groups of every message."""
    bounds, key, word, before, after = screen.bounds, screen.key, screen.word, screen.before, screen.after
    reach, group, grams, opening, one = screen.reach, screen.group, screen.grams, screen.opening, np.uint64(1)
    rows = len(offsets) - 1
    groups = np.full(rows, screen.always[0], np.uint32)
    longest = np.int64(0)
    for row in range(rows):
        longest = max(longest, offsets[row + 1] - offsets[row])
    openings, places = np.empty(3 * longest + 1, np.uint32), np.empty(3 * longest + 1, np.uint32)
    last = np.zeros(1 << _NOTE_BITS, np.uint32)
    tried = np.full(len(key), -1, np.int32)
    for row in range(rows):
        begin, end = np.uint64(offsets[row]), np.uint64(offsets[row + 1])
        if begin == end:
            continue
        count = _note(points, begin, end, opening, last, openings, places)
        wanted, first = groups[row], np.uint32(begin + one)
        for number in range(np.uint64(count)):
            hashed, place = openings[number], places[number]
            short = np.uint64(hashed >> _SHIFT)
            for entry in range(np.uint64(bounds[short]), np.uint64(bounds[short + one])):
                if key[entry] != hashed or group[entry] & wanted or tried[entry] == row:
                    continue
                # the first place is tried only: it asks for least
                tried[entry] = row
                least = max(first, place - min(place, reach[entry]))
                if (
                    _holds(last, grams, np.uint64(word[entry]), least)
                    and _holds(last, grams, np.uint64(after[entry]), place)
                    and _holds(last, grams, np.uint64(before[entry]), least)
                ):
                    wanted |= group[entry]
        groups[row] = wanted
    return groups
