"""``tocsin ledger`` as a person uses it."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from uuid import uuid4

import pytest
from pytest_django.fixtures import Settings

from tocsin.config.command import main
from tocsin.ledger import access
from tocsin.ledger.actions import NewEntry, append_many
from tocsin.ledger.checkpoints import SigningPair
from tocsin.ledger.merkle import verify_inclusion
from tocsin.ledger.models import LedgerHead
from tocsin.ledger.tests.building import OTHER_PAIR, PAIR, Ledger
from tocsin.ledger.verbs import Verb


@pytest.fixture
def ledger(db: None, key: SigningPair) -> None:
    """Five entries."""
    append_many([NewEntry(Verb.REPORT_CLOSED, f"report:{uuid4()}", "reporter") for _ in range(5)])


@pytest.fixture
def exported(tmp_path: Path) -> Path:
    """An export of ten entries, checkpoints over four and eight; its key and first checkpoint beside it."""
    made = Ledger.make(10, 4, 8)
    path = tmp_path / "ledger.jsonl"
    path.write_bytes(b"".join(made.lines()))
    (tmp_path / "ledger.pub").write_text(PAIR.verifier.text() + "\n", encoding="ascii")
    (tmp_path / "other.pub").write_text(OTHER_PAIR.verifier.text() + "\n", encoding="ascii")
    (tmp_path / "held").write_text(made.notes[0], encoding="utf-8")
    return path


@pytest.mark.usefixtures("ledger")
def test_checkpoint_export_verify(tmp_path: Path, key: SigningPair, capsys: pytest.CaptureFixture[str]) -> None:
    note, export = tmp_path / "note", tmp_path / "ledger.jsonl"
    assert main(["ledger", "checkpoint", "-o", str(note)]) == 0
    assert main(["ledger", "export", "-o", str(export)]) == 0
    assert export.read_bytes() == b"".join(access.export_lines())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ledger.jsonl", "ledger.key", "ledger.key.pub", "note"]
    assert main(["ledger", "verify", str(export), "--key", key.verifier.fingerprint, "--checkpoint", str(note)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"tocsin.example.org: 5 entries, 1 checkpoints, key {key.verifier.fingerprint}",
        "verified: nothing found",
    ]
    assert main(["ledger", "verify"]) == 0
    assert "verified: nothing found" in capsys.readouterr().out


@pytest.mark.usefixtures("ledger")
def test_it_writes_to_standard_output(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["ledger", "export"]) == 0
    assert capfd.readouterr().out == b"".join(access.export_lines()).decode()
    assert main(["ledger", "checkpoint"]) == 0
    assert capfd.readouterr().out.startswith("tocsin.example.org\n5\n")


@pytest.mark.usefixtures("ledger")
def test_a_proof_can_be_followed(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["ledger", "proof", "3"]) == 2
    assert "no checkpoint covers entry 3 yet" in capfd.readouterr().err
    main(["ledger", "checkpoint"])
    capfd.readouterr()
    assert main(["ledger", "proof", "3"]) == 0
    proof = json.loads(capfd.readouterr().out)
    assert verify_inclusion(
        leaf=bytes.fromhex(proof["leaf"]),
        index=proof["position"],
        size=proof["size"],
        proof=[bytes.fromhex(hash_) for hash_ in proof["path"]],
        expected_root=access.verify_database().root,
    )


def test_a_key_is_made_and_printed(tmp_path: Path, settings: Settings, capfd: pytest.CaptureFixture[str]) -> None:
    settings.LEDGER_KEY_FILE = tmp_path / "new.key"
    assert main(["ledger", "key"]) == 0
    first = capfd.readouterr().out
    assert main(["ledger", "key"]) == 0
    assert capfd.readouterr().out == first
    assert first.splitlines()[0] == (tmp_path / "new.key.pub").read_text(encoding="ascii").strip()


@pytest.mark.django_db
def test_without_a_key_it_says_how_to_make_one(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    settings.LEDGER_KEY_FILE = "/nonexistent/ledger.key"
    assert main(["ledger", "checkpoint"]) == 2
    assert "make one with: tocsin ledger key" in capsys.readouterr().err


@pytest.mark.usefixtures("ledger")
def test_a_database_or_key_that_cannot_be_used_is_one_line(
    key: SigningPair, settings: Settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.LEDGER_KEY_FILE.with_name("ledger.key.pub").write_text("nonsense", encoding="ascii")
    assert main(["ledger", "verify"]) == 2
    assert "does not hold a public key" in capsys.readouterr().err
    # A column that is not there stands for whatever a database may refuse.
    monkeypatch.setattr(LedgerHead._meta.get_field("size"), "column", "nowhere")
    assert main(["ledger", "export"]) == 2
    error = capsys.readouterr().err
    assert error.startswith("tocsin ledger: database: ")
    assert len(error.splitlines()) == 1


@pytest.mark.usefixtures("ledger")
def test_it_says_where_it_cannot_write(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ledger", "export", "-o", str(tmp_path / "nowhere" / "file")]) == 2
    assert "No such file or directory" in capsys.readouterr().err


def test_verification_of_a_file_names_what_it_finds(exported: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = exported.parent
    for key in (str(folder / "ledger.pub"), PAIR.verifier.text(), PAIR.verifier.fingerprint):
        assert main(["ledger", "verify", str(exported), "--key", key, "--checkpoint", str(folder / "held")]) == 0
    capsys.readouterr()
    assert main(["ledger", "verify", str(exported), "--key", str(folder / "other.pub")]) == 1
    out = capsys.readouterr().out
    assert out.startswith("KEY_SWAPPED: ")
    assert out.endswith("NOT verified: 1 found\n")
    exported.write_bytes(exported.read_bytes().replace(b"reporter", b"system", 1))
    assert main(["ledger", "verify", str(exported), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["findings"][0]["name"] == "EDITED"


def test_verification_reads_standard_input(exported: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(exported.read_bytes())))
    assert main(["ledger", "verify", "-"]) == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere.jsonl"], "nowhere.jsonl: No such file"),
        (["-", "--key", "nonsense"], "--key nonsense: a key is given as"),
        (["-", "--checkpoint", "nowhere"], "nowhere: No such file"),
        (["-", "--checkpoint", sys.executable], "not text"),
    ],
)
def test_it_says_what_it_cannot_read(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ledger", "verify", *arguments]) == 2
    assert message in capsys.readouterr().err


def test_a_reader_that_stops_early_is_no_error() -> None:
    script = "import sys; from tocsin.config.ledger_store import write_lines; write_lines([b'x' * 99] * 99_999, None)"
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "tocsin.ledger.tests.settings"}
    command = [sys.executable, "-c", f"import django; django.setup(); {script}"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.read(1)
    process.stdout.close()
    assert process.stderr is not None
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait(timeout=60) == 0


def test_verification_of_a_file_loads_no_django(exported: Path) -> None:
    script = (
        "import sys; from tocsin.config.command import main; "
        f"assert main(['ledger', 'verify', {str(exported)!r}]) == 0; "
        "assert not [name for name in sys.modules if name.split('.')[0] == 'django']"
    )
    subprocess.run([sys.executable, "-c", script], check=True, env={})
