"""Reports: received, answered with everyone who sent a copy, reopened with them, extended, closed, expired."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest
from conftest import QUIET, SCAM, SCAM_COPY, START, Town
from django.core.exceptions import PermissionDenied
from django.http import Http404

from tocsin.base import clock
from tocsin.campaigns import actions as campaigns
from tocsin.campaigns.assessing import assess
from tocsin.campaigns.models import Campaign, Sighting
from tocsin.campaigns.rulings import Ruling
from tocsin.campaigns.states import CampaignStatus, Dismissal, InvalidTransition, Origin
from tocsin.engine.harms import Harm
from tocsin.intake import access, actions
from tocsin.intake.models import Report
from tocsin.intake.receipts import digest_of, new_token, receipt_for
from tocsin.intake.states import ReportClosed, ReportStatus, ThreadFull
from tocsin.ledger.models import LedgerEntry
from tocsin.people.models import Member

pytestmark = pytest.mark.django_db
File = Callable[..., tuple[Report, str]]
YES = Ruling(reason="Pays for fake orders.", answer="Do not pay.", harm=Harm.TASK_SCAM)
NO = Ruling(reason="A real shop.", dismissal=Dismissal.GENUINE)


def campaign_of(report: Report) -> Campaign:
    return Campaign.objects.get(pk=report.sighting.campaign_id)


def confirm(analyst: Member, report: Report) -> Campaign:
    campaign = campaign_of(report)
    actions.start_review(actor=analyst, campaign=campaign)
    actions.confirm_campaign(actor=analyst, campaign=campaign, ruling=YES)
    return campaign


def test_a_report_leads_to_its_receipt_and_back(file_report: File) -> None:
    report, receipt = file_report()
    assert len(receipt.replace("-", "")) == 20
    assert report.status == ReportStatus.RECEIVED
    for typed in (receipt, receipt.lower(), receipt.replace("-", ""), f"  {receipt.replace('-', ' ')} "):
        assert access.get_report_by_receipt(typed) == report
    with pytest.raises(Http404):
        access.get_report_by_receipt(receipt[:-1] + ("0" if receipt[-1] != "0" else "1"))


def test_letters_that_look_alike_read_as_one() -> None:
    assert digest_of("OIL00-11111-22222-33333") == digest_of("01100-11111-22222-33333")


def test_receipts_hold_a_hundred_bits_and_are_never_stored(file_report: File) -> None:
    codes = {receipt_for(new_token(), SCAM) for _ in range(2000)}
    assert len(codes) == 2000
    for place in range(20):
        assert len({code.replace("-", "")[place] for code in codes}) == 32
    report, receipt = file_report()
    assert receipt.replace("-", "") not in "".join(str(value) for value in Report.objects.values_list()[0])
    assert report.receipt_digest == digest_of(receipt)


def test_the_same_form_sent_twice_is_one_report(file_report: File) -> None:
    token = new_token()
    first, receipt = file_report(token=token)
    again, same = file_report(token=token)
    assert (again, same) == (first, receipt)
    assert Report.objects.count() == Sighting.objects.count() == 1
    other, _ = file_report()
    assert other != first
    # Another text in a form that was used before is another report: it must not vanish.
    changed, another = file_report(SCAM_COPY, token=token)
    assert changed not in {first, other}
    assert another != receipt


def test_one_decision_answers_everyone_earlier_and_later(file_report: File, analyst: Member, town: Town) -> None:
    with clock.frozen(START):
        early = [file_report(text, agency)[0] for text, agency in ((SCAM, town.east), (SCAM_COPY, town.west))]
    with clock.frozen(START + timedelta(hours=2)):
        campaign = confirm(analyst, early[0])
    with clock.frozen(START + timedelta(days=1)):
        late, _ = file_report(SCAM.replace("300", "800"))
    for report in (*early, late):
        report.refresh_from_db()
        assert report.status == ReportStatus.ANSWERED
        decision = access.decision_for(report)
        assert decision is not None
        assert (decision.answer, decision.harm) == ("Do not pay.", Harm.TASK_SCAM)
    states = [change.after for change in early[0].changes.all()]
    assert states == ["received", "in_review", "answered"]
    assert [change.answered_by for change in late.changes.all()] == ["", "earlier_decision"]
    answered = LedgerEntry.objects.filter(verb="report.answered").order_by("position")
    assert [('"by":"decision"' in entry.payload, '"seconds":7200' in entry.payload) for entry in answered[:2]] == [
        (True, True)
    ] * 2
    assert '"by":"earlier_decision"' in answered[2].payload
    assert '"seconds":0' in answered[2].payload
    assert access.waiting_count(analyst, campaign) == 0


def test_a_copy_of_what_is_in_review_is_in_review_too(file_report: File, analyst: Member) -> None:
    first, _ = file_report()
    actions.start_review(actor=analyst, campaign=campaign_of(first))
    second, _ = file_report(SCAM_COPY)
    assert second.status == ReportStatus.IN_REVIEW
    assert [change.after for change in second.changes.all()] == ["received", "in_review"]


def test_a_question_waits_for_a_reply_although_its_campaign_is_decided(file_report: File, analyst: Member) -> None:
    report, _ = file_report()
    quiet, _ = file_report(SCAM_COPY)
    actions.add_words(report=report, text="I have paid 3,800 yuan. What now?")
    campaign = confirm(analyst, report)
    for each in (report, quiet):
        each.refresh_from_db()
        assert each.status == ReportStatus.ANSWERED
    change = access.decision_for(report)
    assert change is not None
    assert access.answered_count(change) == 2
    assert access.waiting_count(analyst, campaign) == 1
    assert list(access.campaigns_waiting(analyst)) == [campaign.pk]
    actions.reply(actor=analyst, report=report, text="Call 110 now.")
    assert access.waiting_count(analyst, campaign) == 0
    assert not access.campaigns_waiting(analyst).exists()


def test_a_message_in_which_nothing_was_found_waits_for_a_person_too(file_report: File, analyst: Member) -> None:
    report, _ = file_report(QUIET)
    campaign = campaign_of(report)
    assert campaign.harm is None
    actions.start_review(actor=analyst, campaign=campaign)
    actions.dismiss_campaign(actor=analyst, campaign=campaign, ruling=NO)
    report.refresh_from_db()
    assert report.status == ReportStatus.ANSWERED


def test_looking_again_takes_the_old_answer_back(file_report: File, analyst: Member) -> None:
    report, _ = file_report()
    campaign = campaign_of(report)
    actions.start_review(actor=analyst, campaign=campaign)
    actions.dismiss_campaign(actor=analyst, campaign=campaign, ruling=NO)
    actions.reopen_campaign(actor=analyst, campaign=campaign, ruling=Ruling(reason="A victim came forward."))
    report.refresh_from_db()
    assert report.status == ReportStatus.IN_REVIEW
    assert access.decision_for(report) is None
    actions.confirm_campaign(actor=analyst, campaign=campaign, ruling=YES)
    report.refresh_from_db()
    assert report.status == ReportStatus.ANSWERED


def test_it_refuses_a_decision_by_an_outsider_and_answers_nobody(
    file_report: File, analyst: Member, outsider: Member
) -> None:
    report, _ = file_report()
    campaign = campaign_of(report)
    actions.start_review(actor=analyst, campaign=campaign)
    with pytest.raises(PermissionDenied):
        actions.confirm_campaign(actor=outsider, campaign=campaign, ruling=YES)
    report.refresh_from_db()
    assert report.status == ReportStatus.IN_REVIEW
    actions.confirm_campaign(actor=analyst, campaign=campaign, ruling=YES)
    report.refresh_from_db()
    assert report.status == ReportStatus.ANSWERED


def test_words_are_kept_once_and_bring_an_answered_report_back(file_report: File, analyst: Member) -> None:
    report, _ = file_report()
    actions.add_words(report=report, text="I paid 200 yuan.")
    actions.add_words(report=report, text="I paid 200 yuan.")
    assert report.words.count() == 1
    confirm(analyst, report)
    actions.add_words(report=report, text="They called again.")
    report.refresh_from_db()
    assert report.status == ReportStatus.IN_REVIEW
    actions.reply(actor=analyst, report=report, text="Go to the police station with the receipt.")
    report.refresh_from_db()
    assert report.status == ReportStatus.ANSWERED
    for _ in range(2):
        actions.reply(actor=analyst, report=report, text="And block the number.")
    assert LedgerEntry.objects.filter(verb="report.replied").count() == 2
    assert [words.speaker for words in report.words.all()] == ["reporter", "reporter", "desk", "desk"]
    assert [change.answered_by for change in report.changes.all()][-1] == "reply"


def test_a_thread_has_an_end(file_report: File) -> None:
    report, _ = file_report()
    for number in range(actions.MAX_WORDS):
        actions.add_words(report=report, text=f"line {number}")
    with pytest.raises(ThreadFull):
        actions.add_words(report=report, text="one more")


def test_closing_needs_an_answer_and_ends_the_thread(file_report: File, analyst: Member) -> None:
    report, _ = file_report()
    with pytest.raises(InvalidTransition):
        actions.close_report(report=report)
    confirm(analyst, report)
    actions.close_report(report=report)
    actions.close_report(report=report)
    report.refresh_from_db()
    assert report.status == ReportStatus.CLOSED
    assert LedgerEntry.objects.filter(verb="report.closed").count() == 1
    with pytest.raises(ReportClosed):
        actions.add_words(report=report, text="Wait")
    with pytest.raises(ReportClosed):
        actions.reply(actor=analyst, report=report, text="Hello?")


def test_who_may_read_and_answer_a_report(
    file_report: File, town: Town, analyst: Member, second_analyst: Member, intake_officer: Member, auditor: Member
) -> None:
    report, _ = file_report(agency=town.west)
    campaign = campaign_of(report)
    for member in (analyst, intake_officer, auditor):
        assert access.get_report_for(member, report.public_id) == report
        assert list(access.reports_for(member, campaign)) == [report]
    with pytest.raises(Http404):
        access.get_report_for(second_analyst, report.public_id)
    assert not access.reports_for(second_analyst, campaign).exists()
    assert access.reports_with_rights(intake_officer, [report]) == [(report, True)]
    assert access.reports_with_rights(auditor, [report]) == [(report, False)]
    for stranger in (auditor, second_analyst):
        with pytest.raises(PermissionDenied):
            actions.reply(actor=stranger, report=report, text="Hello")
    assert not report.words.exists()
    actions.reply(actor=intake_officer, report=report, text="Hello")
    assert report.words.count() == 1


def test_what_is_kept_expires_and_the_ledger_keeps_that_it_was(file_report: File, settings: object) -> None:
    with clock.frozen(START):
        report, receipt = file_report()
        file_report(SCAM_COPY)
        campaign = campaign_of(report)
        assert actions.expire() == 0
    with clock.frozen(START + timedelta(days=181)):
        assert actions.expire(limit=1) == 1
        assert actions.expire() == 1
        assert actions.expire() == 0
    assert not Report.objects.exists()
    assert not Sighting.objects.exists()
    campaign.refresh_from_db()
    assert campaign.sighting_count == 2
    assert LedgerEntry.objects.filter(verb="report.expired").count() == 2
    with pytest.raises(Http404):
        access.get_report_by_receipt(receipt)


def test_sightings_without_a_report_expire_too_and_a_vanished_report_is_no_error(file_report: File, town: Town) -> None:
    with clock.frozen(START):
        campaigns.file_sighting(text=SCAM, assessment=assess(SCAM), agency=town.city, origin=Origin.ROUND)
    with clock.frozen(START + timedelta(days=181)):
        assert actions.expire() == 1
    actions._expire_report(987_654_321)
    assert not Sighting.objects.exists()


def test_ten_thousand_copies_are_one_decision_without_ten_thousand_queries(
    file_report: File, analyst: Member, django_assert_max_num_queries: Callable[[int], AbstractContextManager[object]]
) -> None:
    report, _ = file_report()
    for number in range(30):
        file_report(SCAM.replace("300", str(301 + number)))
    campaign = campaign_of(report)
    actions.start_review(actor=analyst, campaign=campaign)
    with django_assert_max_num_queries(30):
        actions.confirm_campaign(actor=analyst, campaign=campaign, ruling=YES)
    assert set(Report.objects.values_list("status", flat=True)) == {ReportStatus.ANSWERED}
    assert campaign.status == CampaignStatus.CONFIRMED


def test_charter_nothing_stored_says_who_reported() -> None:
    fields = {field.name for model in (Report, Sighting) for field in model._meta.get_fields()}
    assert not fields & {"address", "ip", "email", "phone", "name", "reporter", "author", "user_agent", "contact"}
