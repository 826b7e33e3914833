"""``tocsin work``: what must happen without anyone asking: signed checkpoints, expiry, rest."""

import argparse
import logging
import os
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tocsin.config.settings")
django.setup()

from django.conf import settings  # noqa: E402 - after set-up
from django.core.management import call_command  # noqa: E402
from django.db import DatabaseError, close_old_connections, transaction  # noqa: E402

from tocsin.base.rates import forget_full_buckets  # noqa: E402
from tocsin.campaigns.actions import let_campaigns_rest  # noqa: E402
from tocsin.intake.actions import expire  # noqa: E402
from tocsin.ledger.actions import make_checkpoint  # noqa: E402
from tocsin.ledger.checkpoints import KeyFileError, ensure_signing_key  # noqa: E402

HELP = "The job worker and scheduler"
_log = logging.getLogger("tocsin.work")


@dataclass(frozen=True, slots=True)
class Chore:
    """Something done every so many seconds. ``act`` is safe to repeat and to run in two workers at once."""

    name: str
    seconds: float
    act: Callable[[], object]


@transaction.atomic
def _checkpoint() -> str:
    return f"checkpoint at {make_checkpoint().size} entries"


CHORES = (
    Chore("checkpoint", 60, _checkpoint),
    Chore("expire", 300, expire),
    Chore("rest", 3600, let_campaigns_rest),
    Chore("buckets", 3600, forget_full_buckets),
    Chore("sessions", 3600, lambda: call_command("clearsessions")),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Once, or for ever."""
    parser.add_argument("--once", action="store_true", help="do everything once and end")


def run(args: argparse.Namespace) -> int:
    """Do the chores when they are due, until told to stop."""
    ensure_signing_key(settings.LEDGER_KEY_FILE, settings.LEDGER_ORIGIN)
    if args.once:
        for chore in CHORES:
            chore.act()
        return 0
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    _log.info("the worker has started")
    due = dict.fromkeys(CHORES, 0.0)
    while not stop.is_set():
        for chore in CHORES:
            if time.monotonic() >= due[chore]:
                _do(chore)
                due[chore] = time.monotonic() + chore.seconds
        stop.wait(1.0)
    return 0


def _do(chore: Chore) -> None:
    """One chore; a database, disk or key that is away for a while is no reason to end, the next turn tries again."""
    close_old_connections()
    try:
        _log.debug("%s: %s", chore.name, chore.act())
    except (DatabaseError, KeyFileError, OSError):
        _log.exception("%s failed and will be tried again", chore.name)
