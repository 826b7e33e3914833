"""The doors before every page, and the page behind which everything is broken."""

from unittest import mock

import pytest
from conftest import Town
from django.db import OperationalError
from django.test import Client, RequestFactory
from pytest_django import DjangoAssertNumQueries

from tocsin.config.errors import server_error

NUL = '"aaaa\\000aaaa"'


@pytest.mark.parametrize("name", ["sessionid", "csrftoken", "django_language"])
@pytest.mark.parametrize("value", [NUL, '"\\012"', '"\\177x"'])
def test_cookies_with_control_characters_are_forgotten(db: None, name: str, value: str) -> None:
    client = Client(raise_request_exception=False, headers={"cookie": f"{name}={value}; other=kept"})
    answer = client.get("/account/login/")
    assert answer.status_code == 200
    assert answer.wsgi_request.COOKIES == {"other": "kept"}


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/report/ABCDE-FGHJK", 404),
        ("/report/ABCDE/nonsense", 404),
        ("/REPORT/ABCDE", 404),
        ("/report/", 200),
        ("/report", 405),
        ("/check", 200),
        ("/check/nonsense", 404),
        ("/desk/", 302),
        ("/desk/nonsense", 404),
        ("/account/nonsense/", 404),
        ("/account/login/", 200),
    ],
)
def test_what_is_somebodys_own_is_kept_in_no_cache(town: Town, path: str, status: int) -> None:
    answer = Client().get(path)
    assert answer.status_code == status
    assert {"no-store", "private"} <= set(answer["Cache-Control"].split(", "))


def test_refusals_are_kept_in_no_cache_either(town: Town) -> None:
    client = Client()
    answers = [client.get("/report/ABCDE") for _ in range(61)]
    answers.append(client.post("/check", {"text": "x" * 300_000}))
    assert [answer.status_code for answer in answers[-2:]] == [429, 413]
    for answer in answers:
        assert "no-store" in answer["Cache-Control"]
    assert "no-store" not in client.get("/charter").get("Cache-Control", "")
    assert "no-store" not in client.get("/reports").get("Cache-Control", "")


@pytest.mark.parametrize(("language", "words"), [("en", "Something broke on our side"), ("zh-CN", "我们这边出错了")])
def test_the_page_for_our_faults_needs_neither_user_nor_database(
    rf: RequestFactory, django_assert_num_queries: DjangoAssertNumQueries, db: None, language: str, words: str
) -> None:
    class BrokenRequest(type(rf.get("/"))):  # type: ignore[misc]  # only its user differs
        @property
        def user(self) -> None:
            raise OperationalError("the database is away")

        session = _messages = user

    request = rf.get("/", headers={"accept-language": language})
    request.__class__ = BrokenRequest
    with django_assert_num_queries(0):
        answer = server_error(request)
    page = answer.content.decode()
    assert answer.status_code == 500
    assert words in page
    assert '<header class="masthead">' in page
    assert 'name="csrfmiddlewaretoken"' in page


def test_a_visitor_sees_that_page_when_the_sessions_cannot_be_read(db: None) -> None:
    client = Client(
        raise_request_exception=False, headers={"accept-language": "en", "cookie": "sessionid=abcdefgh12345678"}
    )
    broken = OperationalError("the database is away")
    with mock.patch("django.contrib.sessions.backends.db.SessionStore._get_session_from_db", side_effect=broken):
        answer = client.get("/charter")
    assert answer.status_code == 500
    assert "Something broke on our side" in answer.content.decode()
