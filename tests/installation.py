"""A Tocsin of its own for tests that need real processes: a home, a database, and a small town in it.

On SQLite the database is a file in the home; where ``DATABASE_URL`` names a PostgreSQL server, it is a fresh database
there.
"""

import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg

PASSWORD = "a long enough password"
_TOWN = f"""
import django; django.setup()
from tocsin.people import actions
from tocsin.people.roles import Role
def plant(code, zh, en, parent):
    return actions.create_agency(actor=None, code=code, name_zh=zh, name_en=en, parent=parent)
city = plant("yunzhou", "云州市网络安全办", "Yunzhou Cyber-Safety Office", None)
plant("lincheng", "临城县反诈站", "Lincheng Desk", city)
roles = dict.fromkeys(("analyst", "second_analyst", "third_analyst"), Role.ANALYST) | {{"auditor": Role.AUDITOR}}
for name, role in roles.items():
    member = actions.add_member(
        actor=None, agency=city, username=name, display_name=name.title(), password={PASSWORD!r}
    )
    actions.grant_role(actor=None, member=member, agency=city, role=role)
"""


@dataclass(frozen=True)
class Installation:
    """Where it lives, and the environment its processes need."""

    home: Path
    environment: dict[str, str] = field(repr=False)

    def run(self, *command: str) -> str:
        """Run ``tocsin`` with these words to its end; returns what it printed. Raises where it fails."""
        return self.python("-m", "tocsin", *command)

    def python(self, *arguments: str) -> str:
        """Run Python in this installation; returns what it printed. Raises where it fails."""
        done = subprocess.run(
            [sys.executable, *arguments], env=self.environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    @contextmanager
    def served(self) -> Iterator[str]:
        """A running server; yields its address."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        with (self.home / "server.log").open("wb") as log:
            server = subprocess.Popen(
                [sys.executable, "-m", "tocsin", "serve", "--port", str(port)],
                env=self.environment,
                stdout=log,
                stderr=log,
            )
        try:
            address = f"http://localhost:{port}"
            self._wait_for(address, server)
            yield address
        finally:
            server.terminate()
            server.wait(timeout=30)

    def _wait_for(self, address: str, server: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + 90
        while time.monotonic() < deadline and server.poll() is None:
            try:
                urllib.request.urlopen(f"{address}/charter", timeout=5).close()
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
            else:
                return
        raise AssertionError((self.home / "server.log").read_text(encoding="utf-8", errors="replace"))


@contextmanager
def installation(home: Path, **settings: str) -> Iterator[Installation]:
    """Set one up in ``home``, migrated, with a town; take its database away afterwards."""
    home.mkdir(parents=True, exist_ok=True)
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("TOCSIN_", "COV_"))}
    environment |= {"TOCSIN_HOME": str(home), "DJANGO_SETTINGS_MODULE": "tocsin.config.settings", **settings}
    server = os.environ.get("DATABASE_URL", "")
    name = f"tocsin_{secrets.token_hex(4)}"
    if server:
        _administer(server, f'CREATE DATABASE "{name}"')
        environment["DATABASE_URL"] = urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
    try:
        made = Installation(home, environment)
        made.run("manage", "migrate", "--verbosity", "0")
        made.python("-c", _TOWN)
        yield made
    finally:
        if server:
            _administer(server, f'DROP DATABASE "{name}" WITH (FORCE)')


def _administer(server: str, statement: str) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(statement.encode())
