"""What the readers of text formats share: one open file, its lines, and what was assumed of its encoding."""

from pathlib import Path

from tocsin.bulk.lines import Lines, describe_encoding
from tocsin.bulk.request import ScanRequest
from tocsin.bulk.sources import Source


class TextFile:
    """An open text file, packed or not. ``notes``: what to tell of its encoding, one line each."""

    def __init__(self, path: Path, request: ScanRequest) -> None:
        self.path = path
        self._request = request
        self._source = Source(path, gzipped=path.name.lower().endswith(".gz"))
        self._lines = Lines(self._source, request.limits)
        self.notes: list[str] = describe_encoding(self._lines)

    @property
    def position(self) -> int:
        """Bytes of the file on disk that have been read."""
        return self._source.position

    def close(self) -> None:
        """Close the file."""
        self._source.close()
