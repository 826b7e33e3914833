"""Known indicators: millions of links, numbers and handles, and the number that each was given; asked by the column.

    known = KnownIndicators.build(kinds, values, ids)           # Arrow columns
    known.save(path)
    ids = KnownIndicators.load(path).look_up(kinds, values)     # int32, -1 for what is not known

A hash table over the bytes of Arrow's own buffers: no Python object per indicator, and on disk the same bytes, so that
processes share what they map. A hit compares kind and value in full: the probability of a false one is zero. Values
are compared as they are; `detectors.find_indicators` gives them normalised. Where lists come from, when an entry
expires and which list wins is not decided here.

Who writes messages chooses the values that are looked up, and could choose such as all fall on one place of the table.
Without the secret they cannot find them: it is the key of the hash (SipHash-1-3, Aumasson and Bernstein 2012, over the
number of the kind as eight bytes and the value), drawn anew for each table, and lies in its file.

The file, little-endian: ``TOCSINKI``, SHA-256 of all that follows, version, bytes of the names of kinds, indicators,
slots, bytes of values, secret; then slots (uint64), begins of the values and their end (uint32), ids (int32), names of
the kinds (JSON), values.
"""

import hashlib
import itertools
import json
import secrets
import struct
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numba import types
from numpy.typing import NDArray

from tocsin.engine.kernels import COUNT, inner, kernel, record, several

UNKNOWN: Final = -1
MOST_KINDS: Final = 255
MOST_BYTES: Final = 2**32 - 1
"""Bytes of all values of one table together."""

_MAGIC: Final = b"TOCSINKI"
_VERSION: Final = 1
_HEAD: Final = struct.Struct("<8s32s")
_SIZES: Final = struct.Struct("<IIQQQ16s")
_SECRET_BYTES: Final = 16
_LEAST_SLOTS: Final = 8
_BLOCK: Final = 512  # look-ups whose slots are fetched before the first is compared: memory answers many at once


_Secret = tuple[np.uint64, np.uint64]


class KnownError(Exception):
    """A file that holds no known indicators; the message says which file and what is wrong with it."""


