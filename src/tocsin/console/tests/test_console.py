"""The staff pages, as an analyst, a colleague without the right, and an outsider use them."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from uuid import uuid4

import pytest
from conftest import SCAM, SCAM_COPY, START, Town
from django.conf import settings as project
from django.test import Client
from pytest_django.fixtures import Settings

from tocsin.base import clock
from tocsin.campaigns.models import Campaign
from tocsin.campaigns.states import CampaignStatus
from tocsin.intake.actions import expire
from tocsin.intake.models import Report
from tocsin.intake.states import ReportStatus
from tocsin.people.models import Member

pytestmark = pytest.mark.django_db
SignIn = Callable[[Member], Client]
File = Callable[..., tuple[Report, str]]
CONFIRM = {"harm": "task_scam", "reason": "Pays for fake orders.", "answer": "Do not pay."}
DISMISS = {"dismissal": "genuine", "reason": "A real shop.", "answer": ""}


def english(client: Client) -> Client:
    client.cookies.load({project.LANGUAGE_COOKIE_NAME: "en"})
    return client


def test_the_desk_is_closed_to_the_public(reporter: Client, town: Town, file_report: File) -> None:
    report, _ = file_report()
    campaign = Campaign.objects.get()
    for address in ("/desk/", f"/desk/campaigns/{campaign.public_id}"):
        response = reporter.get(address)
        assert response.status_code == 302
        assert response["Location"].startswith("/account/login/")
    for address in (f"/desk/campaigns/{campaign.public_id}/confirm", f"/desk/reports/{report.public_id}/reply"):
        assert reporter.post(address, CONFIRM)["Location"].startswith("/account/login/")
    campaign.refresh_from_db()
    assert campaign.status == CampaignStatus.NEW


def test_the_queue_shows_what_waits_and_filters_by_link(
    analyst: Member, sign_in: SignIn, file_report: File, town: Town
) -> None:
    desk = english(sign_in(analyst))
    assert "Nothing waits here" in desk.get("/desk/").content.decode()
    file_report()
    file_report(SCAM_COPY)
    page = desk.get("/desk/").content.decode()
    assert "Task scam" in page
    assert 'data-label="Copies">2<' in page
    assert "Nothing waits here" in desk.get("/desk/?status=confirmed").content.decode()
    assert "Task scam" in desk.get("/desk/?harm=task_scam&page=99").content.decode()


def test_one_decision_answers_all_copies(analyst: Member, sign_in: SignIn, file_report: File) -> None:
    desk = english(sign_in(analyst))
    for text in (SCAM, SCAM_COPY):
        file_report(text)
    address = f"/desk/campaigns/{Campaign.objects.get().public_id}"
    page = desk.get(address).content.decode()
    assert "<mark>" in page
    assert "wxid_demo88" in page
    assert "Take it up" in page
    desk.post(f"{address}/review")
    assert "One decision answers 2 people" in desk.get(address).content.decode()
    page = desk.post(f"{address}/confirm", CONFIRM, follow=True).content.decode()
    assert "Reports answered by this: 2." in page
    assert "Pays for fake orders." in page
    assert set(Report.objects.values_list("status", flat=True)) == {ReportStatus.ANSWERED}


def test_dismiss_and_look_again(analyst: Member, sign_in: SignIn, file_report: File) -> None:
    desk = english(sign_in(analyst))
    file_report()
    address = f"/desk/campaigns/{Campaign.objects.get().public_id}"
    desk.post(f"{address}/review")
    assert desk.post(f"{address}/dismiss", DISMISS).status_code == 302
    assert "Look again" in desk.get(address).content.decode()
    assert desk.post(f"{address}/reopen", {"reason": "New facts"}).status_code == 302
    assert Campaign.objects.get().status == CampaignStatus.IN_REVIEW


def test_a_decision_without_its_reason_is_asked_for_it(analyst: Member, sign_in: SignIn, file_report: File) -> None:
    desk = english(sign_in(analyst))
    file_report()
    address = f"/desk/campaigns/{Campaign.objects.get().public_id}"
    desk.post(f"{address}/review")
    for act, form, words in (
        ("confirm", {**CONFIRM, "reason": " "}, "Write why"),
        ("confirm", {**CONFIRM, "harm": ""}, "Choose the harm"),
        ("confirm", {**CONFIRM, "harm": "opinion"}, "opinion is not one of the available choices"),
        ("dismiss", {**DISMISS, "dismissal": ""}, "Choose what this campaign is instead"),
        ("confirm", {**CONFIRM, "reason": "x" * 2001}, "at most 2000"),
    ):
        response = desk.post(f"{address}/{act}", form)
        assert response.status_code == 400
        assert words in response.content.decode()
    assert Campaign.objects.get().status == CampaignStatus.IN_REVIEW


def test_whoever_comes_second_overwrites_nothing(analyst: Member, sign_in: SignIn, file_report: File) -> None:
    desk = english(sign_in(analyst))
    file_report()
    address = f"/desk/campaigns/{Campaign.objects.get().public_id}"
    assert desk.post(f"{address}/confirm", CONFIRM).status_code == 409
    desk.post(f"{address}/review")
    assert desk.post(f"{address}/review").status_code == 409
    desk.post(f"{address}/confirm", CONFIRM)
    response = desk.post(f"{address}/dismiss", DISMISS)
    assert response.status_code == 409
    assert "Nothing was overwritten" in response.content.decode()
    assert Campaign.objects.get().status == CampaignStatus.CONFIRMED


def test_an_outsider_gets_the_404_of_what_does_not_exist(
    outsider: Member, analyst: Member, sign_in: SignIn, file_report: File
) -> None:
    report, _ = file_report()
    campaign = Campaign.objects.get()
    stranger = sign_in(outsider)
    addresses = [f"/desk/campaigns/{number}" for number in (campaign.public_id, uuid4())]
    assert [stranger.get(address).status_code for address in addresses] == [404, 404]
    for act in ("review", "confirm", "dismiss", "reopen"):
        assert stranger.post(f"{addresses[0]}/{act}", {**CONFIRM, **DISMISS}).status_code == 404
    assert stranger.post(f"/desk/reports/{report.public_id}/reply", {"text": "Hello"}).status_code == 404
    assert sign_in(analyst).get(addresses[0]).status_code == 200


def test_who_may_read_but_not_decide_is_told_and_refused(auditor: Member, sign_in: SignIn, file_report: File) -> None:
    report, _ = file_report()
    campaign = Campaign.objects.get()
    desk = english(sign_in(auditor))
    address = f"/desk/campaigns/{campaign.public_id}"
    page = desk.get(address).content.decode()
    assert "analysts of its agency decide it" in page
    assert "Reply to this reporter" not in page
    refused = desk.post(f"{address}/review")
    assert refused.status_code == 403
    assert "This is not yours to do" in refused.content.decode()
    assert desk.post(f"/desk/reports/{report.public_id}/reply", {"text": "Hello"}).status_code == 403


def test_a_reply_reaches_the_reporter(
    intake_officer: Member, analyst: Member, sign_in: SignIn, file_report: File, reporter: Client
) -> None:
    report, receipt = file_report()
    desk = english(sign_in(intake_officer))
    address = f"/desk/reports/{report.public_id}/reply"
    assert "empty or too long" in desk.post(address, {"text": " "}, follow=True).content.decode()
    assert "Sent." in desk.post(address, {"text": "Please call your bank."}, follow=True).content.decode()
    assert "Please call your bank." in reporter.get(f"/report/{receipt}").content.decode()
    reporter.post(f"/report/{receipt}/close")
    assert "has closed this report" in desk.post(address, {"text": "Hello?"}, follow=True).content.decode()


def test_whoever_writes_after_the_answer_is_seen_at_the_top_of_the_work(
    analyst: Member, sign_in: SignIn, file_report: File, reporter: Client
) -> None:
    desk = english(sign_in(analyst))
    _, receipt = file_report()
    address = f"/desk/campaigns/{Campaign.objects.get().public_id}"
    desk.post(f"{address}/review")
    desk.post(f"{address}/confirm", CONFIRM)
    assert "Nothing waits here" in desk.get("/desk/").content.decode()
    reporter.post(f"/report/{receipt}/words", {"text": "I have just sent them 50,000."})
    page = desk.get("/desk/").content.decode()
    assert "Task scam" in page
    assert 'data-label="Waiting">1<' in page
    page = desk.get(address).content.decode()
    assert "I have just sent them 50,000." in page
    assert "1 person has written since" in page
    desk.post(f"/desk/reports/{Report.objects.get().public_id}/reply", {"text": "Call 110 now."})
    assert "Nothing waits here" in desk.get("/desk/").content.decode()


def test_a_wrong_decision_is_taken_back_from_the_page(analyst: Member, sign_in: SignIn, file_report: File) -> None:
    desk = english(sign_in(analyst))
    file_report()
    address = f"/desk/campaigns/{Campaign.objects.get().public_id}"
    desk.post(f"{address}/review")
    desk.post(f"{address}/confirm", CONFIRM)
    assert "This was wrong" in desk.get(address).content.decode()
    assert desk.post(f"{address}/reopen", {"reason": "It was the bank."}).status_code == 302
    assert Report.objects.get().status == ReportStatus.IN_REVIEW


def test_a_campaign_whose_copies_expired_still_opens(analyst: Member, sign_in: SignIn, file_report: File) -> None:
    with clock.frozen(START):
        file_report()
    with clock.frozen(START + timedelta(days=200)):
        expire()
    page = english(sign_in(analyst)).get(f"/desk/campaigns/{Campaign.objects.get().public_id}").content.decode()
    assert "Every copy has expired" in page


def test_pages_cost_a_fixed_number_of_queries(
    analyst: Member,
    sign_in: SignIn,
    file_report: File,
    django_assert_max_num_queries: Callable[[int], AbstractContextManager[object]],
) -> None:
    for number in range(25):
        file_report(SCAM.replace("300", str(300 + number)))
    desk = sign_in(analyst)
    with django_assert_max_num_queries(20):
        desk.get("/desk/")
    with django_assert_max_num_queries(45):
        desk.get(f"/desk/campaigns/{Campaign.objects.get().public_id}")


def test_without_a_second_factor_the_desk_stays_shut(
    analyst: Member, sign_in: SignIn, settings: Settings, town: Town
) -> None:
    desk = sign_in(analyst)
    assert desk.get("/desk/").status_code == 200
    settings.SECOND_FACTOR_REQUIRED = True
    response = desk.get("/desk/")
    assert response.status_code == 302
    assert response["Location"] == "/account/2fa/"
    assert desk.get(f"/desk/campaigns/{uuid4()}")["Location"] == "/account/2fa/"
