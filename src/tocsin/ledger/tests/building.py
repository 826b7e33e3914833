"""A ledger made by hand, without a database: what the tests of verification damage."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from tocsin.ledger.checkpoints import SigningPair, Statement, sign
from tocsin.ledger.entries import GENESIS, canonical_json, leaf_of
from tocsin.ledger.export import StoredEntry, canonical, checkpoint_line, entry_line, header_line
from tocsin.ledger.merkle import root

ORIGIN = "tocsin.example.org"
BEGIN = datetime(2026, 1, 31, 8, 30, tzinfo=UTC)
PAIR = SigningPair(ORIGIN, bytes(range(32)))
OTHER_PAIR = SigningPair(ORIGIN, bytes(range(1, 33)))


def entry(position: int, previous: str, **changes: Any) -> StoredEntry:
    """One well-formed entry with its right leaf hash; ``changes`` replace fields before it is hashed."""
    made = StoredEntry(
        position=position,
        at=(BEGIN + timedelta(minutes=position)).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z",
        verb="report.received",
        subject=f"report:{UUID(int=position)}",
        agency=str(UUID(int=1)),
        actor="reporter",
        payload=canonical_json({"campaign": str(UUID(int=7)), "harm": "phishing"}),
        previous=previous,
        leaf="",
    )
    return hashed(replace(made, **changes))


def hashed(stored: StoredEntry) -> StoredEntry:
    """The same entry with the leaf hash of what it says now."""
    return replace(stored, leaf=leaf_of(canonical(stored)))


def chain(count: int, **changes: Any) -> list[StoredEntry]:
    """``count`` entries, chained."""
    entries: list[StoredEntry] = []
    previous = GENESIS
    for position in range(count):
        entries.append(entry(position, previous, **changes))
        previous = entries[-1].leaf
    return entries


def rechained(entries: Sequence[StoredEntry]) -> list[StoredEntry]:
    """The same acts numbered, chained and hashed anew: what a forger with time would do."""
    renewed: list[StoredEntry] = []
    previous = GENESIS
    for position, old in enumerate(entries):
        renewed.append(hashed(replace(old, position=position, previous=previous)))
        previous = renewed[-1].leaf
    return renewed


def statement(entries: Sequence[StoredEntry], size: int, number: int) -> Statement:
    """What a checkpoint over the first ``size`` entries states."""
    leaves = [bytes.fromhex(item.leaf) for item in entries[:size]]
    return Statement(ORIGIN, size, root(leaves), number, BEGIN + timedelta(days=number))


@dataclass
class Ledger:
    """An export in parts, to be damaged before it is put together."""

    entries: list[StoredEntry]
    notes: list[str]
    pair: SigningPair = PAIR
    header: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def make(cls, count: int, *sizes: int, pair: SigningPair = PAIR) -> "Ledger":
        """``count`` entries with a checkpoint over each of ``sizes``."""
        entries = chain(count)
        notes = [sign(statement(entries, size, number), pair) for number, size in enumerate(sizes)]
        return cls(entries, notes, pair)

    def resigned(self, *sizes: int) -> None:
        """Sign what the entries are now."""
        self.notes = [sign(statement(self.entries, size, number), self.pair) for number, size in enumerate(sizes)]

    def lines(self) -> list[bytes]:
        """The export; the header declares what is there, unless ``header`` says otherwise."""
        header = header_line(
            origin=ORIGIN, key=self.pair.verifier.text(), entries=len(self.entries), checkpoints=len(self.notes)
        )
        changed = canonical_json(json.loads(header) | self.header).encode() + b"\n"
        return [changed, *map(entry_line, self.entries), *map(checkpoint_line, self.notes)]
