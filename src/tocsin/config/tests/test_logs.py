"""Nothing that a log keeps leads back to a report."""

import io
import logging
from collections.abc import Callable

import pytest
from conftest import Town
from django.test import Client

from tocsin.intake.models import Report

pytestmark = pytest.mark.django_db
WRONG = "ABCDE-FGHJK-MNPQR-STVWX"


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """What the handler of the settings writes while a test runs."""
    (handler,) = [each for each in logging.getLogger().handlers if type(each) is logging.StreamHandler]
    written = io.StringIO()
    # Set, not exchanged: the stream that the handler was made with may be closed by now.
    monkeypatch.setattr(handler, "stream", written)
    return written


def test_refused_requests_are_logged_without_the_receipt(
    reporter: Client, town: Town, file_report: Callable[..., tuple[Report, str]], log: io.StringIO
) -> None:
    _, receipt = file_report()
    answers = [
        reporter.get(f"/report/{WRONG}"),
        reporter.get(f"/report/{WRONG}/nonsense"),
        reporter.post(f"/report/{receipt}/words", {"text": ""}),
        reporter.get(f"/report/{receipt}/close"),
    ]
    assert [answer.status_code for answer in answers] == [404, 404, 400, 405]
    assert reporter.get("/no-such-page").status_code == 404
    text = log.getvalue()
    assert text.count("/report/…") == 4
    assert "/report/…/words" in text
    assert "/no-such-page" in text
    for secret in (receipt, WRONG):
        assert secret not in text
