"""Every write to sightings and campaigns.

Deciding a campaign also answers everyone who reported a copy: staff pages therefore decide through ``intake.actions``,
which calls the functions here and then answers.
"""

from datetime import timedelta

from django.conf import settings
from django.db.models import F

from tocsin.base import clock
from tocsin.base.acts import act
from tocsin.campaigns.counting import count_indicators, discount_indicators, indicator_keys
from tocsin.campaigns.matching import Match, find_match
from tocsin.campaigns.models import Campaign, CampaignChange, Sighting, SightingBand
from tocsin.campaigns.rulings import Ruling
from tocsin.campaigns.splitting import sightings_not_covered, split_off
from tocsin.campaigns.states import DECIDED, TRANSITIONS, CampaignStatus, InvalidTransition, Origin
from tocsin.campaigns.wording import folded_digest, wording_digest
from tocsin.engine.fingerprint import bands
from tocsin.engine.harms import Harm
from tocsin.engine.schema import Assessment
from tocsin.ledger.actions import NewEntry, append, append_many
from tocsin.ledger.verbs import PayloadValue, Verb
from tocsin.people.models import Agency, Member, actor_reference, common_agency_path, reference
from tocsin.people.permissions import DECIDE_CAMPAIGN, require


@act
def file_sighting(*, text: str, assessment: Assessment, agency: Agency, origin: Origin) -> Sighting:
    """Keep one message, in the campaign of its copies or in a new one."""
    match = find_match(text, assessment, root=agency.root_path)
    at = clock.now()
    campaign = match.campaign if match else _open_campaign(agency, assessment)
    sighting = _create_sighting(campaign, match, text, assessment, agency, origin)
    if match is None or not match.exact:
        _index_bands(sighting)
    count_indicators(campaign, sighting)
    Campaign.objects.filter(pk=campaign.pk).update(sighting_count=F("sighting_count") + 1, last_seen_at=at)
    campaign.refresh_from_db()
    if campaign.representative_id is None:
        campaign.representative = sighting
        campaign.save(update_fields=["representative"])
    append(
        verb=Verb.SIGHTING_FILED,
        subject=reference("sighting", sighting.public_id),
        actor="system",
        agency=agency.public_id,
        payload={"campaign": campaign.public_id, "channel": origin.value, **_harm(assessment.harm)},
    )
    _lift(campaign, agency)
    _wake(campaign)
    return sighting


@act
def start_review(*, actor: Member, campaign: Campaign) -> CampaignChange:
    """An analyst takes a new campaign up."""
    _require_decider(actor, campaign)
    change = _move(campaign, CampaignStatus.IN_REVIEW, actor=actor)
    _record(Verb.CAMPAIGN_REVIEW_STARTED, campaign, actor)
    return change


@act
def confirm_campaign(*, actor: Member, campaign: Campaign, ruling: Ruling) -> CampaignChange:
    """Decide that a campaign is a harm. Raises ValueError without one, InvalidTransition unless it is in review."""
    _require_decider(actor, campaign)
    if ruling.harm is None:
        raise ValueError("a confirmed campaign needs a harm")
    _split_off_what_is_not_covered(campaign, ruling)
    change = _move(campaign, CampaignStatus.CONFIRMED, actor=actor, ruling=ruling)
    _record(Verb.CAMPAIGN_CONFIRMED, campaign, actor, {"harm": ruling.harm.value, **_volume(campaign)})
    return change


@act
def dismiss_campaign(*, actor: Member, campaign: Campaign, ruling: Ruling) -> CampaignChange:
    """Decide that a campaign is none. Raises ValueError without a kind, InvalidTransition unless it is in review."""
    _require_decider(actor, campaign)
    if ruling.dismissal is None:
        raise ValueError("a dismissed campaign needs the kind of dismissal")
    _split_off_what_is_not_covered(campaign, ruling)
    change = _move(campaign, CampaignStatus.DISMISSED, actor=actor, ruling=ruling)
    _record(Verb.CAMPAIGN_DISMISSED, campaign, actor, {"kind": ruling.dismissal.value, **_volume(campaign)})
    return change


