"""The bytes of an input file, plain or gzip, in chunks. Knows damage and identity; nothing of lines or encodings."""

import hashlib
import stat
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from tocsin.bulk.request import MEBIBYTE, ScanError

_PLAIN_CHUNK = MEBIBYTE
_GZIP_CHUNK = 1 << 16
_IDENTITY_BYTES = 1 << 16
_GZIP_WINDOW = 31  # zlib's way to say: a gzip header and trailer, largest window


class SourceDamagedError(Exception):
    """The bytes end too early or cannot be read; the message names the offset in the file."""


@dataclass(frozen=True, slots=True)
class Identity:
    """What tells one input file from another, or from its own earlier state. A pipe or device has size -1."""

    path: str
    size: int
    modified_ns: int
    head: str

    @property
    def is_stream(self) -> bool:
        """True for what cannot be read a second time."""
        return self.size < 0


def identify(path: Path) -> Identity:
    """The identity of an input: absolute path, size, time of change, SHA-256 of the first 64 KiB.

    Raises ScanError for a missing file, a directory, or one that cannot be read.
    """
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise ScanError(f"{path}: is a directory")
        if not stat.S_ISREG(status.st_mode):
            return Identity(str(path.absolute()), -1, 0, "")
        with path.open("rb") as file:
            head = hashlib.sha256(file.read(_IDENTITY_BYTES)).hexdigest()
    except OSError as error:
        raise ScanError(f"{path}: {error.strerror}") from error
    return Identity(str(path.absolute()), status.st_size, status.st_mtime_ns, head)


class Source:
    """One opened input. Iterate over its chunks once; ``position`` is how far into the file on disk that has come."""

    def __init__(self, path: Path, *, gzipped: bool) -> None:
        self.path = path
        self.position = 0
        self._gzipped = gzipped
        try:
            self._file: BinaryIO = path.open("rb", buffering=0)
        except OSError as error:
            raise ScanError(f"{path}: {error.strerror}") from error

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __iter__(self) -> Iterator[bytes]:
        """Chunks of at most 1 MiB. Raises SourceDamagedError after the last good byte."""
        return self._inflate() if self._gzipped else self._read(_PLAIN_CHUNK)

    def _read(self, size: int) -> Iterator[bytes]:
        while True:
            try:
                chunk = self._file.read(size)
            except OSError as error:
                raise SourceDamagedError(f"cannot be read after byte {self.position}: {error.strerror}") from error
            if not chunk:
                return
            self.position += len(chunk)
            yield chunk

    def _inflate(self) -> Iterator[bytes]:
        """All members of a gzip file; NUL padding between and after them is allowed, as gzip itself allows it."""
        inflater = zlib.decompressobj(_GZIP_WINDOW)
        fresh = True
        for chunk in self._read(_GZIP_CHUNK):
            data = chunk
            while data:
                if inflater.eof:
                    inflater, fresh, data = zlib.decompressobj(_GZIP_WINDOW), True, data.lstrip(b"\0")
                    continue
                before, fresh = inflater.copy(), False
                try:
                    output = inflater.decompress(data, MEBIBYTE)
                except zlib.error as error:
                    yield from _salvage(before, data)
                    place = self.position - len(data)
                    raise SourceDamagedError(f"gzip data are broken after byte {place} ({error})") from error
                if output:
                    yield output
                data = inflater.unused_data if inflater.eof else inflater.unconsumed_tail
        if not fresh and not inflater.eof:
            rest = inflater.flush()
            if rest:
                yield rest
            if not inflater.eof:
                raise SourceDamagedError(f"gzip data end too early, at byte {self.position}")


def _salvage(inflater: "zlib._Decompress", data: bytes) -> Iterator[bytes]:
    """What can still be had in front of the broken spot, byte by byte: zlib withholds the output of a failing call."""
    for place in range(len(data)):
        try:
            output = inflater.decompress(data[place : place + 1])
        except zlib.error:
            return
        if output:
            yield output
