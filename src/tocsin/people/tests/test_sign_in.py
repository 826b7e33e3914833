"""Sign-in as a member meets it: password, lock-out, second factor, recovery codes, leaving, and the account pages."""

import os
import re
import subprocess
import sys
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from allauth.mfa.models import Authenticator
from axes.models import AccessAttempt
from conftest import PASSWORD
from django.core.cache import cache
from django.db.models import F
from django.test import Client, RequestFactory
from django.urls import NoReverseMatch, reverse
from pytest_django.fixtures import Settings

from tocsin.people.adapters import StaffAccountAdapter
from tocsin.people.models import Member
from tocsin.people.tests.browsing import (
    CHINESE,
    DESK,
    ENGLISH,
    FACTORS,
    LOGIN,
    assert_in_our_frame,
    browser,
    give_password,
    set_up_authenticator,
    signed_in,
    totp,
)

pytestmark = pytest.mark.django_db

NOT_OFFERED = (
    "/account/",
    "/account/signup/",
    "/account/email/",
    "/account/confirm-email/",
    "/account/password/reset/",
    "/account/password/reset/done/",
    "/account/login/code/",
    "/account/login/code/confirm/",
    "/account/2fa/webauthn/signup/",
    "/account/3rdparty/",
)


def sit_idle(client: Client) -> None:
    """An hour passes since the member last proved who they are."""
    session = client.session
    for method in session["account_authentication_methods"]:
        method["at"] -= 3600
    session.save()


def test_the_right_password_signs_in_and_the_wrong_one_does_not(analyst: Member) -> None:
    client = browser()
    refused = give_password(client, "analyst", "a wrong password")
    assert refused.status_code == 200
    assert "The username and/or password you specified are not correct" in refused.content.decode()
    assert not signed_in(client)
    accepted = give_password(client, "analyst")
    assert (accepted.status_code, accepted["Location"]) == (302, DESK)
    assert signed_in(client)


def test_an_unknown_name_is_refused_in_the_same_words_as_a_wrong_password(analyst: Member) -> None:
    def words(username: str) -> list[str]:
        page = give_password(browser(), username, "a wrong password").content.decode()
        return re.findall(r'(?:class="errorlist[^>]*|field__error[^>]*)>(.*?)</', page, re.DOTALL)

    assert words("analyst") == words("nobody") != []


def test_the_desk_leads_to_sign_in_and_back(analyst: Member, settings: Settings) -> None:
    settings.SECOND_FACTOR_REQUIRED = False
    client = browser()
    asked = client.get("/desk/?status=confirmed")
    assert asked["Location"] == "/account/login/?next=/desk/%3Fstatus%3Dconfirmed"
    back = client.post(asked["Location"], {"login": "analyst", "password": PASSWORD, "next": "/desk/?status=confirmed"})
    assert back["Location"] == "/desk/?status=confirmed"
    client.logout()
    astray = client.post(LOGIN, {"login": "analyst", "password": PASSWORD, "next": "https://phish.example/"})
    assert astray["Location"] == DESK


@pytest.mark.parametrize(("language", "words"), [(CHINESE, "暂停登录"), (ENGLISH, "Sign-in is paused")])
def test_five_wrong_passwords_pause_sign_in_for_that_name_and_address_alone(
    analyst: Member, auditor: Member, language: str, words: str
) -> None:
    client = browser(language)
    for _ in range(4):
        assert give_password(client, "analyst", "a wrong password").status_code == 200
    for attempt in ("a wrong password", "a wrong password", PASSWORD):
        paused = give_password(client, "analyst", attempt)
        assert paused.status_code == 429
        assert words in paused.content.decode()
        assert_in_our_frame(paused)
    assert not signed_in(client)
    neighbour = browser(language)
    give_password(neighbour, "auditor")
    assert signed_in(neighbour)
    elsewhere = browser(language, "192.0.2.2")
    give_password(elsewhere, "analyst")
    assert signed_in(elsewhere)


def test_the_pause_ends_after_a_quarter_of_an_hour(analyst: Member) -> None:
    client = browser()
    for _ in range(5):
        give_password(client, "analyst", "a wrong password")
    AccessAttempt.objects.update(attempt_time=F("attempt_time") - timedelta(minutes=14))
    assert give_password(client, "analyst").status_code == 429
    AccessAttempt.objects.update(attempt_time=F("attempt_time") - timedelta(minutes=2))
    assert give_password(client, "analyst").status_code == 302
    assert signed_in(client)


