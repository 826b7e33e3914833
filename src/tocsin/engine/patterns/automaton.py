"""All expressions as one hyperscan database: compiled, kept on disk between runs, scanned over a whole batch at once.

A database takes seconds to compile and milliseconds to load, so the compiled form is kept in a folder of the user.
Nothing depends on that folder: where it is missing, read-only or holds something else, the database is compiled in
memory.

Hyperscan is asked for ends only. Asking for starts as well was measured to make the database sixteen times larger and
ten times slower to compile, and to refuse long expressions; the start of the few matches that are shown is looked up
afterwards.
"""

import hashlib
import platform
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path

import hyperscan
import numpy as np
from numpy.typing import NDArray

from tocsin.engine.patterns.reading import PatternError
from tocsin.engine.text import FoldedBatch

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


class Automaton:
    """A compiled set of expressions. Safe to share between threads: each has its own scratch space."""

    def __init__(self, database: hyperscan.Database) -> None:
        self._database = database
        self._local = threading.local()

    @classmethod
    def compile(cls, expressions: Sequence[str]) -> "Automaton":
        """Compile in memory. Raises PatternError that names the expressions hyperscan refuses."""
        return cls(_compile(expressions))

    def dump(self) -> bytes:
        """The compiled form, for this hyperscan version and kind of processor."""
        return bytes(hyperscan.dumpb(self._database))

    @classmethod
    def load(cls, data: bytes) -> "Automaton":
        """Read what `dump` wrote. Raises hyperscan.error where it does not fit this machine or is damaged."""
        database = hyperscan.loadb(bytes(data), hyperscan.HS_MODE_BLOCK)
        database.scratch = hyperscan.Scratch(database)
        return cls(database)

    def scan(self, folded: FoldedBatch) -> Hits:
        """Match every expression against every message in one call; no match reaches from one message into the next."""
        text, begins = _encode(folded)
        found: list[tuple[int, int]] = []

        def on_match(number: int, _start: int, end: int, _flags: int, _context: object) -> None:
            found.append((number, end))

        if len(text):
            self._database.scan(text, match_event_handler=on_match, scratch=self._scratch())
        return _collect(found, begins, folded.offsets)

    def _scratch(self) -> hyperscan.Scratch:
        if not hasattr(self._local, "scratch"):
            self._local.scratch = self._database.scratch.clone()
        scratch: hyperscan.Scratch = self._local.scratch
        return scratch


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


def _compile(expressions: Sequence[str]) -> hyperscan.Database:
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    sources = [expression.encode() for expression in expressions]
    try:
        database.compile(expressions=sources, ids=list(range(len(sources))), elements=len(sources), flags=_FLAGS)
    except hyperscan.error as error:
        raise PatternError(_refused(expressions) or [f"hyperscan: {error}"]) from error
    return database


def _refused(expressions: Sequence[str]) -> list[str]:
    problems = []
    for expression in expressions:
        try:
            hyperscan.Database().compile(expressions=[expression.encode()], ids=[0], elements=1, flags=_FLAGS)
        except hyperscan.error as error:
            problems.append(f"hyperscan refuses {expression!r}: {error}")
    return problems


def _encode(folded: FoldedBatch) -> tuple[bytes, NDArray[np.int64]]:
    """The batch as UTF-8 with a newline after each message, and the byte at which each folded point begins."""
    count, total = len(folded), len(folded.points)
    points = np.full(total + count, _NEWLINE, dtype=np.uint32)
    places = np.arange(total, dtype=np.int64) + np.repeat(np.arange(count, dtype=np.int64), np.diff(folded.offsets))
    points[places] = folded.points
    text = points.tobytes().decode("utf-32-le").encode("utf-8")
    widths = 1 + (points >= 0x80).astype(np.int64) + (points >= 0x800) + (points >= 0x10000)
    begins = np.cumsum(widths) - widths
    return text, begins[places]


def _collect(found: list[tuple[int, int]], begins: NDArray[np.int64], offsets: NDArray[np.int64]) -> Hits:
    table = np.array(found, dtype=np.int64).reshape(-1, 2)
    last = np.searchsorted(begins, table[:, 1], side="left")
    row = np.searchsorted(offsets, last - 1, side="right") - 1
    order = np.lexsort((-last, table[:, 0], row))
    pattern, last, row = table[order, 0], last[order], row[order]
    fresh = np.ones(len(row), dtype=bool)
    fresh[1:] = (row[1:] != row[:-1]) | (pattern[1:] != pattern[:-1])
    return Hits(row[fresh].astype(np.int32), pattern[fresh].astype(np.int32), last[fresh])


def _cache_key(expressions: Sequence[str]) -> str:
    digest = hashlib.sha256(f"{version('hyperscan')}\0{_processor()}\0{_FLAGS}".encode())
    for expression in expressions:
        digest.update(b"\0" + expression.encode())
    return digest.hexdigest()[:24]


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
