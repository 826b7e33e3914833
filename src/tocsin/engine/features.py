"""What the classifier sees of a folded message: hashed n-grams of tokens. Compiled kernels only; no weights live here.

A token is one ideograph, or one word of an alphabet, or a class that stands for what changes from copy to copy: a
number (by its length), a link, a link of an unknown top domain, a handle, a bracket that closes behind one of these.
Other punctuation, spaces and pictures are left out, so that a text that was tokenised, masked or decorated looks like
the plain one. Features are n-grams of 1 to 4 ideographs, 1 to 3 tokens where words take part, and the 4-grams inside
words of more than three letters.

A feature is a 64-bit hash; who uses it takes as many of the low bits as its table has. Each feature is placed at the
folded point where its last token ends, so that a passage can be weighed alone.
"""

import numba as nb
import numpy as np
from numpy.typing import NDArray

LONGEST = 20_000
"""Folded points of a message that are looked at: what follows is ignored, so that work per message is bounded."""

_MOST_PER_POINT = 6
_SPARE = 64

NONE, _LETTER, _DIGIT, _IDEOGRAPH, _MARK = 0, 1, 2, 3, 4

# ] ) } 】 》 』 」 〗
_CLOSING = (0x5D, 0x29, 0x7D, 0x3011, 0x300B, 0x300F, 0x300D, 0x3017)

_TOP_DOMAINS = (
    "com cn net org xyz top vip cc me io app club shop site online info co uk ly gl to ru kr jp tw hk de fr in us biz "
    "link live work fun icu ink wang pro mobi tv ws pw tk gd example test edu gov int store tech asia space website"
)


