"""Fixtures of the ledger's tests."""

from tocsin.ledger.tests.fixtures import flushable_ledger, key

__all__ = ["flushable_ledger", "key"]
