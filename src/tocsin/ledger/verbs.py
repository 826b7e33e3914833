"""The vocabulary of the ledger: which acts exist, about what, and which facts each may carry.

An entry outlives what it is about and is public, so it holds no free text and nothing about a person: only ids,
digests, codes, counts, seconds and instants. Whoever adds an act adds it here; ``docs/LEDGER.md`` lists them all (a
test holds the two together). Pure: the verification of an export reads this module without Django.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from uuid import UUID

from tocsin.engine.harms import Harm

PayloadValue = str | int | UUID | datetime | None
StoredPayload = dict[str, str | int]

LARGEST_COUNT = 2**53 - 1  # what every JSON reader keeps exactly (RFC 8259, section 6)
LARGEST_SECONDS = 10**10  # some 300 years

_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_ID = re.compile(_UUID)
_DIGEST = re.compile(r"[0-9a-f]{64}")
_CODE = re.compile(r"[a-z_.-]{1,64}")
_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z")
_ACTOR = re.compile(rf"member:{_UUID}|reporter|system")
_SUBJECT = re.compile(rf"([a-z_]{{1,32}}):{_UUID}")


class EntryRefusedError(ValueError):
    """An act that the vocabulary does not allow; the message says which part and why, without repeating its value."""


class Verb(StrEnum):
    """An act that the ledger records."""

    REPORT_RECEIVED = "report.received"
    REPORT_EXTENDED = "report.extended"
    REPORT_REVIEW_STARTED = "report.review_started"
    REPORT_ANSWERED = "report.answered"
    REPORT_REPLIED = "report.replied"
    REPORT_CLOSED = "report.closed"
    REPORT_EXPIRED = "report.expired"
    SIGHTING_FILED = "sighting.filed"
    SIGHTING_EXPIRED = "sighting.expired"
    CAMPAIGN_OPENED = "campaign.opened"
    CAMPAIGN_REVIEW_STARTED = "campaign.review_started"
    CAMPAIGN_CONFIRMED = "campaign.confirmed"
    CAMPAIGN_DISMISSED = "campaign.dismissed"
    CAMPAIGN_REOPENED = "campaign.reopened"
    CAMPAIGN_DORMANT = "campaign.dormant"
    CAMPAIGN_WOKEN = "campaign.woken"
    CAMPAIGN_AGENCY_CHANGED = "campaign.agency_changed"
    LINK_REJECTED = "link.rejected"
    AGENCY_CREATED = "agency.created"
    MEMBER_ADDED = "member.added"
    MEMBER_ROLE_GRANTED = "member.role_granted"
    MEMBER_ROLE_REVOKED = "member.role_revoked"


class Kind(StrEnum):
    """What sort of fact a payload field holds, and so how it is written."""

    ID = "id"  # a UUID, 8-4-4-4-12 lower-case hexadecimal
    DIGEST = "digest"  # SHA-256, 64 lower-case hexadecimal digits
    CODE = "code"  # one of a closed set, or [a-z_.-]{1,64}
    COUNT = "count"  # 0 to 2^53 - 1
    SECONDS = "seconds"  # whole seconds, 0 to 10^10
    INSTANT = "instant"  # 2026-01-31T08:30:00.000000Z


@dataclass(frozen=True, slots=True)
class Field:
    """One payload field: its kind, whether the act must carry it, and for a code the closed set (empty: any code)."""

    kind: Kind
    required: bool = False
    codes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Act:
    """What one verb may say: the kinds of thing it can be about, and its payload fields by name."""

    subjects: frozenset[str]
    fields: Mapping[str, Field]


ANSWERED_BY = frozenset({"decision", "earlier_decision", "reply"})

_HARMS = frozenset(harm.value for harm in Harm)
_HARM = Field(Kind.CODE, codes=_HARMS)
_HARM_NEEDED = Field(Kind.CODE, required=True, codes=_HARMS)
_ID_FIELD = Field(Kind.ID)
_ID_NEEDED = Field(Kind.ID, required=True)
_CODE_FIELD = Field(Kind.CODE)
_CODE_NEEDED = Field(Kind.CODE, required=True)
_COUNT = Field(Kind.COUNT)
_COUNT_NEEDED = Field(Kind.COUNT, required=True)


def _act(*subjects: str, **fields: Field) -> Act:
    return Act(frozenset(subjects), fields)


ACTS: Mapping[Verb, Act] = {
    Verb.REPORT_RECEIVED: _act(
        "report", campaign=_ID_FIELD, sighting=_ID_FIELD, harm=_HARM, channel=_CODE_FIELD, digest=Field(Kind.DIGEST)
    ),
    Verb.REPORT_EXTENDED: _act("report", campaign=_ID_FIELD, sighting=_ID_FIELD, harm=_HARM),
    Verb.REPORT_REVIEW_STARTED: _act("report", campaign=_ID_FIELD),
    Verb.REPORT_ANSWERED: _act(
        "report",
        campaign=_ID_FIELD,
        harm=_HARM,
        seconds=Field(Kind.SECONDS, required=True),
        by=Field(Kind.CODE, required=True, codes=ANSWERED_BY),
    ),
    Verb.REPORT_REPLIED: _act("report", campaign=_ID_FIELD),
    Verb.REPORT_CLOSED: _act("report", campaign=_ID_FIELD, kind=_CODE_FIELD),
    Verb.REPORT_EXPIRED: _act("report", campaign=_ID_FIELD, count=_COUNT, received=Field(Kind.INSTANT)),
    Verb.SIGHTING_FILED: _act(
        "sighting",
        campaign=_ID_FIELD,
        report=_ID_FIELD,
        harm=_HARM,
        channel=_CODE_FIELD,
        digest=Field(Kind.DIGEST),
        count=_COUNT,
    ),
    Verb.SIGHTING_EXPIRED: _act("sighting", campaign=_ID_FIELD, count=_COUNT),
    Verb.CAMPAIGN_OPENED: _act("campaign", sighting=_ID_FIELD, harm=_HARM),
    Verb.CAMPAIGN_REVIEW_STARTED: _act("campaign", harm=_HARM),
    Verb.CAMPAIGN_CONFIRMED: _act(
        "campaign", harm=_HARM_NEEDED, reports=_COUNT_NEEDED, sightings=_COUNT_NEEDED, kind=_CODE_FIELD
    ),
    Verb.CAMPAIGN_DISMISSED: _act("campaign", kind=_CODE_NEEDED, harm=_HARM, reports=_COUNT, sightings=_COUNT),
    Verb.CAMPAIGN_REOPENED: _act("campaign", kind=_CODE_FIELD, harm=_HARM),
    Verb.CAMPAIGN_DORMANT: _act("campaign", harm=_HARM),
    Verb.CAMPAIGN_WOKEN: _act("campaign", harm=_HARM),
    Verb.CAMPAIGN_AGENCY_CHANGED: _act("campaign", before=_ID_FIELD, after=_ID_NEEDED),
    Verb.LINK_REJECTED: _act("link", "sighting", "campaign", campaign=_ID_FIELD, sighting=_ID_FIELD),
    Verb.AGENCY_CREATED: _act("agency", parent=_ID_FIELD, kind=_CODE_FIELD),
    Verb.MEMBER_ADDED: _act("member", role=_CODE_FIELD),
    Verb.MEMBER_ROLE_GRANTED: _act("member", role=_CODE_NEEDED),
    Verb.MEMBER_ROLE_REVOKED: _act("member", role=_CODE_NEEDED),
}


def instant_text(at: datetime) -> str:
    """Write an aware datetime as the ledger does: UTC, six digits of a second, ``Z``.

    Raises EntryRefusedError for a naive one.
    """
    if at.tzinfo is None:
        raise EntryRefusedError("an instant needs a time zone")
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def parse_instant(text: str) -> datetime:
    """Read what ``instant_text`` wrote; raises EntryRefusedError for any other spelling or an impossible date."""
    if not _INSTANT.fullmatch(text):
        raise EntryRefusedError("an instant is written 2026-01-31T08:30:00.000000Z")
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise EntryRefusedError("no such date or time of day") from None


def stored_payload(verb: Verb, payload: Mapping[str, PayloadValue] | None) -> StoredPayload:
    """Turn what a caller hands over into what is stored, checked: UUIDs and datetimes as text, ``None`` left out.

    Raises EntryRefusedError for a field that the verb does not have, that is missing, or that is not of its kind.
    """
    stored: StoredPayload = {}
    for name, value in (payload or {}).items():
        if isinstance(value, UUID):
            stored[name] = str(value)
        elif isinstance(value, datetime):
            stored[name] = instant_text(value)
        elif isinstance(value, str):
            stored[name] = str(value)  # a member of a StrEnum becomes its plain text
        elif value is not None:
            stored[name] = value
    check_payload(verb, stored)
    return stored


def check_payload(verb: Verb, payload: Mapping[str, object]) -> None:
    """Raise EntryRefusedError unless every field of a stored payload is one of the verb's and is of its kind."""
    fields = ACTS[verb].fields
    for name, value in payload.items():
        if name not in fields:
            raise EntryRefusedError(f"{verb} has no such payload field; it has: {', '.join(fields)}")
        if not _is_of_kind(fields[name], value):
            raise EntryRefusedError(f"{name} of {verb} is not a valid {fields[name].kind}")
    for name, field in fields.items():
        if field.required and name not in payload:
            raise EntryRefusedError(f"{verb} needs the payload field {name}")


