"""What the classifier sees of a folded message: hashed n-grams of tokens. Compiled kernels only; no weights live here.

A token is one ideograph, or one word of an alphabet, or a class that stands for what changes from copy to copy: a
number (by its length), a link, a link of an unknown top domain, a handle, a bracket that closes behind one of these.
Other punctuation, spaces and pictures are left out, so that a text that was tokenised, masked or decorated looks like
the plain one. Features are n-grams of 1 to 4 ideographs, 1 to 3 tokens where words take part, and the 4-grams inside
words of more than three letters.

A feature is a 64-bit hash; who uses it takes as many of the low bits as its table has. Each feature lies at the folded
point where its last token ends, so that a passage can be weighed alone. Training (`features_of`) and scoring
(``classify``) go through the same kernel, `emit`.
"""

from functools import cache
from typing import NamedTuple

import numpy as np
from numba import types
from numpy.typing import NDArray

from tocsin.engine.kernels import COUNT, I64, U8, U32, U64, inner, kernel, record, several

LONGEST = 20_000
"""Folded points of a message that are looked at: what follows is ignored, so that work per message is bounded."""

NONE, _LETTER, _DIGIT, _IDEOGRAPH, _MARK = 0, 1, 2, 3, 4
KIND, _IN_LINK, _CLOSING, _IN_RUN = 7, 8, 16, 32
"""An entry of `classes`: the bits of `KIND` say what a point is, the others what it may be part of."""

_CLASSED, _SINGLE, _WORD = 0, 1, 2
"""Shapes of a token: a class or mark, an ideograph, a word."""

_MOST_PER_POINT = 6
_SPARE = 64
_SHORTEST_LINK = 5

# ] ) } 】 》 』 」 〗
_CLOSING_POINTS = (0x5D, 0x29, 0x7D, 0x3011, 0x300B, 0x300F, 0x300D, 0x3017)

_TOP_DOMAINS = (
    "com cn net org xyz top vip cc me io app club shop site online info co uk ly gl to ru kr jp tw hk de fr in us biz "
    "link live work fun icu ink wang pro mobi tv ws pw tk gd example test edu gov int store tech asia space website"
)

_PRIME, _SEED = np.uint64(0x100000001B3), np.uint64(0xCBF29CE484222325)
_STEP = np.uint64(0x9E3779B97F4A7C15)
_CLASS_LINK = np.uint64(0x8F3907F7A3B1C6D5)
_CLASS_ODD_LINK = np.uint64(0xD6E8FEB86659FD93)
_CLASS_CLOSE = np.uint64(0xA0761D6478BD642F)
_CLASS_HANDLE = np.uint64(0xC2B2AE3D27D4EB4F)
_CLASS_NUMBER = np.uint64(0x165667B19E3779F9)
_INSIDE = np.uint64(0xE7037ED1A0B428DB)


def _hash_word(word: str) -> int:
    """FNV-1a over code points, as the kernels hash a word."""
    value = int(_SEED)
    for letter in word:
        value = ((value ^ ord(letter)) * int(_PRIME)) & 0xFFFFFFFFFFFFFFFF
    return value


TOP_DOMAINS: NDArray[np.uint64] = np.array(sorted(_hash_word(word) for word in _TOP_DOMAINS.split()), dtype=np.uint64)


@cache
def classes() -> NDArray[np.uint8]:
    """What every code point is: uint8 of 0x110000 entries, see `KIND`."""
    table = np.zeros(0x110000, dtype=np.uint8)
    letters = (0x41, 0x5A), (0x61, 0x7A), (0xC0, 0x1FFF), (0x2C00, 0x2DFF), (0xA640, 0xABFF), (0xAC00, 0xD7A3)
    ideographs = (0x3400, 0x9FFF), (0x3041, 0x30FF), (0x20000, 0x3FFFF), (0xF900, 0xFAFF)
    marks = ("$", "$"), ("@", "@"), ("£", "£"), ("¥", "¥"), ("€", "€")
    for kind, ranges in ((_LETTER, letters), (_DIGIT, ((0x30, 0x39),)), (_IDEOGRAPH, ideographs)):
        for first, last in ranges:
            table[first : last + 1] = kind
    table[[ord(mark) for mark, _ in marks]] = _MARK
    table[(table == _LETTER) | (table == _DIGIT)] |= _IN_RUN
    table[ord("_")] |= _IN_RUN
    printable = [point for point in range(33, 127) if chr(point) not in "\"'()<>[]{},;"]
    table[printable] |= _IN_LINK
    table[list(_CLOSING_POINTS)] |= _CLOSING
    return table


