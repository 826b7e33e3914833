"""Fixtures of the tests of sign-in."""

import pytest
from allauth.mfa.totp.internal import auth
from django.db import transaction

from tocsin.people.models import Member
from tocsin.people.tests.browsing import browser, give_password, recovery_codes, set_up_authenticator


@pytest.fixture(autouse=True)
def counter(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The authenticator app's clock, in steps of 30 s: a list of one that a test may change."""
    steps = [58_000_000]
    monkeypatch.setattr(auth, "yield_hotp_counters_from_time", lambda: iter(steps))
    return steps


@pytest.fixture(autouse=True)
def _commit_at_once(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A test's transaction never commits: what waits for that (allauth's word of a new factor) is done at once."""
    marker = request.node.get_closest_marker("django_db")
    if marker is None or not marker.kwargs.get("transaction"):
        monkeypatch.setattr(transaction, "on_commit", lambda act, **_: act())


@pytest.fixture
def enrolled(analyst: Member, counter: list[int]) -> tuple[str, list[str]]:
    """The analyst has an authenticator app; returns its secret and the recovery codes. Its clock has moved on."""
    client = browser()
    give_password(client, "analyst")
    secret = set_up_authenticator(client, counter[0])
    codes = recovery_codes(client)
    counter[0] += 1
    return secret, codes