def test_the_right_password_clears_the_count(analyst: Member) -> None:
    client = browser()
    for _ in range(2):
        for _ in range(4):
            assert give_password(client, "analyst", "a wrong password").status_code == 200
        give_password(client, "analyst")
        assert signed_in(client)
        client.logout()


def test_failures_are_counted_behind_a_proxy_by_the_address_that_it_saw(analyst: Member, settings: Settings) -> None:
    settings.TRUSTED_PROXIES = 1
    guesser = Client(headers={"x-forwarded-for": "198.51.100.9, 203.0.113.1"}, REMOTE_ADDR="192.0.2.9")
    member = Client(headers={"x-forwarded-for": "203.0.113.2"}, REMOTE_ADDR="192.0.2.9")
    statuses = [give_password(guesser, "analyst", "a wrong password").status_code for _ in range(5)]
    assert statuses == [200, 200, 200, 200, 429]
    assert AccessAttempt.objects.get().ip_address == "203.0.113.1"
    assert give_password(member, "analyst").status_code == 302


def test_no_password_is_kept_with_the_count(analyst: Member) -> None:
    give_password(browser(), "analyst", "a wrong password")
    kept = AccessAttempt.objects.get()
    assert kept.username == "analyst"
    assert "a wrong password" not in f"{kept.get_data} {kept.post_data}"


@pytest.mark.parametrize("address", NOT_OFFERED)
def test_what_is_not_offered_is_not_there(analyst: Member, address: str) -> None:
    visitor = browser()
    member = browser()
    give_password(member, "analyst")
    for client in (visitor, member):
        assert client.get(address).status_code == 404
        assert client.post(address, {"email": "somebody@example.org"}).status_code == 404


def test_there_is_no_sign_up(analyst: Member, rf: RequestFactory) -> None:
    form = {"username": "intruder", "password1": PASSWORD, "password2": PASSWORD}
    assert browser().post("/account/signup/", form).status_code == 404
    assert not Member.objects.filter(username="intruder").exists()
    assert not StaffAccountAdapter().is_open_for_signup(rf.get("/"))
    for name in ("account_signup", "account_email", "account_reset_password"):
        with pytest.raises(NoReverseMatch):
            reverse(name)


def test_the_desk_opens_only_once_a_second_factor_is_set_up(analyst: Member, counter: list[int]) -> None:
    client = browser()
    give_password(client, "analyst")
    for address in (DESK, "/desk/campaigns/00000000-0000-0000-0000-000000000000"):
        assert client.get(address)["Location"] == FACTORS
        assert client.post(address)["Location"] == FACTORS
    assert "Set up a second factor first" in client.get(FACTORS).content.decode()
    page = client.get("/account/2fa/totp/activate/").content.decode()
    (secret,) = re.findall(r'id="authenticator_secret"[^>]*value="([A-Z2-7]+)"', page)
    client.post("/account/2fa/totp/activate/", {"code": totp(secret, counter[0] + 1)})
    assert client.get(DESK)["Location"] == FACTORS
    client.post("/account/2fa/totp/activate/", {"code": totp(secret, counter[0])})
    assert client.get(DESK).status_code == 200


def test_the_demo_opens_the_desk_without_a_second_factor(analyst: Member, settings: Settings) -> None:
    settings.SECOND_FACTOR_REQUIRED = False
    client = browser()
    give_password(client, "analyst")
    assert client.get(DESK).status_code == 200


def test_sign_in_asks_for_the_code_and_takes_each_only_once(
    enrolled: tuple[str, list[str]], counter: list[int]
) -> None:
    secret, _ = enrolled
    client = browser()
    asked = give_password(client, "analyst")
    assert asked["Location"] == "/account/2fa/authenticate/"
    assert not signed_in(client)
    assert client.get(DESK)["Location"].startswith(LOGIN)
    right = totp(secret, counter[0])
    wrong = f"{(int(right) + 1) % 1_000_000:06}"
    refused = client.post(asked["Location"], {"code": wrong})
    assert refused.status_code == 200
    assert "Incorrect code" in refused.content.decode()
    assert not signed_in(client)
    assert client.post(asked["Location"], {"code": right})["Location"] == DESK
    assert client.get(DESK).status_code == 200

    thief = browser(address="192.0.2.7")
    give_password(thief, "analyst")
    assert "Incorrect code" in thief.post("/account/2fa/authenticate/", {"code": right}).content.decode()
    assert not signed_in(thief)
    counter[0] += 1
    thief.post("/account/2fa/authenticate/", {"code": totp(secret, counter[0])})
    assert signed_in(thief)


