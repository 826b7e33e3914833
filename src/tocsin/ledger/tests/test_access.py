"""Reads: export, verification of a damaged database, proofs."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from django.conf import settings as django_settings
from django.core.checks import run_checks
from django.db import connection
from pytest_django.fixtures import Settings

from tocsin.ledger import access, guards, merkle
from tocsin.ledger.actions import NewEntry, append_many, make_checkpoint
from tocsin.ledger.checkpoints import SigningPair, open_note
from tocsin.ledger.entries import Entry, leaf_of
from tocsin.ledger.findings import Pin
from tocsin.ledger.models import Checkpoint, LedgerEntry
from tocsin.ledger.verbs import Verb
from tocsin.ledger.verify import verify_lines

AT = datetime(2026, 1, 31, 8, 30, tzinfo=UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _filled(key: SigningPair) -> None:
    """Eight entries, checkpoints over five and eight, one entry more."""
    for count in (5, 3):
        append_many(
            [
                NewEntry(Verb.REPORT_RECEIVED, f"report:{uuid4()}", "reporter", UUID(int=1), {"campaign": uuid4()}, AT)
                for _ in range(count)
            ]
        )
        make_checkpoint(at=AT)
    append_many([NewEntry(Verb.REPORT_CLOSED, f"report:{uuid4()}", "reporter", at=AT)])


def found(*, held: str | None = None) -> list[str]:
    """What the verification of the database finds, sentences left out."""
    return [str(finding).partition(":")[0] for finding in access.verify_database(held=held).findings]


def tamper(statement: str, *values: str) -> None:
    """Change the database as its owner could: triggers off, change, triggers on."""
    guards.remove(connection)
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
    guards.install(connection)


def test_the_export_is_the_same_each_time_and_verifies_elsewhere(key: SigningPair) -> None:
    lines = list(access.export_lines())
    assert list(access.export_lines()) == lines
    assert len(lines) == 1 + 9 + 2
    verification = verify_lines(lines, pin=Pin.parse(key.verifier.text()), held=Checkpoint.objects.all()[0].note)
    assert verification.ok
    assert access.verify_database() == verify_lines(lines)


def test_entries_are_read_as_they_are_exported() -> None:
    seen: list[Entry] = []
    verify_lines(access.export_lines(), on_entry=seen.append)
    assert list(access.entries()) == seen
    assert list(access.entries(start=2, stop=4)) == seen[2:4]
    assert [access.leaf_at(8), access.leaf_at(9)] == [seen[8].leaf, None]


def test_an_export_without_a_key_says_so(settings: Settings) -> None:
    settings.LEDGER_KEY_FILE = "/nonexistent/ledger.key"
    assert b'"key":""' in next(access.export_lines())


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("UPDATE ledger_ledgerentry SET actor = 'system' WHERE position = 3", ["EDITED entry 3"]),
        ("UPDATE ledger_ledgerentry SET payload = '{}' WHERE position = 3", ["EDITED entry 3"]),
        ("DELETE FROM ledger_ledgerentry WHERE position = 3", ["MISSING entry 3", "HEAD_DIFFERS"]),
        (
            "DELETE FROM ledger_ledgerentry WHERE position > 5",
            ["TRUNCATED", "TRUNCATED checkpoint 1", "HEAD_DIFFERS"],
        ),
        ("UPDATE ledger_ledgerhead SET last = previous FROM ledger_ledgerentry WHERE position = 3", ["HEAD_DIFFERS"]),
        ("UPDATE ledger_ledgerhead SET size = 10", ["TRUNCATED", "HEAD_DIFFERS"]),
        ("UPDATE ledger_checkpoint SET size = 4 WHERE number = 0", ["EDITED checkpoint 0"]),
        ("UPDATE ledger_checkpoint SET note = 'x' WHERE number = 0", ["MALFORMED line 11"]),
        ("DELETE FROM ledger_checkpoint WHERE number = 0", ["CHECKPOINT_MISSING checkpoint 0"]),
    ],
)
def test_damage_in_the_database_is_named(statement: str, expected: list[str]) -> None:
    assert found() == []
    tamper(statement)
    assert found() == expected


def test_a_payload_that_is_not_json_is_named() -> None:
    tamper("UPDATE ledger_ledgerentry SET payload = %s WHERE position = 8", '{"a":\n')
    assert found()[:2] == ["MALFORMED line 10", "TRUNCATED"]


@pytest.mark.skipif(connection.vendor != "sqlite", reason="other databases refuse such a value themselves")
def test_a_column_that_cannot_be_read_is_named() -> None:
    tamper("UPDATE ledger_ledgerentry SET at = '2026-13-31 08:30:00' WHERE position = 3")
    assert found() == ["MALFORMED"]


def test_a_head_with_an_impossible_frontier_is_named() -> None:
    tamper("UPDATE ledger_ledgerhead SET frontier = '[]'")
    assert found() == ["HEAD_DIFFERS"]


def test_an_entry_is_proved_under_the_newest_checkpoint(key: SigningPair) -> None:
    for position in range(8):
        proof = access.inclusion_proof(position).as_json()
        statement = open_note(str(proof["checkpoint"]), key.verifier)
        leaf = leaf_of(str(proof["entry"]).encode())
        path = proof["path"]
        assert isinstance(path, list)
        assert proof["leaf"] == leaf == LedgerEntry.objects.get(position=position).leaf
        assert merkle.verify_inclusion(
            leaf=bytes.fromhex(leaf),
            index=position,
            size=statement.size,
            proof=[bytes.fromhex(hash_) for hash_ in path],
            expected_root=statement.root,
        )


def test_there_is_no_proof_of_what_is_not_covered() -> None:
    with pytest.raises(access.NoSuchEntryError, match="no checkpoint covers entry 8"):
        access.inclusion_proof(8)
    with pytest.raises(access.NoSuchEntryError, match="no entry 9"):
        access.inclusion_proof(9)


def test_one_checkpoint_is_proved_to_begin_the_next(key: SigningPair) -> None:
    first, second = (open_note(item.note, key.verifier) for item in Checkpoint.objects.all())
    assert merkle.verify_consistency(
        first=first.size,
        second=second.size,
        first_root=first.root,
        second_root=second.root,
        proof=access.consistency_proof(first.size, second.size),
    )
    with pytest.raises(access.NoSuchEntryError):
        access.consistency_proof(5, 10)


def test_a_database_that_begins_late_is_warned_of(monkeypatch: pytest.MonkeyPatch) -> None:
    for mode, warned in (("IMMEDIATE", []), ("DEFERRED", ["ledger.W001"])):
        config = {"ENGINE": "django.db.backends.sqlite3", "OPTIONS": {"transaction_mode": mode}}
        monkeypatch.setitem(django_settings.DATABASES, "default", config)
        messages = run_checks(tags=["database"], databases=[])
        assert [message.id for message in messages if str(message.id).startswith("ledger.")] == warned
