"""What a decision does not cover, and its way into a campaign of its own. Called by the actions of this room alone."""

from django.db.models import Q

from tocsin.base import clock
from tocsin.campaigns.counting import indicator_keys, recount_indicators
from tocsin.campaigns.matching import SAME_SCAM
from tocsin.campaigns.models import Campaign, CampaignChange, Sighting
from tocsin.campaigns.rulings import Ruling
from tocsin.campaigns.states import CampaignStatus, LinkStatus
from tocsin.people.models import Agency, common_agency_path


def sightings_not_covered(campaign: Campaign, ruling: Ruling) -> list[Sighting]:
    """The sightings of which the decision cannot speak, measured by the representative text that the officer read.

    A dismissal covers the wording that was read. A confirmation covers near copies that the engine finds harmful, and
    those that lead nowhere else. See ``matching.speaks_for``, which says the same of texts that come later.
    """
    read = campaign.representative
    if read is None:
        return []
    others = campaign.sightings.exclude(wording_digest=read.wording_digest).select_related("agency").order_by("pk")
    if ruling.dismissal is not None:
        return list(others)
    known = set(indicator_keys(read))
    doubtful = others.filter(Q(harm=None) | Q(similarity__lt=SAME_SCAM)).exclude(harm=ruling.harm)
    return [sighting for sighting in doubtful if not _leads_nowhere_else(sighting, known)]


def _leads_nowhere_else(sighting: Sighting, known: set[tuple[str, str]]) -> bool:
    keys = set(indicator_keys(sighting))
    return sighting.similarity >= SAME_SCAM and bool(keys) and keys <= known


def split_off(campaign: Campaign, sightings: list[Sighting]) -> Campaign:
    """Move sightings into a new campaign of their own; both are counted anew. No text or analysis is lost."""
    first = sightings[0]
    path = first.agency.path
    for sighting in sightings:
        path = common_agency_path(path, sighting.agency.path) or path
    split = Campaign.objects.create(
        agency=Agency.objects.get(path=path),
        harm=first.harm,
        representative=first,
        opened_at=min(sighting.seen_at for sighting in sightings),
        last_seen_at=max(sighting.seen_at for sighting in sightings),
        sighting_count=len(sightings),
    )
    CampaignChange.objects.create(campaign=split, after=CampaignStatus.NEW, at=clock.now(), harm=split.harm)
    ids = [sighting.pk for sighting in sightings]
    for start in range(0, len(ids), 500):
        Sighting.objects.filter(pk__in=ids[start : start + 500]).update(campaign=split, link=LinkStatus.SUGGESTED)
    Sighting.objects.filter(pk=first.pk).update(link=LinkStatus.CONFIRMED, similarity=1.0)
    Campaign.objects.filter(pk=campaign.pk).update(sighting_count=max(0, campaign.sighting_count - len(ids)))
    campaign.refresh_from_db()
    for each in (campaign, split):
        recount_indicators(each)
    return split
