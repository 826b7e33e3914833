"""The figures of this installation's own ledger: for the web page, and for the report."""

from datetime import timedelta
from threading import Lock

from django.utils import timezone

from tocsin.figures.compute import Figures, Tally, compute
from tocsin.figures.report import write_report
from tocsin.ledger import access


class NoCheckpointError(LookupError):
    """There is no signed checkpoint for a report to rest on."""


class _Running:
    """The sum so far, kept by each process: the ledger only grows, so each call adds just what is new."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._tally = Tally()
        self._last: str | None = None
        self._figures = Figures()

    def figures(self, utc_offset: timedelta) -> Figures:
        """Return the figures of the ledger as it stands."""
        with self._lock:
            if not self._continues(utc_offset):
                self._tally, self._last = Tally(utc_offset), None
                self._figures = self._tally.figures()
            self._add_new()
            return self._figures

    def _continues(self, utc_offset: timedelta) -> bool:
        """Say whether what was added up is still the beginning of the ledger, which a rolled back entry is not."""
        if self._tally.utc_offset != utc_offset:
            return False
        return self._last is None or access.leaf_at(self._tally.entries - 1) == self._last

    def _add_new(self) -> None:
        before = self._tally.entries
        for entry in access.entries(start=before):
            self._tally.add(entry)
            self._last = entry.leaf
        if self._tally.entries != before:
            self._figures = self._tally.figures()


_running = _Running()


def current_figures() -> Figures:
    """Return the figures of the ledger as it stands; days begin at midnight of the installation's time zone.

    The first call of a process reads the whole ledger, each later one only what is new.
    """
    return _running.figures(_utc_offset())


def current_report() -> str:
    """Return the transparency report over the entries under the newest checkpoint, as JSON text.

    Raises NoCheckpointError where nothing was signed yet.
    """
    checkpoint = access.latest_checkpoint()
    if checkpoint is None:
        raise NoCheckpointError("a report rests on a signed checkpoint; make one with: tocsin ledger checkpoint")
    offset = _utc_offset()
    figures = compute(access.entries(stop=checkpoint.size), offset)
    return write_report(figures, checkpoint=checkpoint.note, utc_offset=offset)


def _utc_offset() -> timedelta:
    return timezone.now().astimezone(timezone.get_default_timezone()).utcoffset() or timedelta(0)
