"""Fixtures for tests that sign or empty a ledger; the conftest of a folder that needs them imports them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from tocsin.ledger.checkpoints import SigningPair, ensure_signing_key
from tocsin.ledger.tests.flushing import flushable


@pytest.fixture(scope="session", autouse=True)
def flushable_ledger() -> Iterator[None]:
    """Let Django's flush empty the guarded tables between tests."""
    with flushable():
        yield


@pytest.fixture
def key(tmp_path: Path, settings: Settings) -> SigningPair:
    """A signing key of its own for each test, where the settings say."""
    settings.LEDGER_ORIGIN = "tocsin.example.org"
    settings.LEDGER_KEY_FILE = tmp_path / "ledger.key"
    return ensure_signing_key(settings.LEDGER_KEY_FILE, settings.LEDGER_ORIGIN)
