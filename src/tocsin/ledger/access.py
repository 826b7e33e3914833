"""Every read of the ledger. It is public by design (charter, rule 6) and holds nothing about a person, so no read here
asks for rights; what a page shows of it to whom is for the room of that page.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Count, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from tocsin.ledger import checkpoints, export, merkle
from tocsin.ledger.entries import Entry, canonical_json, leaf_of
from tocsin.ledger.findings import Finding, FindingName, Pin, Unit, Verification
from tocsin.ledger.models import Checkpoint, LedgerEntry, LedgerHead
from tocsin.ledger.verbs import Verb, instant_text
from tocsin.ledger.verify import verify_lines

_CHUNK = 2000


class NoSuchEntryError(LookupError):
    """A position or size that the ledger, or its newest checkpoint, does not reach."""


@dataclass(frozen=True, slots=True)
class InclusionProof:
    """That an entry is in the tree of a checkpoint: its canonical bytes, the audit path nearest sibling first (32 bytes
    each), and the signed note whose root it leads to.
    """

    position: int
    canonical: bytes
    path: tuple[bytes, ...]
    size: int
    note: str

    def as_json(self) -> dict[str, object]:
        """Return the proof as a JSON object, hashes in hexadecimal."""
        return {
            "position": self.position,
            "entry": self.canonical.decode("ascii"),
            "leaf": leaf_of(self.canonical),
            "path": [hash_.hex() for hash_ in self.path],
            "size": self.size,
            "checkpoint": self.note,
        }


def size() -> int:
    """Return the number of entries."""
    return LedgerHead.objects.get(pk=1).size


def latest_checkpoint() -> Checkpoint | None:
    """Return the newest checkpoint, or none where nothing was signed yet."""
    return Checkpoint.objects.order_by("-number").first()


def entries(*, start: int = 0, stop: int | None = None) -> Iterator[Entry]:
    """Yield entries in order, from ``start`` up to but without ``stop``, streamed and unverified.

    Raises ValueError at one that cannot be read at all: the database was changed by hand.
    """
    rows = LedgerEntry.objects.filter(position__gte=start)
    for row in _stream(rows if stop is None else rows.filter(position__lt=stop)):
        yield Entry(
            position=row.position,
            at=row.at,
            verb=Verb(row.verb),
            subject=row.subject,
            agency=None if row.agency is None else str(row.agency),
            actor=row.actor,
            payload=json.loads(row.payload),
            previous=row.previous,
            leaf=row.leaf,
        )


def leaf_at(position: int) -> str | None:
    """Return the leaf hash of one entry, or ``None`` where the ledger does not reach it."""
    return LedgerEntry.objects.filter(position=position).values_list("leaf", flat=True).first()


def entries_about(subject: str) -> list[LedgerEntry]:
    """Return the entries about one subject, written ``report:UUID``, oldest first."""
    return list(LedgerEntry.objects.filter(subject=subject).order_by("position"))


def export_lines() -> Iterator[bytes]:
    """Yield the export of the ledger as it stands, line by line; the same bytes for the same ledger.

    Raises KeyFileError where the public key file is not one.
    """
    # The checkpoints before the size, so that none can cover more than what follows.
    notes = list(Checkpoint.objects.order_by("number").values_list("note", flat=True))
    return _export(notes, size())


def verify_database(*, pin: Pin | None = None, held: str | None = None) -> Verification:
    """Verify the ledger in the database: its export, the head row, and the columns beside each signed note."""
    rows = list(Checkpoint.objects.order_by("number"))
    # One statement, so that a writer cannot come between the head and the count.
    head = LedgerHead.objects.annotate(rows=_entry_count()).get(pk=1)
    try:
        verification = verify_lines(_export([row.note for row in rows], head.size), pin=pin, held=held)
    except ValueError as error:  # from the database's own reading of a column
        finding = Finding(FindingName.MALFORMED, f"a column holds a value that is not of its kind: {error}")
        return Verification(settings.LEDGER_ORIGIN, head.rows, len(rows), 0, merkle.Frontier(), "", findings=(finding,))
    checkpoint_findings = [finding for row in rows for finding in _checkpoint_findings(row)]
    return verification.with_findings([*_head_findings(head, head.rows, verification), *checkpoint_findings])


def inclusion_proof(position: int) -> InclusionProof:
    """Prove that the entry at ``position`` is under the newest checkpoint.

    Raises NoSuchEntryError where there is no such entry or no checkpoint covers it yet.
    """
    row = LedgerEntry.objects.filter(position=position).first()
    checkpoint = latest_checkpoint()
    if row is None:
        raise NoSuchEntryError(f"the ledger has no entry {position}")
    if checkpoint is None or position >= checkpoint.size:
        raise NoSuchEntryError(f"no checkpoint covers entry {position} yet; make one with: tocsin ledger checkpoint")
    path = merkle.inclusion_proof(_leaves(checkpoint.size), position)
    return InclusionProof(position, export.canonical(_stored(row)), tuple(path), checkpoint.size, checkpoint.note)


def consistency_proof(first: int, second: int) -> list[bytes]:
    """Prove that the ledger of ``first`` entries is the beginning of that of ``second`` (RFC 6962, 2.1.2).

    Raises NoSuchEntryError for sizes that the ledger never had.
    """
    if not 0 <= first <= second <= size():
        raise NoSuchEntryError("the ledger never had those sizes in that order")
    return merkle.consistency_proof(_leaves(second), first)


def _export(notes: list[str], entry_count: int) -> Iterator[bytes]:
    key = checkpoints.read_public_key(settings.LEDGER_KEY_FILE)
    header = export.header_line(
        origin=settings.LEDGER_ORIGIN,
        key="" if key is None else key.text(),
        entries=entry_count,
        checkpoints=len(notes),
    )
    rows = _stream(LedgerEntry.objects.filter(position__lt=entry_count))
    return export.export_lines(header=header, entries=(_stored(row) for row in rows), notes=notes)


def _stream(rows: QuerySet[LedgerEntry]) -> Iterator[LedgerEntry]:
    return rows.order_by("position").iterator(chunk_size=_CHUNK)


def _stored(row: LedgerEntry) -> export.StoredEntry:
    return export.StoredEntry(
        position=row.position,
        at=instant_text(row.at),
        verb=row.verb,
        subject=row.subject,
        agency=None if row.agency is None else str(row.agency),
        actor=row.actor,
        payload=row.payload,
        previous=row.previous,
        leaf=row.leaf,
    )


def _leaves(count: int) -> list[bytes]:
    leaves = LedgerEntry.objects.filter(position__lt=count).order_by("position").values_list("leaf", flat=True)
    return [bytes.fromhex(leaf) for leaf in leaves.iterator(chunk_size=_CHUNK)]


def _entry_count() -> Coalesce:
    counted = LedgerEntry.objects.order_by().annotate(all=Value(1)).values("all").annotate(rows=Count("pk"))
    return Coalesce(Subquery(counted.values("rows")), 0)


def _head_findings(head: LedgerHead, rows: int, verification: Verification) -> Iterator[Finding]:
    if rows != head.size:
        yield Finding(FindingName.HEAD_DIFFERS, f"the head counts {head.size} entries, the table holds {rows}")
    if rows == head.size and verification.entries == head.size:
        frontier = canonical_json([hash_.hex() for hash_ in verification.frontier.hashes])
        if (head.last, head.frontier) != (verification.last, frontier):
            yield Finding(FindingName.HEAD_DIFFERS, "the head is not that of these entries")


def _checkpoint_findings(row: Checkpoint) -> Iterator[Finding]:
    try:
        stated = checkpoints.read_note(row.note)
    except checkpoints.NoteError:
        return  # named by the verification of the lines
    if (stated.number, stated.size, stated.root.hex(), stated.at) != (row.number, row.size, row.root, row.at):
        text = "its columns are not what its signed note states"
        yield Finding(FindingName.EDITED, text, Unit.CHECKPOINT, row.number, row.number)
