"""The files of a run: ``OUT.part`` with what is written, ``OUT.resume`` (the journal) with how far that is safe, then
``OUT``.

The order of things, so that a kill at any moment leaves something to go on from:

- the journal is replaced as a whole (written aside, synced, renamed), and only after the part file was synced up to the
  length that it names; on resuming, the part file is cut to that length;
- at the end the journal says ``finishing`` and the final size before the finished file is renamed to ``OUT``; then the
  others are removed. ``OUT`` is either the old file or the whole new one.

A run holds a lock on ``OUT.part``, so that two of them cannot write the same output.
"""

import fcntl
import json
import os
from dataclasses import asdict, dataclass, field, replace
from io import FileIO
from pathlib import Path

from tocsin.bulk.batches import Position
from tocsin.bulk.rendering import PARQUET, frames_to_parquet
from tocsin.bulk.request import EXIT_STOPPED, ScanError
from tocsin.bulk.workers import Result

_FORMAT = 1


@dataclass(frozen=True, slots=True)
class Progress:
    """What is done. length: bytes of the part file that are this progress.  final_size: of the finished file, once it
    is."""

    position: Position = field(default_factory=Position)
    flagged: int = 0
    written: int = 0
    length: int = 0
    final_size: int | None = None


class Output:
    """The output of one run. ``request`` is a JSON object of all that the output depends on; a run only resumes its
    own."""

    def __init__(self, path: Path, suffix: str, request: dict[str, object], *, restart: bool) -> None:
        """Take up what an earlier run of the same request left, or begin. Raises ScanError where neither may be."""
        self.path = path
        self.part = path.with_name(path.name + ".part")
        self.journal = path.with_name(path.name + ".resume")
        self.progress = Progress()
        self.resumed = False
        self._merged = path.with_name(path.name + ".merged")
        self._suffix = suffix
        self._request = request
        self._file: FileIO = self._lock()
        try:
            self._begin(restart=restart)
        except BaseException:
            self._file.close()
            raise

    def _lock(self) -> FileIO:
        try:
            # Unbuffered: after a failed write, nothing must be left that closing the file would try to write again.
            file = self.part.open("ab", buffering=0)
        except OSError as error:
            raise ScanError(f"{self.part}: {error.strerror}") from error
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # The run that held the lock may have renamed this very file since it was opened here.
            if not os.path.samestat(os.fstat(file.fileno()), self.part.stat()):
                raise BlockingIOError
        except (BlockingIOError, FileNotFoundError) as error:
            file.close()
            raise ScanError(f"{self.part}: another scan is writing it") from error
        return file

    def _begin(self, *, restart: bool) -> None:
        if not restart and self._read_journal():
            self.resumed = True
            self._cut()
            return
        if not restart:
            self._refuse_leftovers()
        try:
            self._merged.unlink(missing_ok=True)
            self._file.truncate(0)
            self._write_journal()
        except OSError as error:
            raise self._failed(self.journal, error) from error

    def _refuse_leftovers(self) -> None:
        """Without a journal, nothing that is there may be touched; an empty part file may be our own, from taking the
        lock."""
        if self.path.exists():
            self._discard_empty_part()
            raise ScanError(f"{self.path}: exists already; --restart scans again and overwrites it")
        if self.part.stat().st_size:
            raise ScanError(f"{self.part}: is there without its journal {self.journal.name}; --restart overwrites it")

    def _discard_empty_part(self) -> None:
        if self.part.stat().st_size == 0:
            self.part.unlink()

    def _read_journal(self) -> bool:
        """Take over the progress of the journal; False where there is none. Raises ScanError if it is another
        request's."""
        try:
            found = json.loads(self.journal.read_text())
            request, state = found["request"], found["progress"]
            position = Position(**state.pop("position"))
            self.progress = Progress(position=position, **state)
        except FileNotFoundError:
            return False
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise ScanError(f"{self.journal}: is not a journal that can be read; --restart starts over") from error
        changed = describe_change(request, self._request)
        if changed:
            raise ScanError(f"{self.journal}: belongs to another scan ({changed}); --restart starts over")
        return True

    def _cut(self) -> None:
        """Drop what was written after the last safe point."""
        if self.progress.final_size is not None:
            return
        if self.part.stat().st_size < self.progress.length:
            raise ScanError(f"{self.part}: is shorter than its journal says; --restart starts over")
        self._file.truncate(self.progress.length)

    def append(self, position: Position, result: Result) -> None:
        """Write the bytes of a batch; safe only from the next ``commit`` on. Raises ScanError when the disk is full."""
        try:
            waiting = memoryview(result.payload)
            while waiting:
                waiting = waiting[self._file.write(waiting) :]
        except OSError as error:
            raise self._failed(self.part, error) from error
        done = self.progress
        self.progress = Progress(
            position,
            done.flagged + result.flagged,
            done.written + result.written,
            done.length + len(result.payload),
        )

    def commit(self) -> None:
        """Make what was appended safe: from here the run goes on after a kill."""
        try:
            os.fsync(self._file.fileno())
            self._write_journal()
        except OSError as error:
            raise self._failed(self.journal, error) from error

    def finish(self) -> None:
        """Make the finished file and put it in its place; the part file and the journal are gone afterwards."""
        try:
            if self.progress.final_size is None:
                ready = self._make_ready()
                self.progress = replace(self.progress, final_size=ready.stat().st_size)
                self.commit()
            self._put_in_place()
        except OSError as error:
            raise self._failed(self.path, error) from error
        self._file.close()

    @property
    def _ready(self) -> Path:
        return self._merged if self._suffix == PARQUET else self.part

    def _make_ready(self) -> Path:
        if self._suffix == PARQUET:
            frames_to_parquet(self.part, self._merged)
            with self._merged.open("rb") as file:
                os.fsync(file.fileno())
        return self._ready

    def _put_in_place(self) -> None:
        size = self.progress.final_size
        if self._ready.exists() and self._ready.stat().st_size == size:
            self._ready.replace(self.path)
        elif not (self.path.exists() and self.path.stat().st_size == size):
            raise ScanError(f"{self.path}: the finished file has gone; --restart starts over")
        _sync_folder(self.path)
        self.part.unlink(missing_ok=True)
        self.journal.unlink()

    def close(self) -> None:
        """Let go of the part file; everything that is not committed may be cut off later."""
        self._file.close()

    def _write_journal(self) -> None:
        aside = self.journal.with_name(self.journal.name + ".new")
        text = json.dumps({"format": _FORMAT, "request": self._request, "progress": asdict(self.progress)}, indent=1)
        try:
            with aside.open("w") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            aside.replace(self.journal)
        except OSError:
            aside.unlink(missing_ok=True)
            raise
        _sync_folder(self.journal)

    def _failed(self, path: Path, error: OSError) -> ScanError:
        message = f"{path}: cannot be written ({error.strerror}); what is done is kept and the same command continues"
        return ScanError(message, EXIT_STOPPED)


def describe_change(before: dict[str, object], now: dict[str, object]) -> str:
    """In a few words, what differs between the requests of two runs; empty where nothing does."""
    for key, value in now.items():
        old = before.get(key)
        if old == value:
            continue
        if key != "inputs" or not isinstance(old, list) or not isinstance(value, list):
            return f"{key} was {old}, is {value}"
        paths = [[each.get("path") for each in files] for files in (old, value)]
        if paths[0] != paths[1]:
            return "other inputs"
        changed = next(after["path"] for former, after in zip(old, value, strict=True) if former != after)
        return f"{changed} has changed"
    return ""


def _sync_folder(path: Path) -> None:
    """Make a rename in the folder of this path last through a power cut."""
    handle = os.open(path.absolute().parent, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
