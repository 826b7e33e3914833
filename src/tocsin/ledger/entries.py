"""One entry as bytes: the canonical form that is hashed, and its way back. No database, no Django.

The form is part of the public format in ``docs/LEDGER.md``; changing it changes every hash.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tocsin.ledger import merkle
from tocsin.ledger.verbs import (
    LARGEST_COUNT,
    EntryRefusedError,
    StoredPayload,
    Verb,
    check_parts,
    check_payload,
    is_id,
    parse_instant,
)

GENESIS = "0" * 64  # the previous hash of the first entry

_FIELDS = {"actor": str, "at": str, "payload": dict, "position": int, "previous": str, "subject": str, "verb": str}


@dataclass(frozen=True, slots=True)
class Entry:
    """One act. ``previous`` and ``leaf`` are 64 hexadecimal digits; ``agency`` is a UUID as text or ``None``."""

    position: int
    at: datetime
    verb: Verb
    subject: str
    agency: str | None
    actor: str
    payload: StoredPayload
    previous: str
    leaf: str


def canonical_json(value: object) -> str:
    """Write JSON in the one form that is hashed: keys sorted, no spaces, ASCII with escapes."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def canonical_entry(
    *,
    position: int,
    at: str,
    verb: str,
    subject: str,
    agency: str | None,
    actor: str,
    payload: str,
    previous: str,
) -> bytes:
    """Return the bytes that are hashed: the canonical JSON of an entry, its ``payload`` given as canonical JSON text.

    The payload is put in as stored, so that a payload edited in the database shows in the bytes.
    """
    agency_json = "null" if agency is None else canonical_json(agency)
    return (
        f'{{"actor":{canonical_json(actor)},"agency":{agency_json},"at":{canonical_json(at)},"payload":{payload},'
        f'"position":{position},"previous":{canonical_json(previous)},"subject":{canonical_json(subject)},'
        f'"verb":{canonical_json(verb)}}}'
    ).encode()


def leaf_of(canonical: bytes) -> str:
    """Return the RFC 6962 leaf hash of an entry's canonical bytes, in hexadecimal."""
    return merkle.leaf_hash(canonical).hex()


def parse_entry(value: Mapping[str, Any], leaf: str) -> Entry:
    """Read a parsed entry object, checking its fields, their types and the vocabulary.

    Raises EntryRefusedError for what the vocabulary does not allow, ValueError for what is not an entry at all.
    """
    if set(value) != {*_FIELDS, "agency"}:
        raise ValueError("an entry has exactly: actor, agency, at, payload, position, previous, subject, verb")
    for name, type_ in _FIELDS.items():
        if type(value[name]) is not type_:
            raise ValueError(f"{name} of an entry is not of its type")
    agency = value["agency"]
    if not 0 <= value["position"] <= LARGEST_COUNT:
        raise ValueError("a position counts from 0")
    if not is_hash(value["previous"]) or not is_hash(leaf):
        raise ValueError("a hash is 64 lower-case hexadecimal digits")
    if agency is not None and not (isinstance(agency, str) and is_id(agency)):
        raise EntryRefusedError("an agency is a UUID or null")
    verb = check_parts(value["verb"], value["subject"], value["actor"])
    check_payload(verb, value["payload"])
    return Entry(
        position=value["position"],
        at=parse_instant(value["at"]),
        verb=verb,
        subject=value["subject"],
        agency=agency,
        actor=value["actor"],
        payload=value["payload"],
        previous=value["previous"],
        leaf=leaf,
    )


def is_hash(text: str) -> bool:
    """Say whether a text is 64 lower-case hexadecimal digits."""
    return len(text) == 64 and set(text) <= set("0123456789abcdef")
