"""What makes a function an act: it is done whole or not at all, and acts follow one another."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from django.db import transaction

from tocsin.base import locks

P = ParamSpec("P")
R = TypeVar("R")


def act(function: Callable[P, R]) -> Callable[P, R]:
    """Run a function in a transaction, after every act that began before it.

    Each act ends with an entry in the ledger, whose head lets one writer in at a time. Waiting for that at the end,
    with other rows locked already, would be a deadlock between two acts that lock them in another order; so the queue
    is at the beginning. Acts may call acts.
    """

    @wraps(function)
    def done(*args: P.args, **kwargs: P.kwargs) -> R:
        with transaction.atomic():
            locks.hold("act")
            return function(*args, **kwargs)

    return done
