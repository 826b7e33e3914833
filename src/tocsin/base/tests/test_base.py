"""The clock, the rate bucket, addresses and secret files."""

import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from conftest import START
from django.test import RequestFactory
from pytest_django.fixtures import Settings

from tocsin.base import clock
from tocsin.base.addresses import client_address
from tocsin.base.models import RateBucket
from tocsin.base.rates import Allowance, RateExceeded, forget_full_buckets, spend
from tocsin.base.secret_files import read_or_make_secret

DOOR = Allowance("door", burst=3, seconds=60)


def test_the_clock_stands_still_only_inside() -> None:
    with clock.frozen(START):
        assert clock.now() == START
    assert clock.now() != START
    with pytest.raises(ValueError, match="aware"), clock.frozen(datetime(2026, 1, 1)):
        pass


@pytest.mark.django_db
def test_a_bucket_empties_says_when_and_fills_again() -> None:
    with clock.frozen(START):
        for _ in range(3):
            spend(DOOR, "192.0.2.1")
        with pytest.raises(RateExceeded) as refused:
            spend(DOOR, "192.0.2.1")
        assert refused.value.retry_after == 20
        spend(DOOR, "192.0.2.2")
        spend(Allowance("other door", 1, 60), "192.0.2.1")
    with clock.frozen(START + timedelta(seconds=20)):
        spend(DOOR, "192.0.2.1")
        with pytest.raises(RateExceeded):
            spend(DOOR, "192.0.2.1")


@pytest.mark.django_db
def test_buckets_hold_no_address_and_are_forgotten() -> None:
    with clock.frozen(START):
        spend(DOOR, "192.0.2.1")
        assert "192.0.2.1" not in str(RateBucket.objects.values_list()[0])
        assert forget_full_buckets() == 0
    with clock.frozen(START + timedelta(days=2)):
        assert forget_full_buckets() == 1


def test_only_trusted_proxies_are_believed(rf: RequestFactory, settings: Settings) -> None:
    request = rf.get("/", REMOTE_ADDR="192.0.2.9", HTTP_X_FORWARDED_FOR="203.0.113.1, 198.51.100.7")
    assert client_address(request) == "192.0.2.9"
    settings.TRUSTED_PROXIES = 1
    assert client_address(request) == "198.51.100.7"
    settings.TRUSTED_PROXIES = 3
    assert client_address(request) == "192.0.2.9"


@pytest.mark.parametrize(
    ("peer", "counted"),
    [
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::"),
        ("2001:db8:1:3::1", "2001:db8:1:3::"),
        ("fe80::1%eth0", "fe80::"),
        ("::1", "::"),
        ("::ffff:192.0.2.9", "192.0.2.9"),
        ("192.0.2.9", "192.0.2.9"),
        ("", ""),
        ("a socket", "a socket"),
    ],
)
def test_who_has_a_network_of_ipv6_counts_as_one(
    rf: RequestFactory, settings: Settings, peer: str, counted: str
) -> None:
    assert client_address(rf.get("/", REMOTE_ADDR=peer)) == counted
    settings.TRUSTED_PROXIES = 1
    assert client_address(rf.get("/", REMOTE_ADDR=peer)) == counted
    if counted != peer:
        assert client_address(rf.get("/", REMOTE_ADDR="192.0.2.1", HTTP_X_FORWARDED_FOR=peer)) == counted


def test_what_is_no_address_counts_as_the_proxy(rf: RequestFactory, settings: Settings) -> None:
    settings.TRUSTED_PROXIES = 1
    request = rf.get("/", REMOTE_ADDR="192.0.2.1", HTTP_X_FORWARDED_FOR="unknown")
    assert client_address(request) == "192.0.2.1"


def test_a_secret_is_made_once_however_many_ask_and_is_private(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "secret"
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(lambda _: read_or_make_secret(path), range(32)))
    assert len(found) == 1
    assert len(found.pop()) == 64
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [item.name for item in path.parent.iterdir()] == ["secret"]
