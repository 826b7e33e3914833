"""Which campaign a text belongs to: same folded text, else banded MinHash look-up and a similarity check.

A dismissed campaign speaks for a text only where the text brings nothing new. Whoever takes a genuine notice that the
desk has called genuine and puts another link or number into it must not get the desk's word for it.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q

from tocsin.campaigns.models import Campaign, CampaignIndicator, Sighting, SightingBand
from tocsin.campaigns.states import DECIDED, CampaignStatus, LinkStatus
from tocsin.engine.fingerprint import bands, similarity
from tocsin.engine.schema import Assessment

# Share of equal MinHash components from which two texts count as copies: surely, and so that a person should look.
SAME_SCAM = 0.7
LIKELY_SAME_SCAM = 0.5
# Band look-ups return every text that shares one band; only the likeliest are compared.
CANDIDATES = 200
_REACHABLE = frozenset({"url", "domain", "email"})


@dataclass(frozen=True, slots=True)
class Match:
    """A campaign that a text belongs to. ``exact``: the folded texts are equal."""

    campaign: Campaign
    similarity: float
    exact: bool

    @property
    def link(self) -> LinkStatus:
        """How sure the link is."""
        return LinkStatus.CONFIRMED if self.similarity >= SAME_SCAM else LinkStatus.SUGGESTED


def find_match(text: str, assessment: Assessment, digest: str) -> Match | None:
    """The campaign whose sightings are nearest to a text, or None where none is near enough."""
    same = Sighting.objects.filter(folded_digest=digest).select_related("campaign").order_by("pk")
    for sighting in _first_of_each_campaign(same):
        if _speaks_for(sighting, 1.0, text, assessment):
            return Match(sighting.campaign, 1.0, exact=True)
    if assessment.fingerprint is None:
        return None
    for score, sighting in _nearest(assessment.fingerprint):
        if _speaks_for(sighting, score, text, assessment):
            return Match(sighting.campaign, score, exact=False)
    return None


def _first_of_each_campaign(sightings: Iterable[Sighting]) -> Iterable[Sighting]:
    met: set[int] = set()
    for sighting in sightings:
        if sighting.campaign_id not in met:
            met.add(sighting.campaign_id)
            yield sighting


def _nearest(fingerprint: bytes) -> list[tuple[float, Sighting]]:
    """Sightings near enough, the nearest first; of equally near ones the earliest, whatever the database's order."""
    found = Sighting.objects.filter(pk__in=_candidates(fingerprint), fingerprint__isnull=False)
    scored = [
        (similarity(fingerprint, bytes(sighting.fingerprint or b"")), sighting)
        for sighting in found.select_related("campaign")
    ]
    near = [(score, sighting) for score, sighting in scored if score >= LIKELY_SAME_SCAM]
    return sorted(near, key=lambda pair: (-pair[0], pair[1].pk))


def _candidates(fingerprint: bytes) -> list[int]:
    shared = Q()
    for position, value in enumerate(bands(fingerprint)):
        shared |= Q(position=position, value=value)
    hits = Counter(SightingBand.objects.filter(shared).values_list("sighting_id", flat=True)[: CANDIDATES * 16])
    return [pk for pk, _ in hits.most_common(CANDIDATES)]


def _speaks_for(sighting: Sighting, score: float, text: str, assessment: Assessment) -> bool:
    """Whether what is decided of a sighting's campaign may be said of this text as well."""
    campaign = sighting.campaign
    if campaign.status in DECIDED and score < SAME_SCAM:
        return False
    return campaign.status != CampaignStatus.DISMISSED or _brings_nothing_new(sighting, text, assessment)


def _brings_nothing_new(sighting: Sighting, text: str, assessment: Assessment) -> bool:
    """No way to reach anyone that the campaign did not have, none that only looks like it, and no worse a verdict."""
    if assessment.harm is not None and assessment.harm.value != sighting.harm:
        return False
    for indicator in assessment.indicators:
        # A look-alike letter folds to the letter that it imitates: "pаypal" with a Cyrillic а is another address.
        if indicator.kind in _REACHABLE and not text[indicator.start : indicator.end].isascii():
            return False
    known = set(
        CampaignIndicator.objects.filter(campaign=sighting.campaign).values_list("indicator__kind", "indicator__value")
    )
    return {(item.kind, item.value[:500]) for item in assessment.indicators} <= known
