"""Emptying the guarded tables, for tests only.

A test with ``transaction=True`` ends with Django's flush, which the triggers refuse, as they should. Under
``flushable`` a flush drops the triggers, empties the tables, puts the empty head back and installs the triggers again,
so that every test still runs against a guarded ledger. Nothing outside ``tests`` may import this module.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from django.db import connection
from django.db.backends.base.operations import BaseDatabaseOperations

from tocsin.ledger import guards
from tocsin.ledger.entries import GENESIS
from tocsin.ledger.models import LedgerHead


@contextmanager
def flushable() -> Iterator[None]:
    """Let Django's flush empty the ledger; use it around the whole test session."""
    flush = BaseDatabaseOperations.execute_sql_flush

    def flush_guarded(operations: BaseDatabaseOperations, sql_list: Sequence[Any]) -> None:
        guards.remove(connection)
        flush(operations, sql_list)
        put_head_back()
        guards.install(connection)

    with patch.object(BaseDatabaseOperations, "execute_sql_flush", flush_guarded):
        yield


def put_head_back() -> None:
    """Put in the head of an empty ledger, as the migration does."""
    LedgerHead.objects.get_or_create(pk=1, defaults={"size": 0, "last": GENESIS, "frontier": "[]"})
