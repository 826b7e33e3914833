"""The public pages, as a member of the public uses and abuses them."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from argon2.low_level import hash_secret_raw
from conftest import QUIET, SCAM, SCAM_COPY, Town
from django.conf import settings as project
from django.core.management import call_command
from django.db import transaction
from django.test import Client
from pytest_django.fixtures import Settings

from tocsin.campaigns.models import Campaign, Sighting
from tocsin.campaigns.rulings import Ruling
from tocsin.campaigns.states import Dismissal
from tocsin.engine.harms import Harm
from tocsin.figures.report import read_report, recompute
from tocsin.intake import actions as intake
from tocsin.intake import receipts
from tocsin.intake.models import Report
from tocsin.intake.receipts import new_token
from tocsin.ledger.actions import make_checkpoint
from tocsin.ledger.checkpoints import SigningPair
from tocsin.ledger.models import LedgerEntry
from tocsin.people.models import Member
from tocsin.portal import charter

pytestmark = pytest.mark.django_db
HOSTILE = '<script>alert(1)</script>"><img src=x onerror=alert(1)>{{ 7*7 }}{% now "Y" %} \u202egnp.exe'


def post_report(client: Client, text: str = SCAM, token: str | None = None, **more: str) -> str:
    """Report a message; returns the address of its receipt page."""
    response = client.post("/report", {"text": text, "token": token or new_token(), **more})
    assert response.status_code == 302, response.content.decode()
    return response["Location"]


@pytest.mark.parametrize("address", ["/", "/check", "/report/", "/figures", "/charter", "/account/login/"])
@pytest.mark.parametrize(("language", "tag"), [("zh-hans", "zh-Hans"), ("en", "en")])
def test_every_public_page_opens_in_both_languages(
    reporter: Client, town: Town, address: str, language: str, tag: str
) -> None:
    reporter.cookies.load({project.LANGUAGE_COOKIE_NAME: language})
    response = reporter.get(address)
    assert response.status_code == 200
    assert f'<html lang="{tag}">' in response.content.decode()


def test_no_page_may_load_anything_from_elsewhere(reporter: Client, town: Town) -> None:
    for address in ("/", "/check", "/figures", "/account/login/"):
        response = reporter.get(address)
        page = response.content.decode()
        nonces = re.findall(r"script-src 'nonce-([^']+)'", response["Content-Security-Policy"])
        assert page.count("<script nonce=") == 3 * len(nonces)
        assert all(f'nonce="{nonce}"' in page for nonce in nonces)
        assert "script-src 'self'" not in response["Content-Security-Policy"]
        assert "unsafe" not in response["Content-Security-Policy"]
        assert not re.search(r'(?:src|href|action)="(?:https?:)?//', page)
        assert not re.search(r"<script(?![^>]*(?:src=|application/json))", page)
        assert "style=" not in page
        assert " onclick" not in page


def test_a_check_answers_with_reasons_and_keeps_nothing(reporter: Client, town: Town) -> None:
    before = LedgerEntry.objects.count()
    response = reporter.post("/check", {"text": SCAM})
    page = response.content.decode()
    assert response.status_code == 200
    assert "刷单返利" in page
    assert "<mark>" in page
    assert 'class="reasons"' in page
    assert "wxid_demo88" in page
    assert "96110" in page
    assert response["Cache-Control"].startswith("max-age=0, no-cache, no-store")
    assert not Sighting.objects.exists()
    assert not Report.objects.exists()
    assert LedgerEntry.objects.count() == before


def test_the_language_button_on_a_verdict_keeps_the_verdict(reporter: Client, town: Town) -> None:
    page = reporter.post("/check", {"text": SCAM}).content.decode()
    assert 'name="language" value="en"' in page
    page = reporter.post("/check", {"text": SCAM, "language": "en"}).content.decode()
    assert "This looks like a scam: Task scam" in page
    assert '<html lang="en">' in reporter.get("/").content.decode()
    assert reporter.post("/check", {"text": SCAM, "language": "xx"}).status_code == 200


def test_a_quiet_message_is_called_nothing_known_and_never_safe(reporter: Client, town: Town) -> None:
    reporter.cookies.load({project.LANGUAGE_COOKIE_NAME: "en"})
    page = reporter.post("/check", {"text": QUIET}).content.decode()
    assert "We found no known scam in it" in page
    assert "no proof that it is safe" in page
    assert "<mark>" not in page


def test_one_more_press_makes_a_report_with_a_receipt(reporter: Client, town: Town) -> None:
    verdict = reporter.post("/check", {"text": SCAM}).content.decode()
    token = re.search(r'name="token" value="([^"]+)"', verdict)
    assert token is not None
    address = post_report(reporter, token=token[1], agency="lincheng")
    page = reporter.get(address).content.decode()
    assert address.removeprefix("/report/") in page
    assert "noindex" in page
    assert Report.objects.get().agency == town.east
    # The browser's "send again" finds the same report.
    assert post_report(reporter, token=token[1], agency="lincheng") == address
    assert Report.objects.count() == 1


def test_the_answer_appears_on_every_receipt_page_and_on_the_next_check(
    reporter: Client, town: Town, analyst: Member
) -> None:
    reporter.cookies.load({project.LANGUAGE_COOKIE_NAME: "en"})
    early = post_report(reporter)
    assert "do not trust the message yet" in reporter.get(early).content.decode()
    campaign = Campaign.objects.get()
    intake.start_review(actor=analyst, campaign=campaign)
    assert "A person is looking at it now" in reporter.get(early).content.decode()
    ruling = Ruling(reason="r", answer="Do not send the deposit.", harm=Harm.TASK_SCAM)
    intake.confirm_campaign(actor=analyst, campaign=campaign, ruling=ruling)
    late = post_report(reporter, SCAM_COPY)
    for address in (early, late):
        page = reporter.get(address).content.decode()
        assert "This is a scam: Task scam" in page
        assert "Do not send the deposit." in page
    page = reporter.post("/check", {"text": SCAM_COPY}).content.decode()
    assert "Our desk has confirmed it" in page
    assert "Do not send the deposit." in page


def test_a_dismissed_message_is_answered_as_no_scam(reporter: Client, town: Town, analyst: Member) -> None:
    reporter.cookies.load({project.LANGUAGE_COOKIE_NAME: "en"})
    address = post_report(reporter)
    campaign = Campaign.objects.get()
    intake.start_review(actor=analyst, campaign=campaign)
    intake.dismiss_campaign(
        actor=analyst, campaign=campaign, ruling=Ruling(reason="r", answer="A shop.", dismissal=Dismissal.GENUINE)
    )
    assert "it is genuine" in reporter.get(address).content.decode()
    assert "it is genuine" in reporter.post("/check", {"text": SCAM}).content.decode()
    # Another handle in it makes it another message, of which nobody has said so.
    assert "it is genuine" not in reporter.post("/check", {"text": SCAM_COPY}).content.decode()


def test_more_words_and_closing(reporter: Client, town: Town, analyst: Member) -> None:
    reporter.cookies.load({project.LANGUAGE_COOKIE_NAME: "en"})
    address = post_report(reporter)
    assert reporter.post(f"{address}/words", {"text": "I paid 200."}).status_code == 302
    assert "I paid 200." in reporter.get(address).content.decode()
    empty = reporter.post(f"{address}/words", {"text": "  "})
    assert empty.status_code == 400
    assert "Write what you would like to add." in empty.content.decode()
    page = reporter.post(f"{address}/close", follow=True).content.decode()
    assert "There is no answer yet" in page
    intake.reply(actor=analyst, report=Report.objects.get(), text="Call your bank.")
    page = reporter.get(address).content.decode()
    assert "Call your bank." in page
    assert "The desk has replied to you" in page
    reporter.post(f"{address}/close")
    refused = reporter.post(f"{address}/words", {"text": "One more thing"})
    assert refused.status_code == 400
    assert "This report is closed" in refused.content.decode()


def test_a_full_thread_says_so(reporter: Client, town: Town, settings: Settings) -> None:
    settings.RATES_ENABLED = False
    address = post_report(reporter)
    for number in range(intake.MAX_WORDS):
        assert reporter.post(f"{address}/words", {"text": f"line {number}"}).status_code == 302
    assert reporter.post(f"{address}/words", {"text": "one more"}).status_code == 400


def test_script_in_every_field_stays_text(
    reporter: Client, town: Town, analyst: Member, sign_in: Callable[[Member], Client]
) -> None:
    verdict = reporter.post("/check", {"text": HOSTILE})
    address = post_report(reporter, HOSTILE)
    reporter.post(f"{address}/words", {"text": HOSTILE})
    desk = sign_in(analyst)
    campaign = Campaign.objects.get()
    pages = [verdict, reporter.get(address), desk.get("/desk/"), desk.get(f"/desk/campaigns/{campaign.public_id}")]
    form = {"reason": HOSTILE, "answer": HOSTILE, "harm": "phishing"}
    desk.post(f"/desk/campaigns/{campaign.public_id}/review")
    desk.post(f"/desk/campaigns/{campaign.public_id}/confirm", form)
    desk.post(f"/desk/reports/{Report.objects.get().public_id}/reply", {"text": HOSTILE})
    pages += [reporter.get(address), desk.get(f"/desk/campaigns/{campaign.public_id}")]
    pages += [reporter.get("/desk/", {"status": HOSTILE}), desk.get("/desk/", {"status": HOSTILE, "harm": HOSTILE})]
    for response in pages:
        page = response.content.decode()
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert ">49" not in page
    assert "&lt;script&gt;alert(1)" in pages[1].content.decode()


@pytest.mark.parametrize("text", ["", "   \n ", "x" * 20_001, "a\x00b"])
def test_what_cannot_be_checked_gets_a_clear_error(reporter: Client, town: Town, text: str) -> None:
    for address in ("/check", "/report"):
        response = reporter.post(address, {"text": text, "token": new_token()})
        assert response.status_code == 400
        assert "field__error" in response.content.decode()
    assert not Report.objects.exists()


def test_broken_encoding_is_no_server_error(reporter: Client, town: Town) -> None:
    gb18030 = b"token=" + new_token().encode() + b"&text=" + quote(SCAM.encode("gb18030")).encode()
    for body in (b"text=\xff\xfe\xc3\x28", b"\xff\xfe\x00", b"text=%FF%FE%80", gb18030):
        for address in ("/check", "/report"):
            for language, words in (("en", "The text arrived broken"), ("zh-hans", "文字在途中损坏")):
                reporter.cookies.load({project.LANGUAGE_COOKIE_NAME: language})
                response = reporter.post(address, body, content_type="application/x-www-form-urlencoded")
                assert response.status_code == 400
                assert words in response.content.decode()
    assert not Report.objects.exists()
    assert reporter.get(b"/report/\xff\xfe".decode("latin-1")).status_code == 404
    multipart = reporter.post("/check", b"--nonsense", content_type="multipart/form-data; boundary=other")
    assert multipart.status_code == 400


def test_an_oversized_request_is_413_in_the_readers_language(reporter: Client, town: Town) -> None:
    body = {"text": "长" * 300_000}
    assert "太大" in reporter.post("/check", body).content.decode()
    reporter.cookies.load({project.LANGUAGE_COOKIE_NAME: "en"})
    for address in ("/check", "/report", "/account/login/"):
        response = reporter.post(address, body)
        assert response.status_code == 413
        assert "256 KiB" in response.content.decode()


def test_too_often_is_429_and_says_when_to_come_back(reporter: Client, town: Town) -> None:
    reporter.cookies.load({project.LANGUAGE_COOKIE_NAME: "en"})
    address = post_report(reporter)
    codes = [reporter.post("/report", {"text": SCAM, "token": new_token()}).status_code for _ in range(25)]
    assert codes.count(302) == 19
    refused = reporter.post("/report", {"text": SCAM, "token": new_token()})
    assert refused.status_code == 429
    assert 1 <= int(refused["Retry-After"]) <= 3600
    assert "Please come back in 3 minutes" in refused.content.decode()
    assert SCAM in refused.content.decode()
    # The other doors stay open, and nothing that was sent is lost.
    assert reporter.get(address).status_code == 200
    assert reporter.post("/check", {"text": SCAM}).status_code == 200
    assert Report.objects.count() == 20


def test_a_wrong_receipt_is_the_same_404_as_none_and_costs_the_same(
    reporter: Client, town: Town, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.RATES_ENABLED = False
    right = post_report(reporter)
    wrong = "/report/" + ("00000-" * 4).strip("-")
    shapes = [wrong, "/report/x", "/report/" + "9" * 5000, "/report/%00", "/report/' OR 1=1 --", f"{right}0"]
    pages = {
        re.sub(r'name="(?:csrfmiddlewaretoken|next)" value="[^"]*"', "", _page(reporter, shape)) for shape in shapes
    }
    assert len(pages) == 1

    # What takes the time of a look-up is its one Argon2id digest; a clock would only tell how busy the machine is.
    paid: list[tuple[int, ...]] = []

    def counted(*given: Any) -> bytes:
        paid.append(given[2:5])
        return hash_secret_raw(*given)

    monkeypatch.setattr(receipts, "hash_secret_raw", counted)
    for address in (right, *shapes):
        paid.clear()
        reporter.get(address)
        assert paid == [(receipts.PASSES, receipts.MEMORY_KIB, receipts.LANES)], address


def _page(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 404, address
    return response.content.decode()


def test_a_receipt_can_be_typed_in(reporter: Client, town: Town) -> None:
    address = post_report(reporter)
    typed = address.removeprefix("/report/").replace("-", " ").lower()
    response = reporter.post("/report/", {"receipt": typed}, follow=True)
    assert response.status_code == 200
    assert address.removeprefix("/report/") in response.content.decode()
    assert response.redirect_chain == [(address, 302)]
    for nonsense in ("nothing", "../../etc/passwd", "?", "/"):
        wrong = reporter.post("/report/", {"receipt": nonsense}, follow=True)
        assert wrong.status_code == 404
        assert "field__error" in wrong.content.decode()
    assert reporter.post("/report/", {"receipt": ""}).status_code == 400


def test_before_there_is_an_agency_reports_are_declined_politely(reporter: Client) -> None:
    assert reporter.post("/check", {"text": SCAM}).status_code == 200
    response = reporter.post("/report", {"text": SCAM, "token": new_token()})
    assert response.status_code == 503
    assert "96110" in response.content.decode()
    assert not Report.objects.exists()


def test_a_stale_form_loses_nothing(reporter: Client, town: Town) -> None:
    response = reporter.post("/report", {"text": SCAM, "token": "forged"})
    page = response.content.decode()
    assert response.status_code == 400
    assert SCAM[:20] in page
    assert re.search(r'name="token" value="[A-Za-z0-9_-]{32}"', page)
    response = reporter.post("/report", {"text": SCAM, "token": new_token(), "agency": "no-such-agency"})
    assert response.status_code == 400
    assert not Report.objects.exists()


@pytest.mark.parametrize("method", ["put", "delete", "patch", "options"])
def test_other_methods_are_refused(reporter: Client, town: Town, method: str) -> None:
    for address in ("/", "/check", "/report", "/figures"):
        assert getattr(reporter, method)(address).status_code == 405


def test_forged_cross_site_posts_are_refused(town: Town) -> None:
    client = Client(enforce_csrf_checks=True)
    assert client.post("/report", {"text": SCAM, "token": new_token()}).status_code == 403
    assert not Report.objects.exists()


def test_anyone_can_take_the_ledger_home_and_recompute_the_figures(
    reporter: Client, town: Town, key: SigningPair
) -> None:
    post_report(reporter)
    for address in ("/figures/report.json", "/figures/ledger.jsonl"):
        assert reporter.get(address).status_code == 404
    with transaction.atomic():
        make_checkpoint()
    text = reporter.get("/figures/report.json").content.decode()
    export = reporter.get("/figures/ledger.jsonl").getvalue().splitlines(keepends=True)
    recomputed = recompute(read_report(text), export)
    assert recomputed.ok, recomputed
    assert '"received": 1' in text
    forged = recompute(read_report(text.replace('"received": 1', '"received": 2')), export)
    assert not forged.ok
    assert forged.differences


def test_the_charter_on_the_site_is_the_one_in_the_documents(reporter: Client, town: Town) -> None:
    document = (Path(project.PACKAGE).parent.parent / "docs" / "CHARTER.md").read_text(encoding="utf-8")
    for titles_and_texts in charter._ARTICLES:
        for title, text in titles_and_texts:
            assert title in document
            assert text in document
    for language in ("zh-hans", "en"):
        reporter.cookies.load({project.LANGUAGE_COOKIE_NAME: language})
        page = reporter.get("/charter").content.decode()
        assert page.count("<h2>") == 6


def test_the_migrations_say_what_the_models_say() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)