@act
def reopen_campaign(*, actor: Member, campaign: Campaign, ruling: Ruling) -> CampaignChange:
    """Look at a decided campaign again."""
    _require_decider(actor, campaign)
    change = _move(campaign, CampaignStatus.IN_REVIEW, actor=actor, ruling=ruling)
    _record(Verb.CAMPAIGN_REOPENED, campaign, actor)
    return change


@act
def let_campaigns_rest(*, quiet_for: timedelta = timedelta(days=30)) -> int:
    """Put confirmed campaigns of which no copy came for so long to dormant; returns how many."""
    quiet = Campaign.objects.filter(
        status=CampaignStatus.CONFIRMED, last_seen_at__lt=clock.now() - quiet_for
    ).select_for_update()
    resting = list(quiet)
    for campaign in resting:
        _move(campaign, CampaignStatus.DORMANT, actor=None)
        _record(Verb.CAMPAIGN_DORMANT, campaign, None)
    return len(resting)


@act
def expire_sighting(sighting: Sighting) -> None:
    """Delete what was kept of one message; the campaign's counts and the ledger keep that it was there.

    Safe to repeat. Of a decided campaign the wording stays behind as a shell without text, see ``Sighting``; its
    indicators stay where it is confirmed.
    """
    found = (
        Sighting.objects.select_related("campaign", "agency").filter(pk=sighting.pk).exclude(expires_at=None).first()
    )
    if found is None:
        return
    campaign = found.campaign
    append(
        verb=Verb.SIGHTING_EXPIRED,
        subject=reference("sighting", found.public_id),
        actor="system",
        agency=found.agency.public_id,
        payload={"campaign": campaign.public_id},
    )
    if campaign.status not in {CampaignStatus.CONFIRMED, CampaignStatus.DORMANT}:
        discount_indicators(campaign, indicator_keys(found))
    was_representative = campaign.representative_id == found.pk
    if campaign.status in DECIDED and not _is_worded_elsewhere(found):
        found.text, found.signals, found.indicators, found.expires_at = "", [], [], None
        found.save(update_fields=["text", "signals", "indicators", "expires_at"])
    else:
        found.delete()
    if was_representative:
        campaign.representative = campaign.sightings.exclude(expires_at=None).order_by("pk").first()
        campaign.save(update_fields=["representative"])


def _require_decider(actor: Member, campaign: Campaign) -> None:
    """Read the campaign as it is now, and refuse whoever may not decide it as it is now."""
    campaign.refresh_from_db()
    require(actor, DECIDE_CAMPAIGN, campaign.agency)


def _is_worded_elsewhere(sighting: Sighting) -> bool:
    """Whether an equal wording stays in the campaign, so that this one may go without the decision forgetting it."""
    same = Sighting.objects.filter(campaign=sighting.campaign, wording_digest=sighting.wording_digest)
    return not sighting.bands.exists() and same.exclude(pk=sighting.pk).exists()


def _split_off_what_is_not_covered(campaign: Campaign, ruling: Ruling) -> None:
    """Let a decision stand for what the officer read, and leave the rest of the campaign open, on its own."""
    rest = sightings_not_covered(campaign, ruling)
    if not rest:
        return
    split = split_off(campaign, rest)
    _record(Verb.CAMPAIGN_OPENED, split, None, {"harm": split.harm} if split.harm else {})
    append_many(
        [
            NewEntry(
                verb=Verb.LINK_REJECTED,
                subject=reference("sighting", sighting.public_id),
                actor="system",
                agency=sighting.agency.public_id,
                payload={"campaign": campaign.public_id},
            )
            for sighting in rest
        ]
    )


def _open_campaign(agency: Agency, assessment: Assessment) -> Campaign:
    at = clock.now()
    campaign = Campaign.objects.create(
        agency=agency, harm=assessment.harm and assessment.harm.value, opened_at=at, last_seen_at=at
    )
    CampaignChange.objects.create(campaign=campaign, after=CampaignStatus.NEW, at=at, harm=campaign.harm)
    _record(Verb.CAMPAIGN_OPENED, campaign, None, _harm(assessment.harm))
    return campaign


