"""Identifiers: random, so that an id tells nothing of time, order or volume."""

from uuid import UUID, uuid4


def new_id() -> UUID:
    """A fresh random id (UUID version 4)."""
    return uuid4()
