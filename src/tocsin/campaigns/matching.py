"""Which campaign a text belongs to: same folded text, else banded MinHash look-up and a similarity check.

A campaign that is not decided takes in whatever is near; a person will look. A decided one answers people by itself, so
it takes a text in only where the decision can speak for it: ``speaks_for``.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from tocsin.campaigns.models import Campaign, Sighting, SightingBand
from tocsin.campaigns.states import DECIDED, CampaignStatus, LinkStatus
from tocsin.campaigns.wording import folded_digest, wording_digest
from tocsin.engine.fingerprint import bands, similarity
from tocsin.engine.schema import Assessment

# Share of equal MinHash components from which two texts count as copies: surely, and so that a person should look.
SAME_SCAM = 0.7
LIKELY_SAME_SCAM = 0.5
# Band look-ups return every text that shares one band; only the likeliest are compared.
CANDIDATES = 200


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


def find_match(text: str, assessment: Assessment, *, root: str = "") -> Match | None:
    """The campaign whose sightings are nearest to a text, or None where none is near enough.

    root: path of the root agency in whose tree to look; empty for all.
    """
    here = Sighting.objects.filter(campaign__agency__path__startswith=root).select_related("campaign")
    refused: set[int] = set()
    for score, exact, sighting in _likeliest(here, text, assessment.fingerprint):
        campaign = sighting.campaign
        if campaign.pk in refused:
            continue
        if speaks_for(campaign, text, assessment, score):
            return Match(campaign, score, exact)
        refused.add(campaign.pk)
    return None


def speaks_for(campaign: Campaign, text: str, assessment: Assessment, score: float) -> bool:
    """Whether what is decided of a campaign may be said of a text that is ``score`` near to one of its sightings.

    A scam that copies a genuine notice and puts another number into it is as near to the notice as can be. So a
    dismissal speaks only for the wordings that were dismissed. A confirmation speaks for near copies as well, but only
    those that the engine, too, finds harmful, or that lead to nowhere else than the confirmed ones did; and for likely
    copies in which the engine finds the very harm that was confirmed.
    """
    if campaign.status not in DECIDED:
        return True
    if campaign.sightings.filter(wording_digest=wording_digest(text)).exists():
        return True
    if campaign.status == CampaignStatus.DISMISSED:
        return False
    if assessment.harm is not None:
        return score >= SAME_SCAM or assessment.harm.value == campaign.harm
    leads_to = {(item.kind, item.value) for item in assessment.indicators}
    return score >= SAME_SCAM and bool(leads_to) and leads_to <= _known_when_decided(campaign)


def _known_when_decided(campaign: Campaign) -> set[tuple[str, str]]:
    decided = campaign.changes.filter(after=CampaignStatus.CONFIRMED).order_by("pk").first()
    known = campaign.indicators.filter(first_seen_at__lte=decided.at) if decided else campaign.indicators.none()
    return set(known.values_list("indicator__kind", "indicator__value"))


def _likeliest(
    here: QuerySet[Sighting], text: str, fingerprint: bytes | None
) -> Iterator[tuple[float, bool, Sighting]]:
    """Sightings near enough, with how near, the nearest first; of equally near ones the earliest."""
    for sighting in _first_of_each_campaign(here.filter(folded_digest=folded_digest(text)).order_by("pk")):
        yield 1.0, True, sighting
    if fingerprint is None:
        return
    scored = [
        (similarity(fingerprint, bytes(sighting.fingerprint or b"")), sighting)
        for sighting in here.filter(pk__in=_candidates(fingerprint), fingerprint__isnull=False)
    ]
    for score, sighting in sorted(scored, key=lambda pair: (-pair[0], pair[1].pk)):
        if score >= LIKELY_SAME_SCAM:
            yield score, False, sighting


def _first_of_each_campaign(sightings: Iterable[Sighting]) -> Iterator[Sighting]:
    met: set[int] = set()
    for sighting in sightings:
        if sighting.campaign_id not in met:
            met.add(sighting.campaign_id)
            yield sighting


def _candidates(fingerprint: bytes) -> list[int]:
    shared = Q()
    for position, value in enumerate(bands(fingerprint)):
        shared |= Q(position=position, value=value)
    hits = Counter(SightingBand.objects.filter(shared).values_list("sighting_id", flat=True)[: CANDIDATES * 16])
    return [pk for pk, _ in hits.most_common(CANDIDATES)]
