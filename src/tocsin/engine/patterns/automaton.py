"""All expressions as hyperscan databases: compiled, kept on disk between runs, scanned over a whole batch at once.

A batch is screened first (``screen``): the databases, one for each group of expressions, see only the messages that may
match one of theirs, joined to one text. Databases take seconds to compile and milliseconds to load, so the compiled
form is kept in a folder of the user. Nothing depends on that folder: where it is missing, read-only or holds something
else, everything is compiled in memory.

Hyperscan is asked for ends only. Asking for starts as well was measured to make the database sixteen times larger and
ten times slower to compile, and to refuse long expressions; the start of the few matches that are shown is looked up
afterwards.
"""

import hashlib
import io
import platform
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path

import hyperscan
import numpy as np
from numba import types
from numpy.typing import NDArray

from tocsin.engine.kernels import I64, U8, U32, kernel
from tocsin.engine.patterns.reading import PatternError
from tocsin.engine.patterns.screen import GROUPS, Screen
from tocsin.engine.text import FoldedBatch
from tocsin.engine.utf8 import write_utf8

_FLAGS = hyperscan.HS_FLAG_UTF8
_NEWLINE = 10


@dataclass(frozen=True, slots=True)
class Hits:
    """Where patterns matched, one entry for each pattern and message, by row and pattern.

    row: int32, message of the batch.  pattern: int32, index of the expression.  last: int64, end of its last match in
    folded points, counted through the whole batch, exclusive.
    """

    row: NDArray[np.int32]
    pattern: NDArray[np.int32]
    last: NDArray[np.int64]


_NO_HITS = Hits(np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros(0, np.int64))


class Automaton:
    """A compiled set of expressions. Safe to share between threads: each has its own scratch space."""

    def __init__(self, screen: Screen, databases: Sequence[hyperscan.Database | None]) -> None:
        self._screen = screen
        self._databases = databases
        self._local = threading.local()

    @classmethod
    def compile(cls, expressions: Sequence[str]) -> "Automaton":
        """Compile in memory. Raises PatternError that names the expressions hyperscan refuses."""
        groups = [range(group, len(expressions), GROUPS) for group in range(GROUPS)]
        try:
            databases = [_compile(expressions, numbers) if numbers else None for numbers in groups]
        except hyperscan.error as error:
            raise PatternError(_refused(expressions) or [f"hyperscan: {error}"]) from error
        return cls(Screen.build(expressions), databases)

    def dump(self) -> bytes:
        """The compiled form, for this hyperscan version and kind of processor."""
        arrays = {f"database_{group}": _dumped(database) for group, database in enumerate(self._databases)}
        stored = io.BytesIO()
        np.savez(stored, allow_pickle=False, **self._screen._asdict(), **arrays)
        return stored.getvalue()

    @classmethod
    def load(cls, data: bytes) -> "Automaton":
        """Read what `dump` wrote. Raises hyperscan.error where it does not fit this machine."""
        with np.load(io.BytesIO(data), allow_pickle=False) as stored:
            screen = Screen(**{name: stored[name] for name in Screen._fields})
            return cls(screen, [_loaded(stored[f"database_{group}"].tobytes()) for group in range(GROUPS)])

    def scan(self, folded: FoldedBatch) -> Hits:
        """Match every expression against every message; no match reaches from one message into the next."""
        wanted = self._screen.groups(folded)
        if not wanted.any():
            return _NO_HITS
        text, bounds, rows, firsts = _joined(folded, wanted)
        found: list[tuple[int, int]] = []
        counts = []
        for group, (begin, end) in enumerate(pairwise(bounds[firsts].tolist())):
            before = len(found)
            if end > begin:
                self._scan_group(group, text[begin:end].tobytes(), found)
            counts.append(len(found) - before)
        number, ends = np.array(found, dtype=np.int64).reshape(-1, 2).T
        ends = ends + np.repeat(bounds[firsts[:-1]], counts)
        order = np.argsort(ends, kind="stable")
        row, last = np.empty(len(order), dtype=np.int64), np.empty(len(order), dtype=np.int64)
        _locate(text, bounds, rows, folded.offsets, ends[order], row, last)
        return _collect(row, last, number[order])

    def _scan_group(self, group: int, text: bytes, found: list[tuple[int, int]]) -> None:
        """Add the matches of one group, each as expression and end in bytes, to those found."""

        def on_match(number: int, _start: int, end: int, _flags: int, _context: object) -> None:
            found.append((number, end))

        database = self._databases[group]
        if database is not None:
            database.scan(text, match_event_handler=on_match, scratch=self._scratch(group, database))

    def _scratch(self, group: int, database: hyperscan.Database) -> hyperscan.Scratch:
        scratches: dict[int, hyperscan.Scratch] = self._local.__dict__.setdefault("scratches", {})
        if group not in scratches:
            scratches[group] = database.scratch.clone()
        return scratches[group]


def automaton_for(expressions: Sequence[str], cache_folder: Path | None) -> Automaton:
    """The compiled expressions, from the cache folder if it has them, else compiled now and left there.

    cache_folder: None for ``.cache/tocsin`` in the user's home; another is for the caller to name, since the engine
    reads no settings.
    """
    path = (cache_folder or Path.home() / ".cache" / "tocsin") / f"patterns-{_cache_key(expressions)}.hsdb"
    kept = _read_kept(path)
    if kept is not None:
        return kept
    automaton = Automaton.compile(expressions)
    _keep(path, automaton.dump())
    return automaton


def _compile(expressions: Sequence[str], numbers: range) -> hyperscan.Database:
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    sources = [expressions[number].encode() for number in numbers]
    database.compile(expressions=sources, ids=list(numbers), elements=len(sources), flags=_FLAGS)
    return database


