"""Every write to reports, and the decisions on campaigns as far as they answer reports."""

from collections.abc import Iterable
from datetime import timedelta

from django.conf import settings

from tocsin.base import clock
from tocsin.base.acts import act
from tocsin.campaigns import actions as campaigns
from tocsin.campaigns.access import standing_decision
from tocsin.campaigns.assessing import assess
from tocsin.campaigns.models import Campaign, CampaignChange, Sighting
from tocsin.campaigns.rulings import Ruling
from tocsin.campaigns.states import CampaignStatus, InvalidTransition, Origin
from tocsin.engine.schema import Assessment
from tocsin.intake.models import Report, ReportChange, ReportWords
from tocsin.intake.receipts import digest_of, receipt_for
from tocsin.intake.states import OPEN, TRANSITIONS, AnsweredBy, ReportClosed, ReportStatus, Speaker, ThreadFull
from tocsin.ledger.actions import NewEntry, append, append_many
from tocsin.ledger.verbs import PayloadValue, Verb
from tocsin.people.models import Agency, Member, actor_reference, reference
from tocsin.people.permissions import ANSWER_REPORT, require

MAX_WORDS = 40


def receive_report(*, text: str, token: str, agency: Agency) -> tuple[Report, str]:
    """Take a report in; returns it and its receipt. Filing the same form again returns the same report.

    Where the desk has decided on a copy before, the report is answered at once.
    """
    receipt = receipt_for(token, text)
    digest = digest_of(receipt)
    assessment = assess(text)
    return _file(text, digest, assessment, agency), receipt


@act
def _file(text: str, digest: str, assessment: Assessment, agency: Agency) -> Report:
    # The same form sent twice at once: the second has waited for the first and finds its report.
    filed = Report.objects.filter(receipt_digest=digest).first()
    if filed is not None:
        return filed
    sighting = campaigns.file_sighting(text=text, assessment=assessment, agency=agency, origin=Origin.REPORT)
    report = _create(digest, sighting, agency)
    if standing_decision(sighting.campaign):
        _answer([report], AnsweredBy.EARLIER_DECISION, None)
    elif sighting.campaign.status == CampaignStatus.IN_REVIEW:
        _review([report], None)
    return report


@act
def add_words(*, report: Report, text: str) -> ReportWords:
    """The reporter adds something. Raises ReportClosed or ThreadFull. An answered report is looked at again."""
    report = Report.objects.select_for_update().get(pk=report.pk)
    if report.status == ReportStatus.CLOSED:
        raise ReportClosed
    if report.words.count() >= MAX_WORDS:
        raise ThreadFull
    last = report.words.last()
    if last is not None and last.speaker == Speaker.REPORTER and last.text == text:
        return last
    words = ReportWords.objects.create(report=report, speaker=Speaker.REPORTER, text=text, at=clock.now())
    append(
        verb=Verb.REPORT_EXTENDED,
        subject=reference("report", report.public_id),
        actor="reporter",
        agency=report.agency.public_id,
    )
    if report.status == ReportStatus.ANSWERED:
        _review([report], None)
    return words


@act
def reply(*, actor: Member, report: Report, text: str) -> ReportWords:
    """The desk answers one report in its own words."""
    require(actor, ANSWER_REPORT, report.agency)
    report = Report.objects.select_for_update().select_related("agency").get(pk=report.pk)
    if report.status == ReportStatus.CLOSED:
        raise ReportClosed
    last = report.words.last()
    if last is not None and last.speaker == Speaker.DESK and last.text == text:
        return last
    words = ReportWords.objects.create(report=report, speaker=Speaker.DESK, member=actor, text=text, at=clock.now())
    append_many(_entries(Verb.REPORT_REPLIED, [report], actor_reference(actor)))
    if report.status != ReportStatus.ANSWERED:
        _answer([report], AnsweredBy.REPLY, actor)
    return words


@act
def close_report(*, report: Report) -> None:
    """The reporter needs no more. Raises InvalidTransition unless the report is answered; safe to repeat."""
    report = Report.objects.select_for_update().select_related("agency").get(pk=report.pk)
    if report.status == ReportStatus.CLOSED:
        return
    _move([report], ReportStatus.CLOSED)
    append_many(_entries(Verb.REPORT_CLOSED, [report], "reporter"))


@act
def start_review(*, actor: Member, campaign: Campaign) -> CampaignChange:
    """An analyst takes a campaign up; everyone who reported a copy sees that someone is looking."""
    change = campaigns.start_review(actor=actor, campaign=campaign)
    _review(_reports_in(campaign, ReportStatus.RECEIVED), actor)
    return change


@act
def confirm_campaign(*, actor: Member, campaign: Campaign, ruling: Ruling) -> CampaignChange:
    """Decide that a campaign is a harm, and answer everyone who reported a copy."""
    change = campaigns.confirm_campaign(actor=actor, campaign=campaign, ruling=ruling)
    _answer(_reports_in(campaign, *OPEN), AnsweredBy.DECISION, actor)
    return change


