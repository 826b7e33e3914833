"""The figures, computed from ledger entries alone: no database, no Django, whole numbers wherever possible.

``METHOD`` is raised whenever the same entries would add up to other figures. The method in words is in
``docs/LEDGER.md``.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tocsin.ledger.entries import Entry
from tocsin.ledger.verbs import Verb, instant_text

METHOD = 1
NO_HARM = "none"  # a report in which nothing was recognised
NO_AGENCY = "none"
SMALLEST_SHOWN = 3
MINUTE, DAY, THREE_DAYS = 60, 86_400, 259_200

JsonValue = dict[str, "JsonValue"] | str | int | float | None
_MEMBER = "member:"


@dataclass(frozen=True, slots=True)
class Flow:
    """How many reports came in, were answered (each once, at its first answer) and were closed."""

    received: int = 0
    answered: int = 0
    closed: int = 0

    def as_json(self) -> dict[str, JsonValue]:
        """Return the three counts by name."""
        return {"received": self.received, "answered": self.answered, "closed": self.closed}


@dataclass(frozen=True, slots=True)
class Waiting:
    """How long reporters waited for their first answer, in seconds; ``None`` where nobody was answered yet.

    Percentiles are nearest-rank. Shares are of all reports received, so that an unanswered report counts against the
    desk; they are rounded to four digits.
    """

    median: int | None = None
    ninetieth: int | None = None
    within_minute: float | None = None
    within_day: float | None = None
    within_three_days: float | None = None

    def as_json(self) -> dict[str, JsonValue]:
        """Return the five figures by name."""
        return {
            "median_seconds": self.median,
            "ninetieth_percentile_seconds": self.ninetieth,
            "share_within_1_minute": self.within_minute,
            "share_within_24_hours": self.within_day,
            "share_within_72_hours": self.within_three_days,
        }


@dataclass(frozen=True, slots=True)
class Campaigns:
    """Acts on campaigns: how many were opened, confirmed, dismissed, taken up again, put to rest, woken."""

    opened: int = 0
    confirmed: int = 0
    dismissed: int = 0
    reopened: int = 0
    dormant: int = 0
    woken: int = 0


@dataclass(frozen=True, slots=True)
class Figures:
    """What the first ``entries`` entries of a ledger add up to. Days are ``2026-01-31``, agencies UUIDs as text.

    In ``by_agency_and_harm`` a count of 1 or 2 is the text ``<3``.
    """

    entries: int = 0
    begin: datetime | None = None
    end: datetime | None = None
    reports: Flow = Flow()
    open_now: int = 0
    expired: int = 0
    waiting: Waiting = Waiting()
    first_answers_by: dict[str, int] = field(default_factory=dict)
    by_day: dict[str, Flow] = field(default_factory=dict)
    by_harm: dict[str, Flow] = field(default_factory=dict)
    by_agency: dict[str, Flow] = field(default_factory=dict)
    by_agency_and_harm: dict[str, dict[str, dict[str, int | str]]] = field(default_factory=dict)
    sightings: int = 0
    sightings_expired: int = 0
    campaigns: Campaigns = Campaigns()
    confirmed_by_harm: dict[str, int] = field(default_factory=dict)
    dismissed_by_kind: dict[str, int] = field(default_factory=dict)
    member_acts: dict[str, int] = field(default_factory=dict)

    def as_json(self) -> dict[str, JsonValue]:
        """Return the figures as the JSON of a report, every level with its keys sorted."""
        return {
            "campaigns": {name: getattr(self.campaigns, name) for name in sorted(Campaigns.__slots__)},
            "campaigns_confirmed_by_harm": {**self.confirmed_by_harm},
            "campaigns_dismissed_by_kind": {**self.dismissed_by_kind},
            "entries": self.entries,
            "first_answers_by": {**self.first_answers_by},
            "first_entry_at": None if self.begin is None else instant_text(self.begin),
            "last_entry_at": None if self.end is None else instant_text(self.end),
            "member_acts": {**self.member_acts},
            "reports": {
                **self.reports.as_json(),
                "by_agency": {agency: flow.as_json() for agency, flow in self.by_agency.items()},
                "by_agency_and_harm": {
                    agency: {harm: {**counts} for harm, counts in harms.items()}
                    for agency, harms in self.by_agency_and_harm.items()
                },
                "by_day": {day: flow.as_json() for day, flow in self.by_day.items()},
                "by_harm": {harm: flow.as_json() for harm, flow in self.by_harm.items()},
                "expired": self.expired,
                "open_now": self.open_now,
            },
            "sightings": self.sightings,
            "sightings_expired": self.sightings_expired,
            "waiting": self.waiting.as_json(),
        }


@dataclass(slots=True)
class _Live:
    """A report that is neither closed nor expired."""

    harm: str
    agency: str
    open: bool = True
    answered: bool = False


class Tally:
    """Adds entries up, in order; ask for ``figures`` at any time.

    ``utc_offset`` says when a day begins. Memory grows with the days, agencies and reports that are not yet closed.
    """

    def __init__(self, utc_offset: timedelta = timedelta(0)) -> None:
        self.utc_offset = utc_offset
        self.entries = 0
        self._begin: datetime | None = None
        self._end: datetime | None = None
        self._live: dict[str, _Live] = {}
        self._flows: Counter[tuple[str, str, str]] = Counter()  # dimension, its value, what happened
        self._cells: Counter[tuple[str, str, str]] = Counter()  # agency, harm, what happened
        self._totals: Counter[str] = Counter()
        self._waits: Counter[int] = Counter()
        self._answered_by: Counter[str] = Counter()
        self._verbs: Counter[Verb] = Counter()
        self._confirmed: Counter[str] = Counter()
        self._dismissed: Counter[str] = Counter()
        self._sightings = 0
        self._member_acts: Counter[str] = Counter()

    def add(self, entry: Entry) -> None:
        """Add the next entry."""
        self.entries += 1
        self._begin = entry.at if self._begin is None else min(self._begin, entry.at)
        self._end = entry.at if self._end is None else max(self._end, entry.at)
        self._verbs[entry.verb] += 1
        if entry.actor.startswith(_MEMBER):
            self._member_acts[entry.verb.value] += 1
        if entry.subject.startswith("report:"):
            self._add_report(entry)
        elif entry.verb is Verb.SIGHTING_FILED:
            self._sightings += int(entry.payload.get("count", 1))
        elif entry.verb is Verb.CAMPAIGN_CONFIRMED:
            self._confirmed[str(entry.payload["harm"])] += 1
        elif entry.verb is Verb.CAMPAIGN_DISMISSED:
            self._dismissed[str(entry.payload["kind"])] += 1

    def figures(self) -> Figures:
        """Return what was added up so far."""
        return Figures(
            entries=self.entries,
            begin=self._begin,
            end=self._end,
            reports=self._total_flow(),
            open_now=sum(report.open for report in self._live.values()),
            expired=self._verbs[Verb.REPORT_EXPIRED],
            waiting=self._waiting(),
            first_answers_by=_sorted(self._answered_by),
            by_day=self._flow("day"),
            by_harm=self._flow("harm"),
            by_agency=self._flow("agency"),
            by_agency_and_harm=self._suppressed(),
            sightings=self._sightings,
            sightings_expired=self._verbs[Verb.SIGHTING_EXPIRED],
            campaigns=Campaigns(
                opened=self._verbs[Verb.CAMPAIGN_OPENED],
                confirmed=self._verbs[Verb.CAMPAIGN_CONFIRMED],
                dismissed=self._verbs[Verb.CAMPAIGN_DISMISSED],
                reopened=self._verbs[Verb.CAMPAIGN_REOPENED],
                dormant=self._verbs[Verb.CAMPAIGN_DORMANT],
                woken=self._verbs[Verb.CAMPAIGN_WOKEN],
            ),
            confirmed_by_harm=_sorted(self._confirmed),
            dismissed_by_kind=_sorted(self._dismissed),
            member_acts=_sorted(self._member_acts),
        )

    def _add_report(self, entry: Entry) -> None:
        if entry.verb is Verb.REPORT_RECEIVED:
            report = _Live(str(entry.payload.get("harm", NO_HARM)), entry.agency or NO_AGENCY)
            self._live[entry.subject] = report
            self._count("received", report, entry.at)
            return
        live = self._live.get(entry.subject)
        if live is None:
            return  # closed or expired: nothing that follows changes the figures
        if entry.verb is Verb.REPORT_REVIEW_STARTED:
            live.open = True
        elif entry.verb is Verb.REPORT_ANSWERED:
            live.open = False
            if not live.answered:
                self._count_first_answer(live, entry)
        elif entry.verb is Verb.REPORT_CLOSED:
            self._count("closed", live, entry.at)
            del self._live[entry.subject]
        elif entry.verb is Verb.REPORT_EXPIRED:
            del self._live[entry.subject]

    def _count_first_answer(self, report: _Live, entry: Entry) -> None:
        report.answered = True
        self._count("answered", report, entry.at)
        self._waits[int(entry.payload["seconds"])] += 1
        self._answered_by[str(entry.payload["by"])] += 1

    def _count(self, what: str, report: _Live, at: datetime) -> None:
        day = (at + self.utc_offset).date().isoformat()
        self._totals[what] += 1
        for dimension, value in (("day", day), ("harm", report.harm), ("agency", report.agency)):
            self._flows[dimension, value, what] += 1
        self._cells[report.agency, report.harm, what] += 1

    def _total_flow(self) -> Flow:
        return Flow(self._totals["received"], self._totals["answered"], self._totals["closed"])

    def _flow(self, dimension: str) -> dict[str, Flow]:
        counts: dict[str, dict[str, int]] = {}
        for (of, value, what), count in self._flows.items():
            if of == dimension:
                counts.setdefault(value, {})[what] = count
        return {value: Flow(**counts[value]) for value in sorted(counts)}

    def _suppressed(self) -> dict[str, dict[str, dict[str, int | str]]]:
        table: dict[str, dict[str, dict[str, int | str]]] = {}
        for (agency, harm, what), count in sorted(self._cells.items()):
            shown = count if count >= SMALLEST_SHOWN else f"<{SMALLEST_SHOWN}"
            table.setdefault(agency, {}).setdefault(harm, {})[what] = shown
        return table

    def _waiting(self) -> Waiting:
        received = self._totals["received"]
        if not self._waits:
            share = None if not received else 0.0
            return Waiting(None, None, share, share, share)

        def share_within(limit: int) -> float:
            return round(sum(count for wait, count in self._waits.items() if wait <= limit) / received, 4)

        return Waiting(
            median=nearest_rank(self._waits, 50),
            ninetieth=nearest_rank(self._waits, 90),
            within_minute=share_within(MINUTE),
            within_day=share_within(DAY),
            within_three_days=share_within(THREE_DAYS),
        )


def compute(entries: Iterable[Entry], utc_offset: timedelta = timedelta(0)) -> Figures:
    """Return what the entries, in order, add up to."""
    tally = Tally(utc_offset)
    for entry in entries:
        tally.add(entry)
    return tally.figures()


def nearest_rank(values: Counter[int], percent: int) -> int:
    """Return the nearest-rank percentile: the smallest value that at least ``percent`` % of the values do not exceed.

    ``values`` maps each value to how often it occurred; raises ValueError where there is none.
    """
    total = values.total()
    rank = -(-total * percent // 100)  # rounded up, in whole numbers
    for value in sorted(values):
        rank -= values[value]
        if total and rank <= 0:
            return value
    raise ValueError("there is no percentile of nothing")


def _sorted(counter: Counter[str]) -> dict[str, int]:
    return dict(sorted(counter.items()))
