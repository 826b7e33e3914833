"""What a member may read of campaigns; an outsider gets the same 404 as for what does not exist.

The campaign of an agency is open to members of that agency and of those above it, and to members of any agency below in
which one of its copies was seen.
"""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.http import Http404

from tocsin.campaigns.assessing import folded_digest
from tocsin.campaigns.matching import Match, find_match
from tocsin.campaigns.models import Campaign, CampaignChange, Sighting
from tocsin.campaigns.states import DECIDED, CampaignStatus
from tocsin.engine.schema import Assessment
from tocsin.people.access import agencies_for
from tocsin.people.models import Member
from tocsin.people.permissions import DECIDE_CAMPAIGN


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


def queue_for(member: Member, chosen: QueueFilter) -> QuerySet[Campaign]:
    """Campaigns in the order of work: most sightings first, then the latest."""
    found = campaigns_for(member).select_related("agency", "representative")
    if chosen.status == "open":
        found = found.filter(status__in=[CampaignStatus.NEW, CampaignStatus.IN_REVIEW])
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


def get_campaign_for(member: Member, public_id: UUID) -> Campaign:
    """One campaign. Raises Http404 where there is none or the member may not see it."""
    found = campaigns_for(member).select_related("agency", "representative").filter(public_id=public_id).first()
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


def find_campaign_of(text: str, assessment: Assessment) -> Match | None:
    """The campaign that a text would join, without keeping anything of the text."""
    return find_match(text, assessment, folded_digest(text))


def standing_decision(campaign: Campaign) -> CampaignChange | None:
    """The decision that stands, or None while there is none."""
    if campaign.status not in DECIDED:
        return None
    return campaign.changes.filter(after__in=[CampaignStatus.CONFIRMED, CampaignStatus.DISMISSED]).last()