def test_codes_cannot_be_guessed_in_a_row(enrolled: tuple[str, list[str]], counter: list[int]) -> None:
    secret, _ = enrolled
    client = browser()
    give_password(client, "analyst")
    right = totp(secret, counter[0])
    for step in range(1, 6):
        client.post("/account/2fa/authenticate/", {"code": f"{(int(right) + step) % 1_000_000:06}"})
    stopped = client.post("/account/2fa/authenticate/", {"code": right})
    assert not signed_in(client)
    assert "Too many" in stopped.content.decode()
    cache.clear()
    client.post("/account/2fa/authenticate/", {"code": right})
    assert signed_in(client)


def test_a_recovery_code_works_once(enrolled: tuple[str, list[str]]) -> None:
    _, codes = enrolled
    assert len(set(codes)) == 10
    for code, accepted in ((codes[0], True), (codes[0], False), (codes[1], True)):
        client = browser()
        give_password(client, "analyst")
        client.post("/account/2fa/authenticate/", {"code": code})
        assert signed_in(client) is accepted


def test_a_member_who_left_cannot_sign_in_and_is_signed_out(analyst: Member, settings: Settings) -> None:
    settings.SECOND_FACTOR_REQUIRED = False
    inside = browser()
    give_password(inside, "analyst")
    assert inside.get(DESK).status_code == 200
    Member.objects.update(is_active=False)
    assert inside.get(DESK)["Location"].startswith(LOGIN)
    outside = browser()
    sent = give_password(outside, "analyst")
    assert sent["Location"] == "/account/inactive/"
    assert_in_our_frame(outside.get("/account/inactive/"))
    assert not signed_in(outside)


def test_removing_a_factor_asks_who_is_there_once_more(enrolled: tuple[str, list[str]], counter: list[int]) -> None:
    secret, _ = enrolled
    client = browser()
    give_password(client, "analyst")
    client.post("/account/2fa/authenticate/", {"code": totp(secret, counter[0])})
    sit_idle(client)
    remove = "/account/2fa/totp/deactivate/"
    for answer in (client.get(remove), client.post(remove)):
        assert answer.status_code == 302
        assert "reauthenticate" in answer["Location"]
    assert Authenticator.objects.filter(type="totp").exists()
    counter[0] += 1
    client.post("/account/2fa/reauthenticate/", {"code": totp(secret, counter[0])})
    client.post(remove)
    assert not Authenticator.objects.exists()
    assert client.get(DESK)["Location"] == FACTORS


def test_adding_a_factor_and_seeing_the_codes_ask_too(enrolled: tuple[str, list[str]], counter: list[int]) -> None:
    secret, _ = enrolled
    client = browser()
    give_password(client, "analyst")
    client.post("/account/2fa/authenticate/", {"code": totp(secret, counter[0])})
    assert client.get("/account/2fa/recovery-codes/").status_code == 200
    sit_idle(client)
    for address in ("webauthn/add/", "recovery-codes/", "recovery-codes/generate/", "recovery-codes/download/"):
        answer = client.get(f"{FACTORS}{address}")
        assert answer.status_code == 302, address
        assert "reauthenticate" in answer["Location"]


def test_a_changed_password_ends_every_other_session(analyst: Member, settings: Settings) -> None:
    settings.SECOND_FACTOR_REQUIRED = False
    here, there = browser(), browser()
    for client in (here, there):
        give_password(client, "analyst")
    form = {"oldpassword": PASSWORD, "password1": "short", "password2": "short"}
    assert "12" in here.post("/account/password/change/", form).content.decode()
    fresh = "an even longer password"
    here.post("/account/password/change/", form | {"password1": fresh, "password2": fresh})
    assert here.get(DESK).status_code == 200
    assert there.get(DESK)["Location"].startswith(LOGIN)
    give_password(there, "analyst", fresh)
    assert signed_in(there)


def test_a_member_without_a_password_is_led_to_set_one(analyst: Member, settings: Settings) -> None:
    client = browser()
    give_password(client, "analyst")
    session = client.session
    analyst.set_unusable_password()
    analyst.save()
    session["_auth_user_hash"] = analyst.get_session_auth_hash()
    session.save()
    assert client.get("/account/password/change/")["Location"] == "/account/password/set/"
    assert_in_our_frame(client.get("/account/password/set/"))


