"""Fixtures of the tests of the commands: those of the ledger's."""

from tocsin.ledger.tests.fixtures import flushable_ledger, key

__all__ = ["flushable_ledger", "key"]
