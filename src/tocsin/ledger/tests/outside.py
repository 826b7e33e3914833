"""Other processes on a database that this one may read: a file for SQLite, the test database itself for PostgreSQL."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest
from django.db import connection

from tocsin.ledger.checkpoints import ensure_signing_key
from tocsin.ledger.findings import Pin, Verification
from tocsin.ledger.tests.building import ORIGIN
from tocsin.ledger.verify import verify_lines

_START = "import sys, django; django.setup(); from tocsin.ledger.tests import worker;"


@dataclass(frozen=True)
class Outside:
    """A database and a key for other processes."""

    url: str
    key_file: Path

    def start(self, act: str, *arguments: str) -> "subprocess.Popen[bytes]":
        """Start a function of ``worker`` in a process of its own, its output in a pipe."""
        environment = os.environ | {
            "DJANGO_SETTINGS_MODULE": "tocsin.ledger.tests.settings",
            "LEDGER_TEST_DATABASE": self.url,
            "LEDGER_TEST_KEY": str(self.key_file),
        }
        command = [sys.executable, "-c", f"{_START} worker.{act}(*sys.argv[1:])", *arguments]
        return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE)

    def run(self, act: str, *arguments: str) -> bytes:
        """Run a function of ``worker`` to its end and return what it printed."""
        process = self.start(act, *arguments)
        output, _ = process.communicate(timeout=120)
        assert process.returncode == 0
        return output

    def verify(self) -> tuple[Verification, list[bytes]]:
        """Verify the ledger there; returns the lines as well."""
        lines = self.run("export").splitlines(keepends=True)
        verifier = ensure_signing_key(self.key_file, ORIGIN).verifier
        return verify_lines(lines, pin=Pin(verifier.fingerprint, verifier)), lines


@pytest.fixture
def outside(transactional_db: None, tmp_path: Path) -> Iterator[Outside]:
    """An empty, migrated ledger for other processes."""
    key_file = tmp_path / "ledger.key"
    ensure_signing_key(key_file, ORIGIN)
    if connection.vendor == "postgresql":
        parts = {name: quote(str(value), safe="") for name, value in connection.settings_dict.items()}
        url = f"postgres://{parts['USER']}:{parts['PASSWORD']}@{parts['HOST']}:{parts['PORT']}/{parts['NAME']}"
        yield Outside(url, key_file)
        return
    database = Outside(f"sqlite:///{tmp_path / 'ledger.sqlite3'}", key_file)
    database.run("migrate")
    yield database