def check_parts(verb: str, subject: str, actor: str) -> Verb:
    """Return the verb as a member of the vocabulary; raise EntryRefusedError for an unknown verb, subject or actor."""
    try:
        known = Verb(verb)
    except ValueError:
        raise EntryRefusedError("there is no such verb; tocsin.ledger.verbs lists them") from None
    match = _SUBJECT.fullmatch(subject)
    if match is None or match[1] not in ACTS[known].subjects:
        raise EntryRefusedError(f"the subject of {known} is written {sorted(ACTS[known].subjects)[0]}:UUID")
    if not _ACTOR.fullmatch(actor):
        raise EntryRefusedError("an actor is member:UUID, reporter or system")
    return known


def is_id(text: str) -> bool:
    """Say whether a text is a UUID as the ledger writes it."""
    return _ID.fullmatch(text) is not None


def _is_of_kind(field: Field, value: object) -> bool:
    if field.kind in (Kind.COUNT, Kind.SECONDS):
        largest = LARGEST_COUNT if field.kind is Kind.COUNT else LARGEST_SECONDS
        return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= largest
    return isinstance(value, str) and _is_text_of_kind(field, value)


def _is_text_of_kind(field: Field, text: str) -> bool:
    if field.kind is Kind.ID:
        return is_id(text)
    if field.kind is Kind.DIGEST:
        return _DIGEST.fullmatch(text) is not None
    if field.kind is Kind.CODE:
        return text in field.codes if field.codes else _CODE.fullmatch(text) is not None
    try:
        parse_instant(text)
    except EntryRefusedError:
        return False
    return True
