"""Numbered raw lines out of the chunks of a source, in bounded memory. Decodes nothing; knows the code unit of the
encoding."""

from collections.abc import Iterator
from enum import Enum

from tocsin.bulk.encodings import Encoding, detect
from tocsin.bulk.request import MEBIBYTE, Limits
from tocsin.bulk.sources import Source, SourceDamagedError


class LineFault(Enum):
    """Why a line is not there to be read."""

    TOO_LONG = "the line is over the limit"
    CUT_OFF = "the line is cut off: the file is damaged here"


RawLine = tuple[int, bytes | LineFault]
"""Line number from 1, and the line without its line end."""


class Lines:
    """The lines of one source, once. ``encoding`` is known at once; ``damage`` says after the last line why there are
    no more."""

    def __init__(self, source: Source, limits: Limits) -> None:
        self.damage: str | None = None
        self._limits = limits
        self._chunks = iter(source)
        head = self._head()
        self.empty = not head
        self.encoding: Encoding = detect(head, complete=len(head) < MEBIBYTE)
        self._first = head[self.encoding.mark :]

    def sample(self) -> list[bytes]:
        """The whole lines among the first mebibyte, without reading on."""
        lines = self._split(self._first)
        return lines if len(self._first) < MEBIBYTE - 4 else lines[:-1]

    def _head(self) -> bytes:
        parts: list[bytes] = []
        size = 0
        while size < MEBIBYTE:
            chunk = self._next()
            if not chunk:
                break
            parts.append(chunk)
            size += len(chunk)
        return b"".join(parts)

    def _next(self) -> bytes:
        """The next chunk, empty at the end; damage is kept, not raised, so that the lines before it can still be
        had."""
        try:
            return next(self._chunks, b"")
        except SourceDamagedError as error:
            self.damage = str(error)
            return b""

    def __iter__(self) -> Iterator[RawLine]:
        number, skipped, rest, chunk = 0, 0, b"", self._first
        while chunk:
            lines = self._split(rest + chunk)
            rest = lines.pop()
            if skipped and lines:
                del lines[0]  # the end of the over-long line that has been reported already
                skipped = 0
            for line in lines:
                number += 1
                yield number, self._checked(line)
            if skipped or len(rest) > self._limits.line_bytes:
                if not skipped:
                    number += 1
                    yield number, LineFault.TOO_LONG
                skipped += len(rest)
                rest = rest[len(rest) - len(rest) % self.encoding.unit :]
                if skipped > self._limits.endless_bytes:
                    self.damage = f"no line end within {skipped} bytes of line {number}; the rest is not read"
                    return
            chunk = self._next()
        if rest and not skipped:
            yield number + 1, (LineFault.CUT_OFF if self.damage else self._checked(rest))

    def _checked(self, line: bytes) -> bytes | LineFault:
        return line if len(line) <= self._limits.line_bytes else LineFault.TOO_LONG

    def _split(self, data: bytes) -> list[bytes]:
        """Split at line ends that are aligned to the code unit; the last part is the line still open."""
        unit = self.encoding.unit
        if unit == 1:
            return data.split(b"\n")
        end = "\n".encode(self.encoding.codec)
        parts, start, place = [], 0, data.find(end)
        while place >= 0:
            if place % unit:
                place = data.find(end, place + 1)
                continue
            parts.append(data[start:place])
            start = place + unit
            place = data.find(end, start)
        return [*parts, data[start:]]


def describe_encoding(lines: Lines) -> list[str]:
    """What to tell a person of a text file: that it is empty, or in another encoding than plain UTF-8."""
    if lines.empty and not lines.damage:
        return ["empty, no rows"]
    label = lines.encoding.label
    return [] if label.startswith("UTF-8") else [f"read as {label}"]