@dataclass(frozen=True, slots=True)
class KnownIndicators:
    """A set of indicators with an id each; it never changes, so that threads and processes may share it.

    kinds: names of the kinds; a kind's number is its place.  slots: uint64, a power of two, at most two thirds taken;
    0 is free, else from the top: 24 bits of the hash, 8 of the kind's number, 32 of the indicator's place plus one.
    begins: uint32, where each value begins in ``text``, and the end of the last.  ids: int32.  text: uint8, UTF-8.
    """

    kinds: tuple[str, ...]
    slots: NDArray[np.uint64]
    begins: NDArray[np.uint32]
    ids: NDArray[np.int32]
    text: NDArray[np.uint8]
    secret: bytes

    def __len__(self) -> int:
        return len(self.ids)

    @classmethod
    def build(
        cls,
        kinds: "pa.Array[Any] | pa.ChunkedArray[Any]",
        values: "pa.Array[Any] | pa.ChunkedArray[Any]",
        ids: "pa.Array[Any] | pa.ChunkedArray[Any] | None" = None,
        *,
        secret: bytes | None = None,
    ) -> Self:
        """Make a table from columns of equal length; of an indicator that stands there twice, the first row counts.

        kinds, values: strings (dictionary-encoded ones as well).  ids: whole numbers from 0 to 2^31 - 1, the number of
        the row if None.  secret: 16 bytes; drawn if None. With the same one, the same columns give the same bytes.
        Raises TypeError for columns of another type, ValueError where they hold nulls, differ in length or are too
        many.
        """
        table = _Columns.read(kinds, values)
        numbers = _ids(ids, len(table))
        if table.holds_nulls:
            raise ValueError("a known indicator cannot be null")
        names = tuple(sorted(table.names))
        if len(names) > MOST_KINDS:
            raise ValueError(f"at most {MOST_KINDS} kinds, not {len(names)}")
        if table.ends[-1] - table.ends[0] > MOST_BYTES:
            raise ValueError(f"the values of one table may have {MOST_BYTES} bytes together, split it")
        key = secrets.token_bytes(_SECRET_BYTES) if secret is None else secret
        if len(key) != _SECRET_BYTES:
            raise ValueError(f"the secret has {_SECRET_BYTES} bytes, not {len(key)}")
        slots, first = _place(table.text, table.ends, table.codes(names), _halves(key), _room(len(table)))
        if not first.all():
            once = pa.array(first)
            return cls.build(kinds.filter(once), values.filter(once), pa.array(numbers[first]), secret=key)
        begins = (table.ends - table.ends[0]).astype(np.uint32)
        text = table.text[table.ends[0] : table.ends[-1]]
        for array in (slots, begins, numbers, text):
            array.setflags(write=False)
        return cls(names, slots, begins, numbers, text, key)

    def look_up(
        self, kinds: "pa.Array[Any] | pa.ChunkedArray[Any]", values: "pa.Array[Any] | pa.ChunkedArray[Any]"
    ) -> NDArray[np.int32]:
        """The id of each indicator, in order; `UNKNOWN` for one that is not known, or null.

        Raises TypeError for columns that are not strings, ValueError where they differ in length.
        """
        asked = _Columns.read(kinds, values)
        table = _Table(self.slots, self.begins, self.ids, self.text)
        return _look_up(asked.text, asked.ends, asked.codes(self.kinds), _halves(self.secret), table)

    def save(self, path: Path) -> None:
        """Write the table, whole or not at all. Raises OSError where that cannot be done."""
        names = json.dumps(self.kinds).encode()
        sizes = _SIZES.pack(_VERSION, len(names), len(self), len(self.slots), len(self.text), self.secret)
        parts: list[Any] = [sizes, self.slots, self.begins, self.ids, names, self.text]
        digest = hashlib.sha256()
        for part in parts:
            digest.update(part)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=path.name, delete=False) as file:
            try:
                file.write(_HEAD.pack(_MAGIC, digest.digest()))
                for part in parts:
                    file.write(part)
                file.close()
                Path(file.name).replace(path)
            except BaseException:
                Path(file.name).unlink(missing_ok=True)
                raise

    @classmethod
    def load(cls, path: Path) -> Self:
        """Map a table that `save` wrote. It must be replaced, never rewritten, while it is in use.

        Raises KnownError where the file is damaged, cut or of another version, OSError where it cannot be read.
        """
        with path.open("rb") as file:
            head, sizes = file.read(_HEAD.size), file.read(_SIZES.size)
            if len(head) < _HEAD.size or head[: len(_MAGIC)] != _MAGIC:
                raise KnownError(f"{path}: is no file of known indicators")
            if len(sizes) < _SIZES.size:
                raise KnownError(f"{path}: is cut off in its head")
            file.seek(_HEAD.size)
            digest = hashlib.file_digest(file, "sha256").digest()
        version, *_ = _SIZES.unpack(sizes)
        if version != _VERSION:
            raise KnownError(f"{path}: is of version {version}, this program reads version {_VERSION}; build it again")
        if digest != _HEAD.unpack(head)[1]:
            raise KnownError(f"{path}: is damaged, its checksum is not that of its content")
        return cls._map(path, sizes)

    @classmethod
    def _map(cls, path: Path, sizes: bytes) -> Self:
        _, name_bytes, count, slot_count, text_bytes, secret = _SIZES.unpack(sizes)
        lengths = (8 * slot_count, 4 * (count + 1), 4 * count, name_bytes, text_bytes)
        data = np.asarray(np.memmap(path, dtype=np.uint8, mode="r"))
        places = np.cumsum((_HEAD.size + _SIZES.size, *lengths)).tolist()
        if places[-1] != len(data):
            raise KnownError(f"{path}: has {len(data)} bytes, {places[-1]} are announced")
        slots, begins, ids, names, text = (data[a:b] for a, b in itertools.pairwise(places))
        kinds = tuple(json.loads(names.tobytes()))
        known = cls(kinds, slots.view(np.uint64), begins.view(np.uint32), ids.view(np.int32), text, secret)
        if not known._is_sound():
            raise KnownError(f"{path}: has places outside of itself")
        return known

    def _is_sound(self) -> bool:
        """Whether every place that a look-up may go to is inside the table: compiled code does not ask."""
        slots, count = len(self.slots), len(self)
        if slots < _LEAST_SLOTS or slots & (slots - 1) or 3 * count > 2 * slots:
            return False
        bounds_fit = self.begins[0] == 0 and self.begins[-1] == len(self.text)
        taken = int(np.count_nonzero(self.slots))
        farthest = int((self.slots & np.uint64(0xFFFFFFFF)).max())
        return bool(bounds_fit and (self.begins[1:] >= self.begins[:-1]).all() and taken <= count >= farthest)