class Lexicon(NamedTuple):
    """What tokens are told by.  classes: as `classes` gives it.  top_domains: uint64, sorted hashes."""

    classes: NDArray[np.uint8]
    top_domains: NDArray[np.uint64]


class Scratch(NamedTuple):
    """Where `emit` writes what it finds in a message.

    hashes: uint64 features, in the order of the token that completes them.  bounds: int64, how many features there are
    up to each token, 0 at first.  ends: int64, the folded point behind each token.
    """

    hashes: NDArray[np.uint64]
    bounds: NDArray[np.int64]
    ends: NDArray[np.int64]


LEXICON, SCRATCH = record(Lexicon, U8, U64), record(Scratch, U64, I64, I64)


def lexicon() -> Lexicon:
    """The tables as the kernels take them."""
    return Lexicon(classes(), TOP_DOMAINS)


def longest_of(offsets: NDArray[np.int64]) -> int:
    """Folded points of the longest message of a batch, as far as they are looked at."""
    return min(int(np.diff(offsets).max(initial=0)), LONGEST)


def scratch_for(offsets: NDArray[np.int64]) -> Scratch:
    """Room for each message of a batch, one at a time."""
    size = longest_of(offsets)
    return Scratch(
        np.empty(size * _MOST_PER_POINT + _SPARE, dtype=np.uint64),
        np.zeros(size + 2, dtype=np.int64),
        np.empty(size + 1, dtype=np.int64),
    )


@inner(types.uint64(types.uint64, types.uint64))
def _with(value: np.uint64, token: np.uint64) -> np.uint64:
    """The hash of an n-gram that grew by a token. Its high bits depend on all of it."""
    return (value ^ token) * _STEP


@inner(types.uint64(types.uint64))
def _feature(value: np.uint64) -> np.uint64:
    """The hash turned so that the well-mixed bits come last."""
    return value << np.uint64(20) | value >> np.uint64(44)


@inner(types.boolean(U32, types.uint64, types.uint64, U8, U64))
def _is_top_domain(
    points: NDArray[np.uint32], begin: np.uint64, stop: np.uint64, classes: NDArray[np.uint8],
    top_domains: NDArray[np.uint64]
) -> bool:  # fmt: skip
    """Whether a known top domain stands here, not followed by another label."""
    one, value, label = np.uint64(1), _SEED, begin
    while label < stop and classes[points[label]] & KIND == _LETTER:
        value = (value ^ np.uint64(points[label])) * _PRIME
        label += one
    if label < stop and points[label] == ord("."):
        return False
    found = np.searchsorted(top_domains, value)
    return bool(found < len(top_domains) and top_domains[found] == value)


@inner(several(types.uint64, types.uint64)(U32, types.uint64, types.uint64, U8, U64))
def _link_run(
    points: NDArray[np.uint32], begin: np.uint64, end: np.uint64, classes: NDArray[np.uint8],
    top_domains: NDArray[np.uint64]
) -> tuple[np.uint64, np.uint64]:  # fmt: skip
    """Where the run of points that may be inside a link ends, and the place before which a link may begin in it.

    It may where a scheme, or a dot with a known top domain, is still to come. Both hold for every beginning inside the
    run, so that it is looked at once.
    """
    one, two, stop, telling = np.uint64(1), np.uint64(2), begin, False
    while stop < end and classes[points[stop]] & _IN_LINK:
        telling |= (points[stop] == ord(".")) | (points[stop] == ord(":"))
        stop += one
    if not telling or stop - begin < _SHORTEST_LINK:
        return stop, begin
    latest = stop - np.uint64(_SHORTEST_LINK - 1)
    place = stop - one
    while place > begin:
        place -= one
        if points[place] == ord(":") and place + two < stop and points[place + one] == points[place + two] == ord("/"):
            return stop, min(latest, place + one)
        inside = points[place] == ord(".") and place > begin and classes[points[place - one]] & KIND != NONE
        if inside and _is_top_domain(points, place + one, stop, classes, top_domains):
            return stop, min(latest, place)
    return stop, begin


