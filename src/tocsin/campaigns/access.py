"""What a member may read of campaigns; an outsider gets the same 404 as for what does not exist.

The campaign of an agency is open to members of that agency and of those above it, and to members of any agency below in
which one of its copies was seen.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.http import Http404

from tocsin.campaigns.counting import indicator_keys
from tocsin.campaigns.matching import Match, find_match
from tocsin.campaigns.models import Campaign, CampaignChange, CampaignIndicator, Sighting
from tocsin.campaigns.states import DECIDED, CampaignStatus
from tocsin.engine.schema import Assessment
from tocsin.people.access import agencies_for
from tocsin.people.models import Member
from tocsin.people.permissions import DECIDE_CAMPAIGN

MOST_SHOWN = 50


@dataclass(frozen=True, slots=True)
class QueueFilter:
    """What to show of the queue; empty means all. ``status`` may also be ``open``: new and in review."""

    status: str = "open"
    harm: str = ""


def campaigns_for(member: Member) -> QuerySet[Campaign]:
    """The campaigns that a member may see."""
    agencies = agencies_for(member)
    seen_here = Sighting.objects.filter(campaign=OuterRef("pk"), agency__in=agencies)
    return Campaign.objects.filter(Q(agency__in=agencies) | Exists(seen_here))


def queue_for(member: Member, chosen: QueueFilter, waiting: QuerySet[Any]) -> QuerySet[Campaign]:
    """Campaigns in the order of work: most sightings first, then the latest.

    waiting: keys of campaigns in which somebody waits; they are open whatever their state. ``excerpt`` is the first
    text that the member may read.
    """
    found = campaigns_for(member).select_related("agency").annotate(excerpt=_first_text(member))
    if chosen.status == "open":
        undecided = Q(status__in=[CampaignStatus.NEW, CampaignStatus.IN_REVIEW], representative__isnull=False)
        found = found.filter(undecided | Q(pk__in=waiting))
    elif chosen.status:
        found = found.filter(status=chosen.status)
    if chosen.harm == "none":
        found = found.filter(harm=None)
    elif chosen.harm:
        found = found.filter(harm=chosen.harm)
    return found.order_by("-sighting_count", "-last_seen_at", "pk")


def counts_by(member: Member, field: str, **conditions: object) -> dict[str | None, int]:
    """How many of the member's campaigns there are for each value of ``field`` (``status`` or ``harm``)."""
    found = campaigns_for(member).filter(**conditions).order_by()
    return dict(found.values_list(field).annotate(number=Count("pk")))


def open_count(member: Member, waiting: QuerySet[Any]) -> int:
    """How many campaigns the filter ``open`` shows."""
    return queue_for(member, QueueFilter(), waiting).count()


def get_campaign_for(member: Member, public_id: UUID) -> Campaign:
    """One campaign. Raises Http404 where there is none or the member may not see it."""
    found = campaigns_for(member).select_related("agency").filter(public_id=public_id).first()
    if found is None:
        raise Http404
    return found


def may_decide(member: Member, campaign: Campaign) -> bool:
    """Whether the member may decide this campaign."""
    return member.has_perm(DECIDE_CAMPAIGN, campaign.agency)


def sightings_for(member: Member, campaign: Campaign) -> QuerySet[Sighting]:
    """The sightings of a campaign that the member may read: those of agencies in the member's reach."""
    kept = campaign.sightings.exclude(expires_at=None)
    return kept.filter(agency__in=agencies_for(member)).select_related("agency")


def representative_for(member: Member, campaign: Campaign) -> Sighting | None:
    """The first text of a campaign that the member may read; for whoever decides it, the one that stands for all."""
    if campaign.representative is not None and campaign.representative.agency in agencies_for(member):
        return campaign.representative
    return sightings_for(member, campaign).order_by("pk").first()


def indicators_for(member: Member, campaign: Campaign) -> list[CampaignIndicator]:
    """The indicators of a campaign that stand in sightings which the member may read, the most frequent first."""
    links = campaign.indicators.select_related("indicator")
    if agencies_for(member).filter(pk=campaign.agency_id).exists():
        return list(links[:MOST_SHOWN])
    seen: set[tuple[str, str]] = set()
    for sighting in sightings_for(member, campaign).order_by("-pk")[:MOST_SHOWN]:
        seen.update(indicator_keys(sighting))
    return [link for link in links if (link.indicator.kind, link.indicator.value) in seen][:MOST_SHOWN]


def find_campaign_of(text: str, assessment: Assessment) -> Match | None:
    """The campaign that a text would join, without keeping anything of the text."""
    return find_match(text, assessment)


def _first_text(member: Member) -> Subquery:
    own = Sighting.objects.filter(campaign=OuterRef("pk"), agency__in=agencies_for(member), expires_at__isnull=False)
    return Subquery(own.order_by("pk").values("text")[:1])


def standing_decision(campaign: Campaign) -> CampaignChange | None:
    """The decision that stands, or None while there is none."""
    if campaign.status not in DECIDED:
        return None
    decisions = campaign.changes.filter(after__in=[CampaignStatus.CONFIRMED, CampaignStatus.DISMISSED])
    # Waking from rest is no decision: the one before it stands.
    return decisions.exclude(before=CampaignStatus.DORMANT).order_by("pk").last()
