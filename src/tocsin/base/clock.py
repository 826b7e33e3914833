"""The one clock. Code asks it for the time; tests and the demo's sample history hold it still."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

_held: ContextVar[datetime | None] = ContextVar("held", default=None)


def now() -> datetime:
    """The present moment, aware and in UTC; the held one inside ``frozen``."""
    return _held.get() or datetime.now(UTC)


@contextmanager
def frozen(at: datetime) -> Iterator[None]:
    """Hold the clock at ``at`` for this thread of execution. Raises ValueError for a naive time."""
    if at.tzinfo is None:
        raise ValueError("the clock wants an aware time")
    token = _held.set(at.astimezone(UTC))
    try:
        yield
    finally:
        _held.reset(token)
