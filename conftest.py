"""The cast and the town that every test shares.

The city stands over two counties; ``outsider`` belongs to neither. Messages and names are invented.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from django.core.cache import cache
from django.test import Client
from hypothesis import settings as properties
from pytest_django.fixtures import Settings

from tocsin.base import clock
from tocsin.campaigns.assessing import detector
from tocsin.intake import actions as intake
from tocsin.intake.models import Report
from tocsin.intake.receipts import new_token
from tocsin.ledger.tests.fixtures import flushable_ledger, key
from tocsin.people import actions as people
from tocsin.people.models import Agency, Member
from tocsin.people.roles import Role

__all__ = ["flushable_ledger", "key"]

# How long one example takes says how busy the machine is, not whether the property holds.
properties.register_profile("tocsin", deadline=None)
properties.load_profile("tocsin")

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
PASSWORD = "a long enough password"
SCAM = "【兼职】刷单返利,一单一结,日赚300元,无需押金,加微信 wxid_demo88 领取任务,名额有限。"
SCAM_COPY = "【兼 职】刷单返利，一单一结，日赚500元，无需押金，加微信 wxid_demo91 领取任务，名额有限！"
QUIET = "妈,我晚上回家吃饭,买点青菜就行,路上有点堵,大概七点到。"


@dataclass(frozen=True, slots=True)
class Town:
    """A city over two counties, and a city of somebody else."""

    city: Agency
    east: Agency
    west: Agency
    elsewhere: Agency


@pytest.fixture(scope="session", autouse=True)
def _engine() -> None:
    """Load the engine once, outside of every test's clock."""
    detector()


@pytest.fixture(autouse=True)
def _fresh_cache() -> None:
    cache.clear()


@pytest.fixture
def at_start() -> Iterator[datetime]:
    """Hold the clock on a Monday morning."""
    with clock.frozen(START):
        yield START


@pytest.fixture
def town(db: None) -> Town:
    """The agencies."""

    def plant(code: str, name_zh: str, name_en: str, parent: Agency | None) -> Agency:
        return people.create_agency(actor=None, code=code, name_zh=name_zh, name_en=name_en, parent=parent)

    city = plant("yunzhou", "云州市网络安全办", "Yunzhou Cyber-Safety Office", None)
    return Town(
        city=city,
        east=plant("lincheng", "临城县反诈站", "Lincheng Desk", city),
        west=plant("hexi", "河西县反诈站", "Hexi Desk", city),
        elsewhere=plant("otherville", "外市网络安全办", "Otherville Office", None),
    )


@pytest.fixture
def hire(town: Town) -> Callable[..., Member]:
    """Make a member with one role at one agency."""

    def make(username: str, role: Role, agency: Agency) -> Member:
        member = people.add_member(
            actor=None, agency=agency, username=username, display_name=username.title(), password=PASSWORD
        )
        people.grant_role(actor=None, member=member, agency=agency, role=role)
        return member

    return make


@pytest.fixture
def analyst(hire: Callable[..., Member], town: Town) -> Member:
    """An analyst of the city, whose reach is the whole town."""
    return hire("analyst", Role.ANALYST, town.city)


@pytest.fixture
def second_analyst(hire: Callable[..., Member], town: Town) -> Member:
    """An analyst of the eastern county alone."""
    return hire("second_analyst", Role.ANALYST, town.east)


@pytest.fixture
def intake_officer(hire: Callable[..., Member], town: Town) -> Member:
    """Answers reports, decides nothing."""
    return hire("intake_officer", Role.INTAKE_OFFICER, town.city)


@pytest.fixture
def approver(hire: Callable[..., Member], town: Town) -> Member:
    """Approves."""
    return hire("approver", Role.APPROVER, town.city)


@pytest.fixture
def editor(hire: Callable[..., Member], town: Town) -> Member:
    """Writes for the public."""
    return hire("editor", Role.EDITOR, town.city)


@pytest.fixture
def auditor(hire: Callable[..., Member], town: Town) -> Member:
    """Reads everything, changes nothing."""
    return hire("auditor", Role.AUDITOR, town.city)


@pytest.fixture
def admin(hire: Callable[..., Member], town: Town) -> Member:
    """Runs the city's accounts."""
    return hire("admin", Role.ADMINISTRATOR, town.city)


@pytest.fixture
def outsider(hire: Callable[..., Member], town: Town) -> Member:
    """An analyst of somebody else's city."""
    return hire("outsider", Role.ANALYST, town.elsewhere)


@pytest.fixture
def reporter() -> Client:
    """A member of the public: a browser without an account."""
    return Client(enforce_csrf_checks=False)


@pytest.fixture
def sign_in(settings: Settings) -> Callable[[Member], Client]:
    """A browser in which a member is signed in, past the second factor, which has its own tests."""
    settings.SECOND_FACTOR_REQUIRED = False

    def browser(member: Member) -> Client:
        client = Client()
        client.force_login(member, backend="allauth.account.auth_backends.AuthenticationBackend")
        return client

    return browser


@pytest.fixture
def file_report(town: Town) -> Callable[..., tuple[Report, str]]:
    """File a report as the public page does; returns it and its receipt."""

    def file(text: str = SCAM, agency: Agency | None = None, token: str | None = None) -> tuple[Report, str]:
        return intake.receive_report(text=text, token=token or new_token(), agency=agency or town.city)

    return file