@dataclass(frozen=True, slots=True)
class _Columns:
    """Two columns of strings as arrays.

    text, ends: value i is ``text[ends[i]:ends[i + 1]]``, UTF-8.  names, numbers: kind i is ``names[numbers[i]]``; a
    number is negative where kind or value is null.
    """

    text: NDArray[np.uint8]
    ends: NDArray[np.int64]
    names: tuple[str, ...]
    numbers: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.numbers)

    @property
    def holds_nulls(self) -> bool:
        return bool((self.numbers < 0).any())

    @classmethod
    def read(
        cls, kinds: "pa.Array[Any] | pa.ChunkedArray[Any]", values: "pa.Array[Any] | pa.ChunkedArray[Any]"
    ) -> Self:
        if len(kinds) != len(values):
            raise ValueError(f"{len(kinds)} kinds but {len(values)} values")
        named: Any = pc.dictionary_encode(_strings(kinds, "kinds"))
        numbers = named.indices.cast(pa.int64()).fill_null(-1).to_numpy(zero_copy_only=False)
        column = _strings(values, "values")
        if column.null_count:
            numbers = np.where(column.is_valid().to_numpy(zero_copy_only=False), numbers, -1)
        _, places, data = column.buffers()
        shape: Any = np.int64 if pa.types.is_large_string(column.type) else np.int32
        ends = np.zeros(1, np.int64)
        if len(column):
            ends = np.frombuffer(places, shape)[column.offset : column.offset + len(column) + 1].astype(np.int64)
        text = np.frombuffer(data, np.uint8) if data is not None and data.size else np.frombuffer(b"", np.uint8)
        return cls(text, ends, tuple(named.dictionary.to_pylist()), numbers)

    def codes(self, names: tuple[str, ...]) -> NDArray[np.int32]:
        """The number of each row's kind among names, -1 where it is not one of them."""
        known = {name: number for number, name in enumerate(names)}
        # the last is for what is null: -1 counts from the end
        table = np.array([*(known.get(name, -1) for name in self.names), -1], dtype=np.int32)
        return table[self.numbers]


def _strings(column: "pa.Array[Any] | pa.ChunkedArray[Any]", name: str) -> Any:
    """One plain array of strings, of type string or large_string."""
    whole: Any = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if pa.types.is_dictionary(whole.type):
        whole = whole.cast(whole.type.value_type)
    if not (pa.types.is_string(whole.type) or pa.types.is_large_string(whole.type)):
        raise TypeError(f"{name} must be an Arrow column of strings, not {column.type}")
    return whole


def _ids(column: "pa.Array[Any] | pa.ChunkedArray[Any] | None", count: int) -> NDArray[np.int32]:
    if column is None:
        return np.arange(count, dtype=np.int32)
    whole: Any = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if not pa.types.is_integer(whole.type):
        raise TypeError(f"ids must be an Arrow column of whole numbers, not {whole.type}")
    if len(whole) != count or whole.null_count:
        raise ValueError(f"there must be an id for each of {count} indicators")
    numbers = whole.to_numpy(zero_copy_only=False)
    if count and not (numbers.min() >= 0 and numbers.max() <= np.iinfo(np.int32).max):
        raise ValueError("ids must be from 0 to 2147483647")
    return np.ascontiguousarray(numbers, dtype=np.int32)