def _hash_word(word: str) -> int:
    """The same hash as `_word_hash` in the kernel, for tables made in Python."""
    value = 0xCBF29CE484222325
    for letter in word:
        value = ((value ^ ord(letter)) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return value


TOP_DOMAINS: NDArray[np.uint64] = np.array(sorted(_hash_word(word) for word in _TOP_DOMAINS.split()), dtype=np.uint64)

_CLASS_LINK = np.uint64(0x9E3779B97F4A7C15)
_CLASS_ODD_LINK = np.uint64(0xD6E8FEB86659FD93)
_CLASS_CLOSE = np.uint64(0xA0761D6478BD642F)
_CLASS_HANDLE = np.uint64(0xC2B2AE3D27D4EB4F)
_CLASS_NUMBER = np.uint64(0x165667B19E3779F9)
_PRIME = np.uint64(0x100000001B3)
_SEED = np.uint64(0xCBF29CE484222325)
_MIX_ONE = np.uint64(0xFF51AFD7ED558CCD)
_MIX_TWO = np.uint64(0xC4CEB9FE1A85EC53)


@nb.njit("uint8(uint32)", cache=True, nogil=True)
def kind_of(point: int) -> int:  # noqa: PLR0911 - a table of ranges reads best as one
    """Class of a folded code point: none, letter, digit, ideograph or mark."""
    if point < 128:
        if 97 <= point <= 122 or 65 <= point <= 90:
            return _LETTER
        if 48 <= point <= 57:
            return _DIGIT
        return _MARK if point in {36, 64} else NONE
    if point in {0xA3, 0xA5, 0x20AC}:
        return _MARK
    if (
        0x3400 <= point <= 0x9FFF
        or 0x3041 <= point <= 0x30FF
        or 0x20000 <= point <= 0x3FFFF
        or 0xF900 <= point <= 0xFAFF
    ):
        return _IDEOGRAPH
    if 0xC0 <= point <= 0x1FFF or 0x2C00 <= point <= 0x2DFF or 0xA640 <= point <= 0xABFF or 0xAC00 <= point <= 0xD7A3:
        return _LETTER
    return NONE


@nb.njit("boolean(uint32)", cache=True, nogil=True)
def _in_link(point: int) -> bool:
    """Whether a code point may stand inside a link: printable ASCII but space, quotes and brackets."""
    return 33 <= point <= 126 and point not in {34, 39, 40, 41, 60, 62, 91, 93, 123, 125, 44, 59}


@nb.njit("uint64(uint32[::1], int64, int64)", cache=True, nogil=True)
def _word_hash(points: NDArray[np.uint32], begin: int, end: int) -> np.uint64:
    """FNV-1a over the code points of ``[begin, end)``."""
    value = _SEED
    for place in range(begin, end):
        value = (value ^ np.uint64(points[place])) * _PRIME
    return value


@nb.njit("uint64(uint64)", cache=True, nogil=True)
def _mix(value: np.uint64) -> np.uint64:
    """The finaliser of MurmurHash3, so that the low bits of a hash depend on all of it."""
    value = (value ^ (value >> np.uint64(33))) * _MIX_ONE
    value = (value ^ (value >> np.uint64(33))) * _MIX_TWO
    return value ^ (value >> np.uint64(33))


@nb.njit("int64(uint32[::1], int64, int64, uint64[::1])", cache=True, nogil=True)
def _link_end(points: NDArray[np.uint32], begin: int, end: int, top_domains: NDArray[np.uint64]) -> int:
    """Where a link that begins here ends, or ``begin`` where none does: a scheme, or a known top domain after a dot."""
    stop, dot = begin, -1
    while stop < end and _in_link(points[stop]):
        stop += 1
    if stop - begin < 5:
        return begin
    for place in range(begin, stop - 2):
        if points[place] == 58 and points[place + 1] == 47 and points[place + 2] == 47:
            return stop
    for place in range(begin + 1, stop - 1):
        if points[place] == 46 and kind_of(points[place - 1]) != NONE:
            dot = place
            label = place + 1
            while label < stop and kind_of(points[label]) == _LETTER:
                label += 1
            if label < stop and points[label] == 46:
                continue
            hashed = _word_hash(points, dot + 1, label)
            found = np.searchsorted(top_domains, hashed)
            if found < len(top_domains) and top_domains[found] == hashed:
                return stop
    return begin


@nb.njit("int64(uint32[::1], int64, int64)", cache=True, nogil=True)
def _odd_link_end(points: NDArray[np.uint32], begin: int, end: int) -> int:
    """Where something like ``ab12.xyz`` ends: letters with digits, a dot, two to four letters; else ``begin``."""
    stop, digits, letters = begin, 0, 0
    while stop < end and points[stop] < 128 and kind_of(points[stop]) in {_LETTER, _DIGIT}:
        if kind_of(points[stop]) == _DIGIT:
            digits += 1
        else:
            letters += 1
        stop += 1
    if digits == 0 or letters == 0 or stop >= end or points[stop] != 46:
        return begin
    label = stop + 1
    while label < end and points[label] < 128 and kind_of(points[label]) == _LETTER:
        label += 1
    return label if 2 <= label - stop - 1 <= 4 else begin


@nb.njit("int64(uint32[::1], int64, int64)", cache=True, nogil=True)
def _run_end(points: NDArray[np.uint32], begin: int, end: int) -> int:
    """End of the run of letters, digits and underscores that begins here."""
    stop = begin + 1
    while stop < end and (kind_of(points[stop]) in {_LETTER, _DIGIT} or points[stop] == 95):
        stop += 1
    return stop


@nb.njit("Tuple((uint64, uint8))(uint32[::1], int64, int64)", cache=True, nogil=True)
def _run_token(points: NDArray[np.uint32], begin: int, end: int) -> tuple[np.uint64, int]:
    """Token of a run: a number by its length, a handle where letters and digits mix, else the word itself."""
    digits = 0
    for place in range(begin, end):
        if kind_of(points[place]) == _DIGIT:
            digits += 1
    size = end - begin
    if digits == size:
        bucket = 1 if size < 5 else (2 if size < 10 else 3)
        return _CLASS_NUMBER * np.uint64(bucket), 1
    if digits > 0 and size >= 5:
        return _CLASS_HANDLE, 1
    return _word_hash(points, begin, end), 2


@nb.njit(
    "int64(uint32[::1], int64, int64, uint64[::1], uint64[::1], uint8[::1], int64[::1], int64[::1])",
    cache=True,
    nogil=True,
)
def _tokenise(
    points: NDArray[np.uint32],
    begin: int,
    end: int,
    top_domains: NDArray[np.uint64],
    tokens: NDArray[np.uint64],
    wordy: NDArray[np.uint8],
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
) -> int:
    """Write the tokens of ``points[begin:end]``; wordy 0 for an ideograph, 1 for a class or mark, 2 for a word."""
    count, place = 0, begin
    while place < end:
        kind = kind_of(points[place])
        if kind == NONE:
            if count and points[place] in _CLOSING and ends[count - 1] == place and wordy[count - 1] == 1:
                tokens[count], wordy[count], starts[count], ends[count] = _CLASS_CLOSE, 1, place, place + 1
                count += 1
            place += 1
            continue
        stop, wordy[count] = place + 1, 1
        if kind == _IDEOGRAPH:
            tokens[count], wordy[count] = np.uint64(points[place]) * _PRIME, 0
        elif kind == _MARK:
            tokens[count] = np.uint64(points[place]) * _MIX_ONE
            if points[place] == 64 and stop < end and kind_of(points[stop]) in {_LETTER, _DIGIT}:
                stop, tokens[count] = _run_end(points, stop, end), _CLASS_HANDLE
        else:
            link = _link_end(points, place, end, top_domains) if points[place] < 128 else place
            odd = _odd_link_end(points, place, end) if link == place else place
            if link > place:
                stop, tokens[count] = link, _CLASS_LINK
            elif odd > place:
                stop, tokens[count] = odd, _CLASS_ODD_LINK
            else:
                stop = _run_end(points, place, end)
                tokens[count], wordy[count] = _run_token(points, place, stop)
        starts[count], ends[count] = place, stop
        count += 1
        place = stop
    return count


@nb.njit("int64(uint32[::1], int64, int64, uint64[::1], uint64[::1], int64[::1])", cache=True, nogil=True)
def emit(
    points: NDArray[np.uint32],
    begin: int,
    end: int,
    top_domains: NDArray[np.uint64],
    hashes: NDArray[np.uint64],
    places: NDArray[np.int64],
) -> int:
    """Write the features of ``points[begin:end]`` and the folded point where each begins; return how many.

    hashes and places must hold `room_for` entries. Features are in the order of the token that completes them.
    """
    size = end - begin
    tokens = np.empty(size, dtype=np.uint64)
    wordy = np.empty(size, dtype=np.uint8)
    starts = np.empty(size, dtype=np.int64)
    ends = np.empty(size, dtype=np.int64)
    total = _tokenise(points, begin, end, top_domains, tokens, wordy, starts, ends)
    count = 0
    for token in range(total):
        value = _SEED
        words = 0
        for back in range(4):
            if token - back < 0:
                break
            words += 1 if wordy[token - back] else 0
            if back == 3 and words:
                break
            value = _mix(value ^ (tokens[token - back] + np.uint64(back + 1)))
            hashes[count], places[count] = value, ends[token] - 1
            count += 1
        if wordy[token] == 2 and ends[token] - starts[token] > 3:
            for place in range(starts[token], ends[token] - 3):
                hashes[count] = _mix(_word_hash(points, place, place + 4) ^ _CLASS_HANDLE)
                places[count] = ends[token] - 1
                count += 1
    return count


@nb.njit("int64(int64)", cache=True, nogil=True)
def room_for(points: int) -> int:
    """How many features a message of so many folded points may have at most."""
    return min(points, LONGEST) * _MOST_PER_POINT + _SPARE


@nb.njit("Tuple((uint64[::1], int64[::1]))(uint32[::1], int64[::1], uint64[::1])", cache=True, nogil=True)
def features_of(
    points: NDArray[np.uint32], offsets: NDArray[np.int64], top_domains: NDArray[np.uint64]
) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """The features of a whole batch, for training: hashes of all messages in order, and n + 1 offsets into them."""
    room = 0
    for row in range(len(offsets) - 1):
        room += room_for(offsets[row + 1] - offsets[row])
    hashes = np.empty(room, dtype=np.uint64)
    places = np.empty(room, dtype=np.int64)
    bounds = np.zeros(len(offsets), dtype=np.int64)
    count = 0
    for row in range(len(offsets) - 1):
        end = min(offsets[row + 1], offsets[row] + LONGEST)
        count += emit(points, offsets[row], end, top_domains, hashes[count:], places[count:])
        bounds[row + 1] = count
    return hashes[:count].copy(), bounds
