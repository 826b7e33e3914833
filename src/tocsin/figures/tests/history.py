"""A small history of a desk, whose figures can be worked out by hand, and the true report on it."""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from tocsin.figures.compute import Figures, compute
from tocsin.figures.report import write_report
from tocsin.ledger.actions import NewEntry
from tocsin.ledger.checkpoints import Statement, sign
from tocsin.ledger.entries import GENESIS, Entry, canonical_json
from tocsin.ledger.export import StoredEntry, checkpoint_line, entry_line, header_line
from tocsin.ledger.merkle import root
from tocsin.ledger.tests.building import ORIGIN, PAIR, hashed
from tocsin.ledger.verbs import PayloadValue, Verb, instant_text, stored_payload
from tocsin.ledger.verify import verify_lines

BEGIN = datetime(2026, 1, 31, 14, 0, tzinfo=UTC)
CITY, COUNTY = UUID(int=100), UUID(int=200)
MEMBER = f"member:{UUID(int=300)}"


def act(
    minutes: float, verb: Verb, number: int, actor: str = "system", agency: UUID | None = CITY, **payload: PayloadValue
) -> NewEntry:
    """One act, so many minutes after the beginning, about thing ``number``."""
    subject = f"{verb.value.partition('.')[0]}:{UUID(int=number)}"
    return NewEntry(verb, subject, actor, agency, payload, BEGIN + timedelta(minutes=minutes))


def day_at_the_desk() -> list[NewEntry]:
    """Seven reports in two agencies, over a midnight in Shanghai (16:00 UTC)."""
    campaign = UUID(int=50)
    received = [
        act(0, Verb.REPORT_RECEIVED, 1, "reporter", campaign=campaign, harm="phishing"),
        act(1, Verb.REPORT_RECEIVED, 2, "reporter", campaign=campaign, harm="phishing"),
        act(2, Verb.REPORT_RECEIVED, 3, "reporter", campaign=campaign, harm="phishing"),
        act(3, Verb.REPORT_RECEIVED, 4, "reporter", COUNTY, campaign=campaign, harm="task_scam"),
        act(4, Verb.REPORT_RECEIVED, 5, "reporter", COUNTY),
        act(5, Verb.REPORT_RECEIVED, 6, "reporter", None, harm="phishing"),
    ]
    return [
        *received,
        act(6, Verb.SIGHTING_FILED, 10, channel="report"),
        act(7, Verb.SIGHTING_FILED, 11, channel="scan", count=4),
        act(8, Verb.CAMPAIGN_OPENED, 50, harm="phishing"),
        act(9, Verb.CAMPAIGN_REVIEW_STARTED, 50, MEMBER),
        act(10, Verb.CAMPAIGN_CONFIRMED, 50, MEMBER, harm="phishing", reports=3, sightings=5),
        act(10, Verb.REPORT_ANSWERED, 1, MEMBER, seconds=600, by="decision"),
        act(10, Verb.REPORT_ANSWERED, 2, MEMBER, seconds=540, by="decision"),
        act(10, Verb.REPORT_ANSWERED, 3, MEMBER, seconds=480, by="decision"),
        act(10, Verb.REPORT_RECEIVED, 7, "reporter", campaign=campaign, harm="phishing"),
        act(10, Verb.REPORT_ANSWERED, 7, seconds=0, by="earlier_decision"),
        # After midnight in Shanghai.
        act(130, Verb.REPORT_EXTENDED, 1, "reporter"),
        act(130, Verb.REPORT_REVIEW_STARTED, 1),
        act(140, Verb.REPORT_ANSWERED, 2, MEMBER, seconds=8340, by="reply"),
        act(150, Verb.REPORT_CLOSED, 2, "reporter"),
        act(151, Verb.REPORT_CLOSED, 2, "reporter"),
        act(2000, Verb.REPORT_ANSWERED, 4, MEMBER, COUNTY, seconds=119_820, by="reply"),
        act(2001, Verb.REPORT_EXPIRED, 6),
        act(2002, Verb.SIGHTING_EXPIRED, 10),
        act(2003, Verb.CAMPAIGN_DORMANT, 50),
        act(2004, Verb.CAMPAIGN_WOKEN, 50),
        act(2005, Verb.CAMPAIGN_OPENED, 51),
        act(2006, Verb.CAMPAIGN_DISMISSED, 51, MEMBER, kind="genuine"),
        act(2007, Verb.CAMPAIGN_REOPENED, 51, MEMBER),
    ]


def stored(acts: Sequence[NewEntry]) -> list[StoredEntry]:
    """The acts as a chain of entries."""
    entries: list[StoredEntry] = []
    previous = GENESIS
    for position, new in enumerate(acts):
        assert new.at is not None
        made = StoredEntry(
            position=position,
            at=instant_text(new.at),
            verb=new.verb.value,
            subject=new.subject,
            agency=None if new.agency is None else str(new.agency),
            actor=new.actor,
            payload=canonical_json(stored_payload(new.verb, new.payload)),
            previous=previous,
            leaf="",
        )
        entries.append(hashed(made))
        previous = entries[-1].leaf
    return entries


def note_over(entries: Sequence[StoredEntry], number: int = 0) -> str:
    """A signed checkpoint over all of them."""
    top = root([bytes.fromhex(entry.leaf) for entry in entries])
    return sign(Statement(ORIGIN, len(entries), top, number, BEGIN), PAIR)


def export(entries: Sequence[StoredEntry], *notes: str) -> list[bytes]:
    """The lines of an export."""
    header = header_line(origin=ORIGIN, key=PAIR.verifier.text(), entries=len(entries), checkpoints=len(notes))
    return [header, *map(entry_line, entries), *map(checkpoint_line, notes)]


SHANGHAI = timedelta(hours=8)
ENTRIES = stored(day_at_the_desk())
NOTE = note_over(ENTRIES)


def true_figures() -> Figures:
    """The figures of the history."""
    entries: list[Entry] = []
    verify_lines(export(ENTRIES), on_entry=entries.append)
    return compute(entries, SHANGHAI)


REPORT = write_report(true_figures(), checkpoint=NOTE, utc_offset=SHANGHAI)


def changed(change: Callable[[dict[str, Any]], object]) -> str:
    """The report with something in it changed."""
    value = json.loads(REPORT)
    change(value)
    return json.dumps(value)