def _halves(secret: bytes) -> _Secret:
    low, high = np.frombuffer(secret, dtype="<u8")
    return low, high


def _room(count: int) -> int:
    """Slots for so many indicators: the power of two of which they take a third to two thirds."""
    slots = _LEAST_SLOTS
    while 2 * slots < 3 * count:
        slots *= 2
    return slots


def _seen(member: Any) -> Any:
    """The type of an array that is only read: so may be what is mapped from a file, and Arrow's buffers."""
    return types.Array(member, 1, "C", readonly=True)


class _Table(NamedTuple):
    """A table as kernels see it: the arrays of `KnownIndicators`."""

    slots: NDArray[np.uint64]
    begins: NDArray[np.uint32]
    ids: NDArray[np.int32]
    text: NDArray[np.uint8]


_U64 = types.uint64
_SECRET = several(_U64, _U64)
_TEXT, _ENDS, _CODES = _seen(types.uint8), _seen(types.int64), _seen(types.int32)
_TABLE = record(_Table, _seen(types.uint64), _seen(types.uint32), _seen(types.int32), _TEXT)


@inner(_U64(_U64, types.int64))
def _turn(value: np.uint64, by: int) -> np.uint64:
    """Rotate to the left."""
    return (value << np.uint64(by)) | (value >> np.uint64(64 - by))


@inner(several(_U64, _U64, _U64, _U64)(_U64, _U64, _U64, _U64))
def _round(a: np.uint64, b: np.uint64, c: np.uint64, d: np.uint64) -> tuple[np.uint64, np.uint64, np.uint64, np.uint64]:
    """One round of SipHash."""
    a, c = a + b, c + d
    b, d = _turn(b, 13) ^ a, _turn(d, 16) ^ c
    a, c = _turn(a, 32) + d, c + b
    b, d = _turn(b, 17) ^ c, _turn(d, 21) ^ a
    return a, b, _turn(c, 32), d


@inner(_U64(_TEXT, COUNT, COUNT, types.int32, _SECRET))
def _hash(text: NDArray[np.uint8], first: int, last: int, code: int, secret: _Secret) -> np.uint64:
    """SipHash-1-3 of the kind's number, as eight bytes, and the bytes of a value."""
    low, high = secret
    a, b = low ^ np.uint64(0x736F6D6570736575), high ^ np.uint64(0x646F72616E646F6D)
    c, d = low ^ np.uint64(0x6C7967656E657261), high ^ np.uint64(0x7465646279746573)
    word = np.uint64(code)
    a, b, c, d = _round(a, b, c, d ^ word)
    a ^= word
    at = first
    while at + 8 <= last:
        word = np.uint64(0)
        for k in range(8):
            word |= np.uint64(text[at + k]) << np.uint64(8 * k)
        a, b, c, d = _round(a, b, c, d ^ word)
        a ^= word
        at += 8
    word = np.uint64(last - first + 8) << np.uint64(56)
    for k in range(last - at):
        word |= np.uint64(text[at + k]) << np.uint64(8 * k)
    a, b, c, d = _round(a, b, c, d ^ word)
    a, c = a ^ word, c ^ np.uint64(0xFF)
    for _ in range(3):
        a, b, c, d = _round(a, b, c, d)
    return a ^ b ^ c ^ d


@inner(types.boolean(_TEXT, COUNT, COUNT, _TEXT, COUNT, COUNT))
def _is_same(a: NDArray[np.uint8], a_first: int, a_last: int, b: NDArray[np.uint8], b_first: int, b_last: int) -> bool:
    """Whether two stretches hold the same bytes."""
    same = a_last - a_first == b_last - b_first
    k = 0
    while same and a_first + k < a_last:
        same = a[a_first + k] == b[b_first + k]
        k += 1
    return same


@inner(_U64(_U64, types.int32))
def _mark(value: np.uint64, code: int) -> np.uint64:
    """The upper half of a slot: 24 bits of the hash, 8 of the kind's number."""
    return (value >> np.uint64(40) << np.uint64(8)) | np.uint64(code)


