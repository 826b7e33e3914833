"""Named locks held until the end of the current transaction."""

import hashlib

from django.db import connection


def hold(name: str) -> None:
    """Wait for the lock ``name`` and keep it until commit or rollback. Call it inside a transaction.

    PostgreSQL: an advisory transaction lock. SQLite: nothing to do, a transaction there is IMMEDIATE and has the
    database to itself from its first statement.
    """
    if connection.vendor != "postgresql":
        return
    number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [number])