def _dumped(database: hyperscan.Database | None) -> NDArray[np.uint8]:
    return np.frombuffer(hyperscan.dumpb(database) if database else b"", dtype=np.uint8)


def _loaded(data: bytes) -> hyperscan.Database | None:
    if not data:
        return None
    database = hyperscan.loadb(data, hyperscan.HS_MODE_BLOCK)
    database.scratch = hyperscan.Scratch(database)
    return database


def _refused(expressions: Sequence[str]) -> list[str]:
    problems = []
    for expression in expressions:
        try:
            hyperscan.Database().compile(expressions=[expression.encode()], ids=[0], elements=1, flags=_FLAGS)
        except hyperscan.error as error:
            problems.append(f"hyperscan refuses {expression!r}: {error}")
    return problems


def _joined(
    folded: FoldedBatch, wanted: NDArray[np.uint32]
) -> tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """The messages that each group wants, as UTF-8 with a newline after each.

    Returns the text, the n + 1 bytes at which its pieces begin, the n rows that they are, and of each group the first
    piece, with n at the end.
    """
    copies = np.bitwise_count(wanted).astype(np.int64)
    text = np.empty(int((copies * (4 * np.diff(folded.offsets) + 1)).sum()), dtype=np.uint8)
    pieces = int(copies.sum())
    bounds, rows = np.zeros(pieces + 1, dtype=np.int64), np.empty(pieces, dtype=np.int64)
    firsts = np.zeros(GROUPS + 1, dtype=np.int64)
    _lay_out(folded.points, folded.offsets, wanted, text, bounds, rows, firsts)
    return text, bounds, rows, firsts


@kernel(types.void(U32, I64, U32, U8, I64, I64, I64))
def _lay_out(
    points: NDArray[np.uint32],
    offsets: NDArray[np.int64],
    wanted: NDArray[np.uint32],
    text: NDArray[np.uint8],
    bounds: NDArray[np.int64],
    rows: NDArray[np.int64],
    firsts: NDArray[np.int64],
) -> None:
    """Write what `_joined` returns."""
    at, piece, one = np.uint64(0), 0, np.uint64(1)
    for group in range(GROUPS):
        for row in range(len(wanted)):
            if wanted[row] >> np.uint32(group) & np.uint32(1):
                at = write_utf8(points, np.uint64(offsets[row]), np.uint64(offsets[row + 1]), text, at)
                text[at] = _NEWLINE
                at += one
                rows[piece], bounds[piece + 1] = row, at
                piece += 1
        firsts[group + 1] = piece


@kernel(types.void(U8, I64, I64, I64, I64, I64, I64))
def _locate(
    text: NDArray[np.uint8],
    bounds: NDArray[np.int64],
    rows: NDArray[np.int64],
    offsets: NDArray[np.int64],
    ends: NDArray[np.int64],
    row: NDArray[np.int64],
    last: NDArray[np.int64],
) -> None:
    """Write row and folded point of bytes of a text that `_joined` made; ends are exclusive and ascending."""
    piece, at, point = 0, 0, offsets[rows[0]]
    for number in range(len(ends)):
        while ends[number] > bounds[piece + 1]:
            piece += 1
            at, point = bounds[piece], offsets[rows[piece]]
        while at < ends[number]:
            point += text[at] & 0xC0 != 0x80
            at += 1
        row[number], last[number] = rows[piece], point


def _collect(row: NDArray[np.int64], last: NDArray[np.int64], pattern: NDArray[np.int64]) -> Hits:
    """Of each pattern and message the match that ends last."""
    order = np.lexsort((-last, pattern, row))
    row, pattern, last = row[order], pattern[order], last[order]
    fresh = np.ones(len(row), dtype=bool)
    fresh[1:] = (row[1:] != row[:-1]) | (pattern[1:] != pattern[:-1])
    return Hits(row[fresh].astype(np.int32), pattern[fresh].astype(np.int32), last[fresh])


def _cache_key(expressions: Sequence[str]) -> str:
    digest = hashlib.sha256(f"{version('hyperscan')}\0{_processor()}\0{_FLAGS}".encode())
    for part in (*(expression.encode() for expression in expressions), *_makers()):
        digest.update(b"\0" + part)
    return digest.hexdigest()[:24]


@lru_cache(maxsize=1)
def _makers() -> tuple[bytes, ...]:
    """The modules that say what the kept form holds: what an older version of them kept would hide matches."""
    return tuple(Path(__file__).with_name(name).read_bytes() for name in ("automaton.py", "needs.py", "screen.py"))


@lru_cache(maxsize=1)
def _processor() -> str:
    """What tells one kind of processor from another, since hyperscan compiles for the one that it runs on."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    features = next((line for line in lines if line.startswith(("flags", "Features"))), "")
    return f"{platform.system()} {platform.machine()} {features}"


def _read_kept(path: Path) -> Automaton | None:
    """What an earlier run left, or None where there is nothing or it is damaged: then it is simply compiled again."""
    try:
        data = path.read_bytes()
    except OSError:
        return None
    size = hashlib.sha256().digest_size
    if hashlib.sha256(data[size:]).digest() != data[:size]:
        return None
    try:
        return Automaton.load(data[size:])
    except hyperscan.error:
        return None


def _keep(path: Path, data: bytes) -> None:
    """Leave the compiled form for later runs, whole or not at all; a folder that cannot be written is no fault."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=path.stem, delete=False) as file:
            file.write(hashlib.sha256(data).digest() + data)
        Path(file.name).replace(path)
    except OSError:
        return
