"""Fingerprints: two messages that say the same in nearly the same words get nearly the same 64 numbers.

MinHash (Broder 1997) over character 3-grams of the folded message, and 4-grams too where it is not short. What scammers
rotate is taken out first: spaces and punctuation are skipped; digits, links, addresses and handles are one symbol
whatever their length. Each of the 64 components keeps 16 bits of its minimum (b-bit MinHash, Li and König 2010). Values
depend on nothing but the text: fixed seeds, little-endian bytes, unsigned arithmetic that wraps.
"""

import base64
import binascii
from functools import cache
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
from numba import types
from numpy.typing import NDArray

from tocsin.engine.fold_tables import FOREIGN, HAN, KANA, LATIN, LETTER, POINTS, load_tables
from tocsin.engine.kernels import COUNT, I64, U8, U32, borrowing_inner, borrowing_kernel, record, several
from tocsin.engine.text import FoldedBatch

SIZE: Final = 128  # bytes
COMPONENTS: Final = 64
BANDS: Final = 16
LEAST_LETTERS: Final = 6
SHORT: Final = 16  # symbols; below that 3-grams only
HANDLE_LETTERS: Final = 5  # in a Chinese message, a Latin word as long as this is taken for a handle
_CLASSED: Final = 1  # the symbol that stands for every number, link and handle
_SEED: Final = 0x746F6373696E  # "tocsin"
_MASK: Final = 0xFFFFFFFFFFFFFFFF
_GRAM_SEED, _FACTOR = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9)
_SHIFT, _HALF = np.uint64(29), np.uint64(32)
# A letter of the fingerprint, in a run of ASCII, what makes a class of that run wherever it stands, or inside it.
_IS_LETTER, _IN_RUN, _CLASSES, _CLASSES_INSIDE, _IS_HAN, _IS_LATIN = 1, 2, 4, 8, 16, 32


class _Scratch(NamedTuple):
    """Room for the longest message: its signs, symbols and keys, and the 64 minima."""

    signs: NDArray[np.uint8]
    symbols: NDArray[np.uint32]
    keys: NDArray[np.uint32]
    lowest: NDArray[np.uint32]


_SCRATCH = record(_Scratch, U8, U32, U32, U32)


def fingerprint_batch(folded: FoldedBatch) -> "pa.Array[Any]":
    """The fingerprint of each message, 128 bytes; null where it has fewer than six letters or no n-gram."""
    values, present = np.empty((len(folded), COMPONENTS), np.uint16), np.empty(len(folded), np.bool_)
    longest = int(np.diff(folded.offsets).max(initial=0))
    scratch = _Scratch(
        np.empty(longest, np.uint8),
        np.empty(longest + 1, np.uint32),
        np.empty(2 * longest + 3, np.uint32),
        np.empty(COMPONENTS, np.uint32),
    )
    _minimise(folded.points, folded.offsets, _load_signs(), _MULTIPLIERS, _ADDENDS, scratch, values, present)
    data = pa.py_buffer(values.astype("<u2", copy=False).tobytes())
    bitmap = pa.py_buffer(np.packbits(present, bitorder="little").tobytes())
    return pa.FixedSizeBinaryArray.from_buffers(pa.binary(SIZE), len(folded), [bitmap, data])


def bands(fingerprint: bytes) -> tuple[int, ...]:
    """16 signed 64-bit numbers; near-identical messages share at least one. Bands do not match across positions.

    Raises ValueError for anything but 128 bytes.
    """
    _check(fingerprint)
    rows = np.frombuffer(fingerprint, dtype="<u8").tolist()
    mixed = (_splitmix(row ^ (band + 1) * 0x9E3779B97F4A7C15 & _MASK) for band, row in enumerate(rows))
    return tuple(value - (1 << 64) if value >> 63 else value for value in mixed)


def similarity(a: bytes, b: bytes) -> float:
    """The share of equal components, 0 to 1: an estimate of the Jaccard similarity of the two sets of n-grams."""
    _check(a)
    _check(b)
    equal = np.count_nonzero(np.frombuffer(a, dtype="<u2") == np.frombuffer(b, dtype="<u2"))
    return int(equal) / COMPONENTS


