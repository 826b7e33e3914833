"""Writes the sample town through the same actions as everybody, each at its time. No file, no process, no printing."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypedDict, TypeVar

from django.db import transaction

from tocsin.base import clock
from tocsin.campaigns import actions as campaigns
from tocsin.campaigns.assessing import assess
from tocsin.campaigns.models import Campaign
from tocsin.campaigns.rulings import Ruling
from tocsin.campaigns.states import Dismissal, Origin
from tocsin.config.demo.homes import PASSWORD
from tocsin.config.demo.stream import StreamMessage
from tocsin.config.demo.town import ActLine, ReportLine, Town
from tocsin.engine.harms import Harm
from tocsin.intake import actions as intake
from tocsin.intake.models import Report
from tocsin.intake.receipts import new_token
from tocsin.ledger.actions import make_checkpoint
from tocsin.people import actions as people
from tocsin.people.models import Agency, Member
from tocsin.people.roles import Role

# The town was set up some time before anything happened in it.
FOUNDED_DAYS_AGO = 60


@dataclass(frozen=True, slots=True)
class Seeded:
    """What was written. receipt: of the report that is shown."""

    events: int
    receipt: str


@transaction.atomic
def seed(
    town: Town,
    flagged: Sequence[StreamMessage],
    today: datetime,
    progress: Callable[[Sequence["Event"]], Iterable["Event"]] = iter,
) -> Seeded:
    """Write the town, its history and the flagged messages of the stream in order of time, all or nothing.

    today: midnight in the town; everything lies before it.  progress: shows how far the events are, such as tqdm.
    """
    history = _History(town, today)
    with clock.frozen(today - timedelta(days=FOUNDED_DAYS_AGO)):
        history.found()
    events = sorted(history.events(flagged), key=lambda event: event.at)
    for event in progress(events):
        with clock.frozen(event.at):
            event.act()
    with clock.frozen(max(today, events[-1].at)):
        make_checkpoint()
    return Seeded(len(events), history.receipt)


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happens at a moment."""

    at: datetime
    act: Callable[[], object]


class _Decision(TypedDict):
    actor: Member
    campaign: Campaign
    ruling: Ruling


_Line = TypeVar("_Line")


def _bound(act: Callable[[_Line], object], line: _Line) -> Callable[[], object]:
    """The act with its line, to be called later."""
    return lambda: act(line)


class _History:
    """The town while it is being written: who and what exists so far, by the names that the files use."""

    def __init__(self, town: Town, today: datetime) -> None:
        self.receipt = ""
        self._town = town
        self._today = today
        self._agencies: dict[str, Agency] = {}
        self._members: dict[str, Member] = {}
        self._reports: dict[str, Report] = {}
        self._acts: dict[str, Callable[[ActLine], object]] = {
            "review": lambda line: intake.start_review(actor=self._actor(line), campaign=self._campaign(line)),
            "confirm": lambda line: intake.confirm_campaign(**self._decision(line)),
            "dismiss": lambda line: intake.dismiss_campaign(**self._decision(line)),
            "reopen": lambda line: intake.reopen_campaign(**self._decision(line)),
            "reply": lambda line: intake.reply(actor=self._actor(line), report=self._report(line), text=line.text),
            "words": lambda line: intake.add_words(report=self._report(line), text=line.text),
            "close": lambda line: intake.close_report(report=self._report(line)),
            "rest": lambda _: campaigns.let_campaigns_rest(),
        }

    def found(self) -> None:
        """The agencies and members. The operator makes the root and its administrator, who makes the rest."""
        root: Agency | None = None
        admin: Member | None = None
        for line in self._town.agencies:
            made = people.create_agency(
                actor=admin, code=line.code, name_zh=line.name_zh, name_en=line.name_en, parent=root
            )
            self._agencies[line.code] = made
            root = root or made
            admin = admin or self._hire_first(made)
        for member in self._town.members:
            if member.username not in self._members:
                self._hire(admin, member.username)

    def events(self, flagged: Sequence[StreamMessage]) -> list[Event]:
        """Everything that happens afterwards, in no order."""
        reports = [Event(line.at.before(self._today), _bound(self._receive, line)) for line in self._town.reports]
        acts = [Event(line.at.before(self._today), _bound(self._acts[line.act], line)) for line in self._town.acts]
        return [*reports, *acts, *(Event(message.at, _bound(self._sight, message)) for message in flagged)]

    def _hire_first(self, root: Agency) -> Member:
        first = self._town.members[0]
        if Role.ADMINISTRATOR not in first.roles or first.agency != root.code:
            raise ValueError("the first member must be the administrator of the first agency")
        return self._hire(None, first.username)

    def _hire(self, admin: Member | None, username: str) -> Member:
        line = next(line for line in self._town.members if line.username == username)
        agency = self._agencies[line.agency]
        member = people.add_member(
            actor=admin, agency=agency, username=line.username, display_name=line.display_name, password=PASSWORD
        )
        for role in line.roles:
            people.grant_role(actor=admin, member=member, agency=agency, role=Role(role))
        self._members[line.username] = member
        return member

    def _receive(self, line: ReportLine) -> None:
        report, receipt = intake.receive_report(text=line.text, token=new_token(), agency=self._agencies[line.agency])
        self._reports[line.key] = report
        if line.show:
            self.receipt = receipt

    def _sight(self, message: StreamMessage) -> None:
        # The scan's output lacks what a sighting keeps beside it (reasons in both languages, codes), so that the engine
        # is asked again; it gives the same answer.
        campaigns.file_sighting(
            text=message.text,
            assessment=assess(message.text),
            agency=self._agencies[self._town.agencies[0].code],
            origin=Origin.SCAN,
        )

    def _actor(self, line: ActLine) -> Member:
        return self._members[line.actor]

    def _report(self, line: ActLine) -> Report:
        return self._reports[line.report]

    def _campaign(self, line: ActLine) -> Campaign:
        return Campaign.objects.select_related("agency").get(sightings__report=self._report(line))

    def _decision(self, line: ActLine) -> "_Decision":
        ruling = Ruling(
            reason=line.reason,
            answer=line.answer,
            harm=Harm(line.harm) if line.harm else None,
            dismissal=Dismissal(line.dismissal) if line.dismissal else None,
        )
        return {"actor": self._actor(line), "campaign": self._campaign(line), "ruling": ruling}