@inner(COUNT(_U64))
def _entry(slot: np.uint64) -> np.int64:
    """The place of the indicator that a slot holds, -1 if it is free."""
    return np.int64(slot & np.uint64(0xFFFFFFFF)) - np.int64(1)


@kernel(several(types.uint64[::1], types.boolean[::1])(_TEXT, _ENDS, _CODES, _SECRET, COUNT))
def _place(text: NDArray[np.uint8], ends: NDArray[np.int64], codes: NDArray[np.int32], secret: _Secret,
           room: int) -> tuple[NDArray[np.uint64], NDArray[np.bool_]]:  # fmt: skip
    """The slots of a table of all rows, and for each row whether it is the first of its indicator."""
    slots, first = np.zeros(room, np.uint64), np.ones(len(codes), np.bool_)
    mask = np.uint64(room - 1)
    for row in range(len(codes)):
        value = _hash(text, ends[row], ends[row + 1], codes[row], secret)
        mark, at = _mark(value, codes[row]), value & mask
        while slots[at] and first[row]:
            if slots[at] >> np.uint64(32) == mark:
                other = _entry(slots[at])
                first[row] = not _is_same(text, ends[row], ends[row + 1], text, ends[other], ends[other + 1])
            at = (at + np.uint64(1)) & mask
        if first[row]:
            slots[at] = (mark << np.uint64(32)) | np.uint64(row + 1)
    return slots, first


@inner(types.int32(_TEXT, COUNT, COUNT, _U64, types.int32, _TABLE))
def _find(asked: NDArray[np.uint8], first: int, last: int, value: np.uint64, code: int, table: _Table) -> np.int32:
    """The id of one value, going from its first slot to the next free one; -1 if it is not there."""
    mask = np.uint64(len(table.slots) - 1)
    mark, at = _mark(value, code), value & mask
    while table.slots[at]:
        if table.slots[at] >> np.uint64(32) == mark:
            entry = _entry(table.slots[at])
            if _is_same(asked, first, last, table.text, table.begins[entry], table.begins[entry + 1]):
                number: np.int32 = table.ids[entry]
                return number
        at = (at + np.uint64(1)) & mask
    return np.int32(UNKNOWN)


@kernel(types.int32[::1](_TEXT, _ENDS, _CODES, _SECRET, _TABLE))
def _look_up(asked: NDArray[np.uint8], ends: NDArray[np.int64], codes: NDArray[np.int32], secret: _Secret,
             table: _Table) -> NDArray[np.int32]:  # fmt: skip
    """The id of each row, -1 for what is not there or has no known kind.

    Memory answers many questions at once, but one after another where each follows from the last. So a block of rows
    takes each step (slot, place of the value, value) together; `_find` goes on where the first slot is another's.
    """
    found = np.full(len(codes), UNKNOWN, np.int32)
    mask = np.uint64(len(table.slots) - 1)
    values, guesses = np.zeros(_BLOCK, np.uint64), np.zeros(_BLOCK, np.int64)
    firsts, lasts, ids = np.zeros(_BLOCK, np.uint32), np.zeros(_BLOCK, np.uint32), np.zeros(_BLOCK, np.int32)
    for begin in range(0, len(codes), _BLOCK):
        block = min(_BLOCK, len(codes) - begin)
        for k in range(block):
            row = begin + k
            values[k] = _hash(asked, ends[row], ends[row + 1], codes[row], secret)
        for k in range(block):
            slot, code = table.slots[values[k] & mask], codes[begin + k]
            guesses[k] = _entry(slot) if code >= 0 and slot >> np.uint64(32) == _mark(values[k], code) else -1
        for k in range(block):
            if guesses[k] >= 0:
                firsts[k], lasts[k] = table.begins[guesses[k]], table.begins[guesses[k] + 1]
                ids[k] = table.ids[guesses[k]]
        for k in range(block):
            row = begin + k
            if guesses[k] >= 0 and _is_same(asked, ends[row], ends[row + 1], table.text, firsts[k], lasts[k]):
                found[row] = ids[k]
            elif codes[row] >= 0:
                found[row] = _find(asked, ends[row], ends[row + 1], values[k], codes[row], table)
    return found
