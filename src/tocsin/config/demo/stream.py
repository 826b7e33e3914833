"""The bundled sample stream: read, moved to the two weeks before now, and put through the real bulk scan."""

import gzip
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TextIO

from tocsin.bulk.request import KEEP_FLAGGED, ScanRequest
from tocsin.bulk.scanning import run_scan
from tocsin.campaigns.assessing import detector
from tocsin.config.demo.town import FOLDER, midnight

STREAM = FOLDER / "stream.jsonl.gz"
FLAGGED = "stream.flagged.jsonl"


@dataclass(frozen=True, slots=True)
class StreamMessage:
    """One message of the stream."""

    id: str
    text: str
    at: datetime


def read_stream(path: Path = STREAM) -> list[StreamMessage]:
    """The stream with the times that it was made with, in order."""
    return [StreamMessage(line["id"], line["text"], datetime.fromisoformat(line["at"])) for line in _lines(path)]


def move_to(messages: Sequence[StreamMessage], now: datetime) -> list[StreamMessage]:
    """The same stream, later by whole days, so that its last day is the day before ``now`` in the town."""
    shift: timedelta = midnight(now) - midnight(messages[-1].at) - timedelta(days=1)
    return [replace(message, at=message.at + shift) for message in messages]


def scan_stream(draft: Path, home: Path, stderr: TextIO) -> set[str]:
    """Scan the stream as ``tocsin scan`` would, into ``FLAGGED`` in ``draft``; returns the ids of flagged messages.

    home: what ``draft`` will be called, for what the scan says. Raises ScanError.
    """
    output = draft / FLAGGED
    told = _Renaming(stderr, str(draft), str(home))
    run_scan(ScanRequest(inputs=(STREAM,), output=output, keep=KEEP_FLAGGED), detector, told)
    return {line["id"] for line in _lines(output)}


class _Renaming(io.StringIO):
    """A terminal on which the draft already has its later name."""

    def __init__(self, inner: TextIO, before: str, after: str) -> None:
        super().__init__()
        self._inner, self._before, self._after = inner, before, after

    def isatty(self) -> bool:
        return self._inner.isatty()

    def fileno(self) -> int:
        return self._inner.fileno()

    def write(self, text: str) -> int:
        self._inner.write(text.replace(self._before, self._after))
        return len(text)

    def flush(self) -> None:
        self._inner.flush()


def _lines(path: Path) -> Iterator[dict[str, str]]:
    data = path.read_bytes()
    for line in (gzip.decompress(data) if path.suffix == ".gz" else data).splitlines():
        yield json.loads(line)
