"""The desk opens only to a session that has proved a second factor, whatever the member has."""

import pytest
from allauth.mfa.models import Authenticator
from conftest import PASSWORD

from tocsin.people.models import Member
from tocsin.people.tests.browsing import DESK, assert_in_our_frame, browser, give_password, set_up_authenticator, totp

pytestmark = pytest.mark.django_db

REAUTHENTICATE = "/account/2fa/reauthenticate/"
PROOF_FIRST = (
    "/account/2fa/webauthn/add/",
    "/account/2fa/webauthn/",
    "/account/2fa/recovery-codes/",
    "/account/2fa/recovery-codes/generate/",
    "/account/2fa/recovery-codes/download/",
    "/account/2fa/totp/deactivate/",
)


def test_a_session_by_password_alone_stays_out_when_the_member_enrols_elsewhere(
    analyst: Member, counter: list[int]
) -> None:
    thief = browser(address="192.0.2.7")
    give_password(thief, "analyst")
    member = browser()
    give_password(member, "analyst")
    secret = set_up_authenticator(member, counter[0])
    assert member.get(DESK).status_code == 200

    for ask in (thief.get, thief.post):
        sent = ask("/desk/?status=confirmed")
        assert sent["Location"].startswith(f"{REAUTHENTICATE}?next=%2Fdesk%2F")
    for address in PROOF_FIRST:
        for ask in (thief.get, thief.post):
            assert ask(address)["Location"].startswith(REAUTHENTICATE), address
    thief.post("/account/reauthenticate/", {"password": PASSWORD, "next": DESK})
    assert thief.get(DESK)["Location"].startswith(REAUTHENTICATE)

    sent = member.get("/account/2fa/recovery-codes/")
    assert sent.status_code == 200
    counter[0] += 1
    asked = thief.get("/desk/?status=confirmed")["Location"]
    assert_in_our_frame(thief.get(asked))
    proof = {"code": totp(secret, counter[0]), "next": "/desk/?status=confirmed"}
    assert thief.post(REAUTHENTICATE, proof)["Location"] == "/desk/?status=confirmed"
    assert thief.get(DESK).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_the_session_that_sets_a_factor_up_has_proved_it_where_transactions_commit(
    flushable_ledger: None, analyst: Member, counter: list[int]
) -> None:
    client = browser()
    give_password(client, "analyst")
    set_up_authenticator(client, counter[0])
    assert client.get(DESK).status_code == 200


def test_a_factor_that_is_gone_proves_nothing(enrolled: tuple[str, list[str]], counter: list[int]) -> None:
    secret, _ = enrolled
    here = browser()
    give_password(here, "analyst")
    here.post("/account/2fa/authenticate/", {"code": totp(secret, counter[0])})
    assert here.get(DESK).status_code == 200
    Authenticator.objects.all().delete()
    there = browser()
    give_password(there, "analyst")
    set_up_authenticator(there, counter[0] + 1)
    set_up_authenticator(there, counter[0])
    assert there.get(DESK).status_code == 200
    assert here.get(DESK)["Location"].startswith(REAUTHENTICATE)