@act
def dismiss_campaign(*, actor: Member, campaign: Campaign, ruling: Ruling) -> CampaignChange:
    """Decide that a campaign is no harm, and answer everyone who reported a copy."""
    change = campaigns.dismiss_campaign(actor=actor, campaign=campaign, ruling=ruling)
    _answer(_reports_in(campaign, *OPEN), AnsweredBy.DECISION, actor)
    return change


@act
def reopen_campaign(*, actor: Member, campaign: Campaign, ruling: Ruling) -> CampaignChange:
    """Look at a decided campaign again; everyone who got the old answer sees that it no longer stands."""
    change = campaigns.reopen_campaign(actor=actor, campaign=campaign, ruling=ruling)
    _review(_reports_in(campaign, ReportStatus.ANSWERED), actor)
    return change


def expire(*, limit: int = 500) -> int:
    """Delete reports, and sightings without a report, whose time is over; returns how many. Each in a transaction."""
    at = clock.now()
    reports = list(Report.objects.filter(expires_at__lte=at).values_list("pk", flat=True)[:limit])
    for pk in reports:
        _expire_report(pk)
    sightings = Sighting.objects.filter(expires_at__lte=at, report=None).select_related("campaign", "agency")[:limit]
    done = len(reports)
    for sighting in sightings:
        campaigns.expire_sighting(sighting)
        done += 1
    return done


@act
def _expire_report(pk: int) -> None:
    report = Report.objects.select_for_update().select_related("agency").filter(pk=pk).first()
    if report is None:
        return
    sighting = Sighting.objects.select_related("campaign", "agency").get(pk=report.sighting_id)
    append_many(_entries(Verb.REPORT_EXPIRED, [report], "system"))
    report.delete()
    campaigns.expire_sighting(sighting)


def _create(digest: str, sighting: Sighting, agency: Agency) -> Report:
    at = clock.now()
    report = Report.objects.create(
        receipt_digest=digest,
        agency=agency,
        sighting=sighting,
        received_at=at,
        expires_at=at + timedelta(days=settings.KEEP_REPORTS_DAYS),
    )
    ReportChange.objects.create(report=report, after=ReportStatus.RECEIVED, at=at)
    payload: dict[str, PayloadValue] = {"campaign": sighting.campaign.public_id, "sighting": sighting.public_id}
    if sighting.harm:
        payload["harm"] = sighting.harm
    append(
        verb=Verb.REPORT_RECEIVED,
        subject=reference("report", report.public_id),
        actor="reporter",
        agency=agency.public_id,
        payload=payload,
    )
    return report


def _reports_in(campaign: Campaign, *statuses: ReportStatus) -> list[Report]:
    """The reports of a campaign in one of these states, locked, in a fixed order."""
    found = Report.objects.select_for_update(of=("self",)).select_related("agency", "sighting__campaign")
    return list(found.filter(sighting__campaign=campaign, status__in=statuses).order_by("pk"))


def _review(reports: list[Report], actor: Member | None) -> None:
    _move(reports, ReportStatus.IN_REVIEW)
    append_many(_entries(Verb.REPORT_REVIEW_STARTED, reports, actor_reference(actor)))


def _answer(reports: list[Report], answered_by: AnsweredBy, actor: Member | None) -> None:
    at = clock.now()
    _move(reports, ReportStatus.ANSWERED, answered_by)
    append_many(
        [
            NewEntry(
                verb=Verb.REPORT_ANSWERED,
                subject=reference("report", report.public_id),
                actor=actor_reference(actor),
                agency=report.agency.public_id,
                payload={
                    "campaign": report.sighting.campaign.public_id,
                    "seconds": max(0, int((at - report.received_at).total_seconds())),
                    "by": answered_by.value,
                },
            )
            for report in reports
        ]
    )


def _move(reports: list[Report], after: ReportStatus, answered_by: AnsweredBy | None = None) -> None:
    """Change the state of locked reports and write a change row for each."""
    for report in reports:
        if after not in TRANSITIONS[ReportStatus(report.status)]:
            raise InvalidTransition(report.status)
    at = clock.now()
    ReportChange.objects.bulk_create(
        (
            ReportChange(report=report, before=report.status, after=after, answered_by=answered_by or "", at=at)
            for report in reports
        ),
        batch_size=500,
    )
    ids = [report.pk for report in reports]
    for start in range(0, len(ids), 500):
        Report.objects.filter(pk__in=ids[start : start + 500]).update(status=after)
    for report in reports:
        report.status = after


def _entries(verb: Verb, reports: Iterable[Report], actor: str) -> list[NewEntry]:
    return [
        NewEntry(
            verb=verb,
            subject=reference("report", report.public_id),
            actor=actor,
            agency=report.agency.public_id,
            payload={},
        )
        for report in reports
    ]