def encode(fingerprint: bytes) -> str:
    """URL-safe base64 without padding (RFC 4648 section 5), 171 characters."""
    _check(fingerprint)
    return base64.urlsafe_b64encode(fingerprint).rstrip(b"=").decode("ascii")


def decode(text: str) -> bytes:
    """The fingerprint that encode wrote. Raises ValueError for anything else."""
    try:
        fingerprint = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (UnicodeEncodeError, binascii.Error) as error:
        raise ValueError(f"not a fingerprint: {text[:20]!r}") from error
    _check(fingerprint)
    if encode(fingerprint) != text:
        raise ValueError(f"not a fingerprint: {text[:20]!r}")
    return fingerprint


def _check(fingerprint: bytes) -> None:
    if len(fingerprint) != SIZE:
        raise ValueError(f"a fingerprint has {SIZE} bytes, not {len(fingerprint)}")


def _splitmix(value: int) -> int:
    """The finaliser of SplitMix64 (Steele, Lea and Flood 2014)."""
    value = (value ^ value >> 30) * 0xBF58476D1CE4E5B9 & _MASK
    value = (value ^ value >> 27) * 0x94D049BB133111EB & _MASK
    return value ^ value >> 31


def _constants(first: int) -> NDArray[np.uint32]:
    """One 32-bit constant per component, from the fixed seed."""
    values = [_splitmix(_SEED + (first + 2 * index) * 0x9E3779B97F4A7C15 & _MASK) for index in range(COMPONENTS)]
    return np.array([value >> 32 for value in values], dtype=np.uint32)


_MULTIPLIERS = _constants(1) | np.uint32(1)
_ADDENDS = _constants(2)


@cache
def _load_signs() -> NDArray[np.uint8]:
    """uint8[POINTS]: what a fingerprint asks of each code point, as the bits above."""
    kind = load_tables().kind
    signs = np.zeros(POINTS, dtype=np.uint8)
    signs[np.isin(kind, (HAN, LATIN, LETTER, FOREIGN, KANA))] = _IS_LETTER
    signs[kind == HAN] |= _IS_HAN
    signs[kind == LATIN] |= _IS_LATIN
    signs[33:127] |= _IN_RUN
    signs[[*range(ord("0"), ord("9") + 1), ord("@"), ord("_")]] |= _CLASSES
    signs[[ord("."), ord("/")]] |= _CLASSES_INSIDE
    return signs


@borrowing_inner(several(COUNT, COUNT)(U32, U8, U8), inline=True)
def _read(points: NDArray[np.uint32], signs_of: NDArray[np.uint8], signs: NDArray[np.uint8]) -> tuple[int, int]:
    """Write the signs of a message. Returns its letters, and twice its ideographs less its Latin letters."""
    letters, balance = 0, 0
    for i in range(len(points)):
        sign = signs_of[points[i]]
        signs[i] = sign
        letters += sign & _IS_LETTER
        balance += (sign >> 3 & 2) - (sign >> 5 & 1)
    return letters, balance


@borrowing_inner(COUNT(U32, COUNT), inline=True)
def _end_class(out: NDArray[np.uint32], start: int) -> int:
    """Put one symbol in the place of what a run left in out from start on, unless one stands there already."""
    if start and out[start - 1] == _CLASSED:
        return start
    out[start] = _CLASSED
    return start + 1


@borrowing_inner(COUNT(U32, U8, types.boolean, U32), inline=True)
def _symbols(points: NDArray[np.uint32], signs: NDArray[np.uint8], chinese: bool, out: NDArray[np.uint32]) -> int:  # noqa: FBT001
    """Write the letters of a message, and one symbol per number, link, address or handle, to out. Returns how many.

    A run of ASCII is such a class if a digit or mark says so, or a dot or slash inside it, or its length in a message
    that is Chinese. out: room for one more than there are points.
    """
    n, start, length, classed, inner_mark = 0, 0, 0, False, False
    for i in range(len(points)):
        sign = signs[i]
        if sign & _IN_RUN:
            if length == 0:
                start, classed, inner_mark = n, False, False
            classed |= inner_mark or sign & _CLASSES != 0
            inner_mark = length > 0 and sign & _CLASSES_INSIDE != 0
            length += 1
        elif length:
            n = _end_class(out, start) if classed or (chinese and length >= HANDLE_LETTERS) else n
            length = 0
        out[n] = points[i]
        n += sign & _IS_LETTER
    return _end_class(out, start) if length and (classed or (chinese and length >= HANDLE_LETTERS)) else n


