"""What may be read of reports: by whoever holds the receipt, and by the staff of the agency that got the report."""

from collections.abc import Iterable
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.http import Http404

from tocsin.campaigns.access import standing_decision
from tocsin.campaigns.models import Campaign, CampaignChange
from tocsin.intake.models import Report, ReportChange, ReportWords
from tocsin.intake.receipts import digest_of
from tocsin.intake.states import OPEN, AnsweredBy, ReportStatus, Speaker
from tocsin.people.access import agencies_for
from tocsin.people.models import Member
from tocsin.people.permissions import ANSWER_REPORT


def get_report_by_receipt(receipt: str) -> Report:
    """The report of a receipt. Raises Http404 for a wrong one, in the same time as for a right one."""
    digest = digest_of(receipt)
    found = Report.objects.select_related("agency", "sighting__campaign__agency").filter(receipt_digest=digest).first()
    if found is None:
        raise Http404
    return found


def get_report_for(member: Member, public_id: UUID) -> Report:
    """One report in the member's reach. Raises Http404 where there is none."""
    found = _reports_for(member).filter(public_id=public_id).first()
    if found is None:
        raise Http404
    return found


def reports_for(member: Member, campaign: Campaign) -> QuerySet[Report]:
    """The reports of copies of a campaign, in the member's reach; those still open first."""
    waiting = ReportWords.objects.filter(report=OuterRef("pk"), speaker=Speaker.REPORTER)
    return (
        _reports_for(member)
        .filter(sighting__campaign=campaign)
        .annotate(has_words=Exists(waiting))
        .prefetch_related("words")
        .order_by("-has_words", "-received_at")
    )


def waiting_count(member: Member, campaign: Campaign) -> int:
    """How many people in the member's reach wait for an answer in a campaign."""
    return _waiting_for(member).filter(sighting__campaign=campaign).count()


def answered_count(change: CampaignChange) -> int:
    """How many reports a decision answered when it was made."""
    answered = ReportChange.objects.filter(answered_by=AnsweredBy.DECISION, at__gte=change.at)
    return answered.filter(report__sighting__campaign=change.campaign).count()


def campaigns_waiting(member: Member) -> QuerySet[Report, int]:
    """Keys of the campaigns in which somebody in the member's reach waits, for a sub-query."""
    return _waiting_for(member).order_by().values_list("sighting__campaign", flat=True)


def with_waiting(member: Member, campaigns: Iterable[Campaign]) -> list[tuple[Campaign, int]]:
    """Each campaign with how many people in the member's reach wait for an answer in it, in one query."""
    listed = list(campaigns)
    counts = dict(
        _waiting_for(member)
        .filter(sighting__campaign__in=listed)
        .order_by()
        .values_list("sighting__campaign")
        .annotate(number=Count("pk"))
    )
    return [(campaign, counts.get(campaign.pk, 0)) for campaign in listed]


def reports_with_rights(member: Member, reports: Iterable[Report]) -> list[tuple[Report, bool]]:
    """Each report with whether the member may reply to it; rights are looked up once an agency."""
    rights: dict[int, bool] = {}
    for report in (listed := list(reports)):
        if report.agency_id not in rights:
            rights[report.agency_id] = member.has_perm(ANSWER_REPORT, report.agency)
    return [(report, rights[report.agency_id]) for report in listed]


def decision_for(report: Report) -> CampaignChange | None:
    """The decision that answers a report, or None while there is none."""
    return standing_decision(report.sighting.campaign)


def _reports_for(member: Member) -> QuerySet[Report]:
    return Report.objects.filter(agency__in=agencies_for(member)).select_related("agency", "sighting__campaign")


def _waiting_for(member: Member) -> QuerySet[Report]:
    """Reports that are open, and answered ones whose last words are the reporter's: a decision answers no question."""
    last = ReportWords.objects.filter(report=OuterRef("pk")).order_by("-pk").values("speaker")[:1]
    asked = Q(status=ReportStatus.ANSWERED, last_speaker=Speaker.REPORTER)
    return _reports_for(member).annotate(last_speaker=Subquery(last)).filter(Q(status__in=OPEN) | asked)
