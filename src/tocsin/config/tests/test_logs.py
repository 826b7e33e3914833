"""Nothing that a log keeps leads back to a report."""

import io
import logging
import sys
from collections.abc import Callable

import pytest
from conftest import Town
from django.test import Client
from gunicorn.config import Config

from tocsin.config.commands.serve import Server
from tocsin.config.logs import HideReceipts
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


def hidden(message: str, *args: object) -> str:
    """What the filter makes of a message."""
    record = logging.LogRecord("test", logging.WARNING, __file__, 1, message, args, None)
    assert HideReceipts().filter(record)
    return record.getMessage()


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("Not Found: /report/ABCDE FGHJK MNPQR", "Not Found: /report/…"),
        ("Bad Request: /report/ABCDE FGHJK/words", "Bad Request: /report/…/words"),
        ("Method Not Allowed (GET): /report/AB CD/close", "Method Not Allowed (GET): /report/…/close"),
        ('"GET /report/AB%20CD/words HTTP/1.1" 404', '"GET /report/…/words HTTP/1.1" 404'),
        ("Error handling request GET /report/AB CD?next=/x", "Error handling request GET /report/…?next=/x"),
        ("Error handling request GET /report%2fABCD", "Error handling request GET /report%2f…"),
        ("Not Found: /Report/ABCD/words/more", "Not Found: /Report/…"),
        ("/report/AB CD\n/report/EF GH/close\nend", "/report/…\n/report/…/close\nend"),
        ("Not Found: /report/", "Not Found: /report/"),
        ('"GET /report/ HTTP/1.1" 200', '"GET /report/ HTTP/1.1" 200'),
        ("Invalid request from ip=192.0.2.7: Invalid HTTP", "Invalid request from ip=…: Invalid HTTP"),
        ("Invalid request from ip=2001:db8::7: '/report/AB'", "Invalid request from ip=…: '/report/…'"),
    ],
)
def test_receipts_are_hidden_to_their_end_and_callers_too(said: str, kept: str) -> None:
    assert hidden(said) == kept
    assert hidden("%s", said) == kept


def test_a_traceback_names_no_receipt() -> None:
    try:
        raise ValueError("/report/ABCDE FGHJK")
    except ValueError:
        record = logging.LogRecord("test", logging.ERROR, __file__, 1, "broken", (), sys.exc_info())
    assert HideReceipts().filter(record)
    written = logging.Formatter().format(record)
    assert "ValueError: /report/…" in written
    assert "ABCDE" not in written.splitlines()[-1]


def test_the_servers_own_log_goes_through_the_filter(capfd: pytest.CaptureFixture[str]) -> None:
    log = Server(host="127.0.0.1", port=0, workers=1, threads=1).cfg.logger_class(Config())
    try:
        log.warning("Invalid request from ip=192.0.2.7: %s", "x")
        log.error("Error handling request GET /report/ABCDE%20FGHJK")
    finally:
        log.error_log.handlers.clear()
    written = capfd.readouterr().err
    assert "ip=…: x" in written
    assert "GET /report/…" in written
    assert "192.0.2.7" not in written
    assert "ABCDE" not in written
