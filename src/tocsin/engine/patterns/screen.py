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

from tocsin.engine.kernels import I32, I64, U8, U32, U64, inner, kernel, record
from tocsin.engine.patterns.needs import Chain, needs_of, worth
from tocsin.engine.text import FoldedBatch

GROUPS = 32
"""Into so many groups expressions are dealt out; a message is let through to each by itself. Neighbours, which speak of
the same things, are in different ones: together they would cost the most where a message speaks of these."""

_NOTE_BITS, _OPENING_BITS = 14, 17
_ONE, _TWO, _THREE, _FOUR = 0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D, 0x27D4EB2F
_FULL = 0xFFFFFFFF

_KEY, _GROUP, _REACH, _WORD, _BEFORE, _AFTER = range(6)
"""Of an entry: the hash of the gram that opens it; its group as a bit; the width of its expression; the lists of what
else its word has, of what its chain needs before the word, and of what it needs behind it."""

# Marks in a list of grams: the last one of a word, the last one of the last word of a set, the end of the list.
_WORD_ENDS, _SET_ENDS, _LIST_ENDS = 1 << 16, 1 << 17, 1 << 18


class Screen(NamedTuple):
    """What is looked for.

    always: one entry, the groups, as bits, that cannot do without matching.  opening: a bit for each short hash, set
    where some entry opens with it.  slots: hash table of the grams that open entries: the whole hash in the high half,
    its first entry, counted from 1, in the low half; 0 where a slot is free.  entries: (n, 8), by hash, see `_KEY` and
    the others.  grams: lists of short hashes with the marks above; the list at 0 is empty.
    """

    always: NDArray[np.uint32]
    opening: NDArray[np.uint8]
    slots: NDArray[np.uint64]
    entries: NDArray[np.uint32]
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
        rows, longest = len(folded), int(np.diff(folded.offsets).max(initial=0))
        notes = _Notes(
            last=np.zeros(1 << _NOTE_BITS, dtype=np.uint32),
            openings=np.empty(3 * longest + 1, dtype=np.uint32),
            places=np.empty(3 * longest + 1, dtype=np.uint32),
            tried=np.full(len(self.entries), -1, dtype=np.int32),
        )
        groups = np.full(rows, self.always[0], dtype=np.uint32)
        _screen(folded.points, folded.offsets, self, notes, groups)
        return groups


class _Chain(NamedTuple):
    needs: Chain
    width: int
    group: int


def _tables(chains: Sequence[_Chain], always: int) -> Screen:
    known = Counter(gram for chain in chains for words in chain.needs for word in words for gram in _grams_of(word))
    grams = [_LIST_ENDS]
    rows = sorted(entry for chain in chains for entry in _entries(chain, known, grams))
    entries = np.zeros((len(rows), 8), dtype=np.uint32)
    entries[:, : _AFTER + 1] = np.array(rows, dtype=np.uint32).reshape(-1, _AFTER + 1)
    opening = np.zeros(1 << _OPENING_BITS, dtype=np.uint8)
    opening[entries[:, _KEY] >> (32 - _OPENING_BITS)] = 1
    return Screen(
        always=np.array([always], dtype=np.uint32),
        opening=np.packbits(opening, bitorder="little"),
        slots=_slots(entries[:, _KEY]),
        entries=entries,
        grams=np.array(grams, dtype=np.uint32),
    )


def _slots(keys: NDArray[np.uint32]) -> NDArray[np.uint64]:
    """The hash table of sorted keys, with linear probing, at most half full."""
    known, first = np.unique(keys, return_index=True)
    slots = np.zeros(1 << (2 * len(known)).bit_length(), dtype=np.uint64)
    for key, entry in zip(known.tolist(), first.tolist(), strict=True):
        place = key % len(slots)
        while slots[place]:
            place = (place + 1) % len(slots)
        slots[place] = key << 32 | entry + 1
    return slots


def _entries(chain: _Chain, known: "Counter[str]", grams: list[int]) -> Iterator[tuple[int, ...]]:
    """One entry for each word of the set that tells most; the lists that they need are added to grams."""
    first = max(range(len(chain.needs)), key=lambda number: (worth(chain.needs[number]), -number))
    before, after = _add_sets(grams, chain.needs[:first]), _add_sets(grams, chain.needs[first + 1 :])
    for word in sorted(chain.needs[first]):
        opening = min(_grams_of(word), key=lambda gram: (-len(gram), known[gram], gram))
        left = [gram for gram in _grams_of(word) if gram != opening]
        yield _hash(opening), chain.group, chain.width, _add_list(grams, [[left]] if left else []), before, after


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
            grams += [_hash(gram) >> (32 - _NOTE_BITS) for gram in word]
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


