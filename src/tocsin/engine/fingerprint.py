"""Fingerprints: two messages that say the same in nearly the same words get nearly the same 64 numbers.

MinHash (Broder 1997) over character 3-grams of the folded message, and 4-grams too where it is not short. What scammers
rotate is taken out first: spaces and punctuation are skipped; digits, links, addresses and handles are one symbol
whatever their length. Each of the 64 components keeps 16 bits of its minimum (b-bit MinHash, Li and König 2010). Values
depend on nothing but the text: fixed seeds, little-endian bytes, unsigned arithmetic that wraps.
"""

import base64
import binascii
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numba import types
from numpy.typing import NDArray

from tocsin.engine.fold_tables import DIGIT, FOREIGN, HAN, KANA, LATIN, LETTER, load_tables
from tocsin.engine.kernels import COUNT, I64, U8, U32, inner, kernel, several
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


def fingerprint_batch(folded: FoldedBatch) -> "pa.Array[Any]":
    """The fingerprint of each message, 128 bytes; null where it has fewer than six letters or no n-gram."""
    values, present = _minimise(folded.points, folded.offsets, load_tables().kind, _MULTIPLIERS, _ADDENDS)
    data = pa.py_buffer(values.astype("<u2").tobytes())
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


@inner(COUNT(U32, COUNT, COUNT, U8))
def _count_han(points: NDArray[np.uint32], first: int, last: int, kind: NDArray[np.uint8]) -> int:
    """Ideographs of a message less its Latin letters, so that a positive number says that it is Chinese."""
    balance = 0
    for i in range(first, last):
        balance += 2 * int(kind[points[i]] == HAN) - int(kind[points[i]] == LATIN)
    return balance


@inner(types.boolean(U32, COUNT, COUNT, U8, types.boolean))
def _is_classed(points: NDArray[np.uint32], first: int, last: int, kind: NDArray[np.uint8], chinese: bool) -> bool:  # noqa: FBT001
    """Whether a run of ASCII is a number, link, address or handle rather than a word."""
    for i in range(first, last):
        if kind[points[i]] == DIGIT or points[i] in (64, 95):
            return True
        if points[i] in (46, 47) and first < i < last - 1:
            return True
    return chinese and last - first >= HANDLE_LETTERS


@inner(COUNT(U32, COUNT, COUNT, U8, U32))
def _symbols(points: NDArray[np.uint32], first: int, last: int, kind: NDArray[np.uint8],
             out: NDArray[np.uint32]) -> int:  # fmt: skip
    """Write the letters of a message, and one symbol per number, link or handle, to out. Returns how many."""
    chinese = _count_han(points, first, last, kind) > 0
    n, i = 0, first
    while i < last:
        start = i
        while i < last and 32 < points[i] < 127:
            i += 1
        if i > start and _is_classed(points, start, i, kind, chinese):
            if n == 0 or out[n - 1] != _CLASSED:
                out[n] = _CLASSED
                n += 1
            continue
        i = max(i, start + 1)
        for k in range(start, i):
            if kind[points[k]] in (HAN, LATIN, LETTER, FOREIGN, KANA):
                out[n] = points[k]
                n += 1
    return n


@inner(types.uint32(U32, COUNT, COUNT))
def _hash_gram(symbols: NDArray[np.uint32], first: int, width: int) -> np.uint32:
    """32 well-mixed bits of an n-gram."""
    gram = np.uint64(0x9E3779B97F4A7C15)
    for k in range(first, first + width):
        gram = (gram ^ np.uint64(symbols[k])) * np.uint64(0xBF58476D1CE4E5B9)
        gram ^= gram >> np.uint64(29)
    return np.uint32(gram >> np.uint64(32))


@inner(types.void(U32, types.uint32, U32, U32))
def _lower(
    lowest: NDArray[np.uint32], key: np.uint32, multipliers: NDArray[np.uint32], addends: NDArray[np.uint32]
) -> None:
    """Take one n-gram into the 64 minima. Multiply-add hashing modulo 2**32, a loop that vectorises."""
    for c in range(COMPONENTS):
        lowest[c] = min(lowest[c], np.uint32(key * multipliers[c] + addends[c]))


@kernel(several(types.uint16[:, ::1], types.boolean[::1])(U32, I64, U8, U32, U32))
def _minimise(points: NDArray[np.uint32], offsets: NDArray[np.int64], kind: NDArray[np.uint8],
              multipliers: NDArray[np.uint32],
              addends: NDArray[np.uint32]) -> tuple[NDArray[np.uint16], NDArray[np.bool_]]:  # fmt: skip
    """64 minima for each message, and which messages have any."""
    messages = len(offsets) - 1
    values, present = np.zeros((messages, COMPONENTS), np.uint16), np.zeros(messages, np.bool_)
    longest = 0
    for m in range(messages):
        longest = max(longest, int(offsets[m + 1] - offsets[m]))
    symbols, lowest = np.empty(longest, np.uint32), np.empty(COMPONENTS, np.uint32)
    for m in range(messages):
        letters = 0
        for i in range(offsets[m], offsets[m + 1]):
            letters += kind[points[i]] in (HAN, LATIN, LETTER, FOREIGN, KANA)
        n = _symbols(points, offsets[m], offsets[m + 1], kind, symbols)
        if letters < LEAST_LETTERS or n < 3:
            continue
        lowest[:] = np.uint32(0xFFFFFFFF)
        for width in range(3, 4 if n < SHORT else 5):
            for i in range(n - width + 1):
                _lower(lowest, _hash_gram(symbols, i, width), multipliers, addends)
        for c in range(COMPONENTS):
            values[m, c] = np.uint16(lowest[c] & np.uint32(0xFFFF))
        present[m] = True
    return values, present