@inner(types.uint64(U32, types.uint64, types.uint64, U8))
def _odd_label_end(points: NDArray[np.uint32], dot: np.uint64, end: np.uint64, classes: NDArray[np.uint8]) -> np.uint64:
    """Where two to four ASCII letters after a dot end, as in ``ab12.xyz``; the dot itself where there are none."""
    one = np.uint64(1)
    label = dot + one
    while label < end and points[label] < 128 and classes[points[label]] & KIND == _LETTER:
        label += one
    return label if 3 <= label - dot <= 5 else dot


@inner(types.uint64(U32, types.uint64, types.uint64, U8))
def _run_end(points: NDArray[np.uint32], begin: np.uint64, end: np.uint64, classes: NDArray[np.uint8]) -> np.uint64:
    """End of the run of letters, digits and underscores that begins here."""
    stop = begin
    while stop < end and classes[points[stop]] & _IN_RUN:
        stop += np.uint64(1)
    return stop


@inner(several(types.uint64, types.uint64, COUNT)(U32, types.uint64, types.uint64, U8))
def _run_token(
    points: NDArray[np.uint32], begin: np.uint64, end: np.uint64, classes: NDArray[np.uint8]
) -> tuple[np.uint64, np.uint64, int]:
    """Token of the run that begins here, where it ends, and its shape.

    A number by its length, a handle where letters and digits mix, something like ``ab12.xyz``, else the word itself.
    """
    one, stop, value = np.uint64(1), begin, _SEED
    digits, plain = np.uint64(0), True
    while stop < end and classes[points[stop]] & _IN_RUN:
        point = points[stop]
        digits += np.uint64(classes[point] & KIND == _DIGIT)
        plain &= (point < 128) & (point != ord("_"))
        value = (value ^ np.uint64(point)) * _PRIME
        stop += one
    size = stop - begin
    if digits == 0:
        return value, stop, _WORD
    if plain and digits < size and stop < end and points[stop] == ord("."):
        label = _odd_label_end(points, stop, end, classes)
        if label > stop:
            return _CLASS_ODD_LINK, label, _CLASSED
    if digits == size:
        bucket = np.uint64(1 + (size >= 5) + (size >= 10))
        return _CLASS_NUMBER * bucket, stop, _CLASSED
    if size >= 5:
        return _CLASS_HANDLE, stop, _CLASSED
    return value, stop, _WORD


@inner(several(types.uint64, types.uint64, COUNT)(U32, types.uint64, types.uint64, U8))
def _mark_token(
    points: NDArray[np.uint32], place: np.uint64, end: np.uint64, classes: NDArray[np.uint8]
) -> tuple[np.uint64, np.uint64, int]:
    """Token of the mark here, where it ends, and its shape: itself, or a handle that begins with @."""
    stop = place + np.uint64(1)
    if points[place] == ord("@") and stop < end and classes[points[stop]] & KIND in {_LETTER, _DIGIT}:
        return _CLASS_HANDLE, _run_end(points, stop, end, classes), _CLASSED
    return np.uint64(points[place]), stop, _CLASSED


@inner(types.uint64(U64, types.uint64, types.uint64, types.uint64, types.uint64))
def _write(
    hashes: NDArray[np.uint64], count: np.uint64, value: np.uint64, token: np.uint64, wanted: np.uint64
) -> np.uint64:
    """Add one n-gram if it is wanted (1, else 0). Returns the new number of features."""
    hashes[count] = _feature(_with(value, token))
    return count + wanted


