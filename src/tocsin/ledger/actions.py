"""Every write to the ledger: ``append``, ``append_many``, ``make_checkpoint``.

Rights are checked by the room whose act is recorded, which calls this inside its own transaction, so that an act and
its entry are committed together or not at all.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.utils.module_loading import import_string

from tocsin.ledger import checkpoints
from tocsin.ledger.entries import canonical_entry, canonical_json, leaf_of
from tocsin.ledger.merkle import Frontier
from tocsin.ledger.models import Checkpoint, LedgerEntry, LedgerHead
from tocsin.ledger.verbs import PayloadValue, Verb, check_parts, instant_text, stored_payload

_BATCH = 1000


class OutsideTransactionError(RuntimeError):
    """The ledger was written outside a transaction, where an act could be kept without its entry."""


@dataclass(frozen=True, slots=True)
class NewEntry:
    """An act to record; the fields are those of ``append``."""

    verb: Verb
    subject: str
    actor: str
    agency: UUID | None = None
    payload: Mapping[str, PayloadValue] | None = None
    at: datetime | None = None


def append(
    *,
    verb: Verb,
    subject: str,
    actor: str,
    agency: UUID | None = None,
    payload: Mapping[str, PayloadValue] | None = None,
    at: datetime | None = None,
) -> LedgerEntry:
    """Record one act and return its entry.

    ``subject`` is written ``report:UUID``, ``actor`` is ``member:UUID``, ``reporter`` or ``system``; payload values may
    be UUIDs and aware datetimes, and ``None`` leaves a field out. ``at`` defaults to the clock.
    Raises EntryRefusedError for what the vocabulary does not allow, OutsideTransactionError outside ``atomic``.
    """
    return append_many([NewEntry(verb, subject, actor, agency, payload, at)])[0]


def append_many(entries: Sequence[NewEntry]) -> list[LedgerEntry]:
    """Record acts in order, all or none, and return their entries. Errors as for ``append``."""
    _require_transaction()
    if not entries:
        return []
    head = _locked_head()
    now = _now()
    rows: list[LedgerEntry] = []
    last = head.last
    for position, new in enumerate(entries, start=head.size):
        row = _row(new, position=position, previous=last, at=new.at or now)
        last = row.leaf
        rows.append(row)
    frontier = _frontier(head).extend([bytes.fromhex(row.leaf) for row in rows])
    LedgerEntry.objects.bulk_create(rows, batch_size=_BATCH)
    head.size, head.last = frontier.size, last
    head.frontier = canonical_json([hash_.hex() for hash_ in frontier.hashes])
    head.save(update_fields=["size", "last", "frontier"])
    return rows


def make_checkpoint(*, at: datetime | None = None) -> Checkpoint:
    """Sign the ledger as it stands and return the checkpoint; where nothing was added since, the one there is.

    Raises KeyFileError where the signing key cannot be used, OutsideTransactionError outside ``atomic``.
    """
    _require_transaction()
    head = _locked_head()
    latest = Checkpoint.objects.order_by("-number").first()
    if latest is not None and latest.size == head.size:
        return latest
    statement = checkpoints.Statement(
        origin=settings.LEDGER_ORIGIN,
        size=head.size,
        root=_frontier(head).root(),
        number=0 if latest is None else latest.number + 1,
        at=at or _now(),
    )
    key = checkpoints.read_signing_key(settings.LEDGER_KEY_FILE)
    return Checkpoint.objects.create(
        number=statement.number,
        size=statement.size,
        root=statement.root.hex(),
        at=statement.at,
        note=checkpoints.sign(statement, key),
    )


def _require_transaction() -> None:
    if not connection.in_atomic_block:
        raise OutsideTransactionError("call the ledger inside transaction.atomic(), together with the act it records")


def _locked_head() -> LedgerHead:
    # On PostgreSQL this row makes writers queue; on SQLite BEGIN IMMEDIATE has done so and this is a plain read.
    return LedgerHead.objects.select_for_update().get(pk=1)


def _frontier(head: LedgerHead) -> Frontier:
    return Frontier(head.size, tuple(bytes.fromhex(hash_) for hash_ in json.loads(head.frontier)))


def _now() -> datetime:
    """Read the clock that the settings name, since this room may not import ``base``, its sibling."""
    clock = import_string(getattr(settings, "LEDGER_CLOCK", "django.utils.timezone.now"))
    now: datetime = clock()
    return now


def _row(new: NewEntry, *, position: int, previous: str, at: datetime) -> LedgerEntry:
    verb = check_parts(new.verb, new.subject, new.actor)
    payload = canonical_json(stored_payload(verb, new.payload))
    canonical = canonical_entry(
        position=position,
        at=instant_text(at),
        verb=verb.value,
        subject=new.subject,
        agency=None if new.agency is None else str(new.agency),
        actor=new.actor,
        payload=payload,
        previous=previous,
    )
    return LedgerEntry(
        position=position,
        at=at,
        verb=verb.value,
        subject=new.subject,
        agency=new.agency,
        actor=new.actor,
        payload=payload,
        previous=previous,
        leaf=leaf_of(canonical),
    )
