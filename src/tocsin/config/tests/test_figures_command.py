"""``tocsin figures`` as a person uses it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from tocsin.config.command import main
from tocsin.figures.queries import current_report
from tocsin.figures.tests.history import (
    ENTRIES,
    NOTE,
    REPORT,
    act,
    changed,
    day_at_the_desk,
    export,
    true_figures,
)
from tocsin.ledger.actions import append_many, make_checkpoint
from tocsin.ledger.checkpoints import SigningPair
from tocsin.ledger.verbs import Verb


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    """A true report and its export."""
    report, ledger = tmp_path / "report.json", tmp_path / "ledger.jsonl"
    report.write_text(REPORT, encoding="utf-8")
    ledger.write_bytes(b"".join(export(ENTRIES, NOTE)))
    return str(report), str(ledger)


@pytest.mark.django_db
def test_the_report_of_the_database_is_recomputed_offline(
    tmp_path: Path, key: SigningPair, settings: Settings, capfd: pytest.CaptureFixture[str]
) -> None:
    settings.TIME_ZONE = "Asia/Shanghai"
    report, ledger = str(tmp_path / "report.json"), str(tmp_path / "ledger.jsonl")
    append_many(day_at_the_desk())
    assert main(["figures", "report"]) == 2
    assert "make one with: tocsin ledger checkpoint" in capfd.readouterr().err
    make_checkpoint()
    append_many([act(3000, Verb.REPORT_RECEIVED, 99, "reporter")])
    assert main(["figures", "report", "-o", report]) == 0
    assert main(["ledger", "export", "-o", ledger]) == 0
    assert main(["figures", "verify", report, ledger, "--key", key.verifier.fingerprint]) == 0
    assert capfd.readouterr().out.endswith("report: every figure recomputed\n")
    assert json.loads(Path(report).read_text(encoding="utf-8"))["figures"] == true_figures().as_json()
    assert current_report() == Path(report).read_text(encoding="utf-8")


def test_verification_names_what_differs(files: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    report, ledger = files
    false = changed(lambda value: value["figures"]["reports"].update(answered=7))
    Path(report).write_text(false, encoding="utf-8")
    assert main(["figures", "verify", report, ledger]) == 1
    out = capsys.readouterr().out
    assert out.startswith("DIFFERS reports/answered: the report says 7, the ledger adds up to 5\n")
    assert out.endswith("report: NOT verified, 1 differ\n")
    assert main(["figures", "verify", report, ledger, "--json"]) == 1
    result = json.loads(capsys.readouterr().out)
    assert result["differences"] == [{"name": "reports/answered", "reported": 7, "recomputed": 5}]
    assert (result["ok"], result["ledger"]["ok"]) == (False, True)


def test_a_clean_result_as_json(files: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["figures", "verify", *files, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["ok"] is True


def test_it_says_what_it_cannot_read(files: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    for report in (files[1], sys.executable, "nowhere"):
        assert main(["figures", "verify", report, files[1]]) == 2
        assert report in capsys.readouterr().err


def test_verification_loads_no_django(files: tuple[str, str]) -> None:
    script = (
        "import sys; from tocsin.config.command import main; "
        f"assert main(['figures', 'verify', {files[0]!r}, {files[1]!r}]) == 0; "
        "assert not [name for name in sys.modules if name.split('.')[0] == 'django']"
    )
    subprocess.run([sys.executable, "-c", script], check=True, env={})