class _Notes(NamedTuple):
    """What is noted of one message after the other.

    last: last place of each short hash, counted through the batch from 1.  openings, places: grams that may open an
    entry, and where.  tried: of each entry the last row in which it was.
    """

    last: NDArray[np.uint32]
    openings: NDArray[np.uint32]
    places: NDArray[np.uint32]
    tried: NDArray[np.int32]


_TO_NOTE, _TO_OPENING, _NOTE = (
    np.uint32(32 - _NOTE_BITS),
    np.uint32(32 - _OPENING_BITS),
    np.uint32((1 << _NOTE_BITS) - 1),
)
_HALF = np.uint64(32)
_SCREEN = record(Screen, U32, U8, U64, types.uint32[:, ::1], U32)
_NOTES = record(_Notes, U32, U32, U32, I32)


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


@inner(types.uint64(U32, types.uint64, types.uint64, U8, _NOTES))
def _note(
    points: NDArray[np.uint32], begin: np.uint64, end: np.uint64, opening: NDArray[np.uint8], notes: _Notes
) -> np.uint64:
    """Note the grams of a message, and which of them may open an entry. Returns how many of these there are."""
    last, openings, places = notes.last, notes.openings, notes.places
    one, three, seven = np.uint64(1), np.uint32(3), np.uint32(7)
    count = np.uint64(0)
    point, pair, before = points[begin], np.uint32(0), np.uint32(0)
    for place in range(begin, end):
        after = place + one
        following = points[after] if after < end else np.uint32(10)
        single = np.uint32(point * np.uint32(_ONE))
        double = np.uint32(single + following * np.uint32(_TWO))
        four = np.uint32(before * np.uint32(_THREE) + double * np.uint32(_FOUR))
        for gram in (single, double, four):
            last[np.uint64(gram >> _TO_NOTE)] = after
            openings[count], places[count] = gram, after
            short = gram >> _TO_OPENING
            count += np.uint64(opening[np.uint64(short >> three)] >> (short & seven)) & one
        point, pair, before = following, double, pair
    return count


@inner(types.uint64(U64, types.uint32))
def _first_entry(slots: NDArray[np.uint64], key: np.uint32) -> np.uint64:
    """The first entry that a gram opens, counted from 1, or 0."""
    one, mask = np.uint64(1), np.uint64(len(slots) - 1)
    place = np.uint64(key) & mask
    while slots[place]:
        if slots[place] >> _HALF == key:
            return np.uint64(slots[place] & np.uint64(_FULL))
        place = (place + one) & mask
    return np.uint64(0)


@inner(types.uint32(_SCREEN, _NOTES, types.uint64, types.int64, types.uint32, types.uint32))
def _let_through(
    screen: Screen, notes: _Notes, count: np.uint64, row: int, first: np.uint32, wanted: np.uint32
) -> np.uint32:
    """The groups wanted, with those that the first so many openings of a message call for; first: its first place."""
    slots, entries, grams, last, tried = screen.slots, screen.entries, screen.grams, notes.last, notes.tried
    openings, places, one = notes.openings, notes.places, np.uint64(1)
    for number in range(count):
        key, place = openings[number], places[number]
        found = _first_entry(slots, key)
        while 0 < found <= len(entries) and entries[found - one, _KEY] == key:
            entry = found - one
            found += one
            group = entries[entry, _GROUP]
            if group & wanted or tried[entry] == row:
                continue
            # only the first place is tried: it asks for least
            tried[entry] = row
            least = max(first, np.uint32(place - min(place, entries[entry, _REACH])))
            if (
                _holds(last, grams, np.uint64(entries[entry, _WORD]), least)
                and _holds(last, grams, np.uint64(entries[entry, _AFTER]), place)
                and _holds(last, grams, np.uint64(entries[entry, _BEFORE]), least)
            ):
                wanted |= group
    return wanted


@kernel(types.void(U32, I64, _SCREEN, _NOTES, U32))
def _screen(
    points: NDArray[np.uint32], offsets: NDArray[np.int64], screen: Screen, notes: _Notes, groups: NDArray[np.uint32]
) -> None:
    """Add to the groups of every message."""
    for row in range(len(offsets) - 1):
        begin, end = np.uint64(offsets[row]), np.uint64(offsets[row + 1])
        if begin < end:
            count = _note(points, begin, end, screen.opening, notes)
            groups[row] = _let_through(screen, notes, count, row, np.uint32(begin + np.uint64(1)), groups[row])
