"""Signed notes and the key file."""

import hashlib
import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from nacl.signing import VerifyKey

from tocsin.ledger import checkpoints
from tocsin.ledger.checkpoints import (
    BadNoteSignatureError,
    KeyFileError,
    NoteError,
    Statement,
    UnknownSignerError,
    VerifierKey,
    ensure_signing_key,
    open_note,
    read_note,
    read_public_key,
    read_signing_key,
    sign,
)
from tocsin.ledger.tests.building import BEGIN, OTHER_PAIR, PAIR

STATEMENT = Statement(PAIR.name, 8, bytes(range(32)), 3, BEGIN)
# The example of https://pkg.go.dev/golang.org/x/mod/sumdb/note: another program's key and signature.
GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
GO_SIGNATURE = "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="


def test_it_reads_the_keys_and_signatures_of_other_programs() -> None:
    key = VerifierKey.parse(GO_KEY)
    assert key.text() == GO_KEY
    ((name, data),) = checkpoints._signatures(f"— PeterNeumann {GO_SIGNATURE}\n")
    assert (name, data[:4]) == ("PeterNeumann", key.key_id)
    VerifyKey(key.public).verify(GO_TEXT.encode(), data[4:])


def test_a_note_is_written_as_specified() -> None:
    note = sign(STATEMENT, PAIR)
    lines = note.split("\n")
    assert lines[:6] == [
        "tocsin.example.org",
        "8",
        "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
        "number 3",
        "at 2026-01-31T08:30:00.000000Z",
        "",
    ]
    assert lines[6].startswith("— tocsin.example.org ")
    key_id = hashlib.sha256(PAIR.name.encode() + b"\n\x01" + PAIR.verifier.public).digest()[:4]
    assert PAIR.verifier.key_id == key_id
    assert open_note(note, PAIR.verifier) == read_note(note) == STATEMENT


def test_it_signs_only_under_the_name_of_the_ledger() -> None:
    with pytest.raises(NoteError, match="the ledger other"):
        sign(replace(STATEMENT, origin="other"), PAIR)


def test_it_tells_a_stranger_from_a_forgery() -> None:
    note = sign(STATEMENT, PAIR)
    with pytest.raises(UnknownSignerError):
        open_note(note, OTHER_PAIR.verifier)
    with pytest.raises(BadNoteSignatureError):
        open_note(note.replace("\n8\n", "\n9\n"), PAIR.verifier)
    short = checkpoints._base64(PAIR.verifier.key_id + b"short")
    with pytest.raises(BadNoteSignatureError):
        open_note(f"{STATEMENT.text()}\n— {PAIR.name} {short}\n", PAIR.verifier)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("\n8\n", "\n08\n"),
        ("\n8\n", "\n-8\n"),
        ("tocsin.example.org\n", "two words\n"),
        ("AAEC", "AA\nEC"),
        ("AAEC", "AA!C"),
        ("AAECAwQF", "AwQF"),
        ("h8=", "h9="),
        ("number 3", "number 03"),
        ("number 3", "3"),
        ("at 2026", "at 26"),
        ("at 2026-01", "at 2026-13"),
        ("at 2026", "2026"),
        ("\n\n", "\n"),
        ("— ", "- "),
        ("Z\n\n", "Z\n\n\n"),
    ],
)
def test_it_reads_nothing_but_notes(old: str, new: str) -> None:
    note = sign(STATEMENT, PAIR)
    assert old in note
    with pytest.raises(NoteError):
        read_note(note.replace(old, new))


def test_it_bounds_the_number_of_signatures() -> None:
    note = sign(STATEMENT, PAIR)
    line = note.rpartition("\n\n")[2]
    assert read_note(note + line * 60) == STATEMENT
    with pytest.raises(NoteError):
        read_note(note + line * 64)
    with pytest.raises(NoteError):
        read_note(note.rstrip("\n"))


@pytest.mark.parametrize("line", ["— name AAAA", "—  AAAAAAAA", "name AAAAAAAA", "— name", "— name two AAAAAAAA"])
def test_a_signature_line_has_a_mark_a_name_and_a_signature(line: str) -> None:
    assert read_note(f"{STATEMENT.text()}\n— name AAAAAAAA\n") == STATEMENT
    with pytest.raises(NoteError):
        read_note(f"{STATEMENT.text()}\n{line}\n")


def test_a_key_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "ledger.key"
    made = ensure_signing_key(path, PAIR.name)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert ensure_signing_key(path, PAIR.name) == read_signing_key(path) == made
    assert read_public_key(path) == made.verifier
    assert [item.name for item in sorted(path.parent.iterdir())] == ["ledger.key", "ledger.key.pub"]
    assert made.text() not in repr(made)


def test_two_that_make_a_key_at_once_end_with_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "ledger.key"
    first = ensure_signing_key(path, PAIR.name)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "exists", lambda self: self.suffix == ".pub")
        assert ensure_signing_key(path, PAIR.name) == first


def test_it_refuses_a_key_of_another_name(tmp_path: Path) -> None:
    ensure_signing_key(tmp_path / "ledger.key", PAIR.name)
    with pytest.raises(KeyFileError, match=r"not of other\.example\.org"):
        ensure_signing_key(tmp_path / "ledger.key", "other.example.org")
    with pytest.raises(KeyFileError, match="cannot name a ledger"):
        ensure_signing_key(tmp_path / "new.key", "two words")


def test_it_refuses_a_key_that_others_may_read(tmp_path: Path) -> None:
    path = tmp_path / "ledger.key"
    ensure_signing_key(path, PAIR.name)
    for mode in (0o640, 0o604, 0o660, 0o777):
        path.chmod(mode)
        with pytest.raises(KeyFileError, match="chmod 600"):
            read_signing_key(path)
    path.chmod(0o400)
    assert read_signing_key(path).name == PAIR.name


def test_it_refuses_what_is_not_a_plain_file_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "ledger.key"
    with pytest.raises(KeyFileError, match="tocsin ledger key"):
        read_signing_key(path)
    ensure_signing_key(path, PAIR.name)
    link = tmp_path / "link"
    link.symlink_to(path)
    with pytest.raises(KeyFileError, match="cannot be opened"):
        read_signing_key(link)
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    with pytest.raises(KeyFileError, match="belongs to the account"):
        read_signing_key(path)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "nonsense",
        PAIR.verifier.text(),
        PAIR.text().replace("tocsin", "nicsot"),
        PAIR.text()[:-4],
        PAIR.text().replace("+AQ", "+BQ"),
        "守望",
    ],
)
def test_it_refuses_a_file_without_a_key(tmp_path: Path, content: str) -> None:
    path = tmp_path / "ledger.key"
    path.touch(mode=0o600)
    path.write_text(content, encoding="utf-8")
    with pytest.raises(KeyFileError, match="does not hold a signing key"):
        read_signing_key(path)


def test_it_refuses_a_public_file_without_a_key(tmp_path: Path) -> None:
    path = tmp_path / "ledger.key"
    assert read_public_key(path) is None
    (tmp_path / "ledger.key.pub").write_text("nonsense", encoding="ascii")
    with pytest.raises(KeyFileError, match="does not hold a public key"):
        read_public_key(path)
