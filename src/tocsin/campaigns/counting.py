"""How often each indicator was seen in a campaign. Called by the actions of this room alone."""

from collections import Counter
from datetime import datetime

from django.db.models import F

from tocsin.campaigns.models import Campaign, CampaignIndicator, Indicator, Sighting

# A text with thousands of addresses is an attack or a list, not a message; its first ones are enough to compare.
MOST_PER_SIGHTING = 50
Key = tuple[str, str]


def indicator_keys(sighting: Sighting) -> list[Key]:
    """The distinct indicators of a sighting as (kind, value), at most fifty, in the order of the text."""
    keys = dict.fromkeys((item["kind"], item["value"][:500]) for item in sighting.indicators)
    return list(keys)[:MOST_PER_SIGHTING]


def count_indicators(campaign: Campaign, sighting: Sighting) -> None:
    """Count each distinct indicator of a sighting once in its campaign, in a fixed number of queries."""
    _add(campaign, Counter(indicator_keys(sighting)), sighting.seen_at, sighting.seen_at)


def recount_indicators(campaign: Campaign) -> None:
    """Count a campaign's indicators anew from the sightings that are kept."""
    before = list(campaign.indicators.values_list("indicator_id", flat=True))
    campaign.indicators.all().delete()
    counts: Counter[Key] = Counter()
    first: dict[Key, datetime] = {}
    last: dict[Key, datetime] = {}
    for sighting in campaign.sightings.order_by("pk").iterator(chunk_size=500):
        for key in indicator_keys(sighting):
            counts[key] += 1
            first[key] = min(first.get(key, sighting.seen_at), sighting.seen_at)
            last[key] = max(last.get(key, sighting.seen_at), sighting.seen_at)
    known = _indicators(list(counts))
    CampaignIndicator.objects.bulk_create(
        [
            CampaignIndicator(
                campaign=campaign,
                indicator=known[key],
                sighting_count=number,
                first_seen_at=first[key],
                last_seen_at=last[key],
            )
            for key, number in counts.items()
        ],
        batch_size=500,
    )
    _forget_unused(before)


def discount_indicators(campaign: Campaign, keys: list[Key]) -> None:
    """Take one sighting's indicators back, and forget those that no sighting carries any more."""
    ids = [indicator.pk for indicator in _indicators(keys).values()]
    links = campaign.indicators.filter(indicator__in=ids)
    links.update(sighting_count=F("sighting_count") - 1)
    links.filter(sighting_count=0).delete()
    _forget_unused(ids)


def _forget_unused(ids: list[int]) -> None:
    """Delete those of the indicators that belong to no campaign any more."""
    for start in range(0, len(ids), 500):
        Indicator.objects.filter(pk__in=ids[start : start + 500], campaigns=None).delete()


def _add(campaign: Campaign, counts: Counter[Key], first: datetime, last: datetime) -> None:
    known = list(_indicators(list(counts)).values())
    CampaignIndicator.objects.bulk_create(
        [
            CampaignIndicator(campaign=campaign, indicator=indicator, first_seen_at=first, last_seen_at=last)
            for indicator in known
        ],
        ignore_conflicts=True,
    )
    links = campaign.indicators.filter(indicator__in=known)
    links.update(sighting_count=F("sighting_count") + 1, last_seen_at=last)


def _indicators(keys: list[Key]) -> dict[Key, Indicator]:
    """The rows of these indicators, made where they are missing."""
    Indicator.objects.bulk_create(
        [Indicator(kind=kind, value=value) for kind, value in keys], ignore_conflicts=True, batch_size=500
    )
    found: dict[Key, Indicator] = {}
    for start in range(0, len(keys), 500):
        values = [value for _, value in keys[start : start + 500]]
        for indicator in Indicator.objects.filter(value__in=values):
            found[(indicator.kind, indicator.value)] = indicator
    return {key: found[key] for key in keys}