@inner(types.uint64(U32, types.uint64, types.uint64, U64, types.uint64))
def _write_inside(
    points: NDArray[np.uint32], begin: np.uint64, stop: np.uint64, hashes: NDArray[np.uint64], count: np.uint64
) -> np.uint64:
    """Add the 4-grams inside a word. Returns the new number of features."""
    key, three = np.uint64(0), begin + np.uint64(3)
    for place in range(begin, stop):
        key = key >> np.uint64(16) | np.uint64(points[place]) << np.uint64(48)
        if place >= three:
            hashes[count] = _feature(_with(_INSIDE, key))
            count += np.uint64(1)
    return count


@inner(types.uint64(U32, types.uint64, types.uint64, LEXICON, SCRATCH))
def emit(points: NDArray[np.uint32], begin: np.uint64, end: np.uint64, lexicon: Lexicon, scratch: Scratch) -> np.uint64:
    """Write the tokens and features of ``points[begin:end]``. Returns how many tokens there are."""
    classes, top_domains = lexicon.classes, lexicon.top_domains
    hashes, bounds, ends, one = scratch.hashes, scratch.bounds, scratch.ends, np.uint64(1)
    count, tokens, singles = np.uint64(0), np.uint64(0), np.uint64(0)
    second, third, fourth = np.uint64(0), np.uint64(0), np.uint64(0)
    place, last_end, seen_to, link_before, shape = begin, end, begin, begin, _SINGLE
    while place < end:
        kind = classes[points[place]] & KIND
        stop, token = place + one, np.uint64(points[place])
        if kind == _IDEOGRAPH:
            shape = _SINGLE
        elif kind == NONE:
            if shape != _CLASSED or last_end != place or not classes[points[place]] & _CLOSING:
                place += one
                continue
            token = _CLASS_CLOSE
        elif kind == _MARK:
            token, stop, shape = _mark_token(points, place, end, classes)
        else:
            if place >= seen_to and points[place] < 128:
                seen_to, link_before = _link_run(points, place, end, classes, top_domains)
            if place < link_before and points[place] < 128:
                token, stop, shape = _CLASS_LINK, seen_to, _CLASSED
            else:
                token, stop, shape = _run_token(points, place, end, classes)
        singles = singles + one if shape == _SINGLE else np.uint64(0)
        count = _write(hashes, count, _SEED, token, one)
        value = _with(_SEED, token)
        count = _write(hashes, count, value, second, np.uint64(tokens >= 1))
        value = _with(value, second)
        count = _write(hashes, count, value, third, np.uint64(tokens >= 2))
        count = _write(hashes, count, _with(value, third), fourth, np.uint64(singles >= 4))
        if shape == _WORD and stop - place > 3:
            count = _write_inside(points, place, stop, hashes, count)
        second, third, fourth = token, second, third
        ends[tokens], last_end = stop, stop
        tokens += one
        bounds[tokens] = count
        place = stop
    return tokens


@kernel(COUNT(U32, I64, LEXICON, SCRATCH, U64, I64))
def _features_of(
    points: NDArray[np.uint32],
    offsets: NDArray[np.int64],
    lexicon: Lexicon,
    scratch: Scratch,
    hashes: NDArray[np.uint64],
    bounds: NDArray[np.int64],
) -> int:
    """Write the features of a whole batch, and where those of each message end. Returns how many there are."""
    count = 0
    for row in range(len(offsets) - 1):
        end = min(offsets[row + 1], offsets[row] + LONGEST)
        tokens = emit(points, np.uint64(offsets[row]), np.uint64(end), lexicon, scratch)
        for feature in range(scratch.bounds[tokens]):
            hashes[count + feature] = scratch.hashes[feature]
        count += scratch.bounds[tokens]
        bounds[row + 1] = count
    return count


def features_of(
    points: NDArray[np.uint32], offsets: NDArray[np.int64], top_domains: NDArray[np.uint64] = TOP_DOMAINS
) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """The features of a whole batch, for training: hashes of all messages in order, and n + 1 offsets into them."""
    looked_at = np.minimum(np.diff(offsets), LONGEST)
    hashes = np.empty(int((looked_at * _MOST_PER_POINT + _SPARE).sum()), dtype=np.uint64)
    bounds = np.zeros(len(offsets), dtype=np.int64)
    count = _features_of(points, offsets, Lexicon(classes(), top_domains), scratch_for(offsets), hashes, bounds)
    return hashes[:count].copy(), bounds
