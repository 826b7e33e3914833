"""What the processes do that tests start, race and kill; ``outside.start`` runs it once Django is set up."""

import random
import sys
from threading import Thread
from uuid import uuid4

from django.core.management import call_command
from django.db import connection, transaction

from tocsin.ledger import access
from tocsin.ledger.actions import NewEntry, append, append_many, make_checkpoint
from tocsin.ledger.verbs import Verb

LARGEST_ACT = 40


def migrate() -> None:
    """Make the tables."""
    call_command("migrate", verbosity=0)


def append_forever() -> None:
    """Record acts until killed, each of several entries that name their number; print the size after each commit."""
    while True:
        count = random.randint(1, LARGEST_ACT)
        subject = f"report:{uuid4()}"
        with transaction.atomic():
            append_many(
                [NewEntry(Verb.REPORT_EXPIRED, subject, "system", payload={"count": count}) for _ in range(count)]
            )
            if count % 8 == 0:
                make_checkpoint()
        sys.stdout.write(f"{access.size()}\n")
        sys.stdout.flush()


def append_in_threads(threads: str, acts: str) -> None:
    """Record ``acts`` acts in each of ``threads`` threads at once."""

    def record() -> None:
        for _ in range(int(acts)):
            with transaction.atomic():
                append(verb=Verb.REPORT_CLOSED, subject=f"report:{uuid4()}", actor="system")
        connection.close()

    running = [Thread(target=record) for _ in range(int(threads))]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()


def export() -> None:
    """Print the export."""
    sys.stdout.buffer.writelines(access.export_lines())
