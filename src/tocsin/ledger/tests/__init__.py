"""Tests of the ledger; ``flushing`` lets tests (and only tests) empty the guarded tables."""
