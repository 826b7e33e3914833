"""What a scan is asked to do, its limits, and how it refuses. No reading and no writing here."""

from dataclasses import dataclass, field
from pathlib import Path

EXIT_STOPPED, EXIT_INTERRUPTED = 3, 130
"""Exit status of a scan that had to stop before the end, or was told to; the same command continues it."""

INPUT_SUFFIXES = (".csv", ".csv.gz", ".jsonl", ".jsonl.gz", ".parquet")
OUTPUT_SUFFIXES = (".jsonl", ".jsonl.gz", ".parquet")
KEEP_ALL, KEEP_FLAGGED = "all", "flagged"

MEBIBYTE = 1 << 20


class ScanError(Exception):
    """A scan that cannot start or cannot go on. ``status`` is the exit status; the message is one line: what, and
    where."""

    def __init__(self, message: str, status: int = 2) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds that keep memory small. Bytes of text are counted in UTF-8; ``line_bytes`` counts the raw line or CSV
    record.

    endless_bytes: a line longer than this is taken as one without an end, and the rest of its file is not read.
    commit_seconds: how much work, at most about, a kill can cost.
    """

    batch_rows: int = 4096
    batch_bytes: int = 4 * MEBIBYTE
    text_bytes: int = MEBIBYTE
    line_bytes: int = 16 * MEBIBYTE
    endless_bytes: int = 256 * MEBIBYTE
    commit_seconds: float = 1.0


@dataclass(frozen=True, slots=True)
class ScanRequest:
    """One scan. Everything that changes the output is in here; the number of workers does not change it.

    threshold: None for the one that the assessor ships.  language: of the reasons, ``zh`` or ``en``.
    id_required: refuse a CSV or Parquet file that lacks ``id_column`` (without it, rows are numbered).
    restart: drop what an earlier run left, and overwrite ``output``.
    """

    inputs: tuple[Path, ...]
    output: Path
    text_column: str = "text"
    id_column: str = "id"
    id_required: bool = False
    keep: str = KEEP_ALL
    threshold: float | None = None
    language: str = "zh"
    workers: int = 1
    restart: bool = False
    limits: Limits = field(default_factory=Limits)


def suffix_of(path: Path, allowed: tuple[str, ...]) -> str:
    """The format suffix of a path, in lower case. Raises ScanError when it is none of ``allowed``."""
    name = path.name.lower()
    found = [suffix for suffix in allowed if name.endswith(suffix)]
    if not found:
        raise ScanError(f"{path}: the name must end in {', '.join(allowed)}")
    return max(found, key=len)


def printable(text: str) -> str:
    """Text from a file, made safe for a terminal: control characters become U+FFFD."""
    return "".join(character if character.isprintable() else "\ufffd" for character in text)


def name_columns(names: list[str]) -> str:
    """A readable list of column names, cut to twenty names of sixty characters."""
    shown = [printable(name[:60]) for name in names[:20]]
    return ", ".join(shown) + (", …" if len(names) > 20 else "") if shown else "none"