@borrowing_inner(types.uint64(types.uint64, types.uint32), inline=True)
def _mix(gram: np.uint64, symbol: np.uint32) -> np.uint64:
    """Take one more symbol into the hash of an n-gram, of which the upper 32 bits are used."""
    gram = (gram ^ np.uint64(symbol)) * _FACTOR
    return gram ^ gram >> _SHIFT


@borrowing_inner(COUNT(U32, U32), inline=True)
def _hash_grams(symbols: NDArray[np.uint32], keys: NDArray[np.uint32]) -> int:
    """Write 32 well-mixed bits for each n-gram; returns how many. keys: room for twice the symbols."""
    n = len(symbols)
    first, second, third, keys_of_three = symbols[: n - 2], symbols[1 : n - 1], symbols[2:], keys[: n - 2]
    fourth, keys_of_four = symbols[3:], keys[n - 2 : 2 * n - 5]
    longer = len(keys_of_four) if n >= SHORT else 0
    for i in range(n - 2):
        gram = _mix(_mix(_mix(_GRAM_SEED, first[i]), second[i]), third[i])
        keys_of_three[i] = gram >> _HALF
        if i < longer:
            keys_of_four[i] = _mix(gram, fourth[i]) >> _HALF
    return n - 2 + longer


@borrowing_inner(types.void(U32, COUNT, U32, U32, U32), inline=True)
def _lower(keys: NDArray[np.uint32], count: int, multipliers: NDArray[np.uint32], addends: NDArray[np.uint32],
           lowest: NDArray[np.uint32]) -> None:  # fmt: skip
    """The 64 minima of count keys, by multiply-add hashing modulo 2**32. keys: room for three more.

    Four keys at a time, and slices of a known length: so each round is some thirty vector instructions.
    """
    multipliers, addends, lowest = multipliers[:COMPONENTS], addends[:COMPONENTS], lowest[:COMPONENTS]
    keys[count : count + 3] = keys[count - 1]  # a key twice is a key once
    for c in range(COMPONENTS):
        lowest[c] = np.uint32(0xFFFFFFFF)
    for k in range(0, count, 4):
        four = keys[k : k + 4]
        key_0, key_1, key_2, key_3 = four[0], four[1], four[2], four[3]
        for c in range(COMPONENTS):
            factor, addend = multipliers[c], addends[c]
            one, two = np.uint32(key_0 * factor + addend), np.uint32(key_1 * factor + addend)
            three, last = np.uint32(key_2 * factor + addend), np.uint32(key_3 * factor + addend)
            lowest[c] = min(lowest[c], one, two, three, last)


_VALUES, _PRESENT = types.uint16[:, ::1], types.boolean[::1]


@borrowing_kernel(types.void(U32, I64, U8, U32, U32, _SCRATCH, _VALUES, _PRESENT))
def _minimise(points: NDArray[np.uint32], offsets: NDArray[np.int64], signs_of: NDArray[np.uint8],
                   multipliers: NDArray[np.uint32], addends: NDArray[np.uint32], scratch: _Scratch,
                   values: NDArray[np.uint16], present: NDArray[np.bool_]) -> None:  # fmt: skip
    """Write the 64 minima of each message, or zeros, and whether it has any."""
    for m in range(len(offsets) - 1):
        message, out = points[offsets[m] : offsets[m + 1]], values[m]
        letters, balance = _read(message, signs_of, scratch.signs)
        n = _symbols(message, scratch.signs, balance > 0, scratch.symbols) if letters >= LEAST_LETTERS else 0
        present[m] = n >= 3
        if n < 3:
            out[:] = 0
            continue
        _lower(scratch.keys, _hash_grams(scratch.symbols[:n], scratch.keys), multipliers, addends, scratch.lowest)
        for c in range(COMPONENTS):
            out[c] = np.uint16(scratch.lowest[c])
