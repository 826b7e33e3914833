"""What a decision speaks for, and what it does not: the ways in which a desk's word could be turned against people."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest
from conftest import SCAM, SCAM_COPY, START, Town
from django.core.exceptions import PermissionDenied

from tocsin.base import clock
from tocsin.campaigns import access, actions
from tocsin.campaigns.assessing import assess
from tocsin.campaigns.models import Campaign, CampaignIndicator, Indicator, Sighting
from tocsin.campaigns.rulings import Ruling
from tocsin.campaigns.states import CampaignStatus, Dismissal, Origin
from tocsin.campaigns.wording import folded_digest, wording_digest
from tocsin.engine.harms import Harm
from tocsin.intake import access as intake_access
from tocsin.intake import actions as intake
from tocsin.intake.models import Report
from tocsin.intake.states import ReportStatus
from tocsin.ledger.models import LedgerEntry
from tocsin.people.models import Agency, Member

pytestmark = pytest.mark.django_db
File = Callable[..., tuple[Report, str]]
GENUINE = (
    "【江城银行】您尾号8821的储蓄卡11月3日消费356.20元。详情请登录 https://www.jiangcheng-bank.example/card 客服95588。"
)
PHISH = GENUINE.replace("https://www.jiangcheng-bank.example/card", "http://jc-bank-card.test/login")
GENUINE_RULING = Ruling(reason="The bank's own notice.", dismissal=Dismissal.GENUINE)
SCAM_RULING = Ruling(reason="Not the bank's address.", harm=Harm.PHISHING)


def seen(text: str, agency: Agency) -> Sighting:
    return actions.file_sighting(text=text, assessment=assess(text), agency=agency, origin=Origin.ROUND)


def decide(analyst: Member, campaign: Campaign, ruling: Ruling) -> None:
    campaign.refresh_from_db()
    intake.start_review(actor=analyst, campaign=campaign)
    if ruling.harm:
        intake.confirm_campaign(actor=analyst, campaign=campaign, ruling=ruling)
    else:
        intake.dismiss_campaign(actor=analyst, campaign=campaign, ruling=ruling)


def test_a_dismissal_does_not_speak_for_a_scam_that_was_grouped_with_the_notice(
    file_report: File, analyst: Member
) -> None:
    genuine, _ = file_report(GENUINE)
    phish, _ = file_report(PHISH)
    campaign = genuine.sighting.campaign
    assert Sighting.objects.get(pk=phish.sighting_id).campaign == campaign
    decide(analyst, campaign, GENUINE_RULING)
    genuine.refresh_from_db()
    phish = Report.objects.get(pk=phish.pk)
    assert genuine.status == ReportStatus.ANSWERED
    assert phish.status == ReportStatus.IN_REVIEW
    assert intake_access.decision_for(phish) is None
    split = phish.sighting.campaign
    assert split != campaign
    assert split.status == CampaignStatus.NEW
    assert (campaign.sighting_count, split.sighting_count) == (1, 1)
    links = {link.indicator.value for link in campaign.indicators.all()}
    assert not [value for value in links if "jc-bank-card" in value]
    assert access.find_campaign_of(PHISH, assess(PHISH)) is not None
    assert LedgerEntry.objects.filter(verb="link.rejected").count() == 1
    decide(analyst, split, SCAM_RULING)
    phish.refresh_from_db()
    assert phish.status == ReportStatus.ANSWERED


def test_a_confirmation_does_not_accuse_the_notice_that_the_scam_copied(file_report: File, analyst: Member) -> None:
    phish, _ = file_report(PHISH)
    genuine, _ = file_report(GENUINE)
    assert assess(GENUINE).harm is None, "the notice must be one that the engine leaves alone"
    decide(analyst, phish.sighting.campaign, SCAM_RULING)
    for text in (GENUINE, GENUINE.replace("356.20", "12.00")):
        match = access.find_campaign_of(text, assess(text))
        assert match is None or match.campaign.status != CampaignStatus.CONFIRMED
    genuine.refresh_from_db()
    assert genuine.status != ReportStatus.ANSWERED


@pytest.mark.parametrize(
    "text",
    [
        GENUINE.replace("95588", "95598773"),
        GENUINE.replace("95588", "0085212345678"),
        GENUINE.replace("95588", "400-000-1234"),
        GENUINE + "并将验证码告知客服。",
        GENUINE.replace("jiangcheng", "jiаngcheng"),  # a Cyrillic а
        GENUINE.replace("card", "c\u200bard"),
    ],
)
def test_after_a_dismissal_any_other_wording_is_looked_at(town: Town, analyst: Member, text: str) -> None:
    decide(analyst, seen(GENUINE, town.city).campaign, GENUINE_RULING)
    assert access.find_campaign_of(text, assess(text)) is None
    assert access.find_campaign_of(GENUINE, assess(GENUINE)) is not None


def test_amounts_dates_and_card_tails_make_no_other_wording() -> None:
    other = GENUINE.replace("8821", "1742").replace("11月3日", "12月30日").replace("356.20", "1,203.5")
    assert wording_digest(other) == wording_digest(GENUINE)
    assert wording_digest(" " + GENUINE.replace("。", "。 ")) == wording_digest(GENUINE)
    assert wording_digest("在12:30前, 2026-11-03") == wording_digest("在9:05前,2025-1-31")
    for one, another in (("95588", "95599"), ("400-000-1234", "400-000-1235"), ("192.0.2.1", "192.0.2.9")):
        assert wording_digest(f"请致电{one}") != wording_digest(f"请致电{another}")


def test_texts_that_fold_to_nothing_are_not_one_text(town: Town, analyst: Member) -> None:
    texts = ("😀", "💰👉🔞📱", "\u200b\u200b", "\u202e", "")
    assert len({folded_digest(text) for text in texts}) == len(texts)
    decide(analyst, seen("😀", town.city).campaign, GENUINE_RULING)
    assert access.find_campaign_of("💰👉🔞📱", assess("💰👉🔞📱")) is None


def test_a_clock_set_back_does_not_turn_a_decision_round(town: Town, analyst: Member) -> None:
    with clock.frozen(START):
        campaign = seen(SCAM, town.city).campaign
        decide(analyst, campaign, GENUINE_RULING)
    with clock.frozen(START - timedelta(minutes=10)):
        actions.reopen_campaign(actor=analyst, campaign=campaign, ruling=Ruling(reason="No, look."))
        actions.confirm_campaign(actor=analyst, campaign=campaign, ruling=Ruling(reason="A scam.", harm=Harm.TASK_SCAM))
    decision = access.standing_decision(campaign)
    assert decision is not None
    assert decision.after == CampaignStatus.CONFIRMED


def test_waking_from_rest_keeps_the_answer_that_was_given(town: Town, analyst: Member) -> None:
    ruling = Ruling(reason="A scam.", answer="Do not pay.", harm=Harm.TASK_SCAM)
    with clock.frozen(START):
        campaign = seen(SCAM, town.city).campaign
        decide(analyst, campaign, ruling)
    with clock.frozen(START + timedelta(days=40)):
        actions.let_campaigns_rest()
        seen(SCAM, town.city)
    campaign.refresh_from_db()
    assert campaign.status == CampaignStatus.CONFIRMED
    decision = access.standing_decision(campaign)
    assert decision is not None
    assert decision.answer == "Do not pay."


@pytest.mark.parametrize("rested", [False, True])
def test_a_wrong_confirmation_can_be_taken_back(file_report: File, analyst: Member, rested: bool) -> None:
    with clock.frozen(START):
        report, _ = file_report(SCAM)
        campaign = report.sighting.campaign
        decide(analyst, campaign, Ruling(reason="A scam.", harm=Harm.TASK_SCAM))
    with clock.frozen(START + timedelta(days=40)):
        if rested:
            actions.let_campaigns_rest()
            campaign.refresh_from_db()
        intake.reopen_campaign(actor=analyst, campaign=campaign, ruling=Ruling(reason="We were wrong."))
        report.refresh_from_db()
        assert report.status == ReportStatus.IN_REVIEW
        intake.dismiss_campaign(actor=analyst, campaign=campaign, ruling=GENUINE_RULING)
    decision = access.standing_decision(campaign)
    assert decision is not None
    assert decision.dismissal == Dismissal.GENUINE


def test_an_anonymous_copy_at_the_city_takes_no_campaign_from_its_county(town: Town, second_analyst: Member) -> None:
    campaign = seen(SCAM, town.east).campaign
    actions.start_review(actor=second_analyst, campaign=campaign)
    seen(SCAM_COPY, town.city)
    campaign.refresh_from_db()
    assert campaign.agency == town.east
    assert access.may_decide(second_analyst, campaign)


def test_a_right_is_checked_on_the_campaign_as_it_is_now(town: Town, second_analyst: Member) -> None:
    campaign = seen(SCAM, town.east).campaign
    actions.start_review(actor=second_analyst, campaign=campaign)
    stale = Campaign.objects.get(pk=campaign.pk)
    seen(SCAM_COPY, town.west)
    with pytest.raises(PermissionDenied, match=r"campaigns\.decide"):
        actions.confirm_campaign(actor=second_analyst, campaign=stale, ruling=SCAM_RULING)
    campaign.refresh_from_db()
    assert campaign.status == CampaignStatus.IN_REVIEW


def test_one_tree_does_not_group_with_another(town: Town, outsider: Member) -> None:
    ours = seen(SCAM, town.city).campaign
    theirs = seen(SCAM, town.elsewhere).campaign
    assert ours != theirs
    assert list(access.campaigns_for(outsider)) == [theirs]


def test_a_county_reads_its_own_copies_only(town: Town, second_analyst: Member, analyst: Member) -> None:
    campaign = seen(SCAM + " 联系人李小明,邮箱 li@example.org", town.west).campaign
    seen(SCAM_COPY, town.east)
    campaign.refresh_from_db()
    nobody = Campaign.objects.none().values("pk")
    (row,) = access.queue_for(second_analyst, access.QueueFilter(), nobody)
    assert row.excerpt == SCAM_COPY  # type: ignore[attr-defined]  # an annotation of the query
    representative = access.representative_for(second_analyst, campaign)
    assert representative is not None
    assert representative.text == SCAM_COPY
    assert "li@example.org" not in {link.indicator.value for link in access.indicators_for(second_analyst, campaign)}
    assert "li@example.org" in {link.indicator.value for link in access.indicators_for(analyst, campaign)}
    mine = access.representative_for(analyst, campaign)
    assert mine is not None
    assert "李小明" in mine.text


def test_what_expires_takes_its_indicators_along_unless_the_desk_confirmed_them(town: Town, analyst: Member) -> None:
    with clock.frozen(START):
        kept = seen(SCAM, town.city)
        gone = seen("有人用我的号码13800138222冒充我,邮箱me@example.org,请问怎么办?", town.city)
        decide(analyst, kept.campaign, Ruling(reason="A scam.", harm=Harm.TASK_SCAM))
        assert Indicator.objects.filter(value="me@example.org").exists()
    with clock.frozen(START + timedelta(days=200)):
        for sighting in (kept, gone):
            actions.expire_sighting(sighting)
            actions.expire_sighting(sighting)
    assert not Indicator.objects.filter(value="me@example.org").exists()
    assert CampaignIndicator.objects.filter(indicator__value="wxid_demo88").exists()
    assert LedgerEntry.objects.filter(verb="sighting.expired").count() == 2


def test_a_decision_on_a_short_text_is_not_forgotten_when_it_expires(town: Town, analyst: Member) -> None:
    sighting = seen("在吗?", town.city)
    decide(analyst, sighting.campaign, GENUINE_RULING)
    actions.expire_sighting(sighting)
    match = access.find_campaign_of("在吗?", assess("在吗?"))
    assert match is not None
    assert match.campaign == sighting.campaign


def test_a_text_of_a_thousand_addresses_costs_no_more_than_one_of_fifty(
    town: Town, django_assert_max_num_queries: Callable[[int], AbstractContextManager[object]]
) -> None:
    text = " ".join(f"a{number}.example.com" for number in range(1000))
    assessment = assess(text)
    with django_assert_max_num_queries(40):
        sighting = actions.file_sighting(text=text, assessment=assessment, agency=town.city, origin=Origin.ROUND)
    assert sighting.campaign.indicators.count() <= 50