def test_signing_out_takes_a_button_and_ends_the_session(analyst: Member, settings: Settings) -> None:
    settings.SECOND_FACTOR_REQUIRED = False
    client = browser()
    give_password(client, "analyst")
    asked = client.get("/account/logout/")
    assert asked.status_code == 200
    assert signed_in(client)
    assert client.post("/account/logout/")["Location"] == "/"
    assert not signed_in(client)
    assert client.get(DESK)["Location"].startswith(LOGIN)


def test_a_form_from_elsewhere_is_refused_in_our_frame(analyst: Member) -> None:
    client = Client(enforce_csrf_checks=True, headers={"accept-language": CHINESE})
    refused = give_password(client, "analyst")
    assert refused.status_code == 403
    assert_in_our_frame(refused)
    assert "请求" in refused.content.decode()
    assert not signed_in(client)


def test_the_session_cookie_is_kept_from_scripts_and_from_other_sites(analyst: Member) -> None:
    client = browser()
    cookie = give_password(client, "analyst").cookies["sessionid"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert cookie["max-age"] in {"", 36_000}
    before = client.cookies["sessionid"].value
    client.logout()
    give_password(client, "analyst")
    assert client.cookies["sessionid"].value != before


def test_with_https_cookies_travel_encrypted_only(tmp_path: Path) -> None:
    code = "from tocsin.config import settings as s; print(s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, s.HTTPS)"

    def printed(https: str) -> str:
        environment = os.environ | {"TOCSIN_HOME": str(tmp_path), "TOCSIN_HTTPS": https}
        done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    assert printed("yes") == "True True True"
    assert printed("no") == "False False False"


PAGES = (
    "/account/2fa/",
    "/account/2fa/totp/deactivate/",
    "/account/2fa/recovery-codes/",
    "/account/2fa/recovery-codes/generate/",
    "/account/2fa/webauthn/",
    "/account/2fa/webauthn/add/",
    "/account/2fa/reauthenticate/",
    "/account/reauthenticate/",
    "/account/password/change/",
    "/account/logout/",
)


def words_of(page: str) -> list[str]:
    """Every text that a reader sees or hears."""
    body = re.sub(r"<script\b.*?</script>|<textarea\b.*?</textarea>", "", page, flags=re.DOTALL)
    found = re.findall(r'>([^<>]+)<|(?:placeholder|aria-label|title)="([^"]*)"', body)
    return [words for pair in found if (words := "".join(pair).strip())]


@pytest.mark.parametrize("language", [CHINESE, ENGLISH])
def test_every_account_page_is_in_our_frame_and_in_the_readers_language(
    analyst: Member, counter: list[int], language: str
) -> None:
    client = browser(language)
    pages = {LOGIN: client.get(LOGIN)}
    give_password(client, "analyst")
    pages["/account/2fa/totp/activate/"] = client.get("/account/2fa/totp/activate/")
    set_up_authenticator(client, counter[0])
    pages |= {address: client.get(address) for address in PAGES}
    short = {"oldpassword": "wrong", "password1": "short", "password2": "other"}
    pages["refused password"] = client.post("/account/password/change/", short)
    other = browser(language)
    give_password(other, "analyst")
    pages["/account/2fa/authenticate/"] = other.get("/account/2fa/authenticate/")
    pages["refused code"] = other.post("/account/2fa/authenticate/", {"code": "wrong"})
    for address, response in pages.items():
        assert response.status_code == 200, address
        assert_in_our_frame(response)
        for words in words_of(response.content.decode()):
            chinese = re.search(r"[一-鿿]", words) is not None
            assert words in {"中文", "English", str(analyst)} or chinese is (language == CHINESE), (address, words)


def test_the_member_finds_the_way_to_the_account_pages(analyst: Member) -> None:
    client = browser()
    give_password(client, "analyst")
    assert f'href="{FACTORS}"' in client.get("/charter").content.decode()
    for address in (FACTORS, "/account/password/change/"):
        page = client.get(address).content.decode()
        assert 'href="/account/password/change/"' in page
        assert f'href="{FACTORS}"' in page
    assert f'href="{LOGIN}"' in browser().get("/charter").content.decode()


def test_the_librarys_own_rate_limit_answers_in_our_frame(analyst: Member) -> None:
    statuses = [give_password(browser(), f"name{number}", "x").status_code for number in range(40)]
    assert statuses[0] == 200
    assert statuses[-1] == 429
    assert all(first <= second for first, second in pairwise(statuses))
    assert_in_our_frame(give_password(browser(), "analyst", "x"))
