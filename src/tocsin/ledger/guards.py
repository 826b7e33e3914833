"""The triggers that make the ledger append-only inside the database itself, for SQLite and PostgreSQL.

The migration installs them. They stop mistakes and anyone who has only the application's SQL; a database owner can drop
them, which is why checkpoints are signed and published.
"""

from django.db.backends.base.base import BaseDatabaseWrapper

ENTRY, CHECKPOINT, HEAD = "ledger_ledgerentry", "ledger_checkpoint", "ledger_ledgerhead"

_REFUSAL = "the ledger is append-only"


def install(connection: BaseDatabaseWrapper) -> None:
    """Create the triggers on the three tables, replacing any that are there."""
    remove(connection)
    _run(connection, _POSTGRESQL_INSTALL if connection.vendor == "postgresql" else _SQLITE_INSTALL)


def remove(connection: BaseDatabaseWrapper) -> None:
    """Drop the triggers: for undoing the migration and for tests that empty the tables, never in operation."""
    _run(connection, _POSTGRESQL_REMOVE if connection.vendor == "postgresql" else _SQLITE_REMOVE)


def _run(connection: BaseDatabaseWrapper, statements: list[str]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def _sqlite_trigger(table: str, act: str, condition: str = "") -> str:
    return (
        f"CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table} {condition}"
        f" BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END"
    )


# INSERT OR REPLACE deletes without firing DELETE triggers (SQLite, recursive_triggers off), so an insert that would
# replace a row is refused by itself.
_REPLACES_ENTRY = "WHEN EXISTS (SELECT 1 FROM ledger_ledgerentry WHERE position = NEW.position OR leaf = NEW.leaf)"
_REPLACES_CHECKPOINT = "WHEN EXISTS (SELECT 1 FROM ledger_checkpoint WHERE number = NEW.number OR size = NEW.size)"
_SQLITE_INSTALL = [
    *(_sqlite_trigger(table, act) for table in (ENTRY, CHECKPOINT) for act in ("UPDATE", "DELETE")),
    _sqlite_trigger(ENTRY, "INSERT", _REPLACES_ENTRY),
    _sqlite_trigger(CHECKPOINT, "INSERT", _REPLACES_CHECKPOINT),
    _sqlite_trigger(HEAD, "DELETE"),
    _sqlite_trigger(HEAD, "UPDATE", "WHEN NEW.size < OLD.size OR NEW.id <> OLD.id"),
    _sqlite_trigger(HEAD, "INSERT", "WHEN EXISTS (SELECT 1 FROM ledger_ledgerhead)"),
]
_SQLITE_REMOVE = [
    f"DROP TRIGGER IF EXISTS {table}_no_{act}"
    for table in (ENTRY, CHECKPOINT, HEAD)
    for act in ("update", "delete", "insert")
]

_POSTGRESQL_INSTALL = [
    "CREATE OR REPLACE FUNCTION ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS"
    f" $$ BEGIN RAISE EXCEPTION '{_REFUSAL}' USING ERRCODE = 'restrict_violation'; END $$",
    *(
        f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
        " FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse()"
        for table in (ENTRY, CHECKPOINT)
    ),
    f"CREATE TRIGGER {HEAD}_no_change BEFORE DELETE OR TRUNCATE ON {HEAD}"
    " FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse()",
    f"CREATE TRIGGER {HEAD}_no_shrink BEFORE UPDATE ON {HEAD}"
    " FOR EACH ROW WHEN (NEW.size < OLD.size OR NEW.id <> OLD.id) EXECUTE FUNCTION ledger_refuse()",
]
_POSTGRESQL_REMOVE = [
    *(f"DROP TRIGGER IF EXISTS {table}_no_change ON {table}" for table in (ENTRY, CHECKPOINT, HEAD)),
    f"DROP TRIGGER IF EXISTS {HEAD}_no_shrink ON {HEAD}",
    "DROP FUNCTION IF EXISTS ledger_refuse()",
]
