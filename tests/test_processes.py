"""The commands that run for long, as real processes."""

import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.installation import Installation, installation
from tocsin.config.command import COMMANDS, main

pytestmark = [pytest.mark.xdist_group("browser")]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """An installation with a town."""
    with installation(tmp_path_factory.mktemp("processes") / "home") as made:
        yield made


# Everything behind `manage` belongs to Django, its --help as well.
@pytest.mark.parametrize("command", sorted(COMMANDS.keys() - {"manage"}))
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main([command, "--help"])
    assert end.value.code == 0
    assert "usage: tocsin " + command in capsys.readouterr().out


@pytest.mark.parametrize("words", [[], ["nonsense"], ["check", "--nonsense"], ["--nonsense"]])
def test_wrong_usage_is_exit_2_and_a_line_on_stderr(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(words)
    assert end.value.code == 2
    assert "usage: tocsin" in capsys.readouterr().err


def test_the_worker_signs_what_is_there_and_once_means_once(desk: Installation) -> None:
    desk.run("work", "--once")
    desk.run("work", "--once")
    export = desk.home / "ledger.jsonl"
    desk.run("ledger", "export", "-o", str(export))
    checkpoints = [line for line in export.read_text(encoding="utf-8").splitlines() if '"checkpoint"' in line]
    assert len(checkpoints) == 1
    assert "verified" in desk.run("ledger", "verify", str(export)).lower()


def test_a_home_without_a_database_is_told_from_a_broken_one(tmp_path: Path) -> None:
    environment = dict(os.environ) | {"TOCSIN_HOME": str(tmp_path), "DATABASE_URL": ""}
    words = [sys.executable, "-m", "tocsin", "ledger", "export"]
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == "tocsin ledger: this database has no tables: run tocsin manage migrate, or set TOCSIN_HOME\n"


def test_the_worker_ends_when_told_to(desk: Installation) -> None:
    words = [sys.executable, "-m", "tocsin", "work"]
    with subprocess.Popen(words, env=desk.environment, stderr=subprocess.PIPE, text=True) as worker:
        assert worker.stderr is not None
        assert any("the worker has started" in line for line in worker.stderr)
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(timeout=30) == 0


def test_the_server_answers_hostile_requests_and_goes_on(desk: Installation, tmp_path: Path) -> None:
    with desk.served() as address:
        assert _status(address, "/check", b"text=" + b"x" * 400_000) == 413
        assert _status(address, "/%2e%2e/%2e%2e/etc/passwd") == 404
        assert _status(address, "/static/../settings.py") == 404
        assert _status(address, "/check?" + "a" * 8000) in {400, 414}
        assert _status(address, "/check", b"\xff\xfe") == 400
        assert _status(address, "/check", b"text=hello") == 403  # no CSRF token
        assert _status(address, "/charter") == 200


def _status(address: str, path: str, body: bytes | None = None) -> int:
    try:
        with urllib.request.urlopen(f"{address}{path}", data=body, timeout=20) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        return error.code
