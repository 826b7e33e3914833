"""The ledger as lines of JSON: the header, then every entry, then every checkpoint, always the same bytes for the same
ledger. The lines are put together from what is stored, so that a changed row is exported as changed. Reading and
judging them is ``verify``'s. The format is described in ``docs/LEDGER.md``; Django is not needed to build a line.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tocsin.ledger.entries import canonical_entry, canonical_json

FORMAT, VERSION = "tocsin-ledger", 1


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """One entry as text, as stored: ``at`` and ``payload`` in their canonical spelling, hashes in hexadecimal."""

    position: int
    at: str
    verb: str
    subject: str
    agency: str | None
    actor: str
    payload: str
    previous: str
    leaf: str


def header_line(*, origin: str, key: str, entries: int, checkpoints: int) -> bytes:
    """Return the first line; ``key`` is the verifier key, empty where no checkpoint has been signed."""
    return _line(
        {
            "checkpoints": checkpoints,
            "entries": entries,
            "format": FORMAT,
            "key": key,
            "origin": origin,
            "version": VERSION,
        }
    )


def canonical(entry: StoredEntry) -> bytes:
    """Return the bytes of an entry that are hashed."""
    return canonical_entry(
        position=entry.position,
        at=entry.at,
        verb=entry.verb,
        subject=entry.subject,
        agency=entry.agency,
        actor=entry.actor,
        payload=entry.payload,
        previous=entry.previous,
    )


def entry_line(entry: StoredEntry) -> bytes:
    """Return the line of one entry: its canonical bytes, unaltered, and its leaf hash."""
    return b'{"entry":' + canonical(entry) + b',"leaf":' + canonical_json(entry.leaf).encode() + b"}\n"


def checkpoint_line(note: str) -> bytes:
    """Return the line of one checkpoint: its signed note as one JSON text."""
    return _line({"checkpoint": note})


def export_lines(*, header: bytes, entries: Iterable[StoredEntry], notes: Iterable[str]) -> Iterator[bytes]:
    """Yield every line of an export, each with its newline."""
    yield header
    for entry in entries:
        yield entry_line(entry)
    for note in notes:
        yield checkpoint_line(note)


def _line(value: object) -> bytes:
    return canonical_json(value).encode() + b"\n"
