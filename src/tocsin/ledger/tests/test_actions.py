"""Appending and signing, in a database."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from time import perf_counter
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from pytest_django.fixtures import Settings

from tocsin.ledger import access, guards
from tocsin.ledger.actions import NewEntry, OutsideTransactionError, append, append_many, make_checkpoint
from tocsin.ledger.checkpoints import KeyFileError, SigningPair, open_note
from tocsin.ledger.entries import GENESIS
from tocsin.ledger.models import Checkpoint, LedgerEntry, LedgerHead
from tocsin.ledger.verbs import EntryRefusedError, Verb

AT = datetime(2026, 1, 31, 8, 30, tzinfo=UTC)
pytestmark = pytest.mark.django_db


def closed(count: int = 1) -> list[NewEntry]:
    """Acts to record."""
    return [NewEntry(Verb.REPORT_CLOSED, f"report:{uuid4()}", "reporter", at=AT) for _ in range(count)]


@transaction.atomic
def fail_after_writing() -> None:
    """An act that records and signs, and then fails."""
    append_many(closed(3))
    make_checkpoint()
    raise RuntimeError("the act failed")


def fixed_clock() -> datetime:
    """The clock of the test below."""
    return AT


def test_an_act_becomes_an_entry() -> None:
    agency, campaign = uuid4(), uuid4()
    first = append(
        verb=Verb.REPORT_RECEIVED,
        subject=f"report:{UUID(int=9)}",
        actor="reporter",
        agency=agency,
        payload={"campaign": campaign, "harm": "phishing"},
        at=AT,
    )
    second = append_many(closed())[0]
    assert (first.position, first.previous) == (0, GENESIS)
    assert (second.position, second.previous) == (1, first.leaf)
    (about,) = access.entries_about(f"report:{UUID(int=9)}")
    assert (about.at, about.verb, about.agency, about.actor) == (AT, "report.received", agency, "reporter")
    assert json.loads(about.payload) == {"campaign": str(campaign), "harm": "phishing"}
    assert str(about) == f"0 report.received report:{UUID(int=9)}"
    assert str(LedgerHead.objects.get()) == "2 entries"
    assert access.size() == 2


def test_nothing_to_append_writes_nothing() -> None:
    assert append_many([]) == []
    assert access.size() == 0


def test_the_clock_is_the_one_that_the_settings_name(settings: Settings) -> None:
    settings.LEDGER_CLOCK = f"{__name__}.fixed_clock"
    assert append(verb=Verb.REPORT_CLOSED, subject=f"report:{uuid4()}", actor="system").at == AT


def test_a_refused_act_leaves_nothing_even_among_good_ones() -> None:
    refused = NewEntry(Verb.REPORT_CLOSED, f"report:{uuid4()}", "reporter", payload={"text": "hello"})
    with pytest.raises(EntryRefusedError):
        append_many([*closed(2), refused])
    assert (access.size(), LedgerEntry.objects.count()) == (0, 0)
    append_many(closed(3))
    assert access.verify_database().ok


def test_ten_thousand_entries_are_appended_in_one_go() -> None:
    entries = closed(10_000)
    begin = perf_counter()
    append_many(entries)
    assert perf_counter() - begin < 20
    append_many(closed(7))
    verification = access.verify_database()
    assert (verification.ok, verification.entries) == (True, 10_007)
    assert [entry.position for entry in access.entries(start=9_990, stop=9_993)] == [9_990, 9_991, 9_992]
    assert sum(1 for _ in access.entries()) == 10_007


def test_a_checkpoint_states_and_signs_what_is_there(key: SigningPair) -> None:
    empty = make_checkpoint(at=AT)
    append_many(closed(5))
    checkpoint = make_checkpoint(at=AT)
    assert make_checkpoint() == checkpoint
    assert [item.size for item in Checkpoint.objects.all()] == [0, 5]
    statement = open_note(checkpoint.note, key.verifier)
    assert (statement.size, statement.number, statement.at) == (5, 1, AT)
    assert statement.root.hex() == checkpoint.root
    assert str(empty) == "checkpoint 0 over 0 entries"
    assert access.latest_checkpoint() == checkpoint
    verification = access.verify_database()
    assert verification.ok
    assert verification.covered == 5


def test_without_a_key_nothing_is_signed(settings: Settings) -> None:
    settings.LEDGER_KEY_FILE = "/nonexistent/ledger.key"
    append_many(closed(1))
    with pytest.raises(KeyFileError):
        make_checkpoint()
    assert not Checkpoint.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_it_refuses_to_write_outside_a_transaction() -> None:
    acts: list[Callable[[], object]] = [lambda: append_many(closed()), make_checkpoint]
    for act in acts:
        with pytest.raises(OutsideTransactionError):
            act()
    with transaction.atomic():
        append_many(closed())
    assert access.size() == 1


@pytest.mark.django_db(transaction=True)
def test_what_is_rolled_back_was_never_there(key: SigningPair) -> None:
    with transaction.atomic():
        append_many(closed(3))
    with pytest.raises(RuntimeError, match="the act failed"):
        fail_after_writing()
    with transaction.atomic():
        append_many(closed(1))
    assert (access.size(), access.latest_checkpoint()) == (4, None)
    assert access.verify_database().ok


class TestGuards:
    """The database itself refuses to change what is written."""

    @pytest.fixture(autouse=True)
    def _filled(self, key: SigningPair) -> None:  # noqa: ARG002 (asked for so that the key exists)
        append_many(closed(3))
        make_checkpoint(at=AT)

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE ledger_ledgerentry SET actor = 'system' WHERE position = 1",
            "UPDATE ledger_ledgerentry SET position = 7 WHERE position = 2",
            "DELETE FROM ledger_ledgerentry WHERE position = 2",
            "DELETE FROM ledger_ledgerentry",
            "UPDATE ledger_checkpoint SET note = ''",
            "DELETE FROM ledger_checkpoint",
            "UPDATE ledger_ledgerhead SET size = 2",
            "UPDATE ledger_ledgerhead SET id = 2",
            "DELETE FROM ledger_ledgerhead",
        ],
    )
    def test_it_refuses_change(self, statement: str) -> None:
        self.refuses(statement)

    @pytest.mark.parametrize(
        "statement",
        [
            "INSERT OR REPLACE INTO ledger_ledgerentry SELECT * FROM ledger_ledgerentry WHERE position = 1",
            "REPLACE INTO ledger_ledgerentry SELECT 9, at, verb, subject, agency, actor, payload, previous, leaf"
            " FROM ledger_ledgerentry WHERE position = 1",
            "REPLACE INTO ledger_checkpoint SELECT * FROM ledger_checkpoint",
            "REPLACE INTO ledger_ledgerhead SELECT * FROM ledger_ledgerhead",
        ],
    )
    @pytest.mark.skipif(connection.vendor != "sqlite", reason="REPLACE is SQLite's own")
    def test_it_refuses_replacement(self, statement: str) -> None:
        self.refuses(statement)

    @pytest.mark.parametrize("table", [guards.ENTRY, guards.CHECKPOINT, guards.HEAD])
    @pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no TRUNCATE")
    def test_it_refuses_truncation(self, table: str) -> None:
        self.refuses(f"TRUNCATE {table}")

    def test_the_guards_come_off_and_on_again(self) -> None:
        guards.remove(connection)
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM ledger_checkpoint")
        guards.install(connection)
        guards.install(connection)
        self.refuses("DELETE FROM ledger_ledgerentry")

    def refuses(self, statement: str) -> None:
        """Assert that the statement is refused and changes nothing."""
        before = b"".join(access.export_lines())
        with (
            pytest.raises(IntegrityError, match="append-only"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)
        assert b"".join(access.export_lines()) == before
