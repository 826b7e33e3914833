"""Sightings join the campaign of their copies; a campaign is decided once, by those who may."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from conftest import QUIET, SCAM, SCAM_COPY, START, Town
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.http import Http404

from tocsin.base import clock
from tocsin.campaigns import access, actions
from tocsin.campaigns.access import QueueFilter
from tocsin.campaigns.assessing import assess
from tocsin.campaigns.models import Campaign, CampaignChange, Sighting, SightingBand
from tocsin.campaigns.rulings import Ruling
from tocsin.campaigns.states import CampaignStatus, Dismissal, InvalidTransition, LinkStatus, Origin
from tocsin.engine.harms import Harm
from tocsin.ledger.models import LedgerEntry
from tocsin.people.models import Agency, Member

pytestmark = pytest.mark.django_db
OTHER_SCAM = (
    "您好,我是平台客服,您误开通了百万保障,不取消每月扣费800元,请下载云会议开启屏幕共享,我教您把钱转到安全账户。"
)
YES = Ruling(reason="Pays for fake orders.", harm=Harm.TASK_SCAM)
NO = Ruling(reason="A real shop.", dismissal=Dismissal.ADVERTISING)


def file(text: str, agency: Agency) -> Sighting:
    return actions.file_sighting(text=text, assessment=assess(text), agency=agency, origin=Origin.ROUND)


def test_copies_join_and_other_scams_do_not(town: Town) -> None:
    first, same, near, other = (
        file(text, town.city) for text in (SCAM, SCAM.replace("兼职", "兼 职"), SCAM_COPY, OTHER_SCAM)
    )
    assert first.campaign == same.campaign == near.campaign
    assert other.campaign != first.campaign
    assert first.harm == Harm.TASK_SCAM
    assert same.folded_digest == first.folded_digest
    assert near.folded_digest != first.folded_digest
    assert near.link == LinkStatus.CONFIRMED
    campaign = Campaign.objects.get(pk=first.campaign.pk)
    assert campaign.sighting_count == 3
    assert campaign.representative == first
    # Wordings are indexed once, however many copies come.
    assert SightingBand.objects.filter(sighting=same).count() == 0
    assert SightingBand.objects.filter(sighting=near).count() == SightingBand.objects.filter(sighting=first).count() > 0


def test_the_order_of_arrival_does_not_matter(town: Town) -> None:
    near = file(SCAM_COPY, town.city)
    first = file(SCAM, town.city)
    assert near.campaign == first.campaign


def test_a_text_too_short_for_a_fingerprint_joins_only_its_equal(town: Town) -> None:
    one, equal, other = (file(text, town.city) for text in ("你好", "你 好", "您好"))
    assert one.fingerprint is None
    assert one.campaign == equal.campaign != other.campaign


def test_each_indicator_counts_once_per_copy(town: Town) -> None:
    text = SCAM + " 加微信 wxid_demo88"
    campaign = file(text, town.city).campaign
    file(text, town.city)
    counts = {link.indicator.value: link.sighting_count for link in campaign.indicators.all()}
    assert counts["wxid_demo88"] == 2


def test_a_campaign_seen_in_two_counties_rises_to_their_city(town: Town) -> None:
    first = file(SCAM, town.east)
    assert first.campaign.agency == town.east
    file(SCAM, town.west)
    campaign = Campaign.objects.get(pk=first.campaign.pk)
    assert campaign.agency == town.city
    file(SCAM, town.elsewhere)
    campaign.refresh_from_db()
    assert campaign.agency == town.city
    assert LedgerEntry.objects.filter(verb="campaign.agency_changed").count() == 1


def test_who_may_see_a_campaign(
    town: Town, analyst: Member, second_analyst: Member, outsider: Member, auditor: Member
) -> None:
    west = file(SCAM, town.west).campaign
    assert access.get_campaign_for(analyst, west.public_id) == west
    assert access.get_campaign_for(auditor, west.public_id) == west
    for stranger in (second_analyst, outsider):
        with pytest.raises(Http404):
            access.get_campaign_for(stranger, west.public_id)
    # A copy in the east opens it to the east: to read, with the east's own copies, not to decide.
    file(SCAM, town.east)
    west.refresh_from_db()
    assert access.get_campaign_for(second_analyst, west.public_id) == west
    assert access.may_decide(analyst, west)
    assert not access.may_decide(second_analyst, west)
    assert not access.may_decide(auditor, west)
    assert [sighting.agency for sighting in access.sightings_for(second_analyst, west)] == [town.east]
    assert access.sightings_for(analyst, west).count() == 2


def test_the_queue_filters_and_counts(town: Town, analyst: Member, outsider: Member) -> None:
    nobody = Campaign.objects.none().values("pk")
    big = file(SCAM, town.city).campaign
    file(SCAM_COPY, town.city)
    small = file(OTHER_SCAM, town.city).campaign
    unknown = file(QUIET, town.city).campaign
    actions.start_review(actor=analyst, campaign=small)
    everything = list(access.queue_for(analyst, QueueFilter(), nobody))
    assert everything[0] == big
    assert set(everything) == {big, small, unknown}
    assert list(access.queue_for(analyst, QueueFilter(status="in_review"), nobody)) == [small]
    assert list(access.queue_for(analyst, QueueFilter(harm="none"), nobody)) == [unknown]
    assert list(access.queue_for(analyst, QueueFilter(status="", harm="task_scam"), nobody)) == [big]
    assert access.counts_by(analyst, "status") == {"new": 2, "in_review": 1}
    assert not access.queue_for(outsider, QueueFilter(), nobody).exists()


def test_a_decision_goes_through_review_and_leaves_its_rows(town: Town, analyst: Member, at_start: datetime) -> None:
    campaign = file(SCAM, town.city).campaign
    with pytest.raises(InvalidTransition):
        actions.confirm_campaign(actor=analyst, campaign=campaign, ruling=YES)
    actions.start_review(actor=analyst, campaign=campaign)
    with pytest.raises(InvalidTransition):
        actions.start_review(actor=analyst, campaign=campaign)
    actions.confirm_campaign(actor=analyst, campaign=campaign, ruling=YES)
    rows = [(change.before, change.after, change.member) for change in campaign.changes.all()]
    assert rows == [("", "new", None), ("new", "in_review", analyst), ("in_review", "confirmed", analyst)]
    decision = access.standing_decision(campaign)
    assert decision is not None
    assert (decision.reason, decision.harm, decision.at) == (YES.reason, Harm.TASK_SCAM, START)
    verbs = LedgerEntry.objects.filter(subject=f"campaign:{campaign.public_id}").order_by("position")
    assert [entry.verb for entry in verbs] == ["campaign.opened", "campaign.review_started", "campaign.confirmed"]


def test_dismissing_and_looking_again(town: Town, analyst: Member) -> None:
    campaign = file(SCAM, town.city).campaign
    actions.start_review(actor=analyst, campaign=campaign)
    actions.dismiss_campaign(actor=analyst, campaign=campaign, ruling=NO)
    decision = access.standing_decision(campaign)
    assert decision is not None
    assert decision.dismissal == Dismissal.ADVERTISING
    actions.reopen_campaign(actor=analyst, campaign=campaign, ruling=Ruling(reason="New facts."))
    assert campaign.status == CampaignStatus.IN_REVIEW
    assert access.standing_decision(campaign) is None
    with pytest.raises(InvalidTransition):
        actions.reopen_campaign(actor=analyst, campaign=campaign, ruling=Ruling(reason="Twice."))


@pytest.mark.parametrize("act", ["start_review", "confirm_campaign", "dismiss_campaign", "reopen_campaign"])
def test_it_refuses_whoever_may_not_decide(
    town: Town, analyst: Member, outsider: Member, intake_officer: Member, act: str
) -> None:
    campaign = file(SCAM, town.city).campaign
    steps: dict[str, Callable[[Member], CampaignChange]] = {
        "start_review": lambda actor: actions.start_review(actor=actor, campaign=campaign),
        "confirm_campaign": lambda actor: actions.confirm_campaign(actor=actor, campaign=campaign, ruling=YES),
        "dismiss_campaign": lambda actor: actions.dismiss_campaign(actor=actor, campaign=campaign, ruling=NO),
        "reopen_campaign": lambda actor: actions.reopen_campaign(actor=actor, campaign=campaign, ruling=NO),
    }
    if act != "start_review":
        steps["start_review"](analyst)
    if act == "reopen_campaign":
        steps["dismiss_campaign"](analyst)
    before = campaign.status
    for stranger in (outsider, intake_officer):
        with pytest.raises(PermissionDenied):
            steps[act](stranger)
    campaign.refresh_from_db()
    assert campaign.status == before
    steps[act](analyst)
    assert campaign.status != before


def test_a_decision_needs_its_reason_and_its_kind(town: Town, analyst: Member) -> None:
    campaign = file(SCAM, town.city).campaign
    actions.start_review(actor=analyst, campaign=campaign)
    with pytest.raises(ValueError, match="reason"):
        Ruling(reason="  ")
    with pytest.raises(ValueError, match="harm"):
        actions.confirm_campaign(actor=analyst, campaign=campaign, ruling=NO)
    with pytest.raises(ValueError, match="kind"):
        actions.dismiss_campaign(actor=analyst, campaign=campaign, ruling=YES)
    campaign.refresh_from_db()
    assert campaign.status == CampaignStatus.IN_REVIEW


GENUINE = (
    "【江城银行】您尾号8821的储蓄卡11月3日消费356.20元。"
    "详情请登录 https://www.jiangcheng-bank.example/card 查看,客服400-000-1234。"
)


@pytest.mark.parametrize(
    ("text", "covered"),
    [
        (GENUINE, True),
        (GENUINE.replace("356.20", "89.00").replace("8821", "1742"), True),
        (GENUINE.replace("jiangcheng-bank", "jiangchang-bank"), False),
        (GENUINE.replace("jiangcheng", "jiаngcheng"), False),  # a Cyrillic а
        (GENUINE.replace("400-000-1234", "400-000-9876"), False),
        (GENUINE + "如非本人操作,请加微信 wxid_kf2026 处理", False),
    ],
)
def test_the_word_for_a_genuine_notice_does_not_cover_one_with_another_address(
    town: Town, analyst: Member, text: str, covered: bool
) -> None:
    campaign = file(GENUINE, town.city).campaign
    actions.start_review(actor=analyst, campaign=campaign)
    ruling = Ruling(reason="The bank's own notice.", dismissal=Dismissal.GENUINE)
    actions.dismiss_campaign(actor=analyst, campaign=campaign, ruling=ruling)
    assert (access.find_campaign_of(text, assess(text)) is not None) is covered
    assert (file(text, town.city).campaign == campaign) is covered


def test_of_two_decisions_made_at_once_one_is_refused(town: Town, analyst: Member) -> None:
    campaign = file(SCAM, town.city).campaign
    actions.start_review(actor=analyst, campaign=campaign)
    stale = Campaign.objects.get(pk=campaign.pk)
    actions.confirm_campaign(actor=analyst, campaign=campaign, ruling=YES)
    with pytest.raises(InvalidTransition) as refused:
        actions.dismiss_campaign(actor=analyst, campaign=stale, ruling=NO)
    assert refused.value.status == CampaignStatus.CONFIRMED
    assert stale.changes.count() == 3


def test_a_change_of_what_has_changed_meanwhile_changes_nothing(town: Town, analyst: Member) -> None:
    campaign = file(SCAM, town.city).campaign
    stale = Campaign.objects.get(pk=campaign.pk)
    actions.start_review(actor=analyst, campaign=campaign)
    with pytest.raises(InvalidTransition) as refused:
        actions._move(stale, CampaignStatus.IN_REVIEW, actor=analyst)
    assert refused.value.status == CampaignStatus.IN_REVIEW
    assert campaign.changes.count() == 2


def test_the_database_itself_refuses_a_harm_that_is_not_on_the_list(town: Town) -> None:
    campaign = file(SCAM, town.city).campaign
    for change in ({"harm": "opinion"}, {"status": "burnt"}, {"status": "confirmed", "harm": None}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Campaign.objects.filter(pk=campaign.pk).update(**change)


def test_a_quiet_campaign_rests_and_a_new_copy_wakes_it_with_its_decision(town: Town, analyst: Member) -> None:
    with clock.frozen(START):
        campaign = file(SCAM, town.city).campaign
        actions.start_review(actor=analyst, campaign=campaign)
        actions.confirm_campaign(actor=analyst, campaign=campaign, ruling=YES)
        assert actions.let_campaigns_rest() == 0
    with clock.frozen(START + timedelta(days=31)):
        assert actions.let_campaigns_rest() == 1
        campaign.refresh_from_db()
        assert campaign.status == CampaignStatus.DORMANT
        assert access.standing_decision(campaign) is not None
        file(SCAM_COPY, town.city)
        campaign.refresh_from_db()
        assert campaign.status == CampaignStatus.CONFIRMED
        decision = access.standing_decision(campaign)
    assert decision is not None
    assert decision.harm == Harm.TASK_SCAM


def test_what_expires_leaves_its_count_and_its_ledger_entry(town: Town) -> None:
    first, second = file(SCAM, town.city), file(SCAM_COPY, town.city)
    campaign = Campaign.objects.get(pk=first.campaign.pk)
    actions.expire_sighting(Sighting.objects.get(pk=first.pk))
    campaign = Campaign.objects.get(pk=campaign.pk)
    assert campaign.representative == second
    assert campaign.sighting_count == 2
    actions.expire_sighting(Sighting.objects.get(pk=second.pk))
    campaign = Campaign.objects.get(pk=campaign.pk)
    assert campaign.representative is None
    assert not Sighting.objects.exists()
    assert LedgerEntry.objects.filter(verb="sighting.expired").count() == 2
    third = file(SCAM, town.city)
    assert third.campaign != campaign


def test_a_late_copy_still_finds_the_decision_when_every_text_has_expired(town: Town, analyst: Member) -> None:
    first = file(SCAM, town.city)
    campaign = Campaign.objects.get(pk=first.campaign.pk)
    actions.start_review(actor=analyst, campaign=campaign)
    actions.confirm_campaign(actor=analyst, campaign=campaign, ruling=YES)
    actions.expire_sighting(Sighting.objects.get(pk=first.pk))
    shell = Sighting.objects.get()
    assert (shell.text, shell.signals, shell.indicators, shell.expires_at) == ("", [], [], None)
    assert not access.sightings_for(analyst, campaign).exists()
    late = file(SCAM_COPY, town.city)
    assert late.campaign == campaign
    campaign = Campaign.objects.get(pk=campaign.pk)
    assert campaign.representative == late


def test_looking_a_text_up_keeps_nothing(town: Town) -> None:
    campaign = file(SCAM, town.city).campaign
    before = Sighting.objects.count(), LedgerEntry.objects.count()
    match = access.find_campaign_of(SCAM_COPY, assess(SCAM_COPY))
    assert match is not None
    assert match.campaign == campaign
    assert not match.exact
    assert access.find_campaign_of(OTHER_SCAM, assess(OTHER_SCAM)) is None
    assert (Sighting.objects.count(), LedgerEntry.objects.count()) == before


def test_charter_the_list_of_harms_is_closed_and_holds_no_opinion() -> None:
    assert len(Harm) == 22
    forbidden = ("opinion", "politic", "religio", "critic", "speech", "rumour", "protest")
    assert not [harm for harm in Harm if any(word in harm for word in forbidden)]
    # One table names them, and no model could hold another: see the database test above.
    assert Campaign._meta.get_field("harm").choices is not None
