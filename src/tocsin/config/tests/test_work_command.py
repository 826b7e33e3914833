"""The worker outlives what is away for a while."""

import logging
from pathlib import Path

import pytest
from django.conf import settings as configured
from django.db import DatabaseError
from pytest_django.fixtures import Settings

from tocsin.config.commands import work
from tocsin.ledger.checkpoints import KeyFileError


@pytest.mark.parametrize("fault", [KeyFileError("no key"), PermissionError(13, "not yours"), DatabaseError("away")])
def test_a_chore_that_fails_is_logged_and_tried_again(
    db: None, fault: Exception, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(work, "close_old_connections", lambda: None)
    done: list[str] = []

    def act() -> None:
        done.append("tried")
        if len(done) == 1:
            raise fault

    chore = work.Chore("errand", 60, act)
    with caplog.at_level(logging.ERROR):
        work._do(chore)
        work._do(chore)
    assert done == ["tried", "tried"]
    assert [record.getMessage() for record in caplog.records] == ["errand failed and will be tried again"]


def test_the_real_chore_survives_a_key_that_is_gone(
    db: None, tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(work, "close_old_connections", lambda: None)
    settings.LEDGER_KEY_FILE = tmp_path / "nowhere" / "key"
    assert configured.LEDGER_KEY_FILE == settings.LEDGER_KEY_FILE
    settings.LEDGER_KEY_FILE.parent.touch()  # a file where the folder should be
    with caplog.at_level(logging.ERROR):
        work._do(work.CHORES[0])
    assert "checkpoint failed" in caplog.text


def test_a_fault_of_ours_still_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "close_old_connections", lambda: None)

    def act() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        work._do(work.Chore("errand", 60, act))