def _create_sighting(
    campaign: Campaign,
    match: Match | None,
    text: str,
    assessment: Assessment,
    agency: Agency,
    origin: Origin,
) -> Sighting:
    at = clock.now()
    return Sighting.objects.create(
        campaign=campaign,
        agency=agency,
        origin=origin,
        text=text,
        folded_digest=folded_digest(text),
        wording_digest=wording_digest(text),
        harm=assessment.harm and assessment.harm.value,
        confidence=assessment.confidence,
        signals=[
            {"start": s.start, "end": s.end, "code": s.code, "reason_zh": s.reason_zh, "reason_en": s.reason_en}
            for s in assessment.signals
        ],
        indicators=[{"kind": i.kind, "value": i.value, "start": i.start, "end": i.end} for i in assessment.indicators],
        fingerprint=assessment.fingerprint,
        language=assessment.language,
        rules=assessment.rules,
        similarity=match.similarity if match else 1.0,
        **({"link": match.link} if match else {}),
        seen_at=at,
        expires_at=at + timedelta(days=settings.KEEP_REPORTS_DAYS),
    )


def _index_bands(sighting: Sighting) -> None:
    if sighting.fingerprint is None:
        return
    SightingBand.objects.bulk_create(
        SightingBand(sighting=sighting, position=position, value=value)
        for position, value in enumerate(bands(bytes(sighting.fingerprint)))
    )


def _lift(campaign: Campaign, agency: Agency) -> None:
    """A campaign seen in two counties belongs to the city above both; a copy from the city itself moves nothing."""
    if agency.contains(campaign.agency):
        return
    path = common_agency_path(campaign.agency.path, agency.path)
    if not path or path == campaign.agency.path:
        return
    before = campaign.agency.public_id
    campaign.agency = Agency.objects.get(path=path)
    campaign.save(update_fields=["agency"])
    _record(Verb.CAMPAIGN_AGENCY_CHANGED, campaign, None, {"before": before, "after": campaign.agency.public_id})


def _wake(campaign: Campaign) -> None:
    """A new copy ends the rest of a dormant campaign; its decision stands."""
    if campaign.status != CampaignStatus.DORMANT:
        return
    _move(campaign, CampaignStatus.CONFIRMED, actor=None)
    _record(Verb.CAMPAIGN_WOKEN, campaign, None)


def _move(
    campaign: Campaign, after: CampaignStatus, *, actor: Member | None, ruling: Ruling | None = None
) -> CampaignChange:
    """Change the state of a campaign that is still in the state the caller saw, and write the change row."""
    before = CampaignStatus(campaign.status)
    if after not in TRANSITIONS[before]:
        raise InvalidTransition(before)
    values: dict[str, object] = {"status": after}
    if ruling is not None and ruling.harm is not None:
        values["harm"] = ruling.harm.value
    if not Campaign.objects.filter(pk=campaign.pk, status=before).update(**values):
        campaign.refresh_from_db()
        raise InvalidTransition(campaign.status)
    campaign.refresh_from_db()
    return CampaignChange.objects.create(
        campaign=campaign,
        before=before,
        after=after,
        at=clock.now(),
        member=actor,
        harm=campaign.harm,
        dismissal=(ruling and ruling.dismissal) or "",
        reason=ruling.reason if ruling else "",
        answer=ruling.answer if ruling else "",
    )


def _record(
    verb: Verb, campaign: Campaign, actor: Member | None, payload: dict[str, PayloadValue] | None = None
) -> None:
    append(
        verb=verb,
        subject=reference("campaign", campaign.public_id),
        actor=actor_reference(actor),
        agency=campaign.agency.public_id,
        payload=payload or {},
    )


def _volume(campaign: Campaign) -> dict[str, PayloadValue]:
    """How many sightings a campaign has had, and how many reports of it are kept."""
    return {
        "sightings": campaign.sighting_count,
        "reports": campaign.sightings.filter(origin=Origin.REPORT).count(),
    }


def _harm(harm: Harm | None) -> dict[str, PayloadValue]:
    return {"harm": harm.value} if harm else {}
